SET LOCAL ROLE rectify_owner;

-- Officers who sign in through the authority's own directory.

-- Bound at the first sign-in: a name that the directory gives to someone else later opens nothing.
CREATE TABLE officer_directory (
    issuer     text        NOT NULL,
    subject    text        NOT NULL,
    officer_id uuid        NOT NULL REFERENCES officer (id),
    bound_at   timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject),
    CONSTRAINT officer_has_one_place_in_a_directory UNIQUE (officer_id, issuer)
);

-- Tokens that were shown, by digest, until they run out: each opens one session.
CREATE TABLE directory_token (
    hash       bytea       PRIMARY KEY,
    expires_at timestamptz NOT NULL,
    CONSTRAINT directory_token_hash_is_sha256 CHECK (octet_length(hash) = 32)
);

-- Serves the sweep of those that ran out.
CREATE INDEX directory_token_by_expiry ON directory_token (expires_at);

GRANT SELECT, INSERT, DELETE ON officer_directory, directory_token TO rectify_staff;
