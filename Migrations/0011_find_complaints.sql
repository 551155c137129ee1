-- Every named queue and every single filter is one walk along one of these, in the order of the list.

-- Serves the list of one category.
CREATE INDEX complaint_by_category ON complaint (campaign_id, category, number DESC);
-- Serves the list of one scenario.
CREATE INDEX complaint_by_scenario ON complaint (campaign_id, scenario, number DESC) WHERE scenario IS NOT NULL;
-- Serves the list of one kind.
CREATE INDEX complaint_by_kind ON complaint (campaign_id, kind, number DESC);
-- Serves the list of one platform complained of.
CREATE INDEX complaint_by_platform ON complaint (campaign_id, respondent_platform, number DESC);
-- Serves the list of one platform whose links are blocked.
CREATE INDEX complaint_by_target ON complaint (campaign_id, target_platform, number DESC)
    WHERE target_platform IS NOT NULL;
-- Serves the list of one payment method.
CREATE INDEX complaint_by_method ON complaint (campaign_id, payment_method, number DESC)
    WHERE payment_method IS NOT NULL;
-- Serves the list of one office.
CREATE INDEX complaint_by_office ON complaint (campaign_id, office, number DESC);
-- Serves the list of one priority, and the queue of the urgent.
CREATE INDEX complaint_by_priority ON complaint (campaign_id, priority, number DESC);
-- Serves the list of one outcome.
CREATE INDEX complaint_by_outcome ON complaint (campaign_id, outcome, number DESC) WHERE outcome IS NOT NULL;
-- Serves the list of one region.
CREATE INDEX complaint_by_region ON complaint (campaign_id, region, number DESC) WHERE region IS NOT NULL;
-- Serves the list of one channel.
CREATE INDEX complaint_by_channel ON complaint (campaign_id, channel, number DESC);
-- Serves the queue of what is open and nobody's.
CREATE INDEX complaint_unassigned ON complaint (campaign_id, number DESC)
    WHERE officer_id IS NULL AND status IN ('received', 'needs_information', 'accepted', 'forwarded', 'responded');
-- Serves the queue of suspected duplicates.
CREATE INDEX complaint_suspected ON complaint (campaign_id, number DESC) WHERE has_suspected_duplicate;
-- Serves the queues by the day something falls due.
CREATE INDEX complaint_due ON complaint (campaign_id, due_on, number) WHERE due_on IS NOT NULL;
-- Serves an officer's own cases by the day something falls due.
CREATE INDEX complaint_due_by_officer ON complaint (campaign_id, officer_id, due_on, number) WHERE due_on IS NOT NULL;
-- Serves the queue of an officer's open cases.
CREATE INDEX complaint_open_by_officer ON complaint (campaign_id, officer_id, number DESC)
    WHERE status IN ('received', 'needs_information', 'accepted', 'forwarded', 'responded');

-- The version of the program before this one leaves the number open; the worker fills it in.
ALTER TABLE complaint_barrier ADD COLUMN number bigint;
UPDATE complaint_barrier l SET number = c.number
FROM complaint c WHERE c.campaign_id = l.campaign_id AND c.id = l.complaint_id;
-- Serves: which complaints attest this barrier, newest first?
CREATE INDEX complaint_barrier_by_number ON complaint_barrier (campaign_id, barrier_id, number DESC);
-- Serves the worker: which numbers are still open?
CREATE INDEX complaint_barrier_without_number ON complaint_barrier (campaign_id) WHERE number IS NULL;

-- Text is found by its pairs of neighbouring characters, because Chinese has no spaces and its words have two: each
-- element holds two characters, 16 bits each. Made by the program, which folds width and case before.
CREATE TABLE complaint_text (
    campaign_id  smallint NOT NULL,
    complaint_id uuid     NOT NULL,
    pairs        integer[] NOT NULL,
    PRIMARY KEY (campaign_id, complaint_id),
    CONSTRAINT complaint_text_belongs FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id)
);

-- Serves the search for words.
CREATE INDEX complaint_text_by_pair ON complaint_text USING gin (pairs);

-- An officer's own filters, by name.
CREATE TABLE saved_filter (
    officer_id uuid NOT NULL REFERENCES officer (id),
    name       text NOT NULL,
    -- The query of the list, as it is typed.
    query      jsonb NOT NULL,
    PRIMARY KEY (officer_id, name),
    CONSTRAINT saved_filter_name_is_short CHECK (name ~ '^[a-z][a-z0-9_-]{0,39}$')
);
