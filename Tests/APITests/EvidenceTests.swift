import AsyncHTTPClient
import Casework
import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import Postgres
import Store
import TestSupport
import Testing

@testable import API

/// Files that show something: sent, kept sealed, listed and saved again.
struct EvidenceTests {
    /// Sends a file raw and gives the answer.
    private func send(
        _ server: TestServing, _ path: String, _ bytes: [UInt8], _ headers: [String: String], as role: Role? = nil
    ) async throws -> TestServing.Answer {
        var request = HTTPClientRequest(url: server.address + path)
        request.method = .POST
        if let token = role.flatMap({ server.tokens[$0] }) {
            request.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: bytes))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(300))
        let body = Data(try await response.body.collect(upTo: 1 << 20).readableBytesView)
        let fields = response.headers.map { ($0.name.lowercased(), $0.value) }
        return TestServing.Answer(
            status: Int(response.status.code), headers: Dictionary(fields) { first, _ in first }, bytes: body)
    }

    private func raw(_ name: String, _ type: String, _ more: [String: String] = [:]) -> [String: String] {
        ["Content-Type": type, "Content-Disposition": "attachment; filename=\"\(name)\""].merging(more) { $1 }
    }

    private func filed(_ server: TestServing) async throws -> (path: String, code: [String: String]) {
        let filed = try await server.file(as: nil).json
        return (
            "/v1/complaints/\(filed["reference"]?.string ?? "")/evidence",
            ["Tracking-Code": filed["tracking_code"]?.string ?? ""]
        )
    }

    @Test func `a complainant adds a picture, and an officer saves it without what the camera wrote`() async throws {
        try await withServer { server in
            let (path, code) = try await filed(server)
            let bytes = SampleFile.jpeg()
            let kept = try await send(server, path + "?captured_on=2021-08-01", bytes, raw("a.jpg", "image/jpeg", code))
            #expect(kept.status == 201, "\(String(decoding: kept.bytes, as: UTF8.self))")
            #expect(kept.json["bytes"]?.int == bytes.count && kept.json["name"]?.string == "a.jpg")
            #expect(kept.json["is_stale"] == .bool(true), "it was taken long before it came")
            let own = kept.json["self"]?.string ?? ""
            let stripped = try await server.send("GET", own)
            #expect(stripped.status == 200 && !String(decoding: stripped.bytes, as: UTF8.self).contains("secret"))
            #expect(stripped.headers["content-type"] == "application/octet-stream")
            #expect(stripped.headers["content-disposition"]?.hasPrefix("attachment; ") == true)
            #expect(stripped.headers["content-security-policy"] == "sandbox; default-src 'none'")
            #expect(stripped.headers["x-content-type-options"] == "nosniff")
            #expect(stripped.headers["cache-control"] == "no-store")
            let original = try await server.send("GET", own + "?rendition=original", as: nil, headers: code)
            #expect(Array(original.bytes) == bytes)
            let digest = Data(SHA256.hash(data: bytes)).base64EncodedString()
            #expect(original.headers["content-digest"] == "sha-256=:\(digest):")
            let listed = try await server.send("GET", path).json["items"]?.array ?? []
            #expect(listed.count == 1 && listed[0] == kept.json)
            let history = try await server.send("GET", path.replacing("/evidence", with: "/events")).json
            let event = history["items"]?.array.last
            #expect(event?["action"]?.string == "attach")
            #expect(event?["details"]?["sha256"] == kept.json["sha256"], "the digest stands in the history (G80)")
        }
    }

    @Test func `the same file again is the same file, and a form does as well as a raw body`() async throws {
        try await withServer { server in
            let (path, code) = try await filed(server)
            let first = try await send(server, path, SampleFile.png(), raw("截图.png", "image/png", code))
            #expect(first.status == 201)
            let head = "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.png\"\r\n"
            let form =
                Array((head + "Content-Type: image/png\r\n\r\n").utf8) + SampleFile.png()
                + Array("\r\n--xyz\r\nContent-Disposition: form-data; name=\"captured_on\"\r\n\r\n2021-08-20".utf8)
                + Array("\r\n--xyz--\r\n".utf8)
            let type = ["Content-Type": "multipart/form-data; boundary=xyz"].merging(code) { $1 }
            let again = try await send(server, path, form, type)
            #expect(again.status == 200 && again.json["sha256"] == first.json["sha256"])
            #expect(try await server.store.count("evidence_file") == 1)
            let other = try await send(
                server, path, Array((head + "\r\n").utf8) + SampleFile.png(width: 9) + Array("\r\n--xyz--".utf8), type)
            #expect(other.status == 201)
            let cut = try await send(server, path, Array(form.dropLast(10)), type)
            #expect(cut.status == 400 && cut.code == "malformed-form")
        }
    }

    @Test func `what does not fit is refused, and nothing is kept (G80)`() async throws {
        try await withServer { server in
            let (path, code) = try await filed(server)
            let png = SampleFile.png()
            let mismatch = raw("a.png", "image/png", code.merging(["Content-Digest": "sha-256=:AAAA:"]) { $1 })
            #expect(try await send(server, path, png, mismatch).code == "digest-mismatch")
            let fits = Data(SHA256.hash(data: png)).base64EncodedString()
            let html = try await send(server, path, Array("<html>".utf8), raw("a.png", "image/png", code))
            #expect(html.status == 422 && html.faults == ["#/file kind_mismatch"])
            #expect(try await send(server, path, png, raw("a.jpg", "image/png", code)).status == 422)
            #expect(try await send(server, path, png, ["Content-Type": "image/png"].merging(code) { $1 }).status == 422)
            #expect(try await send(server, path, png, code).status == 415)
            #expect(try await send(server, path, png, raw("a.png", "image/png")).status == 401)
            let wrong = ["Tracking-Code": "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-A"]
            let unknown = try await send(server, path, png, raw("a.png", "image/png", wrong))
            let (_, foreign) = try await filed(server)
            let others = try await send(server, path, png, raw("a.png", "image/png", foreign))
            #expect(unknown.status == 401 && others.status == 401)
            #expect(unknown.code == others.code, "another complaint's code tells nothing")
            #expect(try await server.store.count("evidence_file") == 0)
            #expect(try await server.store.count("evidence_chunk") == 0)
            let good = raw("a.png", "image/png", code.merging(["Content-Digest": "sha-256=:\(fits):"]) { $1 })
            #expect(try await send(server, path, png, good).status == 201)
        }
    }

    @Test func `what an officer adds is not the complainant's to see`() async throws {
        try await withServer { server in
            let (path, code) = try await filed(server)
            let kept = try await send(server, path, SampleFile.text, raw("own.txt", "text/plain"), as: .officer)
            #expect(kept.status == 201)
            #expect(try await server.send("GET", path, as: nil, headers: code).json["items"]?.array.isEmpty == true)
            let own = kept.json["self"]?.string ?? ""
            #expect(try await server.send("GET", own, as: nil, headers: code).status == 404)
            #expect(try await server.send("GET", own).status == 200)
            // Sent by the complainant as well, it is the complainant's own, and nothing tells that it was there.
            let sent = try await send(server, path, SampleFile.text, raw("mine.txt", "text/plain", code))
            #expect(sent.status == 201 && sent.json["name"]?.string == "mine.txt")
            #expect(try await server.send("GET", own, as: nil, headers: code).status == 200)
            let listed = try await server.send("GET", path, as: nil, headers: code).json["items"]?.array ?? []
            #expect(listed == [sent.json])
            let all = try await server.send("GET", path).json["items"]?.array ?? []
            #expect(all.map { $0["sent_by"]?.string } == ["officer", "complainant"])
            let again = try await send(server, path, SampleFile.text, raw("own.txt", "text/plain"), as: .officer)
            #expect(again.status == 200 && again.json == kept.json)
        }
    }

    @Test func `a form that is cut or bent anywhere is refused, and the server lives`() async throws {
        try await withServer { server in
            let (path, code) = try await filed(server)
            let type = ["Content-Type": "multipart/form-data; boundary=X"].merging(code) { $1 }
            let form = Array(
                "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\ntext\r\n--X--".utf8)
            var bent = ["--X\r\n\r\ndata\r\n--X--", "--X", "--X\r\n", "--X\r\n:\r\n\r\n\r\n--X--", "--X--"].map {
                Array($0.utf8)
            }
            bent += form.indices.map { Array(form[..<$0]) }
            bent += form.indices.map { index in form.enumerated().map { $0 == index ? 0x0D : $1 } }
            for (index, body) in bent.enumerated() {
                let status = try await send(server, path, body, type).status
                #expect([200, 201, 400, 409, 422].contains(status), "form \(index): \(status)")
            }
            #expect(try await server.send("GET", "/livez", as: nil).status == 200)
        }
    }

    @Test func `a file of many parts comes back as it went in`() async throws {
        try await withServer { server in
            let (path, code) = try await filed(server)
            let large = Array(repeating: UInt8(ascii: "x"), count: 1_000_001) + Array("结束".utf8)
            let kept = try await send(server, path, large, raw("a.txt", "text/plain", code))
            #expect(kept.status == 201 && kept.json["bytes"]?.int == large.count)
            let back = try await server.send("GET", kept.json["self"]?.string ?? "", as: nil, headers: code)
            #expect(Array(back.bytes) == large)
        }
    }

    @Test func `no complaint takes more than its share, however many come at once (G82)`() async throws {
        try await withServer { server in
            let (path, _) = try await filed(server)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for width in 1...30 {
                    group.addTask {
                        try await send(
                            server, path, SampleFile.png(width: width), raw("a.png", "image/png"), as: .officer
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 201 } == 20 && statuses.count { $0 == 409 } == 10)
            #expect(try await server.store.count("evidence_file") == 20)
            let listed = try await server.send("GET", path).json["items"]?.array ?? []
            let width = try #require(
                (1...30).first { width in
                    let digest = SHA256.hash(data: SampleFile.png(width: width)).map { byte in
                        (byte < 16 ? "0" : "") + String(byte, radix: 16)
                    }.joined()
                    return listed.contains { $0["sha256"]?.string == digest }
                })
            let again = try await send(
                server, path, SampleFile.png(width: width), raw("a.png", "image/png"), as: .officer)
            #expect(again.status == 200, "one that is there already is no more")
        }
    }

    @Test func `all complaints together take no more than there is room for, however many come at once (G82)`()
        async throws
    {
        try await withServer(evidence: EvidenceQuota(bytesOfAll: 1_000_000)) { server in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    let (path, code) = try await filed(server)
                    group.addTask {
                        let bytes = Array("\(number)".utf8) + Array(repeating: UInt8(ascii: "x"), count: 300_000)
                        return try await send(server, path, bytes, raw("a.txt", "text/plain", code)).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 201 } == 3 && statuses.count { $0 == 507 } == 5)
            #expect(try await server.store.count("evidence_file") == 3)
        }
    }

    @Test func `the bytes in the database are no file, and fit no other place (G84)`() async throws {
        try await withServer { server in
            let (path, code) = try await filed(server)
            let text = Array("看得见的字".utf8)
            let kept = try await send(server, path, text, raw("a.txt", "text/plain", code))
            let again = try await send(server, path, SampleFile.text, raw("b.txt", "text/plain", code))
            let plain = try await server.store.databases.work.transaction(.readOnly) { db in
                try db.first("SELECT count(*) FROM evidence_chunk WHERE position('看得见'::bytea IN sealed) > 0") { row in
                    try row.read(Int.self)
                }
            }
            #expect(plain == 0)
            _ = try await server.store.owner.transaction { db in
                try db.run(
                    """
                    UPDATE evidence_chunk c SET sealed = o.sealed FROM evidence_chunk o
                    WHERE o.sha256 <> c.sha256 AND o.complaint_id = c.complaint_id
                    """)
            }
            for own in [kept.json["self"]?.string ?? "", again.json["self"]?.string ?? ""] {
                // The head has gone out before the first part is opened: the answer breaks off.
                let swapped = try? await server.send("GET", own, as: nil, headers: code)
                #expect(swapped.map { $0.bytes.isEmpty || $0.status == 500 } ?? true)
            }
        }
    }
}
