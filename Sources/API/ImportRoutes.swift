import Casework
import Contract
import DequeModule
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Postgres
import Store

/// Whole files of filings, of any length: begun, sent as a stream, gone on with after a break, and told line by line.
struct ImportRoutes {
    let service: Service

    /// Lines written in one commit.
    static let part = 500
    /// Bytes of the lines written in one commit, by and large.
    static let partBytes = 4 * 1024 * 1024
    /// Parts that are made ready while one is written.
    private static let ahead = 2
    /// Results read at a time.
    private static let page = 1000
    /// Lines that one dry run takes: it has to remember the reference of each.
    private static let checked = 100_000

    var routes: [Route] {
        [
            Route(.post, "/v1/imports", begin),
            Route(.post, "/v1/imports/dry-run", check),
            Route(.get, "/v1/imports/:id", show),
            Route(.post, "/v1/imports/:id/lines", take),
            Route(.get, "/v1/imports/:id/results", results),
        ]
    }

    @Sendable func begin(_ request: Request, context: Context) async throws -> Response {
        let party = try context.importingParty()
        let body = try await Body(request)
        let plan = try await plan(body.reader, mapping: body.reader.object("mapping"))
        try body.finish()
        guard let plan, let filer = party.filedBy else { throw Problem.notFound("campaign") }
        let (now, text) = (service.now(), body.reader.json("mapping")?.canonicalText ?? "{}")
        let begun = try await service.databases.work.transaction { db in
            let id = try db.beginImport(into: plan.campaignID, by: filer, plan.format, mapping: JSONText(text), at: now)
            return try db.filingImport(id, of: filer)
        }
        guard let begun else { throw Problem.notFound("import") }
        let answer = ImportBody(begun)
        return try .json(answer, status: .created, headers: [.location: answer.`self`])
    }

    /// Reads what an import is told when it begins, and notes what is wrong with it.
    private func plan(_ reader: ObjectReader, mapping: ObjectReader?) async throws -> ImportPlan? {
        let code = reader.requiredText("campaign", limit: 60)
        let format = reader.code("format", as: Import.Format.self) ?? .ndjson
        if format == .csv, !reader.has("mapping") {
            reader.fault("mapping", "missing", "is required for CSV: which column is which member")
        }
        if format == .ndjson, reader.has("mapping") {
            reader.fault("mapping", "not_allowed", "goes with format “csv” only")
        }
        let columns = mapping.map { CSVMapping($0) }
        let campaign = try await service.references.book().campaign(code)
        if campaign == nil, !code.isEmpty {
            reader.fault("campaign", "unknown_code", "“\(code)” is no campaign; see /v1/campaigns")
        }
        return campaign.map { id, campaign in
            ImportPlan(campaignID: id, campaign: code, prefix: campaign.prefix, format: format, mapping: columns)
        }
    }

