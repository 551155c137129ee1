-- Files that show something, sealed with the key of their complaint like everything else that is personal.

CREATE TABLE evidence_file (
    campaign_id     smallint    NOT NULL,
    complaint_id    uuid        NOT NULL,
    -- Of the file as it was sent: its address within the complaint, and the proof of what was sent.
    sha256          bytea       NOT NULL,
    -- The event that tells of it.
    sequence        integer     NOT NULL,
    kind            text        NOT NULL,
    bytes           integer     NOT NULL,
    -- Of the image without what a camera wrote beside it; NULL for what is no image.
    stripped_bytes  integer,
    -- When it was taken, as the sender says.
    captured_on     date,
    sealed_name     bytea       NOT NULL,
    recorded_at     timestamptz NOT NULL,
    PRIMARY KEY (campaign_id, complaint_id, sha256),
    CONSTRAINT evidence_file_belongs FOREIGN KEY (campaign_id, complaint_id) REFERENCES complaint (campaign_id, id),
    CONSTRAINT evidence_file_has_an_event
        FOREIGN KEY (campaign_id, complaint_id, sequence) REFERENCES event (campaign_id, case_id, sequence),
    CONSTRAINT evidence_file_digest_is_sha256 CHECK (octet_length(sha256) = 32),
    CONSTRAINT evidence_file_size CHECK (bytes BETWEEN 1 AND 20971520),
    CONSTRAINT evidence_file_kind_is_known CHECK (kind IN ('png', 'jpeg', 'webp', 'pdf', 'mp4', 'har', 'text'))
);

CREATE TABLE evidence_chunk (
    campaign_id  smallint NOT NULL,
    complaint_id uuid     NOT NULL,
    sha256       bytea    NOT NULL,
    -- As it was sent, or without what a camera wrote beside it.
    rendition    text     NOT NULL,
    position     integer  NOT NULL,
    sealed       bytea    NOT NULL,
    PRIMARY KEY (campaign_id, complaint_id, sha256, rendition, position),
    CONSTRAINT evidence_chunk_belongs
        FOREIGN KEY (campaign_id, complaint_id, sha256) REFERENCES evidence_file (campaign_id, complaint_id, sha256),
    CONSTRAINT evidence_chunk_rendition_is_known CHECK (rendition IN ('original', 'stripped'))
);

-- Sealed bytes look like chance: trying to compress them only costs time.
ALTER TABLE evidence_chunk ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- What all files together take; one row, so that two uploads at once cannot both take the last place.
CREATE TABLE evidence_total (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    bytes   bigint  NOT NULL
);

INSERT INTO evidence_total (bytes) VALUES (0);
