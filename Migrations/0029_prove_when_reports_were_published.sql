SET LOCAL ROLE rectify_owner;

-- The latest signed checkpoint of the log when an issue was published; NULL where nothing is signed.
ALTER TABLE report_issue ADD COLUMN checkpoint text;