    private func find(_ context: Context) async throws -> (Import, FilingParty) {
        let party = try context.importingParty()
        let text = context.segment("id") ?? ""
        guard let id = UUID(uuidString: text), let filer = party.filedBy else {
            throw Problem.notFound("import \(text)")
        }
        let found = try await service.databases.reads.withConnection { db in try db.filingImport(id, of: filer) }
        guard let found else { throw Problem.notFound("import \(text)") }
        return (found, party)
    }

    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        try .json(ImportBody(try await find(context).0))
    }

    // MARK: Taking lines

    /// Takes the lines after `after`, as a stream.
    @Sendable func take(_ request: Request, context: Context) async throws -> Response {
        let (whole, party) = try await find(context)
        let query = try ObjectReader(query: request)
        let after = query.number("after", in: 0...Int(Int32.max)) ?? 0
        query.finish()
        try query.faults.finish()
        try Self.admit(request, as: ImportPlan(whole).contentType)
        guard after == whole.lines else { throw ImportError.elsewhere(lines: whole.lines) }
        let limits = service.importer.limits
        guard service.now().timeIntervalSince(whole.createdAt) < limits.age / .seconds(1) else {
            throw Problem.importIsOver(limits)
        }
        // Reading, understanding and writing go on side by side, on all processors.
        try await take(request.body, into: whole, for: party, context)
        return try .json(ImportBody(try await find(context).0))
    }

    /// - Throws: ``Problem`` 415 where the body is of another kind.
    private static func admit(_ request: Request, as wanted: String) throws {
        let type = request.headers[.contentType]?.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        guard type == wanted, request.headers[.contentEncoding] == nil else {
            throw Problem(
                .unsupportedMediaType, "unsupported-media-type", "Not in this form",
                "Send the lines as Content-Type: \(wanted), in UTF-8 and not compressed.", headers: [.accept: wanted])
        }
    }

    private func take(
        _ body: RequestBody, into whole: Import, for party: FilingParty, _ context: Context
    ) async throws {
        let plan = try ImportPlan(whole)
        var reader = plan.records
        var taker = LineTaker(service: service, plan: plan, party: party)
        var meter = ImportMeter(whole, service.importer.limits)
        // Parts on their way: each is made ready at once, and written after the one before.
        var underWay: Deque<Task<Void, any Error>> = []
        func begin(_ lines: [ImportLine]) throws {
            let bytes = try meter.part(through: taker.lines)
            underWay.append(
                Task { [service, before = underWay.last] in
                    let part = try await service.importer.prepare(lines, bytes: bytes)
                    try await before?.value
                    try await service.importer.store(part, of: whole) { line, error in
                        context.fault(error, of: line, in: whole)
                    }
                })
        }
        do {
            for try await piece in body {
                try meter.add(piece.readableBytes)
                for record in reader.records(in: piece.readableBytesView) {
                    try taker.add(record)
                    guard taker.isFull else { continue }
                    try begin(try await taker.part())
                    if underWay.count > Self.ahead { try await underWay.removeFirst().value }
                }
            }
            if let record = reader.last() { try taker.add(record) }
            try taker.end()
            if let columns = taker.ignoredColumns {
                try await service.databases.work.transaction { db in try db.setIgnoredColumns(columns, of: whole) }
            }
            try begin(try await taker.part())
            for part in underWay { try await part.value }
        } catch {
            // What is under way ends first, so that a later question gets the true count; the first error is the one to tell.
            for part in underWay { _ = try? await part.value }
            // Nobody reads on.
            var problem = Problem(error)
            problem.headers[.connection] = "close"
            throw problem
        }
    }

    // MARK: Dry runs

    /// Says what would become of each line of a file, and stores nothing.
    @Sendable func check(_ request: Request, context: Context) async throws -> Response {
        let party = try context.importingParty()
        let query = try ObjectReader(query: request)
        let plan = try await plan(query, mapping: mapping(in: query))
        query.finish()
        try query.faults.finish()
        guard let plan else { throw Problem.notFound("campaign") }
        try Self.admit(request, as: plan.contentType)
        do {
            return try .json(try await check(request.body, plan, party))
        } catch {
            // The rest of the file is not read.
            var problem = Problem(error)
            problem.headers[.connection] = "close"
            throw problem
        }
    }

    /// The mapping as the text of a parameter.
    private func mapping(in query: ObjectReader) -> ObjectReader? {
        guard let text = query.text("mapping", limit: 16_000, isProse: true) else { return nil }
        do {
            return ObjectReader(try JSON(parsing: text.utf8), at: query.place("mapping"), faults: query.faults)
        } catch {
            query.fault("mapping", "malformed", "is no JSON: at byte \(error.offset), \(error.reason)")
            return nil
        }
    }

    private func check(
        _ body: RequestBody, _ plan: ImportPlan, _ party: FilingParty
    ) async throws -> ImportCheckBody {
        var (reader, used) = (plan.records, UsedReferences())
        var taker = LineTaker(service: service, plan: plan, party: party)
        var checked = ImportCheckBody(campaign: plan.campaign, format: plan.format.rawValue)
        for try await piece in body {
            for record in reader.records(in: piece.readableBytesView) {
                try taker.add(record)
                guard taker.isFull else { continue }
                checked.add(try await service.importer.check(try await taker.part(), &used, prefix: plan.prefix))
                guard checked.lines <= Self.checked else {
                    throw Problem(
                        .contentTooLarge, "too-large", "Too many lines",
                        "A dry run takes \(Self.checked) lines; send the file in parts.")
                }
            }
        }
        if let record = reader.last() { try taker.add(record) }
        try taker.end()
        checked.ignoredColumns = taker.ignoredColumns
        checked.add(try await service.importer.check(try await taker.part(), &used, prefix: plan.prefix))
        return checked
    }

    // MARK: Results

    /// What became of each line, one JSON object a line, in their order.
    @Sendable func results(_ request: Request, context: Context) async throws -> Response {
        let (whole, _) = try await find(context)
        let query = try ObjectReader(query: request)
        let start = query.number("after", in: 0...Int(Int32.max)) ?? 0
        query.finish()
        try query.faults.finish()
        var headers: HTTPFields = [:]
        headers[.contentType] = "application/x-ndjson"
        headers[.contentDisposition] = "attachment; filename=\"results.ndjson\""
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                var after = start
                while true {
                    // Lines are written down away from the thread that sends them.
                    let (lines, last) = try await withTaskExecutorPreference(globalConcurrentExecutor) { [after] in
                        try await page(of: whole, after: after)
                    }
                    if lines.readableBytes > 0 { try await writer.write(lines) }
                    guard let last else { break }
                    after = last
                }
                try await writer.finish(nil)
            })
    }

    /// - Returns: Some results as lines, and the last of them where others may follow.
    private func page(of whole: Import, after line: Int) async throws -> (lines: ByteBuffer, last: Int?) {
        let page = try await service.databases.reads.withConnection { db in
            try db.results(of: whole, after: line, limit: Self.page)
        }
        var lines = ByteBuffer()
        for result in page {
            lines.writeBytes(try Coding.bytes(of: ImportLineBody(result)))
            lines.writeInteger(UInt8(0x0A))
        }
        return (lines, page.count == Self.page ? page.last?.line : nil)
    }
}

