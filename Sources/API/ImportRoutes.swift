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

    var routes: [Route] {
        [
            Route(.post, "/v1/imports", begin),
            Route(.get, "/v1/imports/:id", show),
            Route(.post, "/v1/imports/:id/lines", take),
            Route(.get, "/v1/imports/:id/results", results),
        ]
    }

    @Sendable func begin(_ request: Request, context: Context) async throws -> Response {
        let party = try context.importingParty()
        let body = try await Body(request)
        let code = body.reader.requiredText("campaign", limit: 60)
        let format = body.reader.code("format", as: Import.Format.self) ?? .ndjson
        let mapping = body.reader.object("mapping")
        if format == .csv, mapping == nil {
            body.reader.fault("mapping", "missing", "is required for CSV: which column is which member")
        }
        if format == .ndjson, mapping != nil {
            body.reader.fault("mapping", "not_allowed", "goes with format “csv” only")
        }
        if let mapping { _ = CSVMapping(mapping) }
        let campaign = try await service.references.book().campaign(code)
        if campaign == nil, !code.isEmpty {
            body.reader.fault("campaign", "unknown_code", "“\(code)” is no campaign; see /v1/campaigns")
        }
        try body.finish()
        guard let campaign, let filer = party.filedBy else { throw Problem.notFound("campaign \(code)") }
        let (now, text) = (service.now(), body.reader.json("mapping")?.canonicalText ?? "{}")
        let begun = try await service.databases.work.transaction { db in
            let id = try db.beginImport(into: campaign.id, by: filer, format, mapping: JSONText(text), at: now)
            return try db.filingImport(id, of: filer)
        }
        guard let begun else { throw Problem.notFound("import") }
        let answer = ImportBody(begun)
        return try .json(answer, status: .created, headers: [.location: answer.`self`])
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
        let wanted = whole.format == .csv ? "text/csv" : "application/x-ndjson"
        let type = request.headers[.contentType]?.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        guard type == wanted, request.headers[.contentEncoding] == nil else {
            throw Problem(
                .unsupportedMediaType, "unsupported-media-type", "Not in this form",
                "Send the lines as Content-Type: \(wanted), in UTF-8 and not compressed.", headers: [.accept: wanted])
        }
        guard after == whole.lines else { throw ImportError.elsewhere(lines: whole.lines) }
        // Reading, understanding and writing go on side by side, on all processors.
        try await withTaskExecutorPreference(globalConcurrentExecutor) {
            try await take(request.body, into: whole, for: party, context)
        }
        return try .json(ImportBody(try await find(context).0))
    }

    private func take(
        _ body: RequestBody, into whole: Import, for party: FilingParty, _ context: Context
    ) async throws {
        var reader = RecordReader(isCSV: whole.format == .csv)
        var taker = LineTaker(service: service, whole: whole, party: party)
        // Parts on their way: each is made ready at once, and written after the one before.
        var underWay: Deque<Task<Void, any Error>> = []
        func begin(_ lines: [ImportLine]) {
            underWay.append(
                Task { [service, before = underWay.last] in
                    let part = try await service.importer.prepare(lines)
                    try await before?.value
                    try await service.importer.store(part, of: whole) { line, error in
                        context.fault(error, of: line, in: whole)
                    }
                })
        }
        do {
            for try await piece in body {
                for record in reader.records(in: piece.readableBytesView) {
                    try taker.add(record)
                    guard taker.isFull else { continue }
                    begin(try await taker.part())
                    if underWay.count > Self.ahead { try await underWay.removeFirst().value }
                }
            }
            if let record = reader.last() { try taker.add(record) }
            begin(try await taker.part())
            for part in underWay { try await part.value }
        } catch {
            // What is under way is let come to its end, so that who asks next is told the truth.
            for part in underWay { _ = try? await part.value }
            // Nobody reads on.
            var problem = Problem(error)
            problem.headers[.connection] = "close"
            throw problem
        }
    }

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
                    let page = try await service.databases.reads.withConnection { [after] db in
                        try db.results(of: whole, after: after, limit: Self.page)
                    }
                    var lines = ByteBuffer()
                    for result in page {
                        lines.writeBytes(try Coding.bytes(of: ImportLineBody(result)))
                        lines.writeInteger(UInt8(0x0A))
                    }
                    if !page.isEmpty { try await writer.write(lines) }
                    guard page.count == Self.page, let last = page.last?.line else { break }
                    after = last
                }
                try await writer.finish(nil)
            })
    }
}

extension Context {
    /// What is told of a line that could not be stored by itself.
    fileprivate func fault(_ error: any Error, of line: Int, in whole: Import) -> Fault {
        let problem = problem(error, of: "line \(line) of import \(whole.id.text)")
        guard problem.status.code >= 500 else { return Fault(pointer: "#", code: problem.code, detail: problem.detail) }
        let state = (error as? PostgresError)?.state.map { " with error \($0)" } ?? ""
        return Fault(
            pointer: "#", code: "not_storable",
            detail:
                "was not stored: the database refused it\(state). Tell the operator the import and the line. Once it is "
                + "mended, send the file again: what is filed is known then")
    }
}

