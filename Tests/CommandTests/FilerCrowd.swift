import AsyncHTTPClient
import Casework
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization
import TestSupport

/// Filers that file one complaint after another until they are stopped.
///
/// What was not acknowledged is sent again with the same key, as a careful filer does; each acknowledgement is in the ledger
/// before the next request. Every other filer is an organisation with a key and references of its own.
final class FilerCrowd: Sendable {
    /// What they were answered so far.
    struct Tally: Sendable {
        var acknowledged = 0
        /// Refusals that ask to try again: 409 while the first try is still at work, 429, 503, 507.
        var refused = 0
        /// Codes of the problems in them, such as `overloaded`, each with its number.
        var problems: [String: Int] = [:]
        /// Requests whose connection broke or was refused, or that had no answer in a minute.
        var unanswered = 0
        /// Answers that a filer must not get whatever happens to the machine.
        var unexpected: [String] = []
    }

    private struct State {
        var address = ""
        var tally = Tally()
    }

    private let state = Mutex(State())
    private let ledger: AcknowledgementLedger
    private let http: HTTPClient
    private let work = Mutex<Task<Void, Never>?>(nil)

    init(_ ledger: AcknowledgementLedger) {
        self.ledger = ledger
        var configuration = HTTPClient.Configuration()
        // A refused connection is an answer here.
        configuration.connectionPool.retryConnectionEstablishment = false
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    var tally: Tally { state.withLock { $0.tally } }

    /// Where they file from now on.
    func turn(to address: String) { state.withLock { $0.address = address } }

    /// Begins.
    ///
    /// - Parameters:
    ///   - count: How many filers there are.
    ///   - token: The key of those that are organisations.
    func start(_ count: Int = 4, token: String) {
        let task = Task {
            await withTaskGroup { group in
                for number in 0..<count {
                    group.addTask { await self.fileOn(number, token: number.isMultiple(of: 2) ? token : nil) }
                }
            }
        }
        work.withLock { $0 = task }
    }

    /// Ends, once what is under way was given up.
    func stop() async throws {
        let task = work.withLock { $0 }
        task?.cancel()
        await task?.value
        try await http.shutdown()
    }

    /// Waits until so many more are acknowledged than were.
    func untilAcknowledged(_ more: Int, after before: Int? = nil) async throws {
        let before = before ?? tally.acknowledged
        try await until("\(more) more are acknowledged; answers: \(tally)") { tally.acknowledged >= before + more }
    }

    /// Waits until one more is refused.
    func untilRefused() async throws {
        let before = tally.refused
        try await until("a filing is refused") { tally.refused > before }
    }

    private func fileOn(_ filer: Int, token: String?) async {
        var number = 0
        while !Task.isCancelled {
            number += 1
            let filing = Filing(filer: filer, number: number, token: token)
            while !Task.isCancelled {
                if await send(filing) { break }
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// - Returns: Whether the filing is done with.
    private func send(_ filing: Filing) async -> Bool {
        let answer: (status: Int, mayTryAgain: Bool, body: JSON)
        do {
            let response = try await http.execute(filing.request(state.withLock { $0.address }), timeout: .seconds(60))
            let bytes = try await response.body.collect(upTo: 1 << 20)
            answer = (
                Int(response.status.code), response.headers.contains(name: "Retry-After"),
                try JSON(parsing: bytes.readableBytesView)
            )
        } catch {
            if !Task.isCancelled { state.withLock { $0.tally.unanswered += 1 } }
            return false
        }
        let code = answer.body["code"]?.string ?? ""
        switch answer.status {
        case 201:
            do {
                try ledger.add(filing.acknowledged(answer.body))
                state.withLock { $0.tally.acknowledged += 1 }
            } catch {
                state.withLock { $0.tally.unexpected.append("the ledger: \(error)") }
            }
            return true
        case 409, 429, 503, 507:
            state.withLock { state in
                state.tally.refused += 1
                state.tally.problems["\(answer.status) \(code)", default: 0] += 1
                if answer.status == 503, !answer.mayTryAgain {
                    state.tally.unexpected.append("503 without Retry-After")
                }
            }
            return false
        default:
            state.withLock { $0.tally.unexpected.append("\(answer.status) \(code)") }
            return true
        }
    }
}

/// A complaint whose words and references no other one has.
private struct Filing {
    let key = UUID().uuidString
    let narrative: String
    let clientReference: String?
    private let token: String?
    private let phone: String

    init(filer: Int, number: Int, token: String?) {
        narrative = "在微信里打不开淘宝的链接，第 \(filer) 人第 \(number) 次投诉（\(key)）。"
        clientReference = token == nil ? nil : "hostile-day-\(key)"
        self.token = token
        phone = "139" + String(10_000_000 + filer * 100_000 + number)
    }

    func request(_ address: String) -> HTTPClientRequest {
        var members: [String: JSON] = [
            "campaign": .string("internet-2021"), "kind": .string("other"), "category": .string("user_rights"),
            "respondent": .object(["platform": .string("wechat")]), "narrative": .string(narrative),
            "complainant": .object([
                "kind": .string("individual"), "name": .string("张小禾"), "phone": .string(phone),
            ]),
        ]
        if let clientReference { members["client_reference"] = .string(clientReference) }
        var request = HTTPClientRequest(url: address + "/v1/complaints")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "Idempotency-Key", value: "\"\(key)\"")
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        request.body = .bytes(ByteBuffer(string: JSON.object(members).canonicalText))
        return request
    }

    /// What the answer acknowledges.
    func acknowledged(_ answer: JSON) throws -> AcknowledgementLedger.Entry {
        guard let reference = answer["reference"]?.string, let code = answer["tracking_code"]?.string else {
            throw Unclear()
        }
        return AcknowledgementLedger.Entry(
            reference: reference, trackingCode: code, clientReference: clientReference, narrative: narrative)
    }

    private struct Unclear: Error, CustomStringConvertible {
        var description: String { "a 201 without reference or tracking code" }
    }
}
