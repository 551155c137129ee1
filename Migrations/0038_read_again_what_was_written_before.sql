SET LOCAL ROLE rectify_owner;

-- Rows that were written before what people send was read in one way are read again by the worker, with the rules and keys of the
-- program: pages of links, regions, digests of contacts and of filings. It goes through what was recorded until this moment; one day
-- is added for servers of the version before that still run beside the new one. Where there is nothing yet, nothing is old.
INSERT INTO worker_mark (name, moment)
SELECT 'reread-until', now() + CASE
    WHEN EXISTS (SELECT FROM campaign_counter WHERE next_complaint > 1)
      OR EXISTS (SELECT FROM office WHERE regions <> '{}') THEN interval '1 day' ELSE interval '0' END;

-- 32 bytes: of the document as it was written, by versions before. 33: a mark and a digest of the narrative, by the worker. 37: a
-- mark, a digest of the filing as it was understood, and the day of receipt that it had.
ALTER TABLE complaint
    DROP CONSTRAINT complaint_filing_digest_is_sha256,
    ADD CONSTRAINT complaint_filing_digest_is_known CHECK (octet_length(filing_digest) IN (32, 33, 37)) NOT VALID;

-- What is odd about a line that was taken, as `faults` are written.
ALTER TABLE filing_import_line ADD COLUMN warnings jsonb;

-- Columns of a CSV that its mapping does not name, in the order of the header; NULL where no header was read.
ALTER TABLE filing_import ADD COLUMN ignored_columns text[];
