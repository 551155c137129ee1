-- Every event becomes a leaf of one Merkle tree (RFC 6962), in the order of recording, so that what history was can be
-- proved to whoever keeps a checkpoint. The form is in Migrations/README.md.

CREATE TABLE log_leaf (
    -- From 0, without gaps.
    index       bigint   PRIMARY KEY,
    campaign_id smallint NOT NULL,
    case_id     uuid     NOT NULL,
    sequence    integer  NOT NULL,
    -- Of the words that go with the event and who may read them, under a salt of their own; it stays when they are erased.
    note_digest bytea,
    hash        bytea    NOT NULL,
    -- No foreign key: a deleted event has to show. An audit looks both ways.
    CONSTRAINT log_leaf_is_of_one_event UNIQUE (campaign_id, case_id, sequence),
    CONSTRAINT log_leaf_index_counts_from_0 CHECK (index >= 0),
    CONSTRAINT log_leaf_hash_has_32_bytes CHECK (octet_length(hash) = 32 AND octet_length(note_digest) = 32)
);

-- The roots of complete subtrees of 2^8, 2^16, … leaves: a proof reads a few hundred hashes and never all of them.
CREATE TABLE log_node (
    level smallint NOT NULL,
    index bigint   NOT NULL,
    hash  bytea    NOT NULL,
    PRIMARY KEY (level, index),
    CONSTRAINT log_node_hash_has_32_bytes CHECK (octet_length(hash) = 32)
);

-- What was signed: size and root. Never two of one size.
CREATE TABLE log_checkpoint (
    size      bigint      PRIMARY KEY,
    root      bytea       NOT NULL,
    note      text        NOT NULL,
    signed_at timestamptz NOT NULL,
    CONSTRAINT log_checkpoint_root_has_32_bytes CHECK (octet_length(root) = 32)
);

CREATE TRIGGER log_leaf_is_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON log_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();
CREATE TRIGGER log_node_is_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON log_node
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();
CREATE TRIGGER log_checkpoint_is_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON log_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();

-- How far the log is: its size, and the place of its last event in the order of recording.
CREATE TABLE log_place (
    only_row    boolean     PRIMARY KEY DEFAULT true,
    size        bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    case_id     uuid        NOT NULL,
    sequence    integer     NOT NULL,
    CONSTRAINT log_place_is_one_row CHECK (only_row)
);

INSERT INTO log_place (size, recorded_at, case_id, sequence)
VALUES (0, '-infinity', '00000000-0000-0000-0000-000000000000', 0);

-- What a note says is committed to under this; it goes with the note.
ALTER TABLE note ADD COLUMN salt bytea NOT NULL DEFAULT decode(replace(gen_random_uuid()::text, '-', ''), 'hex'),
    ADD CONSTRAINT note_salt_has_16_bytes CHECK (octet_length(salt) = 16);
