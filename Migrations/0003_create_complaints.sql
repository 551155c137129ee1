-- A complaint, what it was at any time, and what is sealed about it.

CREATE TABLE complaint (
    campaign_id             smallint    NOT NULL REFERENCES campaign (id),
    id                      uuid        NOT NULL,
    number                  bigint      NOT NULL,
    -- Counts the changes; it is the entity tag and the place of the latest event.
    version                 integer     NOT NULL,
    kind                    text        NOT NULL,
    status                  text        NOT NULL,
    status_before_gap       text,
    status_before_duplicate text,
    category                text,
    scenario                text,
    respondent_platform     text        REFERENCES platform (code),
    respondent_company      text        REFERENCES company (code),
    respondent_name         text,
    target_platform         text        REFERENCES platform (code),
    target_company          text        REFERENCES company (code),
    target_host             text,
    payment_method          text        REFERENCES payment_method (code),
    method_name             text,
    scene                   text,
    -- How the link is blocked, or the method refused.
    manner                  text,
    wrapped_by              text,
    merchant                text,
    office                  text        NOT NULL REFERENCES office (code),
    officer_id              uuid        REFERENCES officer (id),
    outcome                 text,
    refusal_ground          text,
    information_gap         text,
    agency                  text,
    duplicate_of            uuid,
    received_on             date        NOT NULL,
    materials_on            date        NOT NULL,
    changed_on              date        NOT NULL,
    -- The earliest day on which something owed falls due; kept so that the overdue can be listed.
    due_on                  date,
    recorded_at             timestamptz NOT NULL,
    changed_at              timestamptz NOT NULL,
    narrative               text        NOT NULL,
    remedy_sought           text,
    language                text,
    occurred_on             date,
    app_version             text,
    os                      text,
    region                  text,
    account_type            text,
    complainant_kind        text,
    age_band                text,
    disclose_identity       boolean     NOT NULL DEFAULT false,
    publish_narrative       boolean     NOT NULL DEFAULT false,
    privacy_notice          text,
    -- How it came: straight from the public, or entered by an officer.
    channel                 text        NOT NULL,
    filed_by                uuid,
    client_reference        text,
    tracking_hash           bytea       NOT NULL,
    key_id                  uuid,
    PRIMARY KEY (campaign_id, id),

    CONSTRAINT complaint_number_is_unique UNIQUE (campaign_id, number),
    CONSTRAINT complaint_scenario_is_the_campaigns
        FOREIGN KEY (campaign_id, scenario) REFERENCES scenario (campaign_id, code),
    CONSTRAINT complaint_category_is_the_campaigns
        FOREIGN KEY (campaign_id, category) REFERENCES category (campaign_id, code),
    CONSTRAINT complaint_kind_is_known CHECK (kind IN ('blocked_link', 'refused_payment', 'other')),
    CONSTRAINT complaint_channel_is_known CHECK (channel IN ('public', 'officer')),
    CONSTRAINT complaint_status_is_known CHECK (status IN (
        'received', 'needs_information', 'accepted', 'forwarded', 'responded',
        'closed', 'refused', 'withdrawn', 'referred', 'duplicate')),
    CONSTRAINT complaint_is_accepted_into_a_category
        CHECK (category IS NOT NULL OR status NOT IN ('accepted', 'forwarded', 'responded', 'closed')),
    CONSTRAINT complaint_is_closed_with_an_outcome CHECK ((status = 'closed') = (outcome IS NOT NULL)),
    CONSTRAINT complaint_outcome_is_known CHECK (outcome IN (
        'remediated', 'explained', 'justified_restriction', 'unsubstantiated', 'enforced')),
    CONSTRAINT complaint_is_refused_on_a_ground CHECK ((status = 'refused') = (refusal_ground IS NOT NULL)),
    CONSTRAINT complaint_waits_for_something
        CHECK ((status = 'needs_information') = (information_gap IS NOT NULL AND status_before_duplicate IS NULL)),
    CONSTRAINT complaint_is_a_duplicate_of_another
        CHECK ((status = 'duplicate') = (duplicate_of IS NOT NULL) AND duplicate_of <> id),
    CONSTRAINT complaint_duplicate_is_in_the_campaign
        FOREIGN KEY (campaign_id, duplicate_of) REFERENCES complaint (campaign_id, id),
    CONSTRAINT complaint_changes_after_it_is_received CHECK (changed_on >= received_on),
    CONSTRAINT complaint_narrative_length CHECK (char_length(narrative) BETWEEN 1 AND 20000),
    CONSTRAINT complaint_remedy_length CHECK (char_length(remedy_sought) <= 2000),
    CONSTRAINT complaint_respondent_name_length CHECK (char_length(respondent_name) <= 200),
    CONSTRAINT complaint_client_reference_length CHECK (char_length(client_reference) <= 100),
    CONSTRAINT complaint_tracking_hash_is_sha256 CHECK (octet_length(tracking_hash) = 32)
);

