-- The same file may come from the complainant and from an officer: each keeps the own, and sees no trace of the other's.

ALTER TABLE evidence_file ADD COLUMN is_complainants boolean NOT NULL DEFAULT false;
UPDATE evidence_file f SET is_complainants = true
FROM event e
WHERE e.campaign_id = f.campaign_id AND e.case_id = f.complaint_id AND e.sequence = f.sequence
  AND coalesce(e.on_behalf_of, e.actor_kind) = 'complainant';

ALTER TABLE evidence_chunk ADD COLUMN is_complainants boolean NOT NULL DEFAULT false;
UPDATE evidence_chunk c SET is_complainants = true
FROM evidence_file f
WHERE f.campaign_id = c.campaign_id AND f.complaint_id = c.complaint_id AND f.sha256 = c.sha256 AND f.is_complainants;

ALTER TABLE evidence_chunk DROP CONSTRAINT evidence_chunk_belongs;
ALTER TABLE evidence_file DROP CONSTRAINT evidence_file_pkey;
ALTER TABLE evidence_file ADD PRIMARY KEY (campaign_id, complaint_id, sha256, is_complainants);
ALTER TABLE evidence_chunk DROP CONSTRAINT evidence_chunk_pkey;
ALTER TABLE evidence_chunk
    ADD PRIMARY KEY (campaign_id, complaint_id, sha256, is_complainants, rendition, position);
ALTER TABLE evidence_chunk ADD CONSTRAINT evidence_chunk_belongs
    FOREIGN KEY (campaign_id, complaint_id, sha256, is_complainants)
    REFERENCES evidence_file (campaign_id, complaint_id, sha256, is_complainants);

-- Who does not say who sent it, as the version before this one, is refused rather than taken for an officer.
ALTER TABLE evidence_file ALTER COLUMN is_complainants DROP DEFAULT;
ALTER TABLE evidence_chunk ALTER COLUMN is_complainants DROP DEFAULT;
