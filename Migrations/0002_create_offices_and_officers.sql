-- The authority's own people.

CREATE TABLE office (
    code    text   PRIMARY KEY,
    name_zh text   NOT NULL,
    name_en text   NOT NULL,
    regions text[] NOT NULL
);

-- Every complaint belongs to an office; this one exists from the start.
INSERT INTO office (code, name_zh, name_en, regions) VALUES ('centre', '中心', 'Centre', '{}');

CREATE TABLE officer (
    id          uuid        PRIMARY KEY,
    name        text        NOT NULL,
    created_at  timestamptz NOT NULL,
    disabled_at timestamptz,
    CONSTRAINT officer_name_is_unique UNIQUE (name),
    CONSTRAINT officer_name_is_short CHECK (name ~ '^[a-z][a-z0-9._-]{0,39}$')
);

-- Dated, because what someone was allowed to do has to be known long after.
CREATE TABLE officer_role (
    officer_id uuid NOT NULL REFERENCES officer (id),
    office     text NOT NULL REFERENCES office (code),
    role       text NOT NULL,
    valid_from date NOT NULL,
    valid_to   date,
    PRIMARY KEY (officer_id, office, role, valid_from),
    CONSTRAINT officer_role_is_known CHECK (role IN ('officer', 'supervisor', 'auditor', 'admin')),
    CONSTRAINT officer_role_ends_after_it_begins CHECK (valid_to >= valid_from)
);

-- The token itself is shown once and never kept.
CREATE TABLE officer_token (
    id         uuid        PRIMARY KEY,
    officer_id uuid        NOT NULL REFERENCES officer (id),
    hash       bytea       NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT officer_token_hash_is_sha256 CHECK (octet_length(hash) = 32),
    CONSTRAINT officer_token_expires_after_creation CHECK (expires_at > created_at)
);

-- Serves sign-in: whose token is this?
CREATE UNIQUE INDEX officer_token_by_hash ON officer_token (hash);
