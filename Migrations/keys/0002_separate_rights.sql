-- Only the role of the keys reads them; nobody changes one in place but to wrap it anew. The role is made by ../roles.

ALTER TABLE case_key OWNER TO rectify_owner;
ALTER TABLE schema_migration OWNER TO rectify_owner;
ALTER TABLE schema_migration_lock OWNER TO rectify_owner;
ALTER SCHEMA public OWNER TO rectify_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO rectify_keys;
GRANT SELECT, INSERT, UPDATE, DELETE ON case_key TO rectify_keys;
