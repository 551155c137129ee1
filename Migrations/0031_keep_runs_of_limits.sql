SET LOCAL ROLE rectify_owner;

-- A run is one start of one limit on one complaint. What happened to it is never undone by what happens to the case
-- later: a reopening starts another run, and a complaint carries the runs of those that are merged into it.

ALTER TABLE deadline NO FORCE ROW LEVEL SECURITY;
ALTER TABLE deadline_interval NO FORCE ROW LEVEL SECURITY;
ALTER TABLE order_barrier NO FORCE ROW LEVEL SECURITY;
ALTER TABLE barrier NO FORCE ROW LEVEL SECURITY;

ALTER TABLE deadline
    -- The complaint on which the run started: its own, or one that was merged into it.
    ADD COLUMN origin_id uuid,
    -- 1 for the first start of the purpose there.
    ADD COLUMN run smallint NOT NULL DEFAULT 1,
    -- The company that owes the reply, whatever is found out about the respondent later.
    ADD COLUMN company text REFERENCES company (code),
    -- The day of the step that started it; started_on is day zero of the count, and may lie before.
    ADD COLUMN began_on date,
    -- How many of its pauses and extensions were entered after the fact.
    ADD COLUMN back_entered smallint NOT NULL DEFAULT 0,
    -- The first day on which it was missed, kept by the first step after the due day.
    ADD COLUMN missed_from date,
    DROP COLUMN adoptions,
    DROP CONSTRAINT deadline_pkey;
UPDATE deadline d
SET origin_id = d.complaint_id, began_on = d.started_on,
    missed_from = CASE WHEN d.ended_on > d.due_on THEN d.due_on + 1 END,
    company = CASE WHEN d.purpose = 'company_reply' THEN (
        SELECT forwarded_to FROM complaint c WHERE c.campaign_id = d.campaign_id AND c.id = d.complaint_id) END;
ALTER TABLE deadline
    ALTER COLUMN origin_id SET NOT NULL,
    ALTER COLUMN began_on SET NOT NULL,
    ADD PRIMARY KEY (campaign_id, complaint_id, purpose, origin_id, run);

ALTER TABLE deadline_interval
    ADD COLUMN origin_id uuid,
    ADD COLUMN run smallint NOT NULL DEFAULT 1,
    ADD COLUMN company text,
    ADD COLUMN back_entered smallint NOT NULL DEFAULT 0,
    ADD COLUMN missed_from date,
    DROP CONSTRAINT deadline_interval_pkey;
UPDATE deadline_interval i
SET origin_id = i.complaint_id, missed_from = CASE WHEN i.ended_on > i.due_on THEN i.due_on + 1 END,
    company = CASE WHEN i.purpose = 'company_reply' THEN (
        SELECT forwarded_to FROM complaint c WHERE c.campaign_id = i.campaign_id AND c.id = i.complaint_id) END;
ALTER TABLE deadline_interval
    ALTER COLUMN origin_id SET NOT NULL,
    ADD PRIMARY KEY (campaign_id, complaint_id, purpose, origin_id, run, sequence, written_by);

-- Orders and waits keep their limit as a document of the same form.
UPDATE order_barrier
SET deadline = (deadline - 'adoptions') || jsonb_build_object('run', 1, 'backEntered', 0, 'beganOn', deadline -> 'startedOn');
UPDATE barrier
SET wait = (wait - 'adoptions') || jsonb_build_object('run', 1, 'backEntered', 0, 'beganOn', wait -> 'startedOn')
WHERE wait IS NOT NULL;

ALTER TABLE deadline FORCE ROW LEVEL SECURITY;
ALTER TABLE deadline_interval FORCE ROW LEVEL SECURITY;
ALTER TABLE order_barrier FORCE ROW LEVEL SECURITY;
ALTER TABLE barrier FORCE ROW LEVEL SECURITY;

-- Serves the watch on silent companies: who owes replies, and since when?
CREATE INDEX deadline_owed_by_company ON deadline (campaign_id, company, began_on)
    WHERE purpose = 'company_reply' AND state = 'running';

-- Runs are kept for good.
REVOKE DELETE ON deadline FROM rectify_staff, rectify_party;

-- Figures count runs now: the sums are built again.
DELETE FROM report_cut;
DELETE FROM report_change;
DELETE FROM report_total;
DROP TABLE report_late;

-- Days on which a run was late.
CREATE TABLE report_late (
    campaign_id smallint NOT NULL,
    number      bigint   NOT NULL,
    purpose     text     NOT NULL,
    origin_id   uuid     NOT NULL,
    run         smallint NOT NULL,
    -- The company that owes the reply; NULL where the authority owes it.
    company     text,
    due_on      date     NOT NULL,
    late_from   date     NOT NULL,
    -- The last day there is where it is late still.
    late_until  date     NOT NULL,
    PRIMARY KEY (campaign_id, number, purpose, origin_id, run, late_from)
);

-- Serves the list of what is overdue, the longest late first.
CREATE INDEX report_late_by_due_day ON report_late (campaign_id, due_on, number, purpose);
GRANT SELECT, INSERT, UPDATE, DELETE ON report_late TO rectify_staff;
GRANT SELECT ON report_late TO rectify_report;
