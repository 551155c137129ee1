-- Companies see what was forwarded to them, and answer, with keys of their own.

CREATE TABLE company_key (
    id           uuid        PRIMARY KEY,
    company      text        NOT NULL REFERENCES company (code),
    name         text        NOT NULL,
    hash         bytea       NOT NULL,
    scopes       text[]      NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    last_used_on date,
    CONSTRAINT company_key_hash_is_sha256 CHECK (octet_length(hash) = 32),
    CONSTRAINT company_key_expires_after_creation CHECK (expires_at > created_at),
    CONSTRAINT company_key_name_length CHECK (char_length(name) BETWEEN 1 AND 60),
    CONSTRAINT company_key_scopes_are_known
        CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'respond', 'undertake', 'claim'])
);

-- Serves sign-in: whose key is this?
CREATE UNIQUE INDEX company_key_by_hash ON company_key (hash);

-- What a company sends to show that it did what it says: a description, and the digest of a file it keeps ready.
CREATE TABLE company_evidence (
    campaign_id smallint NOT NULL,
    case_id     uuid     NOT NULL,
    sequence    integer  NOT NULL,
    position    smallint NOT NULL,
    description text     NOT NULL,
    sha256      bytea,
    PRIMARY KEY (campaign_id, case_id, sequence, position),
    CONSTRAINT company_evidence_belongs_to_an_event
        FOREIGN KEY (campaign_id, case_id, sequence) REFERENCES event (campaign_id, case_id, sequence),
    CONSTRAINT company_evidence_description_length CHECK (char_length(description) BETWEEN 1 AND 1000),
    CONSTRAINT company_evidence_digest_is_sha256 CHECK (octet_length(sha256) = 32)
);

-- Serves the companies' own list, and the question who is silent.
CREATE INDEX complaint_forwarded ON complaint (campaign_id, forwarded_to, number DESC) WHERE forwarded_to IS NOT NULL;
