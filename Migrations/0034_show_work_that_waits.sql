SET LOCAL ROLE rectify_owner;

-- Work that nobody does is visible: what an officer who has left still holds, and what came from outside and was not looked at.

-- Whether an officer can no longer work on cases of an office: disabled, or without a role that does casework there today.
-- The central office works on all cases. Without an office: whether there is no such office at all.
--
-- Companies' and filers' connections ask it too, which may not read who works where; so it runs as its owner.
CREATE FUNCTION has_left(officer uuid, office text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN officer IS NOT NULL AND NOT EXISTS (
        SELECT FROM officer_role r JOIN officer o ON o.id = r.officer_id
        WHERE o.id = has_left.officer AND o.disabled_at IS NULL AND r.role IN ('officer', 'supervisor')
          AND r.valid_from <= current_date AND (r.valid_to IS NULL OR r.valid_to > current_date)
          AND (has_left.office IS NULL OR r.office IN (has_left.office, 'centre')));
END
$$;
ALTER FUNCTION has_left(uuid, text) OWNER TO rectify_owner;
REVOKE ALL ON FUNCTION has_left(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION has_left(uuid, text) TO rectify_staff, rectify_party, rectify_report;

-- Serves the question which officers hold open cases of which offices, and the cases of those who have left.
CREATE INDEX complaint_held ON complaint (campaign_id, officer_id, office)
    WHERE officer_id IS NOT NULL AND status IN ('received', 'needs_information', 'accepted', 'forwarded', 'responded');

-- When something last came from outside to an open case that its officer has not seen yet. It is a mark for officers, and no
-- part of history.
ALTER TABLE complaint ADD COLUMN news_at timestamptz;

-- Serves the queue of news.
CREATE INDEX complaint_with_news ON complaint (campaign_id, received_on DESC, number DESC) WHERE news_at IS NOT NULL;

-- What came before there was such a mark is no news.
INSERT INTO worker_mark (name, moment) SELECT 'news|' || code, clock_timestamp() FROM campaign ON CONFLICT DO NOTHING;

-- Serves the end of a reminder of news once the case was looked at.
CREATE INDEX outbox_of_news ON outbox (campaign_id, case_id) WHERE topic = 'news' AND seen_at IS NULL;

-- A message about a complaint that was merged may tell of a step of the case that goes on: then that step's place there, else 0.
-- Of several messages about one complaint the one with the highest sequence counts, of those the one with the highest of these.
ALTER TABLE webhook_delivery
    ADD COLUMN handled_sequence integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT webhook_delivery_says_it_once,
    ADD CONSTRAINT webhook_delivery_says_it_once UNIQUE (campaign_id, subject, sequence, handled_sequence);
