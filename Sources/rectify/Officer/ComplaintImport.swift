import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Reports
import Synchronization

struct ComplaintImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "File a whole file of complaints: NDJSON, or CSV with a mapping.",
        discussion: """
            Every line needs a client_reference, and is filed once. After a break the command goes on where the server
            stands: rectify complaint import FILE --resume ID. A line that is wrong is refused with its reasons, and keeps
            no other from being filed; --results tells what became of each: `line` is counted without what holds nothing,
            `file_line` is the line that an editor shows. The same client_reference with other content is refused.

            A mapping is JSON: {"columns": {"链接": "blocked_link.text"}, "constants": {"kind": "blocked_link"}}
            Files are in UTF-8; a CSV whose header names columns of the mapping in GB18030 is read as GB18030. In cells TRUE, FALSE,
            是 and 否 are truths, and 2021/9/1 or 2021年9月1日 is a day.

            A cell that holds an error of a spreadsheet (#REF!, ######), or TRUE where a text belongs, is refused; columns that the
            mapping does not name are listed and not taken.

            --dry-run says what would become of each line and files nothing; it takes 100 000 lines.
            """)

    @Argument(help: "The file.", completion: .file(extensions: ["ndjson", "csv"]))
    var file: String

    @Option(help: "For CSV: the file with the mapping.", completion: .file(extensions: ["json"]))
    var mapping: String?

    @Option(help: "Go on with this import.")
    var resume: String?

    @Option(help: "Write what became of each line to this file.", completion: .file())
    var results: String?

    @Flag(help: "Only say what would become of each line, and file nothing.")
    var dryRun = false

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if dryRun, resume != nil { throw ValidationError("--dry-run looks at whole files; leave out --resume.") }
    }

    func run() async throws {
        guard let handle = FileHandle(forReadingAtPath: file) else {
            throw Failure("\(file) cannot be read", code: Failure.Code.notFound)
        }
        // Nothing was read or written: it was opened to see that it can be.
        try? handle.close()
        // Asked before anything is sent; what stands there is written over only once there is something to write.
        let folder = results.map { URL(filePath: $0).deletingLastPathComponent().path(percentEncoded: false) }
        if let results, let folder, !FileManager.default.isWritableFile(atPath: folder) {
            throw Failure("\(results) cannot be written")
        }
        if dryRun { return try await check() }
        let done = try await client.withClient { client in
            let begun = try await begin(client)
            if resume == nil { Terminal.note("import \(begun.id.text)") }
            let progress = ImportProgress(ofFile: file)
            let done = try await send(begun, progress, client)
            progress.end()
            if let results { try await save(begun, to: results, client) }
            return done
        }
        tell(ignored: done.ignoredColumns)
        try output.write(
            done, name: done.id.text,
            fields: [
                ("Import", done.id.text), ("Lines", "\(done.lines)"), ("Filed", "\(done.filed)"),
                ("Known", "\(done.known)"), ("Refused", "\(done.refused)"),
            ])
        if done.refused > 0 {
            throw Failure(
                "\(done.refused) of \(quantity(done.lines, "line")) \(done.refused == 1 ? "was" : "were") refused"
                    + (results == nil
                        ? "; why: the same with --resume \(done.id.text) --results FILE" : ""),
                code: Failure.Code.partial)
        }
    }

    /// Sends the lines after those that are in; where the server still takes in what an earlier command sent, it waits.
    private func send(_ begun: ImportBody, _ progress: ImportProgress, _ client: Client) async throws -> ImportBody {
        var whole = begun
        for attempt in 1... {
            do {
                let lines = FileLines(file, isCSV: whole.format == "csv", after: whole.lines) { progress.sent($0) }
                return try await client.sendLines(lines, of: whole)
            } catch let problem as ProblemBody where problem.code == "import-elsewhere" && attempt < 60 {
                try await Task.sleep(for: .seconds(1))
                whole = try await client.get(begun.`self`)
            }
        }
        return whole
    }

    private func begin(_ client: Client) async throws -> ImportBody {
        if let resume { return try await client.get("/v1/imports/\(resume)") }
        var members: [String: JSON] = ["campaign": .string(try campaign.code)]
        if let mapping = try columns() { (members["format"], members["mapping"]) = (.string("csv"), mapping) }
        return try await client.act(on: "/v1/imports", version: nil, members)
    }

    /// The mapping of a CSV; `nil` where the file is NDJSON.
    private func columns() throws -> JSON? {
        guard let mapping else {
            guard file.lowercased().hasSuffix(".csv") else { return nil }
            throw Failure("\(file) is a CSV: say with --mapping which column is what", code: Failure.Code.invalid)
        }
        guard let bytes = FileManager.default.contents(atPath: mapping) else {
            throw Failure("\(mapping) cannot be read", code: Failure.Code.notFound)
        }
        do {
            return try JSON(parsing: bytes.withoutByteOrderMark)
        } catch {
            throw Failure(
                "\(mapping) is no JSON in UTF-8: at byte \(error.offset), \(error.reason)", code: Failure.Code.invalid)
        }
    }

    // MARK: Dry run

    private func check() async throws {
        let (code, mapping) = (try campaign.code, try columns())
        let checked = try await client.withClient { client in
            let progress = ImportProgress(ofFile: file)
            let lines = FileLines(file, isCSV: mapping != nil, after: 0) { progress.sent($0) }
            defer { progress.end() }
            return try await client.checkLines(lines, campaign: code, mapping: mapping)
        }
        if let results {
            let lines = try checked.items.map { try Coding.bytes(of: $0) + [0x0A] }
            guard FileManager.default.createFile(atPath: results, contents: Data(lines.joined())) else {
                throw Failure("\(results) cannot be written")
            }
            Terminal.note("what would become of each line is in \(results)")
            if checked.leftOff > 0 { Terminal.note("without the last \(quantity(checked.leftOff, "line"))") }
        }
        for line in checked.items.filter({ $0.outcome == "refused" }).prefix(Self.shown) {
            for fault in line.errors ?? [] {
                Terminal.note(
                    printable("line \(line.fileLine ?? line.line) of the file: \(fault.pointer) \(fault.detail)"))
            }
        }
        for line in checked.items.filter({ $0.warnings != nil }).prefix(Self.shown) {
            for warning in line.warnings ?? [] {
                Terminal.note(printable("line \(line.fileLine ?? line.line) of the file, a warning: \(warning.detail)"))
            }
        }
        tell(ignored: checked.ignoredColumns)
        try output.write(
            checked, name: "dry run",
            fields: [
                ("Import", "none: a dry run, nothing was filed"), ("Lines", "\(checked.lines)"),
                ("Would be filed", "\(checked.filed)"), ("Known", "\(checked.known)"),
                ("Refused", "\(checked.refused)"),
            ])
        guard checked.refused > 0 else { return }
        let more = results == nil && checked.refused > Self.shown ? "; of each: the same with --results FILE" : ""
        throw Failure(
            "\(checked.refused) of \(quantity(checked.lines, "line")) would be refused\(more)",
            code: Failure.Code.partial)
    }

    /// Refused lines of a dry run that are told one by one.
    private static let shown = 20

    /// Says which columns are not taken, because the mapping does not name them.
    private func tell(ignored columns: [String]?) {
        guard let columns, !columns.isEmpty else { return }
        let names = columns.map { "“\($0)”" }.joined(separator: ", ")
        Terminal.note(
            printable("not in the mapping, so not taken: \(columns.count == 1 ? "the column" : "the columns") \(names)")
        )
    }

    private func save(_ begun: ImportBody, to path: String, _ client: Client) async throws {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw Failure("\(path) cannot be written") }
        try await client.download("\(begun.`self`)/results") { try handle.write(contentsOf: $0) }
        try handle.close()
        Terminal.note("what became of each line is in \(path)")
    }
}

