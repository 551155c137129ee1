SET LOCAL ROLE rectify_owner;

-- One page is one page by whatever scheme it was opened: links are compared from the colon on.

-- Serves the search for the same page; hashed, since an address may be longer than an index entry.
CREATE INDEX complaint_by_page ON complaint (campaign_id, md5(substr(link_url, strpos(link_url, ':'))))
    WHERE link_url IS NOT NULL;
DROP INDEX complaint_by_link_url;
