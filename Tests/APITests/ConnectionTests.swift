import Casework
import Foundation
import NIOCore
import NIOPosix
import Postgres
import TestSupport
import Testing

@testable import API

/// A connection on which the test writes every byte itself.
final class RawConnection: Sendable {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    init(_ address: String) async throws {
        let port = try #require(Int(address.split(separator: ":").last ?? ""))
        channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
            }
    }

    /// Sends the pieces, with a pause between two, and gives what came back until the server closed.
    ///
    /// - Parameters:
    ///   - pieces: As many as there are, or without end.
    ///   - pause: Between two of them.
    /// - Throws: Where the connection fails.
    /// - Returns: What came; `nil` where the server had not closed after ten minutes.
    func talk(_ pieces: some Sequence<String> & Sendable, pause: Duration = .zero) async throws -> String? {
        try await channel.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask {
                    for piece in pieces {
                        try? await outbound.write(ByteBuffer(string: piece))
                        try await Task.sleep(for: pause)
                    }
                    // What is not closed by then never will be.
                    try await Task.sleep(for: .seconds(600))
                    return nil
                }
                group.addTask {
                    var text = ""
                    do {
                        for try await bytes in inbound { text += String(buffer: bytes) }
                    } catch is CancellationError {
                        return nil
                    } catch {}
                    return text
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        }
    }

    /// One on which nothing is sent.
    static func silent(_ address: String) async throws -> any NIOCore.Channel {
        let port = try #require(Int(address.split(separator: ":").last ?? ""))
        return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port).get()
    }
}

/// What comes in another way than requests should.
struct ConnectionTests {
    private static let short = ConnectionLimits(
        head: .seconds(2), idle: .seconds(1), body: .seconds(2), answer: .seconds(5))
    /// Patient with who asks, and quick to close once it is answered.
    private static let patient = ConnectionLimits(head: .hours(1), idle: .milliseconds(500), body: .hours(1))

    /// A beginning, and then one thing without end.
    private func endless(_ start: String, _ more: String) -> some Sequence<String> & Sendable {
        sequence(first: start) { _ in more }
    }

    @Test func `a client that is slow with its head or its body is let go (G34)`() async throws {
        try await withServer(connections: Self.short) { server in
            #expect(try await RawConnection(server.address).talk([String]()) != nil, "nothing came")
            // What drips would never end; so it is closed while it still drips.
            let drip = Duration.milliseconds(100)
            let head = endless("GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ", "a")
            #expect(try await RawConnection(server.address).talk(head, pause: drip) != nil)
            let start =
                "POST /v1/complaints HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Content-Length: 100000\r\n\r\n"
            #expect(try await RawConnection(server.address).talk(endless(start, " "), pause: drip) != nil)
            let idle = try await RawConnection(server.address).talk(["GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"])
            #expect(idle?.contains("200 OK") == true)
        }
    }

    @Test func `who was answered before the body had come is let go as well`() async throws {
        try await withServer(connections: Self.patient) { server in
            let pieces = ["GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n", "x"]
            let late = try await RawConnection(server.address).talk(pieces, pause: .milliseconds(300))
            #expect(late?.hasPrefix("HTTP/1.1 200") == true, "\(late ?? "not closed")")
        }
    }

    @Test func `after a refusal little more is read (G35)`() async throws {
        try await withServer { server in
            let start =
                "POST /v1/complaints HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Content-Length: 100000000000\r\n\r\n"
            let more = String(repeating: "x", count: 16 * 1024)
            let answer = try await RawConnection(server.address).talk(endless(start, more), pause: .milliseconds(5))
            #expect(answer?.contains("413") == true, "\(answer ?? "it reads on and on")")
        }
    }

