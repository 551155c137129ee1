import Casework
import Foundation
import Postgres
import Store
import TestSupport

/// A case as the rules alone tell it, beside the one in the database.
struct Told<Case: Replayable> {
    var state: Case
    let initial: Case
    var steps: [Step<Case.Action>] = []
    var sequence = 1

    init(_ initial: Case) {
        state = initial
        self.initial = initial
    }

    /// Lets the step happen at the end, or as a correction in its place.
    mutating func take(
        _ action: Case.Action, by actor: Actor, on day: Day, changedOn: Day, isRemark: Bool, under rules: Case.Rules
    ) throws(Refusal) {
        let step = Step(sequence: sequence + 1, action: action, actor: actor, on: day)
        if isRemark || day >= changedOn {
            try state.carryOut(step, under: rules)
        } else {
            state = try Case.correct(with: step, among: steps, from: initial, under: rules).after.last?.state ?? state
        }
        if !isRemark { steps.append(step) }
        sequence += 1
    }
}

extension TestStore {
    /// Many complaints at once, all like one that was filed: received on 8 September 2021, attesting barrier 1.
    func complaints(_ count: Int, by actor: Actor) async throws -> [Reference] {
        let id = try await file(by: actor)
        for start in stride(from: 0, to: count, by: 500) {
            try await owner.transaction { db in
                try db.clone(id, from: 1000 + start, count: min(500, count - start))
            }
        }
        return try await databases.work.transaction(as: .system) { db in
            try db.all("SELECT number FROM complaint ORDER BY number") { row in
                Reference(prefix: "IR21", number: try row.read())
            }
        }
    }

    /// Files a complaint about barrier 1.
    @discardableResult
    func file(on day: Day = .on("2021-09-08"), by actor: Actor = Actor(.supervisor)) async throws -> UUID {
        let book = try await book()
        let complaint = Complaint.received(
            id: UUID(), kind: .blockedLink, category: "market_order", scenario: nil,
            respondent: .init(platform: "wechat", company: "tencent"),
            target: .init(platform: "taobao", company: "alibaba", host: "taobao.com"), on: day, under: .shipped)
        var filing = Filing(narrative: "群里的淘宝链接打不开。")
        filing.scene = "group"
        let intake = Intake(
            campaignID: book.campaign("internet-2021")?.id ?? 0, campaign: "internet-2021", prefix: "IR21",
            complaint: complaint, filing: filing, sealed: SealedParts(), actor: actor, channel: .officer)
        _ = try await Intaker(databases, keys: keys).file(intake, request: nil) { receipt in
            StoredAnswer(status: 201, location: receipt.reference.description, version: 1, body: Data())
        }
        return complaint.id
    }
}

extension Connection {
    /// Copies of a complaint that has only been filed, with everything that belongs to it.
    fileprivate func clone(_ id: UUID, from number: Int, count: Int) throws {
        try run(
            """
            CREATE TEMPORARY TABLE copy ON COMMIT DROP AS
            SELECT gen_random_uuid() AS id, \(number) + i AS number FROM generate_series(1, \(count)::integer) i
            """)
        let tables: [(table: SQL, id: SQL, row: SQL)] = [
            ("complaint", "id", "t || jsonb_build_object('id', copy.id, 'number', copy.number)"),
            ("complaint_interval", "complaint_id", "t || jsonb_build_object('complaint_id', copy.id)"),
            ("deadline", "complaint_id", "t || jsonb_build_object('complaint_id', copy.id, 'origin_id', copy.id)"),
            (
                "deadline_interval", "complaint_id",
                "t || jsonb_build_object('complaint_id', copy.id, 'origin_id', copy.id)"
            ),
            (
                "complaint_barrier", "complaint_id",
                "t || jsonb_build_object('complaint_id', copy.id, 'number', copy.number)"
            ),
            ("complaint_barrier_interval", "complaint_id", "t || jsonb_build_object('complaint_id', copy.id)"),
            (
                "event", "case_id",
                """
                t || jsonb_build_object('case_id', copy.id, 'details',
                    t -> 'details' || jsonb_build_object('number', copy.number::text))
                """
            ),
        ]
        for (table, column, row) in tables {
            try run(
                """
                INSERT INTO \(table)
                SELECT r.*
                FROM (SELECT to_jsonb(s) AS t FROM \(table) s WHERE s.\(column) = \(id) OFFSET 0) whole, copy,
                     LATERAL jsonb_populate_record(NULL::\(table), \(row)) r
                """)
        }
    }
}

extension Connection {
    /// A barrier of the walk's own, in the ledger since the first day.
    func barrier(of seed: Int) throws -> Int {
        let key = BarrierKey(
            kind: .blockedLink, respondentPlatform: "wechat", target: .host("w\(seed).example"), scene: "group")
        return try findOrRecordBarrier(key, campaign: 1, by: Actor(.supervisor), on: .on("2021-09-08")).number
    }
}
