-- Everything that ever happened. Codes and references only; free text and identity are kept elsewhere and referred to.

CREATE TABLE event (
    campaign_id    smallint    NOT NULL REFERENCES campaign (id),
    -- The complaint, barrier or campaign it happened to, and its place in that case's history.
    case_id        uuid        NOT NULL,
    sequence       integer     NOT NULL,
    case_kind      text        NOT NULL,
    actor_kind     text        NOT NULL,
    actor_role     text        NOT NULL,
    actor_id       uuid,
    on_behalf_of   text,
    action         text        NOT NULL,
    details        jsonb       NOT NULL,
    effective_on   date        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    -- Keeps a commitment to the event from being guessed.
    salt           bytea       NOT NULL,
    schema_version smallint    NOT NULL,
    PRIMARY KEY (campaign_id, case_id, sequence),
    CONSTRAINT event_case_kind_is_known CHECK (case_kind IN ('complaint', 'barrier', 'campaign')),
    CONSTRAINT event_actor_kind_is_known CHECK (actor_kind IN ('officer', 'complainant', 'company', 'filer', 'system')),
    CONSTRAINT event_salt_has_16_bytes CHECK (octet_length(salt) = 16)
);

-- Serves feeds and closed cuts, in the order of recording.
CREATE INDEX event_by_recording ON event (campaign_id, recorded_at, case_id, sequence);

CREATE FUNCTION refuse_to_rewrite_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history is only added to' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER event_is_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();

-- Words that belong to an event: a reason, a note. Deleted in place on erasure, unlike the event.
CREATE TABLE note (
    campaign_id smallint NOT NULL,
    case_id     uuid     NOT NULL,
    sequence    integer  NOT NULL,
    text        text     NOT NULL,
    PRIMARY KEY (campaign_id, case_id, sequence),
    CONSTRAINT note_belongs_to_an_event
        FOREIGN KEY (campaign_id, case_id, sequence) REFERENCES event (campaign_id, case_id, sequence),
    CONSTRAINT note_length CHECK (char_length(text) BETWEEN 1 AND 4000)
);

-- What was recorded up to here is complete and will not change: writers stay above it, reports read below it.
CREATE TABLE closed_cut (
    only_row       boolean     PRIMARY KEY DEFAULT true,
    closed_through timestamptz NOT NULL,
    CONSTRAINT closed_cut_is_one_row CHECK (only_row)
);

INSERT INTO closed_cut (closed_through) VALUES ('2000-01-01T00:00:00Z');
