-- In a migration of its own: making an index takes a while, and meanwhile everything can be read. It takes the place of the
-- one for all rows in the next migration; most filings carry no reference of the filer's own.

-- Serves the question whether a filer has sent this before.
CREATE UNIQUE INDEX complaint_is_filed_once_new ON complaint (campaign_id, filed_by, client_reference)
    WHERE client_reference IS NOT NULL;
