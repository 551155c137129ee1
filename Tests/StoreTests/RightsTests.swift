import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// The second net: what the database lets each role do, whatever the program asks.
struct RightsTests {
    private static let roles = DatabaseRole.allCases.map(\.rawValue)

    /// Tables that tell of a case; each is closed but for what a policy opens.
    private func protectedTables(_ store: TestStore) async throws -> [String] {
        try await store.owner.withConnection { db in
            try db.all(
                """
                SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                  AND relrowsecurity ORDER BY relname
                """
            ) { row in try row.read(String.self) }
        }
    }

    @Test func `each role has these rights on tables and no others (G67)`() async throws {
        try await withStore { store in
            let rows = try await store.owner.withConnection { db in
                try db.all(
                    """
                    SELECT c.relname, array_agg(concat_ws(' ',
                               CASE WHEN has_table_privilege(r, c.oid, 'SELECT') THEN 'read'
                                    WHEN has_any_column_privilege(r, c.oid, 'SELECT') THEN 'read-some' END,
                               CASE WHEN has_table_privilege(r, c.oid, 'INSERT') THEN 'add' END,
                               CASE WHEN has_any_column_privilege(r, c.oid, 'UPDATE') THEN 'change' END,
                               CASE WHEN has_table_privilege(r, c.oid, 'DELETE') THEN 'delete' END,
                               CASE WHEN has_table_privilege(r, c.oid, 'TRUNCATE') THEN 'TRUNCATE' END,
                               CASE WHEN has_table_privilege(r, c.oid, 'TRIGGER') THEN 'TRIGGER' END)
                               ORDER BY position)
                    FROM pg_class c, unnest(\(Self.roles)) WITH ORDINALITY AS u(r, position)
                    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
                    GROUP BY c.relname ORDER BY c.relname
                    """
                ) { row in (try row.read(String.self), try row.read([String].self)) }
            }
            let shown = rows.map { ($0.0, $0.1.map { $0.isEmpty ? "-" : $0 }) }
            try expect(matrix(Self.roles, shown), matches: "grants")
        }
    }

    @Test func `no role of the server's owns, alters or passes by, and every table of cases is closed (G67)`()
        async throws
    {
        try await withStore { store in
            func none(_ what: Comment, _ query: SQL) async throws {
                let found = try await store.owner.withConnection { db in
                    try db.all(query) { row in try row.read(String.self) }
                }
                #expect(found.isEmpty, what)
            }
            // Intake passes row security by, because COPY cannot be used under it; it reads six columns of a complaint.
            try await none(
                "may do too much",
                """
                SELECT rolname::text FROM pg_roles
                WHERE rolname = ANY(\(Self.roles + [DatabaseRole.embeddedLogin]))
                  AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication
                       OR rolbypassrls AND rolname <> 'rectify_intake'
                       OR rolcanlogin AND rolname <> 'rectify_server'
                       OR pg_has_role(oid, 'rectify_owner', 'MEMBER')
                       OR has_schema_privilege(oid, 'public', 'CREATE'))
                """)
            try await none(
                "owned by another",
                """
                SELECT relname::text FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm')
                  AND pg_get_userbyid(relowner) <> 'rectify_owner'
                """)
            try await none(
                "open, though it names a case",
                """
                SELECT c.relname::text FROM pg_class c
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
                  AND (c.relrowsecurity <> c.relforcerowsecurity OR NOT c.relrowsecurity AND EXISTS (
                      SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
                        AND a.attname IN ('complaint_id', 'case_id', 'barrier_id', 'order_id', 'narrative')
                        AND c.relname NOT IN ('log_place', 'log_leaf')))
                """)
            try await none(
                "writes without a check",
                """
                SELECT tablename || '.' || policyname FROM pg_policies
                WHERE schemaname = 'public' AND cmd IN ('ALL', 'INSERT', 'UPDATE') AND with_check IS NULL
                """)
            try await none(
                "a view with its owner's rights, or a function that anyone may call so",
                """
                SELECT relname::text FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
                  AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)
                UNION ALL
                SELECT proname::text FROM pg_proc
                WHERE pronamespace = 'public'::regnamespace AND prosecdef
                  AND (proconfig IS NULL OR has_function_privilege('public', oid, 'EXECUTE'))
                """)
        }
    }

