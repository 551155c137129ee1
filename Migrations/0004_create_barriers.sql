-- The campaign's issue ledger.

CREATE TABLE barrier (
    campaign_id         smallint    NOT NULL REFERENCES campaign (id),
    id                  uuid        NOT NULL,
    number              bigint      NOT NULL,
    kind                text        NOT NULL,
    respondent_platform text        NOT NULL REFERENCES platform (code),
    -- What is barred, in one word, so that the key has no NULL in it: platform:taobao, method:wechat_pay.
    target_key          text        NOT NULL,
    scene               text        NOT NULL,
    version             integer     NOT NULL,
    remediation         text        NOT NULL,
    episode             smallint    NOT NULL DEFAULT 1,
    state_before_await  text,
    awaited_company     text        REFERENCES company (code),
    coverage            smallint,
    has_standing_order  boolean     NOT NULL DEFAULT false,
    claimed_at          integer,
    justified_until     date,
    false_claims        integer     NOT NULL DEFAULT 0,
    changed_on          date        NOT NULL,
    recorded_at         timestamptz NOT NULL,
    changed_at          timestamptz NOT NULL,
    PRIMARY KEY (campaign_id, id),

    CONSTRAINT barrier_number_is_unique UNIQUE (campaign_id, number),
    CONSTRAINT barrier_stands_in_the_ledger_once
        UNIQUE (campaign_id, kind, respondent_platform, target_key, scene),
    CONSTRAINT barrier_kind_is_known CHECK (kind IN ('blocked_link', 'refused_payment', 'practice')),
    CONSTRAINT barrier_target_fits_its_kind CHECK (
        (kind = 'blocked_link' AND target_key ~ '^(platform|company|host):.')
        OR (kind = 'refused_payment' AND target_key ~ '^method:.')
        OR (kind = 'practice' AND target_key ~ '^scenario:.')),
    CONSTRAINT barrier_remediation_is_known CHECK (remediation IN (
        'alleged', 'confirmed', 'ordered', 'committed', 'in_progress', 'pending_counterparty', 'claimed',
        'partially_verified', 'verified', 'dismissed', 'justified')),
    CONSTRAINT barrier_waits_for_someone
        CHECK ((remediation = 'pending_counterparty') = (awaited_company IS NOT NULL)),
    CONSTRAINT barrier_is_justified_for_a_time CHECK (remediation <> 'justified' OR justified_until IS NOT NULL),
    CONSTRAINT barrier_coverage_is_a_percentage CHECK (coverage BETWEEN 0 AND 100)
);

-- Serves the ledger by state.
CREATE INDEX barrier_by_remediation ON barrier (campaign_id, remediation, number);

-- What each barrier was, on both clocks.
CREATE TABLE barrier_interval (
    campaign_id        smallint    NOT NULL,
    barrier_id         uuid        NOT NULL,
    sequence           integer     NOT NULL,
    effective_from     date        NOT NULL,
    recorded_at        timestamptz NOT NULL,
    retracted_at       timestamptz,
    remediation        text        NOT NULL,
    episode            smallint    NOT NULL,
    coverage           smallint,
    awaited_company    text,
    has_standing_order boolean     NOT NULL,
    false_claims       integer     NOT NULL,
    PRIMARY KEY (campaign_id, barrier_id, sequence),
    CONSTRAINT barrier_interval_belongs FOREIGN KEY (campaign_id, barrier_id) REFERENCES barrier (campaign_id, id)
);

-- Which complaints attest which barriers, on both clocks: tied from a day on, or untied from a day on.
CREATE TABLE complaint_barrier_interval (
    campaign_id    smallint    NOT NULL,
    complaint_id   uuid        NOT NULL,
    barrier_id     uuid        NOT NULL,
    sequence       integer     NOT NULL,
    effective_from date        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    retracted_at   timestamptz,
    is_linked      boolean     NOT NULL,
    PRIMARY KEY (campaign_id, complaint_id, barrier_id, sequence),
    CONSTRAINT complaint_barrier_interval_has_a_complaint
        FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id),
    CONSTRAINT complaint_barrier_interval_has_a_barrier
        FOREIGN KEY (campaign_id, barrier_id) REFERENCES barrier (campaign_id, id)
);

-- The links that hold now.
CREATE TABLE complaint_barrier (
    campaign_id  smallint NOT NULL,
    complaint_id uuid     NOT NULL,
    barrier_id   uuid     NOT NULL,
    PRIMARY KEY (campaign_id, complaint_id, barrier_id),
    CONSTRAINT complaint_barrier_has_a_complaint
        FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id),
    CONSTRAINT complaint_barrier_has_a_barrier
        FOREIGN KEY (campaign_id, barrier_id) REFERENCES barrier (campaign_id, id)
);

-- Serves: which complaints attest this barrier?
CREATE INDEX complaint_barrier_by_barrier ON complaint_barrier (campaign_id, barrier_id);

CREATE TABLE observation (
    campaign_id smallint    NOT NULL,
    barrier_id  uuid        NOT NULL,
    sequence    integer     NOT NULL,
    observed_on date        NOT NULL,
    recorded_at timestamptz NOT NULL,
    retracted_at timestamptz,
    method      text        NOT NULL,
    result      text        NOT NULL,
    coverage    smallint,
    app_version text,
    os          text,
    region      text,
    cohort      text,
    observer_id uuid,
    PRIMARY KEY (campaign_id, barrier_id, sequence),
    CONSTRAINT observation_belongs FOREIGN KEY (campaign_id, barrier_id) REFERENCES barrier (campaign_id, id),
    CONSTRAINT observation_method_is_known
        CHECK (method IN ('on_site', 'probe', 'technical_test', 'complaint', 'press')),
    CONSTRAINT observation_result_is_known CHECK (result IN ('blocked', 'extra_step', 'partly_open', 'open')),
    CONSTRAINT observation_coverage_is_a_percentage CHECK (coverage BETWEEN 0 AND 100)
);

-- What a company said it would do.
CREATE TABLE undertaking (
    campaign_id smallint NOT NULL,
    barrier_id  uuid     NOT NULL,
    sequence    integer  NOT NULL,
    scope       text,
    due_on      date,
    PRIMARY KEY (campaign_id, barrier_id, sequence),
    CONSTRAINT undertaking_belongs FOREIGN KEY (campaign_id, barrier_id) REFERENCES barrier (campaign_id, id),
    CONSTRAINT undertaking_scope_length CHECK (char_length(scope) BETWEEN 1 AND 2000)
);

-- What the authority told a company to do about which barriers by when. ("order" is a word of SQL's own.)
CREATE TABLE rectification_order (
    campaign_id smallint    NOT NULL REFERENCES campaign (id),
    id          uuid        NOT NULL,
    company     text        NOT NULL REFERENCES company (code),
    rung        text        NOT NULL,
    issued_on   date        NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (campaign_id, id)
);

CREATE TABLE order_barrier (
    campaign_id smallint NOT NULL,
    order_id    uuid     NOT NULL,
    barrier_id  uuid     NOT NULL,
    due_on      date,
    PRIMARY KEY (campaign_id, order_id, barrier_id),
    CONSTRAINT order_barrier_has_an_order
        FOREIGN KEY (campaign_id, order_id) REFERENCES rectification_order (campaign_id, id),
    CONSTRAINT order_barrier_has_a_barrier FOREIGN KEY (campaign_id, barrier_id) REFERENCES barrier (campaign_id, id)
);
