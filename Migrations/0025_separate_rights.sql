-- Who may do what to which rows, by the database's own word: a second net under the rules of the program.
--
-- The roles are made by roles/roles.sql. Servers of before connect as the owner of the tables and find no rows once this
-- has run: stop them first.

DO $$
DECLARE
    own record;
BEGIN
    FOR own IN SELECT relname, relkind FROM pg_class
               WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'S')
                 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_class.oid AND d.deptype IN ('e', 'a', 'i'))
    LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO rectify_owner', own.relname);
    END LOOP;
END
$$;
ALTER FUNCTION refuse_to_rewrite_history() OWNER TO rectify_owner;
ALTER FUNCTION refuse_to_delete_complaints() OWNER TO rectify_owner;
ALTER SCHEMA public OWNER TO rectify_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO rectify_staff, rectify_intake, rectify_party, rectify_report;

-- Lets the planner look at tables that have doubled since it did; only their owner may.
CREATE FUNCTION analyze_grown_tables() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    grown record;
BEGIN
    FOR grown IN
        SELECT c.relname FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND s.n_live_tup > 1000 AND s.n_live_tup > 2 * c.reltuples
        ORDER BY c.relname
    LOOP
        EXECUTE format('ANALYZE public.%I', grown.relname);
    END LOOP;
END
$$;
ALTER FUNCTION analyze_grown_tables() OWNER TO rectify_owner;
REVOKE ALL ON FUNCTION analyze_grown_tables() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION analyze_grown_tables() TO rectify_staff;

-- Staff: reads everything; adds to history and never changes it; enters no complaint.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO rectify_staff;
GRANT INSERT ON
    barrier, barrier_interval, calendar_day, calendar_year, campaign, campaign_counter, category, company,
    company_evidence, company_key, complaint_barrier, complaint_barrier_interval, complaint_interval,
    complaint_relation, complaint_sealed, complaint_text, deadline, deadline_interval, deadline_rule,
    duplicate_suggestion, event, evidence_chunk, evidence_file, filer, filer_key, filing_import, host,
    idempotency_key, log_checkpoint, log_leaf, log_node, log_place, note, observation, office, officer,
    officer_device, officer_password, officer_role, officer_token, officer_totp, order_barrier, order_interval,
    outbox, payment_method, platform, platform_ownership, probe_result, rectification_order, reference_version,
    report_change, report_cut, report_issue, report_late, report_total, saved_filter, scenario, undertaking, webhook,
    webhook_delivery, worker_lease, worker_mark
    TO rectify_staff;
GRANT UPDATE ON
    barrier, barrier_interval, campaign, campaign_counter, category, closed_cut, company, company_key, complaint,
    complaint_barrier, complaint_barrier_interval, complaint_interval, complaint_text, deadline, deadline_interval,
    deadline_rule, duplicate_suggestion, evidence_total, filer_key, filing_import, host, log_place, observation,
    office, officer, officer_device, officer_password, officer_role, officer_token, officer_totp, order_barrier,
    order_interval, outbox, payment_method, platform, rectification_order, report_change, report_cut, report_late, report_total,
    saved_filter, scenario, webhook, webhook_delivery, worker_lease, worker_mark
    TO rectify_staff;
GRANT DELETE ON
    calendar_day, complaint_barrier, complaint_relation, complaint_text, contact_digest, deadline, idempotency_key,
    log_place, officer_device, officer_totp, platform_ownership, report_change, report_cut, report_late, report_total,
    saved_filter, webhook, webhook_delivery, worker_mark
    TO rectify_staff;

-- Intake: adds filings, and finds what it has to number them and to know one again.
GRANT INSERT ON
    barrier, barrier_interval, complaint, complaint_barrier, complaint_barrier_interval, complaint_interval,
    complaint_sealed, contact_digest, deadline, deadline_interval, event, filing_import_line, idempotency_key, note
    TO rectify_intake;
GRANT SELECT (campaign_id, id, number, filed_by, client_reference) ON complaint TO rectify_intake;
GRANT SELECT ON
    barrier, barrier_interval, calendar_day, calendar_year, campaign, campaign_counter, category, closed_cut, company,
    deadline_rule, filing_import, filing_import_line, host, idempotency_key, observation, office, payment_method,
    platform, platform_ownership, reference_version, scenario
    TO rectify_intake;
