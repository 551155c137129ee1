import Casework
import Foundation
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import API

/// A connection on which the test writes every byte itself.
private final class RawConnection: Sendable {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    init(_ address: String) async throws {
        let port = try #require(Int(address.split(separator: ":").last ?? ""))
        channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
            }
    }

    /// Sends the pieces with a pause after each, and gives what came back until the server closed, or time was over.
    func talk(
        _ pieces: [String], pause: Duration = .zero, for limit: Duration = .seconds(25)
    ) async throws -> (
        text: String, isClosed: Bool, took: Duration
    ) {
        let began = ContinuousClock.now
        return try await channel.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup(of: (String, Bool)?.self) { group in
                group.addTask {
                    for piece in pieces {
                        try? await outbound.write(ByteBuffer(string: piece))
                        try await Task.sleep(for: pause)
                    }
                    return nil
                }
                group.addTask {
                    var text = ""
                    do {
                        for try await bytes in inbound { text += String(buffer: bytes) }
                    } catch is CancellationError {
                        return (text, false)
                    } catch {}
                    return (text, !Task.isCancelled)
                }
                group.addTask {
                    try await Task.sleep(for: limit)
                    return ("", false)
                }
                while let outcome = try await group.next() {
                    guard let outcome else { continue }
                    group.cancelAll()
                    return (outcome.0, outcome.1, ContinuousClock.now - began)
                }
                return ("", false, ContinuousClock.now - began)
            }
        }
    }
}

/// What comes in another way than requests should.
struct ConnectionTests {
    private static let short = ConnectionLimits(
        head: .seconds(2), idle: .seconds(1), body: .seconds(2), answer: .seconds(5))
    /// Patient with who asks, and quick to close once it is answered.
    private static let patient = ConnectionLimits(head: .seconds(20), idle: .milliseconds(500), body: .seconds(20))

    @Test func `a client that dawdles over its head or its body is let go (G34)`() async throws {
        try await withServer(connections: Self.short) { server in
            let silent = try await RawConnection(server.address).talk([])
            #expect(silent.isClosed && silent.took < .seconds(5))
            let drip = Array("GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: aaaaaaaaaaaaaaaa".map { String($0) })
            let head = try await RawConnection(server.address).talk(drip, pause: .milliseconds(100))
            #expect(head.isClosed && head.took < .seconds(5))
            let start =
                "POST /v1/complaints HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Content-Length: 1000\r\n\r\n"
            let body = try await RawConnection(server.address).talk(
                [start] + Array(repeating: " ", count: 60), pause: .milliseconds(100))
            #expect(body.isClosed && body.took < .seconds(5))
            let idle = try await RawConnection(server.address).talk(["GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"])
            #expect(idle.text.contains("200 OK") && idle.isClosed && idle.took < .seconds(5))
        }
    }

    @Test func `who was answered before the body had come is let go as well`() async throws {
        try await withServer(connections: Self.patient) { server in
            let pieces = ["GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n", "x"]
            let late = try await RawConnection(server.address).talk(
                pieces, pause: .milliseconds(300), for: .seconds(10))
            #expect(late.text.hasPrefix("HTTP/1.1 200") && late.isClosed && late.took < .seconds(5), "\(late)")
        }
    }

    @Test func `after a refusal little more is read (G35)`() async throws {
        try await withServer { server in
            let start =
                "POST /v1/complaints HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Content-Length: 100000000\r\n\r\n"
            let more = String(repeating: "x", count: 16 * 1024)
            let answer = try await RawConnection(server.address).talk(
                [start] + Array(repeating: more, count: 400), pause: .milliseconds(5))
            #expect(answer.text.contains("413") && answer.isClosed)
            #expect(answer.took < .seconds(3))
        }
    }

    @Test(arguments: [
        ("GET /v1/campaigns HTTP/1.1\r\n\r\n", "400"), ("GET /readyz HTTP/1.0\r\n\r\n", "200"),
        ("GET //livez HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("GET /livez/ HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("GET /v1/%2e%2e/livez HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "400"),
        ("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx", "400"),
    ])
    func `a request that could be read in two ways is refused (G36)`(request: String, status: String) async throws {
        try await withServer(connections: Self.patient) { server in
            let answer = try await RawConnection(server.address).talk([request])
            #expect(answer.text.hasPrefix("HTTP/1.1 \(status)"), "\(answer.text.prefix(100))")
        }
    }

    @Test func `who waits for a go-ahead gets it (G37)`() async throws {
        try await withServer(connections: Self.patient) { server in
            let request =
                "POST /v1/complaints HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            let answer = try await RawConnection(server.address).talk([request, "{}"], pause: .milliseconds(100))
            #expect(answer.text.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400"))
        }
    }

    @Test func `one address has so many connections, and others are served (G39)`() async throws {
        try await withServer(connections: ConnectionLimits(perAddress: 20)) { server in
            let outcomes = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        try await RawConnection(server.address).talk([], for: .milliseconds(1500)).isClosed
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 } >= 10, "those beyond the limit are closed at once")
            #expect(try await server.send("GET", "/livez", as: nil).status == 200, "and places come free again")
        }
    }

    @Test func `a quota is kept, and says when to come again (G22)`() async throws {
        try await withServer(limits: RateLimits(filing: 3, tracking: 2, reports: 1)) { server in
            for left in [2, 1, 0] {
                let filed = try await server.file(as: nil)
                #expect(filed.status == 201)
                #expect(filed.headers["ratelimit"]?.hasPrefix("\"filing\";r=\(left);t=") == true)
                #expect(filed.headers["ratelimit-policy"] == "\"filing\";q=3;w=60")
            }
            let refused = try await server.file(as: nil)
            #expect(refused.status == 429 && refused.code == "quota-exceeded")
            let wait = try #require(refused.headers["retry-after"].flatMap(Int.init))
            #expect((1...20).contains(wait) && refused.headers["ratelimit"]?.hasSuffix("t=\(wait)") == true)
            #expect(try await server.file(as: .officer).status == 201, "who signed for it is not held back")
            let tracking = ["Tracking-Code": "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-A"]
            var codes: [Int] = []
            for _ in 0..<4 {
                codes.append(try await server.send("GET", "/v1/tracking", as: nil, headers: tracking).status)
            }
            #expect(codes.suffix(2) == [429, 429], "guessing is slowed (G75)")
            let report = "/v1/campaigns/internet-2021/progress"
            #expect(try await server.send("GET", report, as: nil).status == 503, "it is not prepared yet")
            #expect(try await server.send("GET", report, as: nil).status == 429, "reports are dear")
            #expect(try await server.send("GET", report).status == 200)
        }
    }

    @Test func `more at once than can be taken is told so at once (G40)`() async throws {
        try await withServer(requestsAtOnce: 1) { server in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 { group.addTask { try await server.file().status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.contains(201) && statuses.contains(503))
            #expect(Set(statuses) == [201, 503])
            #expect(try await server.send("GET", "/livez", as: nil).status == 200)
        }
    }

    @Test(arguments: [
        ("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2::7", "2001:db8:1::/48"), ("2001:db8::7", "2001:db8:0::/48"),
        ("::1", "0:0:0::/48"), ("::ffff:10.1.2.3", "10.1.2.0/24"),
    ])
    func `an address is looked at no finer than its network (G76, G77)`(address: String, network: String) {
        #expect(networkPrefix(of: address) == network)
    }
}
