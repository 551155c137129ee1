-- What a pasted link points to, in one form for one page. The text itself stays sealed.

ALTER TABLE complaint
    -- Without what tracks who shared it; takes the place of link_digest, which only the version before this one writes.
    ADD COLUMN link_url text,
    -- What belongs together on the web: the registered domain, or the customer's site at a host of sites.
    ADD COLUMN link_site text,
    -- What is odd about the address, for the officer to see: user_info, mixed_script, look_alike, …
    ADD COLUMN link_oddities text[] NOT NULL DEFAULT '{}',
    -- The edition of the public suffix list by which the site was found.
    ADD COLUMN suffix_version text;

-- Serves the search for the same page; hashed, since an address may be longer than an index entry.
CREATE INDEX complaint_by_link_url ON complaint (campaign_id, md5(link_url)) WHERE link_url IS NOT NULL;
DROP INDEX complaint_by_link;
