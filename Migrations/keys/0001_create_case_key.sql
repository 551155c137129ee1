-- The keys that complaints are sealed with, apart from the complaints: erasing one is deleting its row here.

CREATE TABLE case_key (
    id         uuid        PRIMARY KEY,
    -- Encrypted under the key-encryption key that kek_id names.
    wrapped    bytea       NOT NULL,
    kek_id     text        NOT NULL,
    created_at timestamptz NOT NULL,
    -- Taken out of the pool for a complaint; a key is never used for two.
    claimed_at timestamptz
);

-- Serves the pool of keys made ahead of filing.
CREATE INDEX case_key_unclaimed ON case_key (id) WHERE claimed_at IS NULL;
