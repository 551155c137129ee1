-- Organisations that file for many people, with keys of their own; and files of filings, line by line.

CREATE TABLE filer (
    id         uuid        PRIMARY KEY,
    -- What the authority calls it, such as consumer-council-gd.
    name       text        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT filer_name_is_unique UNIQUE (name),
    CONSTRAINT filer_name_is_short CHECK (name ~ '^[a-z][a-z0-9_.-]{0,39}$')
);

CREATE TABLE filer_key (
    id           uuid        PRIMARY KEY,
    filer_id     uuid        NOT NULL REFERENCES filer (id),
    hash         bytea       NOT NULL,
    scopes       text[]      NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    last_used_on date,
    CONSTRAINT filer_key_hash_is_sha256 CHECK (octet_length(hash) = 32),
    CONSTRAINT filer_key_expires_after_creation CHECK (expires_at > created_at),
    CONSTRAINT filer_key_scopes_are_known
        CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['file', 'history', 'import'])
);

-- Serves sign-in: whose key is this?
CREATE UNIQUE INDEX filer_key_by_hash ON filer_key (hash);

ALTER TABLE complaint DROP CONSTRAINT complaint_channel_is_known;
ALTER TABLE complaint ADD CONSTRAINT complaint_channel_is_known
    CHECK (channel IN ('public', 'officer', 'filer')) NOT VALID;

-- Serves a filer's own list, newest first.
CREATE INDEX complaint_by_filer ON complaint (campaign_id, filed_by, number DESC) WHERE channel = 'filer';

-- A file of filings on its way in, and how far it has come. A line counts once its part is committed.
CREATE TABLE filing_import (
    id          uuid        PRIMARY KEY,
    campaign_id smallint    NOT NULL REFERENCES campaign (id),
    -- The officer or filer whose it is.
    filed_by    uuid        NOT NULL,
    format      text        NOT NULL,
    -- For CSV: which column is which member.
    mapping     jsonb       NOT NULL,
    lines       bigint      NOT NULL DEFAULT 0,
    filed       bigint      NOT NULL DEFAULT 0,
    known       bigint      NOT NULL DEFAULT 0,
    refused     bigint      NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    CONSTRAINT filing_import_format_is_known CHECK (format IN ('ndjson', 'csv')),
    CONSTRAINT filing_import_adds_up CHECK (lines = filed + known + refused)
);

-- What became of each line.
CREATE TABLE filing_import_line (
    import_id uuid   NOT NULL REFERENCES filing_import (id),
    line      bigint NOT NULL,
    outcome   text   NOT NULL,
    -- The complaint's number; NULL for a line that was refused.
    number    bigint,
    -- What is wrong with a line that was refused.
    faults    jsonb,
    PRIMARY KEY (import_id, line),
    CONSTRAINT filing_import_line_outcome_is_known CHECK (outcome IN ('filed', 'known', 'refused')),
    CONSTRAINT filing_import_line_says_why CHECK ((outcome = 'refused') = (faults IS NOT NULL)),
    CONSTRAINT filing_import_line_names_a_complaint CHECK ((outcome = 'refused') = (number IS NULL))
);
