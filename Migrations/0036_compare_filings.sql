SET LOCAL ROLE rectify_owner;

-- A reference of a filer stands for one filing: the same sent again is known, something else under it is refused.

-- HMAC-SHA-256 over what was sent, by a key that is not in this database, since what people file can be guessed. NULL where no
-- reference of the filer came with it, for complaints that were filed before there was this column (there whatever comes under
-- the reference counts as the same), and once the data are erased, together with the reference.
ALTER TABLE complaint
    ADD COLUMN filing_digest bytea,
    ADD CONSTRAINT complaint_filing_digest_is_sha256 CHECK (octet_length(filing_digest) = 32) NOT VALID;
GRANT SELECT (filing_digest) ON complaint TO rectify_intake;

-- Lines of the file, as an editor counts them, up to the end of the last line of the import that is in; NULL where that is not
-- known, because some were sent before there was this column.
ALTER TABLE filing_import ADD COLUMN file_lines bigint;

-- Where in the file a line of the import begins, as an editor counts.
ALTER TABLE filing_import_line ADD COLUMN file_line bigint;
