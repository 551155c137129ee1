import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Reports

struct ComplaintAttach: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Add a file that shows something: PNG, JPEG, WebP, PDF, MP4, HAR or text.")

    @Argument(help: "Reference, such as IR21-0000123-4.")
    var reference: String

    @Argument(help: "The file, 20 MiB at the most.", completion: .file())
    var file: String

    @Option(help: .day("The day it was taken."))
    var capturedOn: Day?

    @Flag(help: "It is what the complainant was asked for: a case that waits for it goes on.")
    var answersRequest = false

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { try ComplaintPath.check(reference) }

    func run() async throws {
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw Failure("\(file) cannot be read", code: Failure.Code.notFound)
        }
        guard bytes.count <= EvidenceFile.maximumBytes else {
            throw Failure(
                "\(file) has \(bytes.count) bytes, and \(EvidenceFile.maximumBytes >> 20) MiB may be sent at the most",
                code: Failure.Code.invalid)
        }
        let name = URL(filePath: file).lastPathComponent
        var safe = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: "\u{21}"..."\u{7E}"))
        safe.insert(charactersIn: "-._")
        var call = Client.Call("POST", "\(ComplaintPath.path(reference))/evidence")
        call.contentType = "application/octet-stream"
        call.body = bytes
        let encoded = name.addingPercentEncoding(withAllowedCharacters: safe) ?? ""
        call.headers = [("Content-Disposition", "attachment; filename*=UTF-8''\(encoded)")]
        if let capturedOn { call.query.append(("captured_on", capturedOn.description)) }
        if answersRequest { call.query.append(("answers_request", "true")) }
        // The same file again is the same file.
        call.isRepeatable = true
        let kept: EvidenceBody = try await client.withClient { [call] client in
            try Coding.decoder.decode(EvidenceBody.self, from: try await client.send(call).bytes)
        }
        try output.write([kept], EvidenceBody.columns, csv: EvidenceBody.csv, name: \.sha256, row: \.row)
    }
}

struct ComplaintEvidence: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence", abstract: "List the files of a complaint.")

    @Argument(help: "Reference, such as IR21-0000123-4.")
    var reference: String

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { try ComplaintPath.check(reference) }

    func run() async throws {
        let page: Page<EvidenceBody> = try await client.withClient { client in
            try await client.get("\(ComplaintPath.path(reference))/evidence")
        }
        try output.write(page.items, EvidenceBody.columns, csv: EvidenceBody.csv, name: \.sha256, row: \.row)
    }
}

struct ComplaintDownload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download", abstract: "Save a file of a complaint; an image without what a camera wrote beside it."
    )

    @Argument(help: "Reference, such as IR21-0000123-4.")
    var reference: String

    @Argument(help: "The beginning of its digest, as `evidence` shows it.")
    var digest: String

    @Option(help: "Where to; nothing is written over.", completion: .file())
    var to: String

    @Flag(help: "As it was sent, with what a camera wrote beside it.")
    var original = false

    @OptionGroup var client: ClientOptions

    func validate() throws { try ComplaintPath.check(reference) }

    func run() async throws {
        guard !FileManager.default.fileExists(atPath: to) else {
            throw Failure("\(to) is there already; name another file with --to")
        }
        let path = "\(ComplaintPath.path(reference))/evidence"
        let bytes = try await client.withClient { client in
            let page: Page<EvidenceBody> = try await client.get(path)
            // The complainant and an officer may have sent the same.
            let found = page.items.filter { $0.sha256.hasPrefix(digest.lowercased()) }
            let count = Set(found.map(\.sha256)).count
            guard let file = found.first, count == 1 else {
                throw Failure(
                    "\(quantity(count, "file")) of \(reference) \(count == 1 ? "has" : "have") a digest that begins with “\(digest)”",
                    code: Failure.Code.notFound)
            }
            let query = original ? [(name: "rendition", value: "original")] : []
            // Of a complaint that was merged it stands at an address of its own.
            return try await client.get(file.`self`, query, accept: "*/*")
        }
        try bytes.write(to: URL(filePath: to), options: .withoutOverwriting)
        Terminal.note("\(quantity(bytes.count, "byte")) written to \(to)")
    }
}

extension EvidenceBody {
    fileprivate static let columns: [TextTable.Column] = [
        .init("Digest"), .init("Kind"), .init("Bytes", .right), .init("From"), .init("Taken"), .init("Name"),
    ]

    fileprivate var row: [String] {
        let taken = capturedOn.map { $0.description + (isStale ? " (stale)" : "") } ?? "–"
        return [String(sha256.prefix(12)), kind.rawValue, "\(bytes)", sentBy.rawValue, taken, name ?? "(erased)"]
    }
}
