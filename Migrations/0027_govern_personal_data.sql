SET LOCAL ROLE rectify_owner;

-- What may still be done with what is known about a person, what persons ask, and what is disposed of when.

-- active → restricted → erased (PIPL, article 47); erasing while the key is not deleted yet. A hold keeps it as it is.
ALTER TABLE complaint
    ADD COLUMN data_state text NOT NULL DEFAULT 'active',
    ADD COLUMN is_held boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT complaint_data_state_is_known CHECK (data_state IN ('active', 'restricted', 'erasing', 'erased'));

-- Serves the worker: which keys have still to be deleted?
CREATE INDEX complaint_being_erased ON complaint (campaign_id, id) WHERE data_state = 'erasing';

-- Serves disposal: what has ended long ago and still has data?
CREATE INDEX complaint_by_end ON complaint (campaign_id, ended_on) WHERE data_state IN ('active', 'restricted') AND ended_on IS NOT NULL;

-- What a complainant asks about the own data; each has an event of the same number.
CREATE TABLE rights_request (
    campaign_id  smallint    NOT NULL,
    complaint_id uuid        NOT NULL,
    sequence     integer     NOT NULL,
    kind         text        NOT NULL,
    received_on  date        NOT NULL,
    state        text        NOT NULL DEFAULT 'open',
    -- The event that says what was decided, with its reasons.
    decided_in   integer,
    -- The officer who entered it, and who cannot decide; NULL where the complainant asked.
    entered_by   uuid        REFERENCES officer (id),
    PRIMARY KEY (campaign_id, complaint_id, sequence),
    CONSTRAINT rights_request_belongs FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id),
    CONSTRAINT rights_request_kind_is_known CHECK (kind IN ('access', 'correction', 'restriction', 'erasure')),
    CONSTRAINT rights_request_is_decided_whole CHECK ((state = 'open') = (decided_in IS NULL)),
    CONSTRAINT rights_request_state_is_known CHECK (state IN ('open', 'granted', 'refused'))
);

-- Serves officers: what has to be answered, the oldest first?
CREATE INDEX rights_request_open ON rights_request (campaign_id, received_on, complaint_id) WHERE state = 'open';

-- A run by which the data of ended complaints are restricted or erased: proposed by one person, approved by another.
CREATE TABLE disposal (
    campaign_id smallint    NOT NULL REFERENCES campaign (id),
    number      integer     NOT NULL,
    as_of       date        NOT NULL,
    proposed_by uuid        NOT NULL REFERENCES officer (id),
    proposed_at timestamptz NOT NULL,
    approved_by uuid        REFERENCES officer (id),
    approved_at timestamptz,
    finished_at timestamptz,
    PRIMARY KEY (campaign_id, number),
    CONSTRAINT disposal_is_approved_by_another CHECK (approved_by <> proposed_by),
    CONSTRAINT disposal_is_approved_whole CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);

CREATE TABLE disposal_item (
    campaign_id  smallint NOT NULL,
    number       integer  NOT NULL,
    complaint_id uuid     NOT NULL,
    step         text     NOT NULL,
    -- done; or passed_by, where it was held, reopened or changed meanwhile.
    outcome      text,
    PRIMARY KEY (campaign_id, number, complaint_id),
    CONSTRAINT disposal_item_belongs FOREIGN KEY (campaign_id, number) REFERENCES disposal (campaign_id, number),
    CONSTRAINT disposal_item_is_a_complaint FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id),
    CONSTRAINT disposal_item_step_is_known CHECK (step IN ('restricted', 'erased')),
    CONSTRAINT disposal_item_outcome_is_known CHECK (outcome IN ('done', 'passed_by'))
);

-- Serves the worker: what of an approved run is left?
CREATE INDEX disposal_item_left ON disposal_item (campaign_id, number, complaint_id) WHERE outcome IS NULL;

GRANT SELECT, INSERT ON rights_request, disposal, disposal_item TO rectify_staff;
GRANT UPDATE (state, decided_in) ON rights_request TO rectify_staff;
GRANT UPDATE (approved_by, approved_at, finished_at) ON disposal TO rectify_staff;
GRANT UPDATE (outcome) ON disposal_item TO rectify_staff;
-- Words of a case go with its data; a contact that was corrected replaces the one before.
GRANT DELETE ON note, company_evidence TO rectify_staff;
GRANT UPDATE ON complaint_sealed TO rectify_staff;
GRANT INSERT ON contact_digest TO rectify_staff;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['rights_request', 'disposal', 'disposal_item'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY staff ON %I TO rectify_staff USING (true) WITH CHECK (true)', name);
    END LOOP;
END
$$;
