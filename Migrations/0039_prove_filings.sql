SET LOCAL ROLE rectify_owner;

-- What is filed is proved: the event of a filing holds a digest of it, which changes when the filing does.

-- Salt of that digest, since what people file can be guessed. NULL for complaints that were filed before there was this column,
-- and once the data are erased: without it, the digest that stays in the event says nothing.
ALTER TABLE complaint
    ADD COLUMN filing_salt bytea,
    ADD CONSTRAINT complaint_filing_salt_has_16_bytes CHECK (octet_length(filing_salt) = 16) NOT VALID;