/// Says how far an import has come, and how long it will still take.
private final class ImportProgress: Sendable {
    private let bytes: Int
    private let began = ContinuousClock.now
    private let state = Mutex((sent: 0, shown: 0))

    init(ofFile path: String) {
        // Without a size, the progress shows no percentage.
        bytes = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
    }

    func sent(_ count: Int) {
        let (sent, percent) = state.withLock { state -> (Int, Int?) in
            state.sent += count
            let percent = bytes > 0 ? min(100, state.sent * 100 / bytes) : 0
            guard
                Terminal.showsProgress
                    ? percent > state.shown : percent >= state.shown + 10 || percent == 100 && state.shown < 100
            else {
                return (state.sent, nil)
            }
            state.shown = percent
            return (state.sent, percent)
        }
        guard let percent else { return }
        guard Terminal.showsProgress else { return Terminal.note("\(percent) % sent") }
        let seconds = began.duration(to: .now).components.seconds
        let left = sent > 0 ? Int64(bytes - sent) * seconds / Int64(sent) : 0
        let bar = String(repeating: "█", count: percent / 5) + String(repeating: "░", count: 20 - percent / 5)
        Terminal.progress("\(bar) \(percent) %, \(left) s left")
    }

    func end() {
        if Terminal.showsProgress { Terminal.progress("") }
    }
}

/// The bytes of a file from a record on; of a CSV its header comes first in any case.
struct FileLines: AsyncSequence {
    typealias Element = Data
    private let path: String
    private let isCSV: Bool
    private let skipped: Int
    private let onRead: @Sendable (Int) -> Void

    init(_ path: String, isCSV: Bool, after line: Int, onRead: @escaping @Sendable (Int) -> Void) {
        (self.path, self.isCSV, skipped, self.onRead) = (path, isCSV, line, onRead)
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(handle: FileHandle(forReadingAtPath: path), isCSV: isCSV, left: skipped, onRead: onRead)
    }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate let handle: FileHandle?
        /// Records that are still to be passed over.
        fileprivate var left: Int
        fileprivate let onRead: @Sendable (Int) -> Void
        private var needsHeader: Bool
        private var reader: RecordReader

        fileprivate init(handle: FileHandle?, isCSV: Bool, left: Int, onRead: @escaping @Sendable (Int) -> Void) {
            (self.handle, self.left, self.onRead) = (handle, left, onRead)
            needsHeader = isCSV
            reader = RecordReader(isCSV: isCSV)
        }

        mutating func next() async throws -> Data? {
            while let data = try handle?.read(upToCount: 64 * 1024), !data.isEmpty {
                onRead(data.count)
                let kept = kept(of: data)
                if !kept.isEmpty { return kept }
            }
            return nil
        }

        /// What of a piece is to be sent: the header, and what comes after the records that are in.
        private mutating func kept(of data: Data) -> Data {
            guard left > 0 || needsHeader else { return data }
            var kept = Data()
            for (index, byte) in data.enumerated() {
                if needsHeader { kept.append(byte) }
                // What holds nothing is no record, for the server neither.
                guard reader.record(endingWith: byte) != nil else { continue }
                if needsHeader { needsHeader = false } else { left -= 1 }
                if left <= 0, !needsHeader { return kept + data[(data.startIndex + index + 1)...] }
            }
            return kept
        }
    }
}
