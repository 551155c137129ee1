-- Reports that were published: frozen as they were, numbered, never changed. A correction is a new issue.

CREATE TABLE report_issue (
    campaign_id  smallint    NOT NULL REFERENCES campaign (id),
    -- Of all issues of the campaign, and of those of one year.
    number       integer     NOT NULL,
    year         smallint    NOT NULL,
    of_year      integer     NOT NULL,
    corrects     integer,
    as_of        date        NOT NULL,
    period_from  date        NOT NULL,
    known_at     timestamptz NOT NULL,
    -- The internal and the public edition as canonical JSON, each with its SHA-256.
    document        text     NOT NULL,
    digest          bytea    NOT NULL,
    public_document text     NOT NULL,
    public_digest   bytea    NOT NULL,
    published_by uuid        NOT NULL REFERENCES officer (id),
    published_at timestamptz NOT NULL,
    PRIMARY KEY (campaign_id, number),
    CONSTRAINT report_issue_of_year_is_unique UNIQUE (campaign_id, year, of_year),
    CONSTRAINT report_issue_corrects_an_earlier_one
        FOREIGN KEY (campaign_id, corrects) REFERENCES report_issue (campaign_id, number),
    CONSTRAINT report_issue_digest_has_32_bytes 
        CHECK (octet_length(digest) = 32 AND octet_length(public_digest) = 32)
);

CREATE TRIGGER report_issue_is_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON report_issue
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();
