import Casework
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Synchronization

/// Room for files on their way: so many bytes at a time, whoever sends them.
///
/// It is taken as the bytes come, so that who only says that much will come keeps nobody out.
final class UploadRoom: Sendable {
    private let free: Mutex<Int>

    init(bytes: Int = 3 * EvidenceFile.maximumBytes) {
        free = Mutex(bytes)
    }

    /// Collects a body, and holds its room until `use` has ended.
    ///
    /// - Throws: ``Problem`` 413 where it is longer than `limit`, 503 where others fill the room, or what `use` throws.
    func collecting<Value>(
        _ body: RequestBody, upTo limit: Int, _ use: ([UInt8]) async throws -> Value
    ) async throws -> Value {
        var bytes: [UInt8] = []
        defer { free.withLock { [count = bytes.count] in $0 += count } }
        for try await piece in body {
            guard bytes.count + piece.readableBytes <= limit else {
                throw Problem.tooLarge(limit: EvidenceFile.maximumBytes)
            }
            let isTaken = free.withLock { free in
                guard free >= piece.readableBytes else { return false }
                free -= piece.readableBytes
                return true
            }
            guard isTaken else {
                var problem = Problem.overloaded(
                    "Other files are being sent; send this one again in a moment.", retryAfter: 3)
                problem.headers[.connection] = "close"
                throw problem
            }
            bytes.append(contentsOf: piece.readableBytesView)
        }
        return try await use(bytes)
    }
}

/// A file as it was sent: raw, with its name in `Content-Disposition`, or as the part `file` of a form.
struct Upload {
    var bytes: [UInt8]
    var name: String
    var mediaType: String?
    var capturedOn: Day?
    /// Whether it is what the complainant was asked for; `nil` where nothing is said.
    var answersRequest: Bool?

    /// Characters of `Content-Disposition` and of `Content-Digest`, at the most.
    private static let headerLimit = 1000
    /// Bytes a form may have beside its file.
    private static let formMargin = 16 * 1024

    /// Reads a file, and holds its room until `use` has ended.
    ///
    /// - Throws: ``Problem`` 413, 415, 400 or 503, `InvalidDocument`, or what `use` throws.
    static func reading<Value>(
        _ request: Request, in room: UploadRoom, _ use: (Upload) async throws -> Value
    ) async throws -> Value {
        let limit = EvidenceFile.maximumBytes + formMargin
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limit {
            throw Problem.tooLarge(limit: EvidenceFile.maximumBytes)
        }
        return try await room.collecting(request.body, upTo: limit) { bytes in
            try await use(try Upload(request, bytes))
        }
    }

    private init(_ request: Request, _ body: [UInt8]) throws {
        guard request.headers[.contentEncoding] == nil, let type = request.headers[.contentType] else {
            throw Self.unsupported
        }
        for name in [HTTPField.Name.contentDisposition, .contentDigest] {
            guard (request.headers[name]?.unicodeScalars.count ?? 0) <= Self.headerLimit else {
                throw Problem(
                    .badRequest, "header-too-long", "A header is too long",
                    "\(name) may have \(Self.headerLimit) characters at the most.")
            }
        }
        let query = try ObjectReader(query: request)
        let captured = query.day("captured_on")
        answersRequest = query.truth("answers_request")
        query.finish()
        try query.faults.finish()
        try Self.check(body, against: request.headers[.contentDigest])
        let media = type.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        guard media == "multipart/form-data" else {
            guard let name = fileName(in: request.headers[.contentDisposition] ?? "") else {
                throw InvalidDocument(faults: [
                    Fault(
                        pointer: "#/filename", code: "missing",
                        detail: "is required: Content-Disposition: attachment; filename=\"screenshot.png\"")
                ])
            }
            (bytes, self.name, mediaType, capturedOn) = (body, name, media, captured)
            return
        }
        guard let boundary = parameter("boundary", of: type), (1...70).contains(boundary.utf8.count),
            let parts = formParts(body, boundary: boundary)
        else {
            throw Problem(
                .badRequest, "malformed-form", "The form cannot be read",
                "Send multipart/form-data with the part “file” (RFC 7578), and nothing behind its end.")
        }
        guard let file = parts.first(where: { $0.name == "file" }), let name = file.fileName else {
            throw InvalidDocument(faults: [
                Fault(pointer: "#/file", code: "missing", detail: "is required: a part with a filename")
            ])
        }
        let fields = ObjectReader(
            .object(
                Dictionary(
                    parts.filter { $0.name != "file" }.map {
                        ($0.name, .string(String(decoding: $0.body, as: UTF8.self)))
                    }
                ) { first, _ in first }), faults: FaultList())
        capturedOn = fields.day("captured_on") ?? captured
        answersRequest = fields.truth("answers_request") ?? answersRequest
        fields.finish()
        try fields.faults.finish()
        (bytes, self.name, mediaType) = (Array(file.body), name, file.mediaType)
    }

