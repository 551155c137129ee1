-- Late paper goes where it belongs: a correction retracts what the case was held to be from that day on and adds what it
-- was instead. Nothing is overwritten, so that reports known at an earlier moment stay as they are.

-- What an action changed, each fact with its old and new value; `details` are what the action was told.
ALTER TABLE event ADD COLUMN changes jsonb NOT NULL DEFAULT '{}';

-- A step that is told anew has a second row: `written_by` is the place of the step whose recording wrote it.
ALTER TABLE complaint_interval ADD COLUMN written_by integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT complaint_interval_pkey,
    ADD PRIMARY KEY (campaign_id, complaint_id, sequence, written_by);
ALTER TABLE deadline_interval ADD COLUMN written_by integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT deadline_interval_pkey,
    ADD PRIMARY KEY (campaign_id, complaint_id, purpose, sequence, written_by);
ALTER TABLE complaint_barrier_interval ADD COLUMN written_by integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT complaint_barrier_interval_pkey,
    ADD PRIMARY KEY (campaign_id, complaint_id, barrier_id, sequence, written_by);
ALTER TABLE barrier_interval ADD COLUMN written_by integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT barrier_interval_pkey,
    ADD PRIMARY KEY (campaign_id, barrier_id, sequence, written_by);

-- `version` counts everything that was recorded; what was only remarked (notes, messages, reminders) does not make a
-- colleague's action stale, so the entity tag is version - remarks.
ALTER TABLE complaint ADD COLUMN remarks integer NOT NULL DEFAULT 0;
ALTER TABLE barrier ADD COLUMN remarks integer NOT NULL DEFAULT 0;

ALTER TABLE barrier
    -- NULL where the version before this one made the row: then it is the first day of its intervals.
    ADD COLUMN recorded_on date,
    -- Together with claimed_at the place of the last claim, in the order in which things took effect.
    ADD COLUMN claimed_on date,
    ADD COLUMN verified_on date,
    ADD COLUMN undertaken_by date,
    ADD COLUMN review_opened_on date,
    -- When it was last found that it had not come back.
    ADD COLUMN reviewed_on date,
    -- The clock of the company that is waited for.
    ADD COLUMN wait jsonb,
    ADD COLUMN wait_due_on date;

UPDATE barrier b SET claimed_on = e.effective_on
FROM event e
WHERE e.campaign_id = b.campaign_id AND e.case_id = b.id AND e.sequence = b.claimed_at;

UPDATE barrier b SET verified_on = e.day
FROM (SELECT campaign_id, case_id, max(effective_on) AS day FROM event WHERE action = 'verify' GROUP BY 1, 2) e
WHERE e.campaign_id = b.campaign_id AND e.case_id = b.id;

-- Serves the worker: whose time is up?
CREATE INDEX barrier_by_wait ON barrier (campaign_id, wait_due_on) WHERE wait_due_on IS NOT NULL;
-- Serves the worker: which justifications ran out?
CREATE INDEX barrier_by_justification ON barrier (campaign_id, justified_until) WHERE remediation = 'justified';
-- Serves the queue of barriers that may have come back.
CREATE INDEX barrier_by_review ON barrier (campaign_id, number) WHERE review_opened_on IS NOT NULL;
