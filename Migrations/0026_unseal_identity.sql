SET LOCAL ROLE rectify_owner;

-- Wishes of officers to see who complained, what a supervisor said, and what of an identity a company was told.

-- Each has an event of the same number; readings are events alone.
CREATE TABLE unsealing (
    campaign_id  smallint    NOT NULL,
    complaint_id uuid        NOT NULL,
    sequence     integer     NOT NULL,
    fields       text[]      NOT NULL,
    requested_by uuid        NOT NULL REFERENCES officer (id),
    requested_at timestamptz NOT NULL,
    -- NULL where nobody had to decide.
    decided_by   uuid        REFERENCES officer (id),
    is_approved  boolean,
    decided_at   timestamptz,
    PRIMARY KEY (campaign_id, complaint_id, sequence),
    CONSTRAINT unsealing_belongs FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id),
    CONSTRAINT unsealing_names_fields CHECK (fields <@ ARRAY['name', 'phone', 'email'] AND cardinality(fields) > 0),
    CONSTRAINT unsealing_is_decided_whole CHECK ((is_approved IS NULL) = (decided_at IS NULL)),
    CONSTRAINT unsealing_is_decided_by_another CHECK (decided_by <> requested_by)
);

-- Serves supervisors: who asked to see whom, latest first.
CREATE INDEX unsealing_by_time ON unsealing (campaign_id, requested_at DESC, complaint_id DESC);

-- With the consent that stood then; each has an event of the same number.
CREATE TABLE disclosure (
    campaign_id  smallint NOT NULL,
    complaint_id uuid     NOT NULL,
    sequence     integer  NOT NULL,
    company      text     NOT NULL REFERENCES company (code),
    fields       text[]   NOT NULL,
    PRIMARY KEY (campaign_id, complaint_id, sequence),
    CONSTRAINT disclosure_belongs FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id),
    CONSTRAINT disclosure_names_fields CHECK (fields <@ ARRAY['name', 'phone', 'email'] AND cardinality(fields) > 0)
);

GRANT SELECT, INSERT ON unsealing, disclosure TO rectify_staff;
GRANT UPDATE (decided_by, is_approved, decided_at) ON unsealing TO rectify_staff;
GRANT SELECT ON disclosure TO rectify_party;

ALTER TABLE unsealing ENABLE ROW LEVEL SECURITY;
ALTER TABLE unsealing FORCE ROW LEVEL SECURITY;
ALTER TABLE disclosure ENABLE ROW LEVEL SECURITY;
ALTER TABLE disclosure FORCE ROW LEVEL SECURITY;
CREATE POLICY staff ON unsealing TO rectify_staff USING (true) WITH CHECK (true);
CREATE POLICY staff ON disclosure TO rectify_staff USING (true) WITH CHECK (true);
GRANT SELECT ON unsealing, disclosure TO rectify_report;
CREATE POLICY report ON unsealing FOR SELECT TO rectify_report USING (true);
CREATE POLICY report ON disclosure FOR SELECT TO rectify_report USING (true);
CREATE POLICY party ON disclosure FOR SELECT TO rectify_party
    USING (company = current_setting('rectify.company', true));
