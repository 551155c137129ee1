SET LOCAL ROLE rectify_owner;

-- What an import, and all that a filer sends, may take of the disk.

-- Bytes of the file that are in, and refused lines whose results are not kept one by one but counted by fault.
ALTER TABLE filing_import
    ADD COLUMN bytes bigint NOT NULL DEFAULT 0,
    ADD COLUMN left_off bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT filing_import_leaves_off_refused_lines CHECK (left_off BETWEEN 0 AND refused);

-- The refused lines that are left off, by the code of their first fault.
CREATE TABLE filing_import_fault (
    import_id uuid   NOT NULL REFERENCES filing_import (id),
    code      text   NOT NULL,
    lines     bigint NOT NULL,
    PRIMARY KEY (import_id, code)
);

-- Bytes that the filings and results of a filer take, by and large. What is erased is not taken off.
CREATE TABLE filer_storage (
    filer_id uuid   PRIMARY KEY REFERENCES filer (id),
    bytes    bigint NOT NULL
);

GRANT SELECT ON filing_import_fault, filer_storage TO rectify_staff;
GRANT SELECT, INSERT, UPDATE ON filing_import_fault, filer_storage TO rectify_intake;
GRANT SELECT (id) ON filer TO rectify_intake;
