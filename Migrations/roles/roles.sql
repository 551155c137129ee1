-- The roles of PostgreSQL that the schema gives rights to. They belong to the whole server, so they are made before any
-- database is migrated: `rectify up` does it by itself; elsewhere an administrator runs this once, and again after an
-- upgrade. It changes nothing that is there.
--
-- None of them can log in. The server's own login is a member of the five below the owner, inherits nothing, and takes on
-- one of them on each connection, so that a connection made for one purpose cannot be used for another by mistake.

DO $$
BEGIN
    -- Owns every table and alters them; only migrations act as it.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rectify_owner') THEN
        CREATE ROLE rectify_owner NOLOGIN;
    END IF;
    -- What officers do and read, and what the server does by itself.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rectify_staff') THEN
        CREATE ROLE rectify_staff NOLOGIN;
    END IF;
    -- Enters filings and cannot read one. It passes row security by, since COPY cannot be used under it.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rectify_intake') THEN
        CREATE ROLE rectify_intake NOLOGIN BYPASSRLS;
    END IF;
    -- What companies and filers ask for with keys of their own: their rows alone.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rectify_party') THEN
        CREATE ROLE rectify_party NOLOGIN;
    END IF;
    -- Reads what reports count, and nothing that is sealed or secret.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rectify_report') THEN
        CREATE ROLE rectify_report NOLOGIN;
    END IF;
    -- The keys of complaints, in the database of their own.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rectify_keys') THEN
        CREATE ROLE rectify_keys NOLOGIN;
    END IF;
END
$$;

-- A cut is closed when every writer begun before it has ended: it has to see all of them, whoever they are.
GRANT pg_read_all_stats TO rectify_staff;
