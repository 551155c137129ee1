-- What time itself brings about is done by one server at a time.

-- Whoever holds the row works until it expires. Every change the worker makes shares the row's lock and checks the
-- fence, so that a holder that was asleep too long changes nothing any more.
CREATE TABLE worker_lease (
    name       text        PRIMARY KEY,
    holder     uuid,
    fence      bigint      NOT NULL,
    expires_at timestamptz NOT NULL
);

INSERT INTO worker_lease (name, fence, expires_at) VALUES ('worker', 0, '2000-01-01T00:00:00Z');

-- How far the worker has come in what it does once: calendars looked at, filings compared.
CREATE TABLE worker_mark (
    name   text        PRIMARY KEY,
    moment timestamptz NOT NULL
);

-- What is to be told to whom. A message has a key of its own: however often the worker finds the same, it says so once.
CREATE TABLE outbox (
    id          uuid        PRIMARY KEY,
    campaign_id smallint    NOT NULL REFERENCES campaign (id),
    -- What it is about in one word: deadline_missed, barrier_review, company_silent, …
    topic       text        NOT NULL,
    once_key    text        NOT NULL,
    -- To the officer of the case; NULL where nobody has it: then to all.
    officer_id  uuid        REFERENCES officer (id),
    office      text        REFERENCES office (code),
    case_kind   text        NOT NULL,
    case_id     uuid        NOT NULL,
    -- The case by the name people use: a reference, a number, a company.
    subject     text        NOT NULL,
    details     jsonb       NOT NULL,
    recorded_at timestamptz NOT NULL,
    seen_at     timestamptz,
    CONSTRAINT outbox_says_it_once UNIQUE (campaign_id, once_key)
);

-- Serves an officer's reminders, newest first, those not seen yet.
CREATE INDEX outbox_by_officer ON outbox (campaign_id, officer_id, recorded_at DESC, id) WHERE seen_at IS NULL;

-- Serves the comparison of new filings with old ones.
CREATE INDEX complaint_by_recording ON complaint (campaign_id, recorded_at, number);
