import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// Results of automatic tests, many at once: one JSON object a line, each entered by itself and once.
struct ProbeRoutes {
    let service: Service
    /// Bytes and lines of one request, at the most.
    static let (bytes, lines) = (4 * 1024 * 1024, 2000)

    var routes: [Route] {
        [Route(.post, "/v1/campaigns/:campaign/probe-results", enter)]
    }

    @Sendable func enter(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .act)
        let (id, campaign) = try await service.campaign(context)
        let type = request.headers[.contentType]?.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        guard type == "application/x-ndjson" else {
            throw Problem(
                .unsupportedMediaType, "unsupported-media-type", "Not in this form",
                "Send one JSON object a line as Content-Type: application/x-ndjson.",
                headers: [.accept: "application/x-ndjson"])
        }
        let buffer = try await request.body.whole(upTo: Self.bytes)
        // The body is a file, whose byte-order mark is no text.
        let lines = Data(buffer.readableBytesView).withoutByteOrderMark.split(
            separator: 0x0A, omittingEmptySubsequences: false)
        guard lines.count <= Self.lines + 1 else {
            throw Problem(
                .contentTooLarge, "too-large", "Too many lines",
                "One request may have \(Self.lines) lines; send the rest next.")
        }
        let book = try await service.references.book()
        // Reading up to 4 MiB takes longer than other requests can wait for their event loop.
        let results = await withTaskExecutorPreference(globalConcurrentExecutor) {
            var results: [LineResultBody] = []
            for (index, line) in lines.enumerated() where line.contains(where: { $0 > 0x20 }) {
                results.append(await enter(Data(line), number: index + 1, id, campaign, officer, book, context))
            }
            return results
        }
        return try .json(Page(items: results))
    }

    private func enter(
        _ line: Data, number: Int, _ campaignID: Int, _ campaign: Campaign, _ officer: Officer,
        _ book: ReferenceBook, _ context: Context
    ) async -> LineResultBody {
        var name: String?
        do {
            let json = try JSON(parsing: line)
            let reader = ObjectReader(json, faults: FaultList())
            let id = reader.requiredText("probe_id", limit: 100)
            name = id.isEmpty ? nil : id
            let key = try barrierKey(reader)
            var observation = reader.observation()
            observation.on = day(reader, campaign)
            let setting = reader.setting()
            reader.finish()
            try reader.faults.finish()
            let (now, seen) = (service.now(), observation)
            let outcome = try await ActionTerms(effectiveOn: seen.on).judged {
                try await service.databases.work.transaction { db in
                    let barrier = try db.number(of: key, campaign: campaignID)
                    return try db.enter(
                        ProbeResult(
                            id: id, barrier: barrier, observation: seen, setting: setting, line: json.canonicalText),
                        of: campaign.code, by: officer.actor, book: book, at: now)
                }
            }
            return LineResultBody(line: number, fileLine: number, id: name, outcome: "\(outcome)")
        } catch {
            return LineResultBody(
                line: number, fileLine: number, id: name, outcome: "refused",
                problem: context.problem(error, of: "line \(number)").body(requestID: context.requestID))
        }
    }

    /// A number, or `respondent/target/scene`.
    private func barrierKey(_ reader: ObjectReader) throws -> BarrierName {
        if reader.isNumber("barrier") { return .number(reader.requiredInt("barrier", in: 1...Int(Int32.max))) }
        let text = reader.requiredText("barrier", limit: 300)
        if let number = Int(text) { return .number(number) }
        let parts = text.split(separator: "/").map(String.init)
        guard parts.count == 3, let target = Barrier.Target(parts[1]) else {
            if !text.isEmpty {
                reader.fault("barrier", "invalid", "has to be a number, or look like wechat/platform:taobao/group")
            }
            return .number(0)
        }
        return .key(platform: parts[0], target: target, scene: parts[2])
    }

    /// The day of the test, given as such or as a moment.
    private func day(_ reader: ObjectReader, _ campaign: Campaign) -> Day {
        let text = reader.requiredText("at", limit: 40)
        if let day = Day(text) { return reader.accepted(day, "at") }
        if let moment = Coding.preciseMoment(text) { return reader.accepted(Day(moment, in: campaign.zone()), "at") }
        if !text.isEmpty {
            reader.fault("at", "no_date", "has to be a date or a moment, such as 2021-09-17 or 2021-09-17T10:00:00Z")
        }
        return Day(number: 0)
    }
}

/// A barrier as testers name it.
enum BarrierName: Sendable {
    case number(Int)
    case key(platform: String, target: Barrier.Target, scene: String)
}

extension Connection {
    /// - Throws: ``CaseError/notFound(_:)``, or `PostgresError`.
    func number(of name: BarrierName, campaign: Int) throws -> Int {
        switch name {
        case .number(let number): return number
        case .key(let platform, let target, let scene):
            var filter = BarrierFilter()
            (filter.platform, filter.target, filter.scene) = (platform, target, scene)
            guard let found = try barriers(filter, campaign: campaign, limit: 1).first else {
                throw CaseError.notFound("barrier \(platform)/\(target)/\(scene)")
            }
            return found.barrier.number
        }
    }
}
