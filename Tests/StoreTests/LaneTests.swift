import Casework
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Store

/// Filings that come together share a commit, and nothing else.
struct LaneTests {
    private func intake(_ book: ReferenceBook, own: String? = nil, scenario: String? = nil) -> Intake {
        let complaint = Complaint.received(
            id: .v7(at: Date()), kind: .blockedLink, category: "market_order", scenario: scenario,
            respondent: .init(platform: "wechat", company: "tencent"),
            target: .init(platform: "taobao", company: "alibaba", host: "taobao.com"),
            on: .on("2021-09-08"), under: .shipped)
        var filing = Filing(narrative: "群里的“淘宝”链接\\打不开。")
        (filing.scene, filing.clientReference) = ("group", own)
        return Intake(
            campaignID: book.campaign("internet-2021")?.id ?? 0, campaign: "internet-2021", prefix: "IR21",
            complaint: complaint, filing: filing, sealed: SealedParts(linkText: "{\"a\",NULL}"),
            actor: Actor(.complainant), channel: .public)
    }

    private func request(_ key: String, as principal: String = "anonymous") -> IdempotentRequest {
        IdempotentRequest(principal: principal, key: key, method: "POST", path: "/", body: Data(key.utf8))
    }

    @Sendable private func answer(_ receipt: Receipt) -> StoredAnswer {
        StoredAnswer(
            status: 201, location: "/x", version: 1,
            body: Data("\(receipt.reference) \(receipt.trackingCode.text)".utf8))
    }

    private typealias Outcome = Result<(body: String, isReplay: Bool), any Error>

    /// What each of many filings at once came to.
    private func outcomes(
        _ intaker: Intaker, _ filings: [(Intake, IdempotentRequest)]
    ) async -> [Outcome] {
        await withTaskGroup(of: Outcome.self) { group in
            for (intake, request) in filings {
                group.addTask {
                    do {
                        let (answer, isReplay) = try await intaker.file(intake, request: request, answer: self.answer)
                        return .success((String(decoding: answer.body, as: UTF8.self), isReplay))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test func `three hundred at once are three hundred complaints, and one that fails fails alone`() async throws {
        try await withStore { store in
            let (book, intaker) = (
                try await store.book(), Intaker(store.databases, keys: store.keys, patience: .seconds(120))
            )
            var filings = (0..<300).map { (intake(book), request("key \($0)", as: "filer \($0 % 7)")) }
            filings.insert((intake(book, scenario: "nowhere"), request("bad")), at: 150)
            let outcomes = await outcomes(intaker, filings)
            let stored = outcomes.compactMap { try? $0.get().body }
            #expect(stored.count == 300 && Set(stored).count == 300)
            #expect(try await store.count("complaint") == 300)
            #expect(try await store.count("idempotency_key") == 300)
            let again = await self.outcomes(intaker, Array(filings.prefix(20)))
            #expect(again.allSatisfy { (try? $0.get().isReplay) == true })
            #expect(try await store.count("complaint") == 300)
            try await store.checkHistory()
        }
    }

    @Test func `of fifty with one key one is stored, and the others are told the same`() async throws {
        try await withStore { store in
            let (book, intaker) = (
                try await store.book(), Intaker(store.databases, keys: store.keys, patience: .seconds(120))
            )
            let other = Intaker(store.databases, keys: store.keys, patience: .seconds(120))
            let filings = (0..<25).map { _ in (intake(book), request("the one key")) }
            async let here = outcomes(intaker, filings)
            async let there = outcomes(other, filings)
            let all = await here + there
            let bodies = Set(all.compactMap { try? $0.get().body })
            #expect(bodies.count == 1)
            for case .failure(let error) in all { #expect(error as? IdempotencyError == .inFlight) }
            #expect(try await store.count("complaint") == 1)
        }
    }

    @Test func `a reference of one's own is taken once, however many send it at once`() async throws {
        try await withStore { store in
            let (book, intaker) = (
                try await store.book(), Intaker(store.databases, keys: store.keys, patience: .seconds(120))
            )
            let filer = try await store.databases.work.transaction(as: .system) { db in
                try db.addOfficer(named: "feng", role: .officer, office: Office.central, at: Date()).id
            }
            let filings = (0..<40).map { index in
                var filing = intake(book, own: "mine")
                filing.filedBy = filer
                return (filing, request("key \(index)"))
            }
            let outcomes = await outcomes(intaker, filings)
            #expect(outcomes.count { (try? $0.get()) != nil } == 1)
            for case .failure(let error) in outcomes { #expect(error is IntakeError) }
            #expect(try await store.count("complaint") == 1)
        }
    }

    @Test func `who waits too long for a turn is told to come again`() async throws {
        try await withStore { store in
            let book = try await store.book()
            let hurried = Intaker(store.databases, keys: store.keys, patience: .zero)
            await #expect(throws: FilingLane.Full.self) {
                try await hurried.file(intake(book), request: request("late"), answer: answer)
            }
            #expect(try await store.count("complaint") == 0)
        }
    }

    @Test func `with the database away, everyone is told, and nobody waits for the others`() async throws {
        try await withStore { store in
            let (book, intaker) = (
                try await store.book(), Intaker(store.databases, keys: store.keys, patience: .seconds(120))
            )
            _ = try await intaker.file(intake(book), request: request("first"), answer: answer)
            await store.databases.filing.close()
            let outcomes = await outcomes(intaker, (0..<200).map { (intake(book), request("key \($0)")) })
            #expect(outcomes.count == 200)
            for outcome in outcomes {
                #expect(throws: PostgresError.self) { try outcome.get() }
            }
            #expect(try await store.count("complaint") == 1)
        }
    }
}
