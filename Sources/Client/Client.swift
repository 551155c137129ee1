import AsyncHTTPClient
public import Casework
public import Contract
public import Foundation
import NIOCore
import NIOHTTP1

/// The API, as Swift sees it.
///
/// Reading and filing are tried again, three times in all, when the server is busy or cannot be reached; a filing keeps
/// its key, so that it is stored once. Nothing else is repeated.
public final class Client: Sendable {
    /// The server could not be reached.
    public struct Unreachable: Error {
        public let server: String
        public let reason: String

        init(server: String, reason: String) {
            self.server = server
            // What the library says of this, the commonest of all, is three errors in one another.
            self.reason = reason.contains("Connection refused") ? "connection refused" : reason
        }
    }

    /// The answer is not what the API promises.
    public struct UnexpectedAnswer: Error {
        public let status: Int
    }

    public let server: String
    private let token: String?
    private let http: HTTPClient
    /// Bytes an answer may have.
    private static let limit = 64 * 1024 * 1024

    public init(server: String, token: String?) {
        self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
        self.token = token
        // Whether to try again is decided here, where it is known what may be repeated.
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    public func close() async throws {
        try await http.shutdown()
    }

    /// A request, as the routes of the API take it.
    public struct Call: Sendable {
        public var method: String
        public var path: String
        public var query: [(name: String, value: String)] = []
        public var body: Data?
        public var contentType = "application/json"
        public var headers: [(name: String, value: String)] = []
        /// Whether it may be sent again.
        public var isRepeatable = false

        public init(_ method: String, _ path: String) {
            self.method = method
            self.path = path
            isRepeatable = method == "GET"
        }
    }

    /// The answer's bytes and entity tag.
    ///
    /// - Throws: `ProblemBody` where the server says what is wrong, ``Unreachable``, or ``UnexpectedAnswer``.
    public func send(_ call: Call) async throws -> (bytes: Data, version: Int?) {
        for attempt in 1... {
            do {
                return try await sendOnce(call)
            } catch let problem as ProblemBody where problem.status == 503 && call.isRepeatable && attempt < 3 {
                try await Task.sleep(for: .seconds(attempt))
            } catch is Unreachable where call.isRepeatable && attempt < 3 {
                try await Task.sleep(for: .milliseconds(300 * attempt))
            }
        }
        preconditionFailure("the loop only ends by return or throw")
    }

    private func sendOnce(_ call: Call) async throws -> (bytes: Data, version: Int?) {
        var request = HTTPClientRequest(url: server + call.path + Self.encoded(call.query))
        request.method = .RAW(value: call.method)
        for (name, value) in call.headers { request.headers.add(name: name, value: value) }
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body = call.body {
            request.headers.add(name: "Content-Type", value: call.contentType)
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        return try await answer(to: request, within: .seconds(75))
    }

    private func answer(
        to request: HTTPClientRequest, within limit: TimeAmount
    ) async throws -> (bytes: Data, version: Int?) {
        let response: HTTPClientResponse
        let bytes: Data
        do {
            response = try await http.execute(request, timeout: limit)
            bytes = Data(try await response.body.collect(upTo: Self.limit).readableBytesView)
        } catch {
            throw Unreachable(server: server, reason: "\(error)")
        }
        guard (200..<300).contains(response.status.code) else {
            // An answer that is no problem is the error below.
            if let problem = try? Coding.decoder.decode(ProblemBody.self, from: bytes) { throw problem }
            throw UnexpectedAnswer(status: Int(response.status.code))
        }
        let tag = response.headers.first(name: "ETag").flatMap { Int($0.replacing("\"", with: "")) }
        return (bytes, tag)
    }

    private static func encoded(_ query: [(name: String, value: String)]) -> String {
        guard !query.isEmpty else { return "" }
        var safe = CharacterSet.alphanumerics
        safe.insert(charactersIn: "-._~:,")
        return "?"
            + query.map { name, value in
                "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: safe) ?? "")"
            }.joined(separator: "&")
    }
}

extension Client {
    /// Reads a resource.
    public func get<Value: Decodable>(
        _ path: String, _ query: [(name: String, value: String)] = [], as type: Value.Type = Value.self
    ) async throws -> Value {
        try decoded(try await get(path, query, accept: "application/json"))
    }

    /// Reads a resource as it comes.
    public func get(
        _ path: String, _ query: [(name: String, value: String)] = [], accept: String
    ) async throws -> Data {
        var call = Call("GET", path)
        call.query = query
        call.headers = [("Accept", accept)]
        return try await send(call).bytes
    }

    /// Files a complaint: one JSON object, as the API takes it.
    ///
    /// The key makes it safe to repeat.
    public func file(_ body: Data, key: String = UUID().uuidString) async throws -> FiledBody {
        var call = Call("POST", "/v1/complaints")
        call.body = body
        call.headers = [("Idempotency-Key", "\"\(key)\"")]
        call.isRepeatable = true
        return try decoded(try await send(call).bytes)
    }

    /// Looks what a filing would come to, without storing it.
    public func check(_ body: Data) async throws -> CheckedBody {
        var call = Call("POST", "/v1/complaints")
        call.query = [("validate_only", "true")]
        call.body = body
        call.isRepeatable = true
        return try decoded(try await send(call).bytes)
    }

    /// Does something to a case whose version the caller has seen.
    public func act<Value: Decodable>(
        _ method: String = "POST", on path: String, version: Int?, _ body: [String: JSON] = [:]
    ) async throws -> Value {
        var call = Call(method, path)
        call.body = Data(JSON.object(body.filter { $0.value != .null }).canonicalText.utf8)
        if let version { call.headers = [("If-Match", "\"\(version)\"")] }
        return try decoded(try await send(call).bytes)
    }

    /// Makes something new; the key makes it safe to repeat.
    public func create<Value: Decodable>(at path: String, _ body: [String: JSON]) async throws -> Value {
        var call = Call("POST", path)
        call.body = Data(JSON.object(body.filter { $0.value != .null }).canonicalText.utf8)
        call.headers = [("Idempotency-Key", "\"\(UUID().uuidString)\"")]
        call.isRepeatable = true
        return try decoded(try await send(call).bytes)
    }

    /// Sends the lines of an import as they come; the server takes them as fast as it writes them.
    ///
    /// - Throws: `ProblemBody`, ``Unreachable``, or ``UnexpectedAnswer``; what was committed by then stays.
    public func sendLines<Lines: AsyncSequence & Sendable>(
        _ lines: Lines, of whole: ImportBody
    ) async throws -> ImportBody where Lines.Element == Data {
        try await stream(lines, "\(whole.`self`)/lines?after=\(whole.lines)", isCSV: whole.format == "csv")
    }

    /// Sends the lines of a file only to hear what would become of them.
    ///
    /// - Parameters:
    ///   - lines: The whole file.
    ///   - campaign: Into which it would be imported.
    ///   - mapping: Of a CSV; `nil` for NDJSON.
    /// - Returns: What would become of the file.
    /// - Throws: `ProblemBody`, ``Unreachable``, or ``UnexpectedAnswer``.
    public func checkLines<Lines: AsyncSequence & Sendable>(
        _ lines: Lines, campaign: String, mapping: JSON?
    ) async throws -> ImportCheckBody where Lines.Element == Data {
        var query = [("campaign", campaign), ("format", mapping == nil ? "ndjson" : "csv")]
        if let mapping { query.append(("mapping", mapping.canonicalText)) }
        return try await stream(lines, "/v1/imports/dry-run" + Self.encoded(query), isCSV: mapping != nil)
    }

    private func stream<Lines: AsyncSequence & Sendable, Value: Decodable>(
        _ lines: Lines, _ path: String, isCSV: Bool
    ) async throws -> Value where Lines.Element == Data {
        var request = HTTPClientRequest(url: server + path)
        request.method = .POST
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        request.headers.add(name: "Content-Type", value: isCSV ? "text/csv" : "application/x-ndjson")
        request.body = .stream(lines.map { ByteBuffer(bytes: $0) }, length: .unknown)
        return try decoded(try await answer(to: request, within: .hours(24)).bytes)
    }

    /// Reads a resource piece by piece.
    public func download(_ path: String, _ body: (Data) throws -> Void) async throws {
        var request = HTTPClientRequest(url: server + path)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        do {
            let response = try await http.execute(request, timeout: .hours(24))
            guard response.status == .ok else { throw UnexpectedAnswer(status: Int(response.status.code)) }
            for try await piece in response.body { try body(Data(piece.readableBytesView)) }
        } catch let error as HTTPClientError {
            throw Unreachable(server: server, reason: "\(error)")
        }
    }

    /// Does something whose answer is only that it was done.
    ///
    /// - Throws: `ProblemBody`, ``Unreachable``, or ``UnexpectedAnswer``.
    public func tell(_ method: String = "POST", _ path: String, _ body: [String: JSON]) async throws {
        var call = Call(method, path)
        call.body = Data(JSON.object(body).canonicalText.utf8)
        _ = try await send(call)
    }

    /// Ends the token.
    public func endSession() async throws {
        _ = try await send(Call("DELETE", "/v1/session"))
    }

    private func decoded<Value: Decodable>(_ bytes: Data) throws -> Value {
        do {
            return try Coding.decoder.decode(Value.self, from: bytes)
        } catch {
            throw UnexpectedAnswer(status: 200)
        }
    }
}

extension Client.UnexpectedAnswer: CustomStringConvertible {
    public var description: String {
        "the server answered (\(status)) what this version of the program does not understand"
    }
}

extension Client.Unreachable: CustomStringConvertible {
    public var description: String { "\(server) cannot be reached: \(reason)" }
}
