import Casework
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The body of a request, read once, whole, and strictly.
struct Body {
    /// Bytes at the most.
    static let limit = 256 * 1024
    let bytes: Data
    let reader: ObjectReader

    /// - Throws: ``Problem`` 413 or 415, or `JSON.SyntaxError`.
    init(_ request: Request, limit: Int = Self.limit) async throws {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limit {
            throw Problem.tooLarge(limit: limit)
        }
        let buffer = try await request.body.whole(upTo: limit)
        bytes = Data(buffer.readableBytesView)
        let type = request.headers[.contentType]?.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        // An action without anything to say may come without a body.
        guard !bytes.isEmpty || type != nil else {
            reader = ObjectReader(.object([:]), faults: FaultList())
            return
        }
        let parameters = (request.headers[.contentType] ?? "").lowercased().replacing(" ", with: "")
        let isOtherCharset = parameters.contains("charset=") && !parameters.contains("charset=utf-8")
        guard type == "application/json", !isOtherCharset, request.headers[.contentEncoding] == nil else {
            throw Problem(
                .unsupportedMediaType, "unsupported-media-type", "Not in this form",
                "Send the body as Content-Type: application/json, in UTF-8 and not compressed.",
                headers: [.accept: "application/json"])
        }
        reader = ObjectReader(try await Self.parsed(bytes), faults: FaultList())
    }

    /// Bytes that are parsed within half a millisecond.
    private static let briefBytes = 8 * 1024

    private static func parsed(_ bytes: Data) async throws -> JSON {
        guard bytes.count > briefBytes else { return try JSON(parsing: bytes) }
        return try await withTaskExecutorPreference(globalConcurrentExecutor) { try JSON(parsing: bytes) }
    }

    /// - Throws: `InvalidDocument` where anything was wrong, unknown members included.
    func finish() throws {
        reader.finish()
        try reader.faults.finish()
    }
}

extension RequestBody {
    /// The whole body, where it is not larger than its route takes.
    ///
    /// - Throws: ``Problem`` 413, which names the limit of the route: NIO's own error may name what was left of it.
    func whole(upTo limit: Int) async throws -> ByteBuffer {
        do {
            return try await collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw Problem.tooLarge(limit: limit)
        }
    }
}

extension ObjectReader {
    /// The parameters of a query, each once, read like the members of a body; faults point at `?name`.
    convenience init(query request: Request) throws {
        var members: [String: JSON] = [:]
        let faults = FaultList()
        for (name, value) in request.uri.queryParameters {
            let name = String(name)
            if members[name] != nil { faults.add("?/\(name)", "duplicate", "stands twice") }
            members[name] = .string(String(value))
        }
        self.init(.object(members), at: "?", faults: faults)
    }

    /// Marks a parameter as known that is read in another place.
    func passOver(_ name: String) { _ = text(name, limit: 40) }

    /// `true` or `false` written in a query; left out it is false.
    func flag(_ name: String) -> Bool { truth(name) ?? false }

    /// `true` or `false` written in a query or a form; `nil` where it is left out.
    func truth(_ name: String) -> Bool? {
        guard let text = text(name, limit: 10) else { return nil }
        if text != "true" && text != "false" { fault(name, "wrong_type", "has to be true or false") }
        return text == "true"
    }

    /// The first and the last day of a range; the first after the last is a fault.
    func days(from first: String, to last: String) -> (first: Day?, last: Day?) {
        let range = (first: day(first), last: day(last))
        if let begin = range.first, let end = range.last, begin > end {
            fault(first, "out_of_range", "\(begin) lies after the last day of the range, \(end); exchange the two")
        }
        return range
    }

    /// A whole number written in a query.
    func number(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = text(name, limit: 20) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            fault(name, "out_of_range", "has to be a number between \(range.lowerBound) and \(range.upperBound)")
            return nil
        }
        return number
    }

    /// Codes separated by commas.
    func codes<Code: RawRepresentable & CaseIterable>(
        _ name: String, as type: Code.Type = Code.self
    ) -> [Code] where Code.RawValue == String {
        guard let text = text(name, limit: 500) else { return [] }
        return text.split(separator: ",").compactMap { part in
            if let code = Code(rawValue: String(part)) { return code }
            let known = Code.allCases.map(\.rawValue).joined(separator: ", ")
            fault(name, "unknown_code", "“\(part)” is not known; known: \(known)")
            return nil
        }
    }

    /// How many items a page may have: 50 by default, what is above the limit is cut to it.
    func pageSize(default standard: Int = 50, limit: Int = 200) -> Int {
        guard let size = number("page_size", in: 0...1_000_000_000) else { return standard }
        return size == 0 ? standard : min(size, limit)
    }

    /// The last that is read of a list's query: how long a page is, and where it goes on.
    ///
    /// - Throws: ``Problem`` with every fault of the query.
    func finishPage() throws -> (pageSize: Int, cursor: String?) {
        let page = (pageSize: pageSize(), cursor: text("cursor", limit: 200))
        finish()
        try faults.finish()
        return page
    }
}

extension Request {
    /// The versions the client would change, from `If-Match` (RFC 9110, 13.1.1); `nil` for `*`.
    ///
    /// - Throws: ``Problem`` 428 where the header is missing, 400 where it is malformed.
    func expectedVersions() throws -> [Int]? {
        guard let header = headers[.ifMatch] else { throw Problem.precondition }
        if header.trimmingCharacters(in: .whitespaces) == "*" { return nil }
        let versions = header.split(separator: ",").map { tag in
            let tag = tag.trimmingCharacters(in: .whitespaces)
            guard tag.count > 2, tag.hasPrefix("\""), tag.hasSuffix("\"") else { return nil as Int? }
            return Int(tag.dropFirst().dropLast())
        }
        let known = versions.compactMap(\.self)
        guard !known.isEmpty, known.count == versions.count else {
            throw Problem(
                .badRequest, "bad-if-match", "If-Match cannot be read",
                "Send the entity tag as it came: If-Match: \"3\".")
        }
        return known
    }
}
