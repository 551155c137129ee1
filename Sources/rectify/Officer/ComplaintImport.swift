import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Synchronization

struct ComplaintImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "File a whole file of complaints: NDJSON, or CSV with a mapping.",
        discussion: """
            Every line needs a client_reference, and is filed once. After a break the command goes on where the server
            stands: rectify complaint import FILE --resume ID. A line that is wrong is refused with its reasons, and keeps
            no other from being filed; --results tells what became of each. Lines are
            counted without empty ones.

            A mapping is JSON: {"columns": {"链接": "blocked_link.text"}, "constants": {"kind": "blocked_link"}}
            """)

    @Argument(help: "The file.", completion: .file(extensions: ["ndjson", "csv"]))
    var file: String

    @Option(help: "For CSV: the file with the mapping.", completion: .file(extensions: ["json"]))
    var mapping: String?

    @Option(help: "Go on with this import.")
    var resume: String?

    @Option(help: "Write what became of each line to this file.", completion: .file())
    var results: String?

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        guard let handle = FileHandle(forReadingAtPath: file) else {
            throw Failure("\(file) cannot be read", code: Failure.Code.notFound)
        }
        try? handle.close()
        // Asked before anything is sent; what stands there is written over only once there is something to write.
        let folder = results.map { URL(filePath: $0).deletingLastPathComponent().path(percentEncoded: false) }
        if let results, let folder, !FileManager.default.isWritableFile(atPath: folder) {
            throw Failure("\(results) cannot be written")
        }
        let done = try await client.withClient { client in
            let begun = try await begin(client)
            if resume == nil { Terminal.note("import \(begun.id.text)") }
            let size = (try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int ?? 0
            let progress = ImportProgress(bytes: size)
            let done = try await send(begun, progress, client)
            progress.end()
            if let results { try await save(begun, to: results, client) }
            return done
        }
        try output.write(
            done, name: done.id.text,
            fields: [
                ("Import", done.id.text), ("Lines", "\(done.lines)"), ("Filed", "\(done.filed)"),
                ("Known", "\(done.known)"), ("Refused", "\(done.refused)"),
            ])
        if done.refused > 0 {
            throw Failure(
                "\(done.refused) of \(done.lines) lines were refused"
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
        if let mapping {
            guard let bytes = FileManager.default.contents(atPath: mapping) else {
                throw Failure("\(mapping) cannot be read", code: Failure.Code.notFound)
            }
            members["format"] = .string("csv")
            do {
                members["mapping"] = try JSON(parsing: bytes)
            } catch {
                throw Failure(
                    "\(mapping) is no JSON: at byte \(error.offset), \(error.reason)", code: Failure.Code.invalid)
            }
        } else if file.lowercased().hasSuffix(".csv") {
            throw Failure("\(file) is a CSV: say with --mapping which column is what", code: Failure.Code.invalid)
        }
        return try await client.act(on: "/v1/imports", version: nil, members)
    }

    private func save(_ begun: ImportBody, to path: String, _ client: Client) async throws {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw Failure("\(path) cannot be written") }
        defer { try? handle.close() }
        try await client.download("\(begun.`self`)/results") { try handle.write(contentsOf: $0) }
        Terminal.note("what became of each line is in \(path)")
    }
}

/// Says how far an import has come, and how long it will still take.
private final class ImportProgress: Sendable {
    private let bytes: Int
    private let began = ContinuousClock.now
    private let state = Mutex((sent: 0, shown: 0))

    init(bytes: Int) {
        self.bytes = bytes
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
        private var ends: RecordEnds

        fileprivate init(handle: FileHandle?, isCSV: Bool, left: Int, onRead: @escaping @Sendable (Int) -> Void) {
            (self.handle, self.left, self.onRead) = (handle, left, onRead)
            needsHeader = isCSV
            ends = RecordEnds(isCSV: isCSV)
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
                guard ends.ends(with: byte) else { continue }
                // Blank lines are no records, for the server neither.
                if !ends.wasBlank {
                    if needsHeader { needsHeader = false } else { left -= 1 }
                }
                if left <= 0, !needsHeader { return kept + data[(data.startIndex + index + 1)...] }
            }
            return kept
        }
    }
}
