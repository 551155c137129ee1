-- What officers, complainants and testers need beside the way from received to closed.

ALTER TABLE complaint
    ADD COLUMN priority text NOT NULL DEFAULT 'normal',
    ADD COLUMN answer text,
    ADD COLUMN answer_ground text,
    ADD COLUMN confirmed_fixed boolean,
    ADD COLUMN rating smallint,
    ADD COLUMN ended_on date,
    -- The complaints merged into this one, with the barriers that came along.
    ADD COLUMN absorbed jsonb NOT NULL DEFAULT '[]',
    -- A keyed digest of the pasted link, which finds other complaints about the same page without telling it.
    ADD COLUMN link_digest bytea,
    -- Whether another complaint may be about the same.
    ADD COLUMN has_suspected_duplicate boolean NOT NULL DEFAULT false,
    -- The company it was forwarded to last: what it may see, whoever is found responsible later.
    ADD COLUMN forwarded_to text REFERENCES company (code),
    ADD COLUMN forwarded_on date,
    ADD CONSTRAINT complaint_priority_is_known CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    ADD CONSTRAINT complaint_answer_is_known CHECK (answer IN ('accepted', 'rejected', 'partial', 'needs_information')),
    ADD CONSTRAINT complaint_rejection_has_a_ground CHECK (answer <> 'rejected' OR answer_ground IS NOT NULL),
    ADD CONSTRAINT complaint_rating_is_one_to_five CHECK (rating BETWEEN 1 AND 5);

UPDATE complaint c SET forwarded_to = i.respondent_company, forwarded_on = i.effective_from
FROM (SELECT DISTINCT ON (campaign_id, complaint_id) campaign_id, complaint_id, respondent_company, effective_from
      FROM complaint_interval WHERE status = 'forwarded'
      ORDER BY campaign_id, complaint_id, effective_from DESC, sequence DESC) i
WHERE i.campaign_id = c.campaign_id AND i.complaint_id = c.id;

UPDATE complaint c SET ended_on = i.effective_from
FROM (SELECT DISTINCT ON (campaign_id, complaint_id) campaign_id, complaint_id, effective_from
      FROM complaint_interval WHERE status IN ('closed', 'refused', 'withdrawn', 'referred', 'duplicate')
      ORDER BY campaign_id, complaint_id, effective_from DESC, sequence DESC) i
WHERE i.campaign_id = c.campaign_id AND i.complaint_id = c.id
  AND c.status IN ('closed', 'refused', 'withdrawn', 'referred', 'duplicate');

ALTER TABLE deadline
    ADD COLUMN extensions jsonb NOT NULL DEFAULT '[]',
    -- Earlier dates owed to complaints merged into this one.
    ADD COLUMN adoptions jsonb NOT NULL DEFAULT '[]',
    -- The days on which the worker warned that it is near, and said that it was missed; gone when the due day moves.
    ADD COLUMN warned_on date,
    ADD COLUMN missed_on date;

-- Serves the worker: which deadlines are near?
CREATE INDEX deadline_to_be_warned_of ON deadline (campaign_id, due_on) WHERE state = 'running' AND warned_on IS NULL;
-- Serves the worker: which deadlines ran out?
CREATE INDEX deadline_to_be_missed ON deadline (campaign_id, due_on) WHERE state = 'running' AND missed_on IS NULL;

-- Who may read the words: the authority, the complainant too, or the company too.
ALTER TABLE note
    ADD COLUMN audience text NOT NULL DEFAULT 'internal',
    ADD CONSTRAINT note_audience_is_known CHECK (audience IN ('internal', 'complainant', 'company'));

CREATE TABLE complaint_relation (
    campaign_id  smallint NOT NULL,
    complaint_id uuid     NOT NULL,
    other_id     uuid     NOT NULL,
    relation     text     NOT NULL,
    PRIMARY KEY (campaign_id, complaint_id, other_id, relation),
    CONSTRAINT complaint_relation_starts_somewhere
        FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id),
    CONSTRAINT complaint_relation_leads_somewhere
        FOREIGN KEY (campaign_id, other_id) REFERENCES complaint (campaign_id, id),
    CONSTRAINT complaint_relation_is_known CHECK (relation IN ('related', 'same_incident', 'follows_up', 'contradicts'))
);

-- Serves: who points at this complaint?
CREATE INDEX complaint_relation_by_other ON complaint_relation (campaign_id, other_id);

-- Pairs that may be one case, found after filing; an officer merges them or says that they are two.
CREATE TABLE duplicate_suggestion (
    campaign_id  smallint    NOT NULL,
    complaint_id uuid        NOT NULL,
    other_id     uuid        NOT NULL,
    reasons      text[]      NOT NULL,
    -- Of the narratives, in trigrams, 0 to 1.
    similarity   real        NOT NULL,
    found_at     timestamptz NOT NULL,
    dismissed_at timestamptz,
    PRIMARY KEY (campaign_id, complaint_id, other_id),
    CONSTRAINT duplicate_suggestion_is_of_a_complaint
        FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id),
    CONSTRAINT duplicate_suggestion_names_another
        FOREIGN KEY (campaign_id, other_id) REFERENCES complaint (campaign_id, id)
);

-- Serves the search for the same page.
CREATE INDEX complaint_by_link ON complaint (campaign_id, link_digest) WHERE link_digest IS NOT NULL;

-- Compares texts in trigrams; trusted, so that the owner of the database can have it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

ALTER TABLE observation
    -- The same kind of link of another company in the same scene: together they tell discrimination.
    ADD COLUMN control_target text,
    ADD COLUMN control_result text,
    -- The tests of the campaign's standard, by code: pass, fail or untested.
    ADD COLUMN tests jsonb NOT NULL DEFAULT '{}',
    -- The place of the step that took it back.
    ADD COLUMN retracted_by integer,
    ADD CONSTRAINT observation_control_is_whole CHECK ((control_target IS NULL) = (control_result IS NULL)),
    ADD CONSTRAINT observation_control_result_is_known
        CHECK (control_result IN ('blocked', 'extra_step', 'partly_open', 'open'));

-- Serves the latest observation of a barrier, which says what is observed.
CREATE INDEX observation_by_day ON observation (campaign_id, barrier_id, observed_on DESC, sequence DESC)
    WHERE retracted_at IS NULL;

-- What was imported, so that a result sent twice is entered once.
CREATE TABLE probe_result (
    campaign_id smallint NOT NULL REFERENCES campaign (id),
    probe_id    text     NOT NULL,
    barrier_id  uuid     NOT NULL,
    sequence    integer  NOT NULL,
    -- Of the line as it was sent.
    fingerprint bytea    NOT NULL,
    PRIMARY KEY (campaign_id, probe_id),
    CONSTRAINT probe_result_is_an_observation
        FOREIGN KEY (campaign_id, barrier_id, sequence) REFERENCES observation (campaign_id, barrier_id, sequence),
    CONSTRAINT probe_id_length CHECK (char_length(probe_id) BETWEEN 1 AND 100)
);

-- An undertaking may have stages: one row a barrier, the same undertaking_id.
ALTER TABLE undertaking
    ADD COLUMN undertaking_id uuid,
    ADD COLUMN waits_for text REFERENCES company (code);