    @Test func `who has not said for whom it works sees nothing and writes nothing (G68)`() async throws {
        try await withStore { store in
            _ = try await store.complaints(3, by: Actor(.supervisor))
            let tables = try await protectedTables(store)
            #expect(tables.count == 36)
            let server = try await TestServer.running()
            let bare = Database(
                ConnectionSettings(conninfo: server.conninfo(database: store.name, login: DatabaseRole.embeddedLogin)),
                limits: PoolLimits(connections: 1), logger: quiet)
            for table in tables {
                await expectDenied { try await bare.withConnection { try $0.run(script: "SELECT FROM \(table)") } }
            }
            await bare.close()
            for company in [nil, ""] {
                let local =
                    company.map { [TransactionSetting("rectify.company", $0), .init("rectify.filer", $0)] } ?? []
                let tables: [SQL] = [
                    "complaint", "barrier", "event", "note", "deadline", "complaint_interval", "observation",
                ]
                for table in tables {
                    let seen = try await store.databases.parties.transaction(.readOnly, with: local) { db in
                        try db.first("SELECT count(*) FROM \(table)") { row in try row.read(Int.self) }
                    }
                    #expect(seen == 0, "\(table)")
                }
                let changed = try await store.databases.parties.transaction(with: local) { db in
                    try db.run("UPDATE complaint SET priority = 'high'")
                }
                #expect(changed == 0)
                await expectDenied {
                    try await store.databases.parties.transaction(with: local) { db in
                        try db.run(
                            """
                            INSERT INTO company_evidence (campaign_id, case_id, sequence, position, description)
                            SELECT 1, gen_random_uuid(), 1, 1, 'x'
                            """)
                    }
                }
                let offices = company.map { [TransactionSetting("rectify.offices", $0)] } ?? []
                await expectDenied {
                    try await store.databases.work.transaction(with: offices) { db in
                        try db.run("UPDATE complaint SET priority = 'high'")
                    }
                }
            }
        }
    }

    @Test func `an office's officers change its cases alone, and a company sees its own alone`() async throws {
        try await withStore { store in
            let references = try await store.complaints(3, by: Actor(.supervisor))
            try await store.owner.transaction { db in
                try db.run(
                    script: """
                        INSERT INTO office VALUES ('gd', 'gd', 'gd', '{}'), ('zj', 'zj', 'zj', '{}');
                        UPDATE complaint SET office = 'gd' WHERE number = \(references[0].number);
                        UPDATE complaint SET office = 'zj', forwarded_to = 'tencent', forwarded_on = received_on
                        WHERE number = \(references[1].number);
                        """)
            }
            func change(_ reference: Reference, _ offices: Set<String>?) async throws -> Int {
                try await store.databases.work.transaction(as: .offices(offices)) { db in
                    try db.run("UPDATE complaint SET priority = 'high' WHERE number = \(reference.number)")
                }
            }
            #expect(try await change(references[0], ["gd", "zj"]) == 1)
            #expect(try await change(references[0], nil) == 1)
            await expectDenied { _ = try await change(references[0], ["zj"]) }
            await expectDenied { _ = try await change(references[0], []) }
            await expectDenied {
                try await store.databases.work.transaction(as: .offices(["zj"])) { db in
                    try db.run("UPDATE complaint SET office = 'zj' WHERE number = \(references[0].number)")
                }
            }
            for (company, expected) in [("tencent", [references[1].number]), ("alibaba", [])] {
                let (seen, events, sealed) = try await store.databases.parties.transaction(
                    .readOnly, as: .company(company)
                ) { db in
                    (
                        try db.all("SELECT number FROM complaint") { row in try row.read(Int.self) },
                        try db.first("SELECT count(*) FROM event WHERE case_kind = 'complaint'") { row in
                            try row.read(Int.self)
                        },
                        try db.first("SELECT count(*) FROM deadline") { row in try row.read(Int.self) }
                    )
                }
                #expect(seen == expected && events == expected.count && sealed == expected.count, "\(company)")
            }
        }
    }

    /// What the database refuses for want of a right, or by a policy.
    private func expectDenied(
        _ body: () async throws -> some Any, sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        do {
            _ = try await body()
            Issue.record("it was let through", sourceLocation: sourceLocation)
        } catch {
            // Without the right to look into the schema nothing seems to be there.
            #expect(
                ["42501", "42P01"].contains((error as? PostgresError)?.state), "\(error)",
                sourceLocation: sourceLocation)
        }
    }
}