    /// Whether what came is what was sent (RFC 9530).
    private static func check(_ body: [UInt8], against digest: String?) throws {
        guard let digest else { return }
        let entries = digest.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard let own = entries.first(where: { $0.lowercased().hasPrefix("sha-256=:") }), own.hasSuffix(":"),
            let wanted = Data(base64Encoded: String(own.dropFirst(9).dropLast()))
        else {
            throw Problem(
                .badRequest, "bad-digest", "Content-Digest cannot be read",
                "Send Content-Digest: sha-256=:…: with the digest of the body in base64, or leave it out.")
        }
        guard wanted == Data(SHA256.hash(data: body)) else {
            throw Problem(
                .badRequest, "digest-mismatch", "The body is not what was sent",
                "Its SHA-256 differs from Content-Digest; nothing was kept. Send it again.")
        }
    }

    private static let unsupported = Problem(
        .unsupportedMediaType, "unsupported-media-type", "Not in this form",
        "Send the file raw with its own Content-Type, or as the part “file” of multipart/form-data; not compressed.")
}

private struct FormPart {
    let name: String
    let fileName: String?
    let mediaType: String?
    let body: ArraySlice<UInt8>
}

/// The parts of a form (RFC 2046, 5.1; RFC 7578); `nil` where it is none, or is cut off.
private func formParts(_ body: [UInt8], boundary: String) -> [FormPart]? {
    let delimiter = Array("--\(boundary)".utf8)
    let newline: [UInt8] = [0x0D, 0x0A]
    guard body.starts(with: delimiter) else { return nil }
    var parts: [FormPart] = []
    var place = delimiter.count
    while parts.count < 10 {
        if body[place...].starts(with: Array("--".utf8)) {
            let rest = body[(place + 2)...]
            return rest.isEmpty || rest.elementsEqual(newline) ? parts : nil
        }
        guard body[place...].starts(with: newline),
            let headEnd = firstPlace(of: newline + newline, in: body, from: place), headEnd >= place + 2,
            let end = firstPlace(of: newline + delimiter, in: body, from: headEnd + 4)
        else { return nil }
        let head = String(decoding: body[(place + 2)..<headEnd], as: UTF8.self)
        var fields: [String: String] = [:]
        for line in head.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        guard let disposition = fields["content-disposition"], let name = parameter("name", of: disposition) else {
            return nil
        }
        parts.append(
            FormPart(
                name: name, fileName: fileName(in: disposition),
                mediaType: fields["content-type"].map { $0.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces) },
                body: body[(headEnd + 4)..<end]))
        place = end + newline.count + delimiter.count
    }
    return nil
}

private func firstPlace(of pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard start <= bytes.count, let first = pattern.first else { return nil }
    var place = start
    while let next = bytes[place...].firstIndex(of: first) {
        if bytes[next...].starts(with: pattern) { return next }
        place = next + 1
    }
    return nil
}

/// The name of a file, as `filename*` (RFC 8187) or `filename` tells it.
private func fileName(in disposition: String) -> String? {
    if let extended = parameter("filename*", of: disposition) {
        let parts = extended.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].lowercased() == "utf-8" else { return nil }
        return String(parts[2]).removingPercentEncoding
    }
    return parameter("filename", of: disposition)
}

/// A parameter of a header field, with or without quotation marks.
///
/// Decided sign by sign: in Swift, a quotation mark and a joiner after it are one character.
private func parameter(_ name: String, of field: String) -> String? {
    var rest = field.unicodeScalars[...]
    while let semicolon = rest.firstIndex(of: ";") {
        rest = rest[rest.index(after: semicolon)...].drop { $0 == " " }
        guard let equals = rest.firstIndex(of: "=") else { return nil }
        let found = String(rest[..<equals]).trimmingCharacters(in: .whitespaces).lowercased()
        rest = rest[rest.index(after: equals)...]
        var value = String.UnicodeScalarView()
        if rest.first == "\"" {
            rest.removeFirst()
            while let sign = rest.popFirst(), sign != "\"" {
                value.append(sign == "\\" ? rest.popFirst() ?? sign : sign)
            }
        } else {
            value = String(rest.prefix { $0 != ";" }).trimmingCharacters(in: .whitespaces).unicodeScalars
            rest = rest[(rest.firstIndex(of: ";") ?? rest.endIndex)...]
        }
        if found == name { return String(value) }
    }
    return nil
}

extension HTTPField.Name {
    static let contentDigest = Self("Content-Digest").unsafelyUnwrapped
}
