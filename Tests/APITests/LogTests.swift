import Casework
import Foundation
import Store
import TestSupport
import Testing
import Transparency

/// What filers and others can prove of history.
struct LogTests {
    @Test func `a filer gets a receipt that holds without the server (G91)`() async throws {
        try await withServer { server in
            let filed = try await server.file(as: nil).json
            let code = filed["tracking_code"]?.string ?? ""
            func receipt(_ code: String) async throws -> TestServing.Answer {
                try await server.send("GET", "/v1/tracking/receipt", as: nil, headers: ["Tracking-Code": code])
            }
            let early = try await receipt(code)
            #expect(early.status == 409 && early.code == "not-signed-yet" && early.headers["retry-after"] == "60")
            let log = EventLog(server.store.databases, signer: try logSigner())
            try await log.bringUp()
            try await log.sign()
            let answer = try await receipt(code)
            #expect(answer.status == 200 && answer.headers["content-disposition"]?.hasSuffix(".tlog-proof\"") == true)
            let proof = try #require(LogProof(String(decoding: answer.bytes, as: UTF8.self)))
            let key = try await server.send("GET", "/v1/log/key", as: nil)
            let text = String(decoding: key.bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            let verifier = try #require(NoteVerifier(text))
            #expect(try proof.checkpoint(including: LoggedEvent.entry(of: proof.extra), verifier)?.origin == "test/log")
            let event = try JSON(parsing: proof.extra.dropFirst(LoggedEvent.saltLength))
            #expect(event["action"]?.string == "file" && event["case"]?.string == filed["id"]?.string?.lowercased())
            for secret in ["张小禾", "13800000001", "xiaohe", "taobao.com", code] {
                #expect(!String(decoding: proof.extra, as: UTF8.self).contains(secret), "\(secret)")
            }
            #expect(try await receipt("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-A").status == 404)
        }
    }

    @Test func `one checkpoint is proved to begin the next, and each event to be in it`() async throws {
        try await withServer { server in
            #expect(try await server.send("GET", "/v1/log/checkpoint", as: nil).status == 409, "nothing is signed")
            let log = EventLog(server.store.databases, signer: try logSigner())
            let verifier = try logSigner().verifier
            var checkpoints: [Checkpoint] = []
            let reference = try await server.filed()
            for round in 0..<2 {
                if round > 0 {
                    let path = "/v1/complaints/\(reference)/acceptance"
                    #expect(try await server.send("POST", path, "{}", headers: ["If-Match": "*"]).status == 200)
                }
                try await log.bringUp()
                try await log.sign()
                let note = String(
                    decoding: try await server.send("GET", "/v1/log/checkpoint", as: nil).bytes, as: UTF8.self)
                checkpoints.append(try Checkpoint(signed: note, by: verifier))
            }
            let (old, new) = (checkpoints[0], checkpoints[1])
            #expect(old.size < new.size)
            let path = "/v1/log/consistency"
            let proof = try await server.send("GET", path + "?from=\(old.size)&to=\(new.size)", as: nil).json
            let hashes = proof["hashes"]?.array.compactMap { $0.string.flatMap { Data(base64Encoded: $0) } } ?? []
            #expect(MerkleTree.isConsistent(old.size, old.root, with: new.size, new.root, by: hashes))
            #expect(try await server.send("GET", path + "?from=1&to=99", as: nil).faults == ["?/to out_of_range"])
            #expect(try await server.send("GET", path + "?from=3&to=2", as: nil).faults == ["?/from out_of_range"])
            #expect(try await server.send("GET", path + "?from=3", as: nil).faults == ["?/to missing"])

            let event = "/v1/complaints/\(reference)/events/2/proof"
            let answer = try await server.send("GET", event)
            let accepted = try #require(LogProof(String(decoding: answer.bytes, as: UTF8.self)))
            #expect(try accepted.checkpoint(including: LoggedEvent.entry(of: accepted.extra), verifier) == new)
            #expect(try await server.send("GET", event, as: nil).status == 401)
            #expect(try await server.send("GET", event.replacing("/2/", with: "/9/")).status == 404)
            #expect(try await server.send("GET", event.replacing("/2/", with: "/x/")).status == 404)
        }
    }
}
