-- The worker asks every day which companies answer nothing; it must not read a campaign for that.

-- Serves: what was forwarded to whom and is not answered, oldest first?
CREATE INDEX complaint_unanswered ON complaint (campaign_id, forwarded_to, forwarded_on) WHERE status = 'forwarded';
-- Serves: which answers came lately?
CREATE INDEX event_of_answer ON event (campaign_id, effective_on DESC, case_id) WHERE action = 'respond';