-- Serves filing: has this filer sent this before?
CREATE UNIQUE INDEX complaint_is_filed_once ON complaint (campaign_id, filed_by, client_reference);
-- Serves tracking by code.
CREATE INDEX complaint_by_tracking_hash ON complaint (tracking_hash);
-- Serves the list by status, newest first.
CREATE INDEX complaint_by_status ON complaint (campaign_id, status, number DESC);
-- Serves an officer's own list.
CREATE INDEX complaint_by_officer ON complaint (campaign_id, officer_id, number DESC) WHERE officer_id IS NOT NULL;
-- Serves the list of a company or platform.
CREATE INDEX complaint_by_respondent ON complaint (campaign_id, respondent_company, number DESC);
-- Serves the marking of duplicates: is this one an original already?
CREATE INDEX complaint_by_original ON complaint (campaign_id, duplicate_of) WHERE duplicate_of IS NOT NULL;
-- Serves the overdue list.
CREATE INDEX complaint_by_due_day ON complaint (campaign_id, due_on) WHERE due_on IS NOT NULL;

-- What reports group by, as of any day and as known at any moment: each row holds from its day until the next row of
-- the same complaint. A correction retracts rows and adds others; nothing is overwritten.
CREATE TABLE complaint_interval (
    campaign_id         smallint    NOT NULL,
    complaint_id        uuid        NOT NULL,
    sequence            integer     NOT NULL,
    effective_from      date        NOT NULL,
    recorded_at         timestamptz NOT NULL,
    retracted_at        timestamptz,
    status              text        NOT NULL,
    category            text,
    scenario            text,
    respondent_platform text,
    respondent_company  text,
    target_platform     text,
    target_company      text,
    payment_method      text,
    office              text        NOT NULL,
    officer_id          uuid,
    outcome             text,
    refusal_ground      text,
    PRIMARY KEY (campaign_id, complaint_id, sequence),
    CONSTRAINT complaint_interval_belongs
        FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id)
);

CREATE TABLE deadline (
    campaign_id    smallint NOT NULL,
    complaint_id   uuid     NOT NULL,
    purpose        text     NOT NULL,
    rule           jsonb    NOT NULL,
    started_on     date     NOT NULL,
    pauses         jsonb    NOT NULL,
    due_on         date     NOT NULL,
    is_provisional boolean  NOT NULL,
    state          text     NOT NULL,
    ended_on       date,
    PRIMARY KEY (campaign_id, complaint_id, purpose),
    CONSTRAINT deadline_belongs FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id),
    CONSTRAINT deadline_purpose_is_known CHECK (purpose IN ('acceptance', 'company_reply', 'answer')),
    CONSTRAINT deadline_state_is_known CHECK (state IN ('running', 'paused', 'met', 'void', 'suspended')),
    CONSTRAINT deadline_ends_when_met CHECK ((ended_on IS NOT NULL) = (state IN ('met', 'void')))
);

-- What each deadline was, on both clocks.
CREATE TABLE deadline_interval (
    campaign_id    smallint    NOT NULL,
    complaint_id   uuid        NOT NULL,
    purpose        text        NOT NULL,
    sequence       integer     NOT NULL,
    effective_from date        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    retracted_at   timestamptz,
    started_on     date        NOT NULL,
    due_on         date        NOT NULL,
    state          text        NOT NULL,
    ended_on       date,
    PRIMARY KEY (campaign_id, complaint_id, purpose, sequence),
    CONSTRAINT deadline_interval_belongs
        FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id)
);

-- Identity, pasted text and messages, encrypted under a key of the complaint's own that is kept in another database.
CREATE TABLE complaint_sealed (
    campaign_id  smallint NOT NULL,
    complaint_id uuid     NOT NULL,
    field        text     NOT NULL,
    sealed       bytea    NOT NULL,
    PRIMARY KEY (campaign_id, complaint_id, field),
    CONSTRAINT complaint_sealed_belongs
        FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id)
);

-- Finds complaints of one phone or mail address without knowing it: a keyed digest of the normalised value.
CREATE TABLE contact_digest (
    campaign_id  smallint NOT NULL,
    complaint_id uuid     NOT NULL,
    kind         text     NOT NULL,
    digest       bytea    NOT NULL,
    PRIMARY KEY (campaign_id, complaint_id, kind),
    CONSTRAINT contact_digest_belongs FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id),
    CONSTRAINT contact_digest_kind_is_known CHECK (kind IN ('phone', 'email'))
);

-- Serves the officer's question: what else did this person file?
CREATE INDEX contact_digest_by_value ON contact_digest (campaign_id, digest);

-- The answer to a filing, for a client that asks again with the same key. Encrypted under that key.
CREATE TABLE idempotency_key (
    principal       text        NOT NULL,
    key_hash        bytea       NOT NULL,
    fingerprint     bytea       NOT NULL,
    recorded_at     timestamptz NOT NULL,
    status          integer     NOT NULL,
    sealed_response bytea       NOT NULL,
    PRIMARY KEY (principal, key_hash)
);

-- Serves the sweep of keys past their retention.
CREATE INDEX idempotency_key_by_age ON idempotency_key (recorded_at);