    @Test(arguments: [
        ("GET /readyz HTTP/1.0\r\n\r\n", "200"),
        ("GET //livez HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("GET /livez/ HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("GET /v1/%2e%2e/livez HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "400"),
        ("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx", "400"),
    ])
    func `a request that could be read in two ways is refused (G36)`(request: String, status: String) async throws {
        try await withServer(connections: Self.patient) { server in
            let answer = try await RawConnection(server.address).talk([request])
            #expect(answer?.hasPrefix("HTTP/1.1 \(status)") == true, "\(answer?.prefix(100) ?? "not closed")")
        }
    }

    @Test func `who waits for a go-ahead gets it (G37)`() async throws {
        try await withServer(connections: Self.patient) { server in
            let request =
                "POST /v1/complaints HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            let answer = try await RawConnection(server.address).talk([request, "{}"], pause: .milliseconds(100))
            #expect(answer?.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400") == true)
        }
    }

    @Test func `one address has so many connections, and others are served (G39)`() async throws {
        try await withServer(connections: ConnectionLimits(head: .hours(1)), ledger: ConnectionLedger(perClient: 20)) {
            server in
            let connections = try await (0..<30).asyncMap { _ in try await RawConnection.silent(server.address) }
            try await until("those beyond the limit are closed") { connections.count { !$0.isActive } == 10 }
            for connection in connections where connection.isActive { try await connection.close().get() }
            try await until("places come free again") {
                (try? await server.send("GET", "/livez", as: nil).status) == 200
            }
        }
    }

    @Test func `a few clients cannot take every connection, and IPv6 counts by its network`() {
        func client(_ address: String) -> [UInt8] { ConnectionLedger.client(at: address) }
        let ledger = ConnectionLedger(atOnce: 60, perClient: 50)
        for number in 1...5 {
            let address = client("2001:db8:0:\(number)::1")
            while ledger.enter(address) {}
        }
        #expect(ledger.figures.admitted < 60 && ledger.enter(client("192.0.2.1")), "there is room for others")
        ledger.leave(client("192.0.2.1"), wasAdmitted: true)
        #expect(!ledger.enter(client("2001:db8:0:1:ffff::7")), "the same subscriber")
        #expect(ledger.enter(client("2001:db8:0:6::7")))
        #expect(client("::ffff:192.0.2.1") == client("192.0.2.1"))
        let behindProxy = ConnectionLedger(atOnce: 60, perClient: 0)
        for _ in 1...60 { #expect(behindProxy.enter(client("192.0.2.1"))) }
        #expect(!behindProxy.enter(client("192.0.2.2")))
    }

    @Test func `a quota is kept, and says when to come again (G22)`() async throws {
        let moment = Date()
        let clock: @Sendable () -> Date = { moment }
        try await withServer(now: clock, limits: RateLimits(filing: 3, tracking: 2, reports: 1)) { server in
            for left in [2, 1, 0] {
                let filed = try await server.file(as: nil)
                #expect(filed.status == 201)
                #expect(filed.headers["ratelimit"]?.hasPrefix("\"filing\";r=\(left);t=") == true)
                #expect(filed.headers["ratelimit-policy"] == "\"filing\";q=3;w=60")
            }
            let refused = try await server.file(as: nil)
            #expect(refused.status == 429 && refused.code == "quota-exceeded")
            let wait = try #require(refused.headers["retry-after"].flatMap(Int.init))
            #expect(wait == 20 && refused.headers["ratelimit"]?.hasSuffix("t=\(wait)") == true)
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
            let reference = try await server.filed()
            let gate = try await Gate(of: server.store.owner)
            try await server.store.owner.withConnection { db in
                try db.run(
                    script: """
                        CREATE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NEW; END $$;
                        CREATE TRIGGER waits_at_the_gate BEFORE UPDATE ON complaint
                            FOR EACH ROW EXECUTE FUNCTION wait_at_the_gate();
                        """)
            }
            async let first = server.send(
                "POST", "/v1/complaints/\(reference)/acceptance", "{}", headers: ["If-Match": "*"]
            ).status
            try await gate.untilReached()
            for _ in 0..<10 { #expect(try await server.file().status == 503) }
            #expect(try await server.send("GET", "/livez", as: nil).status == 200)
            await gate.open()
            #expect(try await first == 200)
            #expect(try await server.file().status == 201, "and its place is free again")
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
