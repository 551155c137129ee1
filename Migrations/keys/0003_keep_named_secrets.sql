SET LOCAL ROLE rectify_owner;

-- Keys that are not a complaint's: they outlive the key-encryption key, under which they are kept like the others.

CREATE TABLE named_key (
    name       text        PRIMARY KEY,
    wrapped    bytea       NOT NULL,
    kek_id     text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Serves the wrapping anew: what is under another key than this?
CREATE INDEX case_key_by_kek ON case_key (kek_id, id);

-- Under which key each running server wraps new keys: nothing is wrapped anew while one of them would not open it.
CREATE TABLE server_key (
    server  uuid        PRIMARY KEY,
    kek_id  text        NOT NULL,
    seen_at timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON named_key TO rectify_keys;
GRANT SELECT, INSERT, UPDATE, DELETE ON server_key TO rectify_keys;
