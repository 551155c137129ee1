-- What complaints count for, summed: reports known now are made of these rows and never of all complaints.
-- A worker adds what was recorded since; what reports known at an earlier moment need is told anew from the intervals.

-- Up to where the sums of a campaign are complete.
CREATE TABLE report_cut (
    campaign_id   smallint    PRIMARY KEY REFERENCES campaign (id),
    -- What was recorded up to here is in the sums.
    known_at      timestamptz NOT NULL,
    -- The newest calendar then: lengths in working days are counted by it.
    calendar_at   timestamptz NOT NULL,
    -- While the sums are made for the first time: the complaints up to this number are in them. NULL once all are.
    built_through bigint
);

-- How many begin (or, below 0, end) to count for something on a day.
CREATE TABLE report_change (
    campaign_id  smallint NOT NULL,
    measure      text     NOT NULL,
    -- Empty where companies do not matter.
    company      text     NOT NULL,
    value        text     NOT NULL,
    -- The day of receipt, or on which something is due; 1970-01-01 where none matters.
    day          date     NOT NULL,
    effective_on date     NOT NULL,
    count        bigint   NOT NULL,
    PRIMARY KEY (campaign_id, measure, company, value, day, effective_on)
);

-- The same, whatever the day: what holds now.
CREATE TABLE report_total (
    campaign_id smallint NOT NULL,
    measure     text     NOT NULL,
    company     text     NOT NULL,
    value       text     NOT NULL,
    day         date     NOT NULL,
    count       bigint   NOT NULL,
    PRIMARY KEY (campaign_id, measure, company, value, day)
);

-- Days on which a deadline of a complaint was late.
CREATE TABLE report_late (
    campaign_id smallint NOT NULL,
    number      bigint   NOT NULL,
    purpose     text     NOT NULL,
    due_on      date     NOT NULL,
    late_from   date     NOT NULL,
    -- The last day there is where it is late still.
    late_until  date     NOT NULL,
    PRIMARY KEY (campaign_id, number, purpose, late_from, due_on)
);

-- Serves the list of what is overdue, the longest late first.
CREATE INDEX report_late_by_due_day ON report_late (campaign_id, due_on, number, purpose);
