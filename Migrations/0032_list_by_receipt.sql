SET LOCAL ROLE rectify_owner;

-- Lists of complaints are in the order of receipt: a complaint that is entered late for an earlier day is listed at that
-- day, not among the newest numbers. Every index that serves such a list has the day of receipt before the number. A server
-- of the version before this one still finds its rows by these indexes, and sorts them itself.

-- A filing locks its complaint first and what belongs to it after; the same order here, so that neither waits for the other.
LOCK TABLE complaint IN ACCESS EXCLUSIVE MODE;

-- Serves the list without a filter.
CREATE INDEX complaint_by_receipt ON complaint (campaign_id, received_on DESC, number DESC);

DROP INDEX complaint_by_status, complaint_by_officer, complaint_by_respondent, complaint_by_category,
    complaint_by_scenario, complaint_by_kind, complaint_by_platform, complaint_by_target, complaint_by_method,
    complaint_by_office, complaint_by_priority, complaint_by_outcome, complaint_by_region, complaint_by_channel,
    complaint_unassigned, complaint_suspected, complaint_open_by_officer;

-- Serves the list of one status, and its queues.
CREATE INDEX complaint_by_status ON complaint (campaign_id, status, received_on DESC, number DESC);
-- Serves the list of one officer.
CREATE INDEX complaint_by_officer ON complaint (campaign_id, officer_id, received_on DESC, number DESC)
    WHERE officer_id IS NOT NULL;
-- Serves the list of one company complained of.
CREATE INDEX complaint_by_respondent ON complaint (campaign_id, respondent_company, received_on DESC, number DESC);
-- Serves the list of one category.
CREATE INDEX complaint_by_category ON complaint (campaign_id, category, received_on DESC, number DESC);
-- Serves the list of one scenario.
CREATE INDEX complaint_by_scenario ON complaint (campaign_id, scenario, received_on DESC, number DESC)
    WHERE scenario IS NOT NULL;
-- Serves the list of one kind.
CREATE INDEX complaint_by_kind ON complaint (campaign_id, kind, received_on DESC, number DESC);
-- Serves the list of one platform complained of.
CREATE INDEX complaint_by_platform ON complaint (campaign_id, respondent_platform, received_on DESC, number DESC);
-- Serves the list of one platform whose links are blocked.
CREATE INDEX complaint_by_target ON complaint (campaign_id, target_platform, received_on DESC, number DESC)
    WHERE target_platform IS NOT NULL;
-- Serves the list of one payment method.
CREATE INDEX complaint_by_method ON complaint (campaign_id, payment_method, received_on DESC, number DESC)
    WHERE payment_method IS NOT NULL;
-- Serves the list of one office.
CREATE INDEX complaint_by_office ON complaint (campaign_id, office, received_on DESC, number DESC);
-- Serves the list of one priority, and the queue of the urgent.
CREATE INDEX complaint_by_priority ON complaint (campaign_id, priority, received_on DESC, number DESC);
-- Serves the list of one outcome.
CREATE INDEX complaint_by_outcome ON complaint (campaign_id, outcome, received_on DESC, number DESC)
    WHERE outcome IS NOT NULL;
-- Serves the list of one region.
CREATE INDEX complaint_by_region ON complaint (campaign_id, region, received_on DESC, number DESC)
    WHERE region IS NOT NULL;
-- Serves the list of one channel.
CREATE INDEX complaint_by_channel ON complaint (campaign_id, channel, received_on DESC, number DESC);
-- Serves the queue of what is open and nobody's.
CREATE INDEX complaint_unassigned ON complaint (campaign_id, received_on DESC, number DESC)
    WHERE officer_id IS NULL AND status IN ('received', 'needs_information', 'accepted', 'forwarded', 'responded');
-- Serves the queue of suspected duplicates.
CREATE INDEX complaint_suspected ON complaint (campaign_id, received_on DESC, number DESC)
    WHERE has_suspected_duplicate;
-- Serves the queue of an officer's open cases.
CREATE INDEX complaint_open_by_officer ON complaint (campaign_id, officer_id, received_on DESC, number DESC)
    WHERE status IN ('received', 'needs_information', 'accepted', 'forwarded', 'responded');

-- The version of the program before this one leaves the day open; the worker fills it in.
ALTER TABLE complaint_barrier ADD COLUMN received_on date;
ALTER TABLE complaint NO FORCE ROW LEVEL SECURITY;
ALTER TABLE complaint_barrier NO FORCE ROW LEVEL SECURITY;
UPDATE complaint_barrier l SET number = c.number, received_on = c.received_on
FROM complaint c WHERE c.campaign_id = l.campaign_id AND c.id = l.complaint_id;
ALTER TABLE complaint_barrier FORCE ROW LEVEL SECURITY;
ALTER TABLE complaint FORCE ROW LEVEL SECURITY;

DROP INDEX complaint_barrier_by_number, complaint_barrier_without_number, complaint_barrier_by_barrier;
-- Serves: which complaints attest this barrier, and which of them came last?
CREATE INDEX complaint_barrier_by_receipt ON complaint_barrier (campaign_id, barrier_id, received_on DESC, number DESC);
-- Serves the worker: which days are still open?
CREATE INDEX complaint_barrier_without_receipt ON complaint_barrier (campaign_id) WHERE received_on IS NULL;
