SET LOCAL ROLE rectify_owner;

-- What complainants say of an ending belongs to that ending and to who says it. A case that was reopened has neither, and its
-- next ending is asked about again. The columns confirmed_fixed and rating of complaint are not read or written any more.

-- The step that closed the case, by its place in history; NULL while the case is not closed.
ALTER TABLE complaint ADD COLUMN ending integer;

-- What one complainant said of one ending, from a day on; the latest that stands holds.
CREATE TABLE verdict_interval (
    campaign_id    smallint    NOT NULL,
    -- The case that ended.
    complaint_id   uuid        NOT NULL,
    -- The step that closed it.
    ending         integer     NOT NULL,
    -- The complaint of who says it: the case itself, or one that was merged into it.
    complainant_id uuid        NOT NULL,
    sequence       integer     NOT NULL,
    written_by     integer     NOT NULL,
    effective_from date        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    retracted_at   timestamptz,
    is_fixed       boolean,
    rating         smallint,
    PRIMARY KEY (campaign_id, complaint_id, sequence, written_by),
    CONSTRAINT verdict_interval_belongs
        FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id),
    CONSTRAINT verdict_interval_has_a_complainant
        FOREIGN KEY (campaign_id, complainant_id) REFERENCES complaint (campaign_id, id),
    CONSTRAINT verdict_interval_says_something CHECK (is_fixed IS NOT NULL OR rating IS NOT NULL),
    CONSTRAINT verdict_interval_rating_is_one_to_five CHECK (rating BETWEEN 1 AND 5)
);

-- What was said so far, each time by the case's own complainant, of the ending before it.
ALTER TABLE complaint NO FORCE ROW LEVEL SECURITY;
ALTER TABLE event NO FORCE ROW LEVEL SECURITY;

UPDATE complaint c SET ending = (
    SELECT e.sequence FROM event e
    WHERE e.campaign_id = c.campaign_id AND e.case_id = c.id AND e.action IN ('close', 'close_unsubstantiated')
    ORDER BY e.effective_on DESC, e.sequence DESC LIMIT 1)
WHERE c.status = 'closed';

INSERT INTO verdict_interval (campaign_id, complaint_id, ending, complainant_id, sequence, written_by, effective_from,
                              recorded_at, is_fixed, rating)
SELECT campaign_id, case_id, ending, case_id, sequence, sequence, effective_on, recorded_at,
       (array_agg(is_fixed) FILTER (WHERE is_fixed IS NOT NULL) OVER so_far)[count(is_fixed) OVER so_far],
       (array_agg(rating) FILTER (WHERE rating IS NOT NULL) OVER so_far)[count(rating) OVER so_far]
FROM (
    SELECT e.campaign_id, e.case_id, closed.sequence AS ending, e.sequence, e.effective_on, e.recorded_at,
           CASE e.action WHEN 'confirm_fixed' THEN true WHEN 'deny_fixed' THEN false END AS is_fixed,
           substring(e.details ->> 'rating' FROM '^[1-5]$')::smallint AS rating
    FROM event e
    CROSS JOIN LATERAL (
        SELECT x.sequence FROM event x
        WHERE x.campaign_id = e.campaign_id AND x.case_id = e.case_id
          AND x.action IN ('close', 'close_unsubstantiated')
          AND (x.effective_on, x.sequence) < (e.effective_on, e.sequence)
        ORDER BY x.effective_on DESC, x.sequence DESC LIMIT 1) closed
    WHERE e.case_kind = 'complaint' AND e.action IN ('confirm_fixed', 'deny_fixed', 'rate')) said
WHERE is_fixed IS NOT NULL OR rating IS NOT NULL
WINDOW so_far AS (PARTITION BY campaign_id, case_id, ending ORDER BY effective_on, sequence);

ALTER TABLE complaint FORCE ROW LEVEL SECURITY;
ALTER TABLE event FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT ON verdict_interval TO rectify_staff;
GRANT UPDATE (retracted_at) ON verdict_interval TO rectify_staff;
GRANT SELECT ON verdict_interval TO rectify_report, rectify_party;

ALTER TABLE verdict_interval ENABLE ROW LEVEL SECURITY;
ALTER TABLE verdict_interval FORCE ROW LEVEL SECURITY;
CREATE POLICY staff ON verdict_interval TO rectify_staff USING (true) WITH CHECK (true);
CREATE POLICY report ON verdict_interval FOR SELECT TO rectify_report USING (true);
CREATE POLICY party ON verdict_interval FOR SELECT TO rectify_party
    USING (EXISTS (SELECT FROM complaint w
                   WHERE w.campaign_id = verdict_interval.campaign_id AND w.id = verdict_interval.complaint_id));