extension Context {
    /// What is told of a line that could not be stored by itself.
    fileprivate func fault(_ error: any Error, of line: Int, in whole: Import) -> Fault {
        let problem = problem(error, of: "line \(line) of import \(whole.id.text)")
        guard problem.status.code >= 500 else {
            return Fault(pointer: .line, code: problem.code, detail: problem.detail)
        }
        let state = (error as? PostgresError)?.state.map { " with error \($0)" } ?? ""
        return Fault(
            pointer: .line, code: "not_storable",
            detail:
                "was not stored: the database refused it\(state). Tell the operator the import and the line. Once it is "
                + "mended, send the file again: what is filed is known then")
    }
}

extension ImportBody {
    fileprivate init(_ whole: Import) {
        self.init(
            id: whole.id, campaign: whole.campaign, format: whole.format.rawValue, lines: whole.lines,
            filed: whole.filed, known: whole.known, refused: whole.refused,
            leftOff: whole.leftOff.map { .init(code: $0.key, lines: $0.value) }.sorted { $0.code < $1.code },
            createdAt: whole.createdAt,
            changedAt: whole.changedAt, ignoredColumns: whole.ignoredColumns, link: "/v1/imports/\(whole.id.text)")
    }
}

extension ImportLineBody {
    fileprivate init(_ result: ImportLineResult) {
        self.init(
            line: result.line, fileLine: result.fileLine, outcome: result.outcome.rawValue,
            reference: result.reference?.description, errors: result.faults, warnings: result.warnings)
    }
}

extension ImportCheckBody {
    /// Lines that are listed.
    private static let listed = 10_000

    fileprivate mutating func add(_ results: [ImportLineResult]) {
        lines += results.count
        for result in results {
            switch result.outcome {
            case .filed: filed += 1
            case .known: known += 1
            case .refused: refused += 1
            }
        }
        items += results.prefix(Self.listed - items.count).map(ImportLineBody.init)
        leftOff = lines - items.count
    }
}
