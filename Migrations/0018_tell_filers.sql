-- Where an organisation that files for many is told what became of its filings, and what it was told.

CREATE TABLE webhook (
    filer_id      uuid        PRIMARY KEY REFERENCES filer (id),
    url           text        NOT NULL,
    -- In the other database: the key that the secret of its signatures is sealed with.
    key_id        uuid        NOT NULL,
    sealed_secret bytea       NOT NULL,
    created_at    timestamptz NOT NULL,
    CONSTRAINT webhook_url_is_short CHECK (char_length(url) BETWEEN 1 AND 2000)
);

CREATE TABLE webhook_delivery (
    id              uuid        PRIMARY KEY,
    filer_id        uuid        NOT NULL REFERENCES filer (id),
    campaign_id     smallint    NOT NULL REFERENCES campaign (id),
    -- The complaint by the name people use, and the event that is told of.
    subject         text        NOT NULL,
    sequence        integer     NOT NULL,
    -- What is sent, byte for byte, however often it is.
    body            text        NOT NULL,
    state           text        NOT NULL,
    attempts        integer     NOT NULL,
    -- While an attempt is under way, when it counts as lost.
    next_attempt_at timestamptz,
    -- Of the latest attempt: only who made it may say what became of it.
    claim           uuid,
    -- Of the latest attempt: the status of the answer, or why there was none.
    last_status     integer,
    last_error      text,
    recorded_at     timestamptz NOT NULL,
    ended_at        timestamptz,
    CONSTRAINT webhook_delivery_says_it_once UNIQUE (campaign_id, subject, sequence),
    CONSTRAINT webhook_delivery_state_is_known CHECK (state IN ('pending', 'delivered', 'dead')),
    CONSTRAINT webhook_delivery_waits_or_has_ended
        CHECK ((state = 'pending') = (next_attempt_at IS NOT NULL) AND (state = 'pending') = (ended_at IS NULL))
);

-- Serves the sender: what of this filer is due?
CREATE INDEX webhook_delivery_due ON webhook_delivery (filer_id, next_attempt_at) WHERE state = 'pending';

-- Serves a filer's list of what it was told, newest first.
CREATE INDEX webhook_delivery_by_filer ON webhook_delivery (filer_id, recorded_at DESC, id DESC);

-- Serves a filer's count of what was given up, and sending it anew.
CREATE INDEX webhook_delivery_dead ON webhook_delivery (filer_id, recorded_at, id) WHERE state = 'dead';

-- Serves the sweep of what ended long ago.
CREATE INDEX webhook_delivery_ended ON webhook_delivery (state, ended_at) WHERE state <> 'pending';

ALTER TABLE filer_key DROP CONSTRAINT filer_key_scopes_are_known;
ALTER TABLE filer_key ADD CONSTRAINT filer_key_scopes_are_known
    CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['file', 'history', 'import', 'webhook']);