/// Makes filings of records, part by part.
private struct LineTaker {
    let service: Service
    let whole: Import
    let party: FilingParty
    private let mapping: CSVMapping?
    private var header: [String]?
    private var records: [RecordReader.Record] = []
    private var bytes = 0
    private var lines: Int

    init(service: Service, whole: Import, party: FilingParty) {
        (self.service, self.whole, self.party) = (service, whole, party)
        lines = whole.lines
        let document = (try? JSON(parsing: whole.mapping.text.utf8)) ?? .null
        mapping = whole.format == .csv ? CSVMapping(ObjectReader(document, faults: FaultList())) : nil
    }

    var isFull: Bool { records.count >= ImportRoutes.part || bytes >= ImportRoutes.partBytes }

    /// - Throws: `InvalidDocument` where the first record of a CSV is no header, or lacks a column of the mapping.
    mutating func add(_ record: RecordReader.Record) throws {
        guard let mapping, header == nil else {
            records.append(record)
            if case .bytes(let line) = record { bytes += line.count }
            return
        }
        guard case .bytes(var bytes) = record else { throw Self.badHeader("is too long") }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        guard let names = csvFields(bytes) else { throw Self.badHeader("cannot be read as CSV in UTF-8") }
        let missing = mapping.missing(in: names)
        guard missing.isEmpty else {
            throw Self.badHeader("has no column \(missing.map { "“\($0)”" }.joined(separator: ", "))")
        }
        header = names
    }

    private static func badHeader(_ detail: String) -> InvalidDocument {
        InvalidDocument(faults: [Fault(pointer: "#/header", code: "bad_header", detail: detail)])
    }

    /// The lines that were added since the last part, understood; on as many processors as there are.
    mutating func part() async throws -> [ImportLine] {
        let reader = FilingReader(book: try await service.references.book(), party: party, now: service.now())
        let (records, first) = (self.records, lines + 1)
        (self.records, bytes) = ([], 0)
        lines += records.count
        let half = records.count / 2
        async let front = understood(records[..<half], from: first, reader)
        async let back = understood(records[half...], from: first + half, reader)
        return await front + back
    }

    private func understood(
        _ records: ArraySlice<RecordReader.Record>, from first: Int, _ reader: FilingReader
    ) async -> [ImportLine] {
        records.enumerated().map { index, record in
            do {
                return ImportLine(number: first + index, intake: .success(try intake(record, reader)))
            } catch {
                let invalid = error as? InvalidDocument
                let problem = Problem(error)
                let fault = Fault(pointer: "#", code: problem.code, detail: problem.detail)
                return ImportLine(
                    number: first + index, intake: .failure(invalid ?? InvalidDocument(faults: [fault])))
            }
        }
    }

    private func intake(_ record: RecordReader.Record, _ reader: FilingReader) throws -> Intake {
        guard case .bytes(let bytes) = record else {
            throw InvalidDocument(faults: [
                Fault(pointer: "#", code: "too_long", detail: "may have \(RecordEnds.limit) bytes at the most")
            ])
        }
        var document: JSON
        if let mapping {
            guard let fields = csvFields(bytes), fields.count == header?.count else {
                throw InvalidDocument(faults: [
                    Fault(pointer: "#", code: "bad_record", detail: "has other fields than the header, or no UTF-8")
                ])
            }
            document = mapping.filing(fields, under: header ?? [])
        } else {
            document = try JSON(parsing: bytes)
        }
        let filing = ObjectReader(document, faults: FaultList())
        if !filing.has("client_reference") {
            filing.fault("client_reference", "missing", "is required in an import, so that no line is filed twice")
        }
        let intake = try reader.intake(filing)
        guard intake.campaignID == whole.campaignID else {
            throw InvalidDocument(faults: [
                Fault(pointer: "#/campaign", code: "other_campaign", detail: "is not the import's, \(whole.campaign)")
            ])
        }
        return intake
    }
}

extension ImportBody {
    fileprivate init(_ whole: Import) {
        self.init(
            id: whole.id, campaign: whole.campaign, format: whole.format.rawValue, lines: whole.lines,
            filed: whole.filed, known: whole.known, refused: whole.refused, createdAt: whole.createdAt,
            changedAt: whole.changedAt, link: "/v1/imports/\(whole.id.text)")
    }
}

extension ImportLineBody {
    fileprivate init(_ result: ImportLineResult) {
        self.init(
            line: result.line, outcome: result.outcome.rawValue, reference: result.reference?.description,
            errors: result.faults)
    }
}