GRANT UPDATE ON barrier, barrier_interval, campaign_counter, filing_import TO rectify_intake;

-- Reports and audits: what they count and compare, and nothing that is sealed or lets someone in.
GRANT SELECT ON
    barrier, barrier_interval, calendar_day, calendar_year, campaign, category, closed_cut, company, complaint,
    complaint_barrier, complaint_barrier_interval, complaint_interval, complaint_relation, deadline,
    deadline_interval, deadline_rule, event, filer, host, log_checkpoint, log_leaf, log_node, log_place, note,
    observation, office, officer, officer_role, order_barrier, order_interval, payment_method, platform,
    platform_ownership, rectification_order, reference_version, report_change, report_cut, report_issue, report_late,
    report_total, scenario, undertaking
    TO rectify_report;

-- Companies and filers: their own, and what it takes to act on it.
GRANT SELECT ON
    barrier, barrier_interval, calendar_day, calendar_year, campaign, category, closed_cut, company,
    company_evidence, complaint, complaint_barrier, complaint_barrier_interval, complaint_interval,
    complaint_relation, complaint_sealed, deadline, deadline_interval, deadline_rule, event, filing_import,
    filing_import_line, host, note, observation, office, order_barrier, order_interval, payment_method, platform,
    platform_ownership, rectification_order, reference_version, scenario, undertaking
    TO rectify_party;
GRANT SELECT (id, name) ON officer, filer TO rectify_party;
GRANT SELECT (id, company, name) ON company_key TO rectify_party;
GRANT INSERT ON
    barrier_interval, company_evidence, complaint_interval, deadline, deadline_interval, event, note, order_interval,
    outbox, undertaking
    TO rectify_party;
GRANT UPDATE ON
    barrier, barrier_interval, complaint, complaint_interval, deadline, deadline_interval, order_barrier,
    order_interval, rectification_order
    TO rectify_party;
GRANT DELETE ON deadline TO rectify_party;

-- Rows. Whatever tells of a case is closed to all, the owner too, but for what follows.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'barrier', 'barrier_interval', 'company_evidence', 'complaint', 'complaint_barrier',
        'complaint_barrier_interval', 'complaint_interval', 'complaint_relation', 'complaint_sealed', 'complaint_text',
        'contact_digest', 'deadline', 'deadline_interval', 'duplicate_suggestion', 'event', 'evidence_chunk',
        'evidence_file', 'filing_import', 'filing_import_line', 'idempotency_key', 'note', 'observation',
        'order_barrier', 'order_interval', 'outbox', 'probe_result', 'rectification_order', 'undertaking', 'webhook',
        'webhook_delivery']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        IF name <> 'complaint' THEN
            EXECUTE format('CREATE POLICY staff ON %I TO rectify_staff USING (true) WITH CHECK (true)', name);
        END IF;
        IF has_table_privilege('rectify_report', name, 'SELECT') THEN
            EXECUTE format('CREATE POLICY report ON %I FOR SELECT TO rectify_report USING (true)', name);
        END IF;
    END LOOP;
END
$$;

-- All officers read all cases; they change those of the offices that the transaction names, “*” being all. What a complaint
-- was before is judged by a trigger: a policy would hide the row from who may read and lock it. What belongs to a complaint has
-- no office of its own: the net ends at the complaint, which every change of its case comes by.
CREATE FUNCTION refuse_other_offices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'rectify_staff' AND coalesce(current_setting('rectify.offices', true), '') <> '*'
        AND NOT OLD.office = ANY (string_to_array(coalesce(current_setting('rectify.offices', true), ''), ',')) THEN
        RAISE insufficient_privilege USING MESSAGE = 'the complaint belongs to another office';
    END IF;
    RETURN NEW;
END
$$;
ALTER FUNCTION refuse_other_offices() OWNER TO rectify_owner;
CREATE TRIGGER complaint_is_changed_by_its_office BEFORE UPDATE ON complaint
    FOR EACH ROW EXECUTE FUNCTION refuse_other_offices();
CREATE POLICY staff_reads ON complaint FOR SELECT TO rectify_staff USING (true);
CREATE POLICY staff_changes ON complaint FOR UPDATE TO rectify_staff USING (true)
    WITH CHECK (current_setting('rectify.offices', true) = '*'
                OR office = ANY (string_to_array(current_setting('rectify.offices', true), ',')));

