import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

struct OfficerTests {
    @Test func `an officer is called like no word of the program, and looks like no other officer`() async throws {
        try await withStore { store in
            func add(_ name: String) async throws(OfficerError) {
                do {
                    _ = try await store.databases.work.transaction { db in
                        try db.addOfficer(named: name, role: .officer, at: Date())
                    }
                } catch let error as OfficerError {
                    throw error
                } catch {
                    Issue.record("\(name): \(error)")
                }
            }
            for name in ["none", "me", "all", "system", "complainant", "company", "filer", "unassigned"] {
                await #expect(throws: OfficerError.reservedName(name)) { try await add(name) }
            }
            for name in ["lee01", "ma", "zhang.li"] { try await add(name) }
            for (name, other) in [("leeo1", "lee01"), ("leeol", "lee01"), ("zhang.1i", "zhang.li")] {
                await #expect(throws: OfficerError.nameLooksLike(name, other: other)) { try await add(name) }
            }
            await #expect(throws: OfficerError.nameTaken("ma")) { try await add("ma") }
            for name in ["I1", "Lee02", "l e"] { await #expect(throws: OfficerError.badName) { try await add(name) } }
        }
    }

    @Test func `of two officers who look alike and are added at once, one is refused`() async throws {
        try await withStore { store in
            _ = try await store.databases.work.transaction { db in
                try db.addOfficer(named: "first", role: .officer, at: Date())
            }
            let added = await withTaskGroup { group in
                for name in ["wang0", "wango", "wang0", "wango"] {
                    group.addTask {
                        do {
                            _ = try await store.databases.work.transaction { db in
                                try db.addOfficer(named: name, role: .officer, at: Date())
                            }
                            return 1
                        } catch {
                            return 0
                        }
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(added == 1)
        }
    }
}
