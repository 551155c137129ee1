-- Officers sign in with a password and a second factor, and have sessions that end when nobody uses them.

CREATE TABLE officer_password (
    officer_id  uuid        PRIMARY KEY REFERENCES officer (id),
    -- scrypt in the form of PHC strings; says by itself what it cost.
    hash        text        NOT NULL,
    changed_at  timestamptz NOT NULL,
    -- Somebody else has set it: the officer may do nothing but set another.
    must_change boolean     NOT NULL
);

-- The second factor (RFC 6238).
CREATE TABLE officer_totp (
    officer_id   uuid        PRIMARY KEY REFERENCES officer (id),
    -- Encrypted under a key that is worked out from the key-encryption key.
    secret       bytea       NOT NULL,
    -- Until a code was typed, it is not asked for.
    confirmed_at timestamptz,
    -- The latest half minute whose code was taken; none is taken twice.
    last_step    bigint      NOT NULL DEFAULT 0
);

-- A session is a token that also ends when it is not used for so long.
ALTER TABLE officer_token ADD COLUMN idle_seconds integer, ADD COLUMN used_at timestamptz,
    ADD CONSTRAINT officer_token_idle_is_counted_from_use CHECK ((idle_seconds IS NULL) = (used_at IS NULL));

-- Machines from which an officer has signed in: their attempts are counted by themselves, so that nobody can lock a
-- colleague out by typing wrong passwords.
CREATE TABLE officer_device (
    hash       bytea       PRIMARY KEY,
    officer_id uuid        NOT NULL REFERENCES officer (id),
    created_at timestamptz NOT NULL,
    CONSTRAINT officer_device_hash_is_sha256 CHECK (octet_length(hash) = 32)
);

-- Serves forgetting the oldest of an officer's.
CREATE INDEX officer_device_by_officer ON officer_device (officer_id, created_at);