-- A company has what was forwarded to it, the barriers of its platforms and its orders; a filer what it has filed.
CREATE POLICY party ON complaint TO rectify_party
    USING (forwarded_to = current_setting('rectify.company', true)
           OR filed_by = nullif(current_setting('rectify.filer', true), '')::uuid)
    WITH CHECK (forwarded_to = current_setting('rectify.company', true));
CREATE POLICY party ON barrier TO rectify_party
    USING (respondent_platform IN (
        SELECT platform FROM platform_ownership WHERE company = current_setting('rectify.company', true)))
    WITH CHECK (respondent_platform IN (
        SELECT platform FROM platform_ownership WHERE company = current_setting('rectify.company', true)));
CREATE POLICY party ON rectification_order TO rectify_party
    USING (company = current_setting('rectify.company', true))
    WITH CHECK (company = current_setting('rectify.company', true));
CREATE POLICY party ON filing_import FOR SELECT TO rectify_party
    USING (filed_by = nullif(current_setting('rectify.filer', true), '')::uuid);

-- What belongs to a case goes with it: the case is looked up under the policies above.
DO $$
DECLARE
    part record;
BEGIN
    FOR part IN SELECT * FROM (VALUES
        ('complaint_barrier', 'complaint', 'complaint_id'), ('complaint_barrier_interval', 'complaint', 'complaint_id'),
        ('complaint_interval', 'complaint', 'complaint_id'), ('complaint_relation', 'complaint', 'complaint_id'),
        ('complaint_sealed', 'complaint', 'complaint_id'), ('deadline', 'complaint', 'complaint_id'),
        ('deadline_interval', 'complaint', 'complaint_id'), ('barrier_interval', 'barrier', 'barrier_id'),
        ('observation', 'barrier', 'barrier_id'), ('undertaking', 'barrier', 'barrier_id'),
        ('order_barrier', 'rectification_order', 'order_id'), ('order_interval', 'rectification_order', 'order_id')
    ) AS p (part, whole, id)
    LOOP
        EXECUTE format(
            'CREATE POLICY party ON %1$I TO rectify_party
                 USING (EXISTS (SELECT FROM %2$I w WHERE w.campaign_id = %1$I.campaign_id AND w.id = %1$I.%3$I))
                 WITH CHECK (EXISTS (SELECT FROM %2$I w WHERE w.campaign_id = %1$I.campaign_id AND w.id = %1$I.%3$I))',
            part.part, part.whole, part.id);
    END LOOP;
    FOR part IN SELECT unnest(ARRAY['company_evidence', 'event', 'outbox']) AS part
    LOOP
        EXECUTE format(
            'CREATE POLICY party ON %1$I TO rectify_party
                 USING (EXISTS (SELECT FROM complaint w WHERE w.campaign_id = %1$I.campaign_id AND w.id = %1$I.case_id)
                        OR EXISTS (SELECT FROM barrier w WHERE w.campaign_id = %1$I.campaign_id AND w.id = %1$I.case_id)
                        OR EXISTS (SELECT FROM rectification_order w
                                   WHERE w.campaign_id = %1$I.campaign_id AND w.id = %1$I.case_id))
                 WITH CHECK (EXISTS (SELECT FROM complaint w
                                     WHERE w.campaign_id = %1$I.campaign_id AND w.id = %1$I.case_id)
                        OR EXISTS (SELECT FROM barrier w WHERE w.campaign_id = %1$I.campaign_id AND w.id = %1$I.case_id)
                        OR EXISTS (SELECT FROM rectification_order w
                                   WHERE w.campaign_id = %1$I.campaign_id AND w.id = %1$I.case_id))',
            part.part);
    END LOOP;
END
$$;

-- Of the words beside events a company reads those that are meant for it, and adds its own.
CREATE POLICY party_reads ON note FOR SELECT TO rectify_party
    USING (audience = 'company' AND EXISTS (
        SELECT FROM event e WHERE e.campaign_id = note.campaign_id AND e.case_id = note.case_id
          AND e.sequence = note.sequence));
CREATE POLICY party_adds ON note FOR INSERT TO rectify_party
    WITH CHECK (EXISTS (
        SELECT FROM event e WHERE e.campaign_id = note.campaign_id AND e.case_id = note.case_id
          AND e.sequence = note.sequence));
