import Casework
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import API

/// HTTP/1.1 as RFC 9112 says, and HTTP/1.0 beside it.
struct MessageRuleTests {
    /// Patient with who asks, so that only what has to be closed is closed.
    private static let patient = ConnectionLimits(head: .hours(1), idle: .hours(1), body: .hours(1))

    private static let chunks = "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    private static let long = String(repeating: "x", count: 100_000)

    /// What is sent, and the status and code of the answer, after which the connection is closed.
    private static let refused: [(sent: String, status: Int, code: String)] = [
        // Host: one, and one that can be (RFC 9112, 3.2), at every address.
        ("GET /livez HTTP/1.1\r\n\r\n", 400, "host-missing"),
        ("GET /v1/campaigns HTTP/1.1\r\n\r\n", 400, "host-missing"),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\nHost: a, b:80\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\nHost: a:http\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\nHost: a:70000\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\nHost:\r\n\r\n", 400, "malformed-request"),
        // The target (3.2).
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
        ("GET ftp://a/livez HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
        ("GET http:///livez HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
        ("GET http://u:p@a/livez HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
        ("GET /livez#x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501, "method-unknown"),
        ("GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n", 414, "address-too-long"),
        // The request line and the version (3).
        ("BREW /livez HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method-unknown"),
        ("get /livez HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method-unknown"),
        ("\u{16}\u{3}\u{1} \u{2}\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/2.0\r\nHost: a\r\n\r\n", 505, "version-unknown"),
        ("GET /livez HTTP/3.7\r\nHost: a\r\n\r\n", 505, "version-unknown"),
        // Fields (5).
        ("GET /livez HTTP/1.1\r\nHost: a\r\nX-One: 1\r\n and more\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\nHost : a\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\n Host: a\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nX-One: a\u{0}b\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nX-One: a\rb\r\n\r\n", 400, "malformed-request"),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nX-One: \(long)\r\n\r\n", 431, "head-too-large"),
        (
            "GET /livez HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: 1\r\n", count: 1100))\r\n", 431,
            "head-too-large"
        ),
        // The framing of a body (6).
        (
            "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400,
            "malformed-request"
        ),
        (
            "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400,
            "malformed-request"
        ),
        ("POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 2, 2\r\n\r\n{}", 400, "malformed-request"),
        ("POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\n{}", 400, "malformed-request"),
        ("POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 0x2\r\n\r\n{}", 400, "malformed-request"),
        ("POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\(chunks)", 400, "malformed-request"),
        ("POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\(chunks)", 400, "malformed-request"),
        (
            "POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501,
            "transfer-coding-unknown"
        ),
        ("POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n", 400, "malformed-request"),
        ("POST /livez HTTP/1.0\r\nHost: a\r\n\(chunks)", 400, "malformed-request"),
        ("POST /livez HTTP/1.0\r\nHost: a\r\nContent-Length: 2\r\n\(chunks)", 400, "malformed-request"),
        (
            "POST /livez HTTP/1.1\r\nHost: a\r\nExpect: a-gift\r\nContent-Length: 2\r\n\r\n{}", 417,
            "expectation-unknown"
        ),
    ]

    @Test func `what is no request of HTTP gets a problem as every other, and the connection ends`() async throws {
        try await withServer(connections: Self.patient) { server in
            for (sent, status, code) in Self.refused {
                let name = Comment(rawValue: String(sent.prefix(70)))
                for address in [server.address, server.metricsAddress] {
                    let answers = try await answers(to: sent, at: address)
                    guard answers.count == 1, let answer = answers.first else {
                        Issue.record("\(answers.count) answers to \(name)")
                        continue
                    }
                    #expect(answer.status == status && answer.json["code"]?.string == code, name)
                    #expect(answer.fields["content-type"] == "application/problem+json", name)
                    #expect(answer.fields["connection"] == "close", name)
                    let id = answer.json["request_id"]?.string
                    #expect(id != nil && id == answer.fields["x-request-id"], name)
                    #expect(answer.fields["x-content-type-options"] == "nosniff", name)
                }
            }
            // A HEAD that is refused is answered without a body.
            let head = try await RawConnection(server.address).talk(["HEAD /livez HTTP/1.1\r\n\r\n"])
            #expect(head?.hasPrefix("HTTP/1.1 400") == true && head?.hasSuffix("\r\n\r\n") == true)
            #expect(try await server.send("GET", "/livez", as: nil).status == 200)
        }
    }

    /// What is sent, and how many answers of 2xx come before the server closes.
    private static let closed: [(sent: String, answers: Int)] = [
        ("GET /livez HTTP/1.0\r\n\r\n", 1),
        ("GET /livez HTTP/1.0\r\nHost: a\r\n\r\n", 1),
        ("GET /v1/campaigns HTTP/1.0\r\n\r\n", 1),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 1),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close, keep-alive\r\n\r\n", 1),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, CLOSE\r\n\r\n", 1),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", 1),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 1),
        // Nothing is answered after a request that is the last (9.6).
        (
            "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n", 1
        ),
        // Those before it are, in their order (9.3.2).
        (
            "GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 2
        ),
        // Empty lines before a request are passed over (2.2).
        ("\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 1),
        // The whole address, whose host wins over Host (3.2.2).
        ("GET http://b.example/livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 1),
        ("GET HTTP://b.example:80/livez?x=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 1),
        // About the server as a whole (3.2.4).
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 1),
        ("OPTIONS http://a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 1),
        ("GET /livez HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\nConnection: close\r\n\r\n", 1),
        ("GET /livez HTTP/1.1\r\nHost: xn--fiqs8s.example.\r\nConnection: close\r\n\r\n", 1),
    ]

    @Test func `a connection ends when and where the client has said so`() async throws {
        try await withServer(connections: Self.patient) { server in
            for (sent, count) in Self.closed {
                let answers = try await answers(to: sent, at: server.address)
                #expect(answers.count == count, "\(sent)")
                #expect(answers.allSatisfy { (200..<300).contains($0.status) }, "\(sent)")
                #expect(answers.last?.fields["connection"] == "close", "\(sent)")
                #expect(answers.dropLast().allSatisfy { $0.fields["connection"] == nil }, "\(sent)")
            }
        }
    }

    @Test func `what comes before a request that cannot be read is answered first`() async throws {
        try await withServer(connections: Self.patient) { server in
            let good = "GET /v1/campaigns HTTP/1.1\r\nHost: a\r\n\r\n"
            for bad in ["GET /livez HTTP/1.1\r\n\r\n", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n"] {
                let answers = try await answers(to: good + good + bad + good, at: server.address)
                #expect(answers.map(\.status).prefix(2) == [200, 200] && answers.count == 3, "\(bad)")
                #expect((answers.last?.status ?? 0) >= 400, "\(bad)")
            }
            // A body that breaks off in its middle is the request's own fault, and is answered once.
            let start = "POST /v1/complaints HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            let broken = try await answers(
                to: start + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", at: server.address)
            #expect(broken.map(\.status) == [400] && broken.first?.json["code"]?.string == "broken-off")
        }
    }

    @Test func `HTTP 1.0 gets neither chunks nor a go-ahead, and HEAD no body`() async throws {
        try await withServer(connections: Self.patient) { server in
            let filing =
                "POST /v1/complaints HTTP/1.0\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
                + "Content-Length: 2\r\n\r\n{}"
            let answer = try await RawConnection(server.address).talk([filing])
            #expect(answer?.hasPrefix("HTTP/1.1 4") == true, "\(answer ?? "not closed")")
            let request = "HEAD /v1/campaigns HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            let head = try await RawConnection(server.address).talk([request])
            #expect(head?.hasPrefix("HTTP/1.1 200") == true && head?.hasSuffix("\r\n\r\n") == true)
        }
    }

    // MARK: Reading answers

    private struct Answer {
        let status: Int
        let fields: [String: String]
        let body: String
        var json: JSON { (try? JSON(parsing: body.utf8)) ?? .null }
    }

    /// Sends bytes, and reads every answer until the server closes.
    private func answers(to sent: String, at address: String) async throws -> [Answer] {
        let text = try #require(try await RawConnection(address).talk([sent]), "not closed: \(sent.prefix(70))")
        var answers: [Answer] = []
        var rest = Substring(text)
        while let end = rest.range(of: "\r\n\r\n") {
            let lines = rest[..<end.lowerBound].components(separatedBy: "\r\n")
            let fields = Dictionary(
                lines.dropFirst().map { line in
                    let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
                    return (parts[0].lowercased(), parts.count > 1 ? parts[1] : "")
                }, uniquingKeysWith: { "\($0), \($1)" })
            let length = fields["content-length"].flatMap { Int($0) } ?? 0
            let body = String(decoding: rest[end.upperBound...].utf8.prefix(length), as: UTF8.self)
            rest = Substring(String(decoding: rest[end.upperBound...].utf8.dropFirst(length), as: UTF8.self))
            answers.append(
                Answer(status: Int(lines[0].split(separator: " ")[1]) ?? 0, fields: fields, body: body))
        }
        return answers
    }
}
