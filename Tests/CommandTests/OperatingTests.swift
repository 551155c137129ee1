import AsyncHTTPClient
import Casework
import Foundation
import NIOCore
import NIOHTTP1
import Subprocess
import TestSupport
import Testing

/// What those who run a server rely on.
@Suite(.serialized) struct OperatingTests {
    @Test func `the key of keys is changed while the server works, and the old one can go (G85)`() async throws {
        try await withProgram { program in
            var server = try await ServerProcess(program)
            let filed = try await program.run(
                "complaint", "file", "-", "--server", server.address,
                input:
                    #"{"campaign":"internet-2021","kind":"other","category":"user_rights","respondent":{"platform":"wechat"},"#
                    + #""narrative":"不能注销","complainant":{"kind":"individual","phone":"13800000001"}}"#)
            #expect(filed.code == 0, "\(filed.error)")
            #expect(try await program.run("keys", "new", "--data", program.data).code == 0)
            let twice = try await program.run("keys", "new", "--data", program.data)
            #expect(twice.code == 6 && twice.error.contains("rewrap"))
            let early = try await program.run("keys", "rewrap", "--data", program.data)
            #expect(early.code == 6 && early.error.contains("restart first"), "it could open nothing any more")
            #expect(await server.stop() == 0)
            server = try await ServerProcess(program)
            let before = try await program.run("keys", "status", "--data", program.data)
            #expect(before.output.contains("previous"), "\(before.output)")
            let rewrapped = try await program.run("keys", "rewrap", "--data", program.data)
            #expect(
                rewrapped.code == 0 && rewrapped.error.contains("key-encryption-key.previous"), "\(rewrapped.error)")
            let status = try await program.run("keys", "status", "--data", program.data)
            #expect(status.output.split(separator: "\n").count == 1 && status.output.contains("current"))
            #expect(await server.stop() == 0)
            let previous = program.folder.appending(path: "data/key-encryption-key.previous")
            try FileManager.default.removeItem(at: previous)
            // The key may come from a program as well; one that prints none is named, and not what it printed.
            server = try await ServerProcess(program)
            let token = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            _ = try await program.run("login", "--server", server.address, input: token.output)
            let shown = try await program.run("complaint", "show", "IR21-0000001-8", "--server", server.address)
            #expect(shown.output.contains("138****"), "\(shown.output) \(shown.error)")
            func serve(_ command: String) async throws -> Program.Outcome {
                try await program.run(
                    "serve", "--port", "1", "--host", "192.0.2.1",
                    environment: [
                        "RECTIFY_DATABASE_URL": program.conninfo("rectify"),
                        "RECTIFY_DATABASE_KEYS_URL": program.conninfo("rectify_keys"),
                        "RECTIFY_KEYS_COMMAND": command, "RECTIFY_SAFETY_ACCEPTED": "open_without_tls",
                    ])
            }
            #expect(try await serve("cat \(program.data)/key-encryption-key").error.contains("cannot listen on"))
            let wrong = try await serve("echo not-the-key")
            #expect(wrong.code == 69 && wrong.error.contains("32 bytes") && !wrong.error.contains("not-the-key"))
            #expect(try await serve("false").error.contains("failed"))
            #expect(await server.stop() == 0)
        }
    }

    @Test func `what is unsafe is refused, unless it is accepted by its name`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            func serve(
                _ login: String, _ more: [Environment.Key: String?] = [:], _ host: String = "127.0.0.1"
            ) async throws
                -> Program.Outcome
            {
                func url(_ name: String) -> String { program.conninfo(name, login) }
                let settings: [Environment.Key: String?] = [
                    "RECTIFY_DATABASE_URL": url("rectify"), "RECTIFY_DATABASE_KEYS_URL": url("rectify_keys"),
                    "RECTIFY_KEYS_FILE": "\(program.data)/key-encryption-key",
                ]
                return try await program.run(
                    "serve", "--host", host, "--port", "1", environment: settings.merging(more) { $1 })
            }
            let superuser = try await serve("rectify")
            #expect(superuser.code == 69 && superuser.error.contains("privileged_login"), "\(superuser.error)")
            // Port 1 is nobody's to take but root's, and root finds the address wrong: it got as far as that.
            let open = try await serve("rectify_server", [:], "192.0.2.1")
            #expect(open.code == 69 && open.error.contains("open_without_tls"), "\(open.error)")
            let accepted = try await serve(
                "rectify", ["RECTIFY_SAFETY_ACCEPTED": "privileged_login, open_without_tls"], "192.0.2.1")
            #expect(accepted.error.contains("cannot listen on 192.0.2.1"), "\(accepted.error)")
            let rightless = try await program.run(
                "migrate",
                environment: [
                    "RECTIFY_DATABASE_URL": program.conninfo("rectify"),
                    "RECTIFY_DATABASE_KEYS_URL": program.conninfo("rectify_keys"),
                    "RECTIFY_KEYS_FILE": "\(program.data)/key-encryption-key",
                ])
            #expect(rightless.code == 69 && rightless.error.contains("database.owner_url"), "\(rightless)")
            let slip = try await serve("rectify", ["RECTIFY_SAFETY_ACCEPTED": "everything"])
            #expect(slip.code == 64 && slip.error.contains("fsync_off"))
            let key = program.folder.appending(path: "example-key")
            try Data(Data(repeating: 0, count: 32).base64EncodedString().utf8).write(to: key)
            let path = key.path(percentEncoded: false)
            #expect(chmod(path, 0o644) == 0)
            let world = try await serve("rectify_server", ["RECTIFY_KEYS_FILE": path])
            #expect(world.error.contains("readable by others"))
            #expect(chmod(path, 0o600) == 0)
            let known = try await serve("rectify_server", ["RECTIFY_KEYS_FILE": path])
            #expect(known.error.contains("can be guessed"))
            #expect(await server.stop() == 0)
        }
    }

    @Test func `a database that hangs makes the server not ready, and nothing else (G42)`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            #expect(await status(server.address + "/readyz") == 200)
            let processes = try program.processes(of: .cases)
            #expect(processes.count > 3)
            for process in processes { kill(process, SIGSTOP) }
            // It answers while the database still hangs.
            for _ in 1...3 {
                #expect(await status(server.address + "/readyz") == 503)
                #expect(await status(server.address + "/livez") == 200)
            }
            for process in processes { kill(process, SIGCONT) }
            try await until("it is ready again") { await status(server.address + "/readyz") == 200 }
            #expect(await server.stop() == 0)
        }
    }

    @Test func `told to stop it says so first, and told twice it does not wait (G41)`() async throws {
        try await withProgram { program in
            // As long as a setting can be: who waited for it would not end within this test.
            let server = try await ServerProcess(program, settings: ["RECTIFY_SERVER_LEAVING_SECONDS": "300"])
            #expect(await status(server.address + "/readyz") == 200)
            await server.signal(SIGTERM)
            try await until("it says that it leaves") { await status(server.address + "/readyz") == 503 }
            #expect(await status(server.address + "/v1/campaigns") == 200, "everything else goes on")
            await server.signal(SIGTERM)
            #expect(await server.ended() == 2)
            #expect(try program.processes(of: .cases).isEmpty, "its database has stopped with it")
        }
    }

    @Test func `officers may have an address of their own, and are let in nowhere else then`() async throws {
        try await withProgram { program in
            let inner = "http://127.0.0.1:\(try freePort())"
            let server = try await ServerProcess(
                program, settings: ["RECTIFY_STAFF_PORT": String(inner.split(separator: ":")[2])])
            let token = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            let bearer = ["Authorization": "Bearer \(token.output.trimmingCharacters(in: .whitespacesAndNewlines))"]
            #expect(await body(inner + "/v1/session", bearer)?.contains("zhang") == true)
            #expect(await body(inner + "/v1/complaints?campaign=internet-2021", bearer) != nil)
            #expect(await status(server.address + "/v1/session") == 404, "there is no sign-in for the world")
            #expect(await status(server.address + "/v1/campaigns", bearer) == 401)
            #expect(await status(server.address + "/v1/campaigns") == 200)
            #expect(await status(inner + "/v1/campaigns") == 200)
            let outside = try await program.run("login", "--server", server.address, input: token.output)
            #expect(outside.code == 4 || outside.code == 5, "\(outside)")
            #expect(try await program.run("login", "--server", inner, input: token.output).code == 0)
            #expect(await server.stop() == 0)
        }
    }

    @Test func `the figures have a listener of their own`() async throws {
        try await withProgram { program in
            let port = try freePort()
            let server = try await ServerProcess(program, settings: ["RECTIFY_METRICS_PORT": "\(port)"])
            #expect(await status("http://127.0.0.1:\(port)/metrics") == 200)
            #expect(await status("http://127.0.0.1:\(port)/v1/campaigns") == 404)
            #expect(await status(server.address + "/metrics") == 404)
            #expect(await server.stop() == 0)
        }
    }

    @Test func `what is signed is kept elsewhere, and a database that was put back is refused (G90)`() async throws {
        try await withProgram { program in
            func path(_ name: String) -> String { program.folder.appending(path: name).path(percentEncoded: false) }
            let settings = [
                "RECTIFY_HISTORY_CHECKPOINTS_FOLDER": path("kept"), "RECTIFY_HISTORY_ORIGIN": "example.org/log",
            ]
            try FileManager.default.createDirectory(atPath: path("kept"), withIntermediateDirectories: true)
            var server = try await ServerProcess(program, settings: settings)
            let added = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            _ = try await program.run("login", "--server", server.address, input: added.output)
            let filed = try await program.run(["complaint", "file", "-"], input: try sampleLine(0))
            let reference = String(filed.output.split(separator: " ").first ?? "")
            #expect(await server.stop() == 0)
            _ = try await Subprocess.run(
                .name("cp"), arguments: ["-a", program.data, path("earlier")], output: .discarded, error: .discarded)

            server = try await ServerProcess(program, settings: settings)
            _ = try await program.run("login", "--server", server.address, input: added.output)
            #expect(try await program.run(["complaint", "file", "-"], input: try sampleLine(1)).code == 0)
            #expect(await server.stop() == 0, "what came last is signed before it ends")
            let kept = try FileManager.default.contentsOfDirectory(atPath: path("kept"))
            #expect(kept.count >= 2, "\(kept)")
            let origin: [Environment.Key: String?] = ["RECTIFY_HISTORY_ORIGIN": "example.org/log"]
            let verify = ["audit", "verify", "--data", program.data, "--saved", path("kept")]
            let sound = try await program.run(verify, environment: origin)
            #expect(sound.code == 0 && sound.output.contains("checkpoints fit"), "\(sound.error)\(sound.output)")
            let key = try await program.run(["audit", "key", "--data", program.data], environment: origin)
            #expect(key.output.hasPrefix("example.org/log+"))
            let other = try await program.run(
                ["up", "--data", program.data, "--port", "0"],
                environment: ["RECTIFY_HISTORY_ORIGIN": "example.org/other"])
            #expect(other.code == 6 && other.error.contains("another name"), "\(other.error)")
            let unmounted = try await program.run(
                ["up", "--data", program.data, "--port", "0"],
                environment: origin.merging(["RECTIFY_HISTORY_CHECKPOINTS_FOLDER": path("gone")]) { $1 })
            #expect(unmounted.code == 1 && unmounted.error.contains("No such file"), "\(unmounted.error)")
            let elsewhere = try await program.run(
                ["audit", "verify", "--data", program.data, "--saved", path("gone")], environment: origin)
            #expect(elsewhere.code == 1, "a folder that is not there proves nothing")
            let wrong = try await program.run(verify + ["--key", "none"])
            #expect(wrong.code == 64 && wrong.error.contains("--key"))
            #expect(!reference.isEmpty)

            try FileManager.default.removeItem(atPath: program.data)
            try FileManager.default.moveItem(atPath: path("earlier"), toPath: program.data)
            let refused = try await program.run(
                ["up", "--data", program.data, "--port", "0"],
                environment: [
                    "RECTIFY_HISTORY_CHECKPOINTS_FOLDER": path("kept"), "RECTIFY_HISTORY_ORIGIN": "example.org/log",
                ])
            #expect(refused.code == 6 && refused.error.contains("knows less of history"), "\(refused.error)")
            let found = try await program.run(verify, environment: origin)
            #expect(found.code == 1 && found.output.contains("rolled_back"), "\(found.output)\(found.error)")
        }
    }

    @Test func `a receipt is checked without a server`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(
                program, settings: ["RECTIFY_HISTORY_SECONDS": "1", "RECTIFY_HISTORY_CHECKPOINT_SECONDS": "1"])
            let filing = """
                {"campaign": "internet-2021", "kind": "refused_payment", "respondent": {"platform": "taobao"},
                 "refused_payment": {"method": "wechat_pay", "refusal": "not_offered", "scene": "checkout"},
                 "narrative": "不能用微信支付。"}
                """
            let code = try await trackingCode(of: filing, server.address)
            var proof: String?
            try await until("there is a receipt") {
                proof = await body(server.address + "/v1/tracking/receipt", ["Tracking-Code": code])
                return proof != nil
            }
            let key = try #require(await body(server.address + "/v1/log/key", [:]))
            #expect(await server.stop() == 0)
            let file = program.folder.appending(path: "filing.tlog-proof")
            try Data(try #require(proof).utf8).write(to: file)
            let check = ["audit", "receipt", file.path(percentEncoded: false), "--key"]
            let good = try await program.run(check + [key])
            #expect(good.code == 0 && good.output.contains("\"action\":\"file\""), "\(good.error)")
            #expect(try await program.run(check + [key.replacing("rectify", with: "other")]).code == 64)
            try Data(try #require(proof).replacing("index ", with: "index 1").utf8).write(to: file)
            let bad = try await program.run(check + [key])
            #expect(bad.code == 1 && bad.error.contains("not in the log"), "\(bad.error)")
            try Data("nothing".utf8).write(to: file)
            #expect(try await program.run(check + [key]).code == 7)
        }
    }

    private func trackingCode(of line: String, _ address: String) async throws -> String {
        var request = HTTPClientRequest(url: address + "/v1/complaints")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "Idempotency-Key", value: "\"\(UUID().uuidString)\"")
        request.body = .bytes(ByteBuffer(string: line))
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(300))
        let bytes = Data(try await answer.body.collect(upTo: 1 << 20).readableBytesView)
        guard case .object(let members) = try JSON(parsing: bytes), case .string(let code)? = members["tracking_code"]
        else {
            return ""
        }
        return code
    }

    /// What an address answers, where that is 200.
    private func body(_ url: String, _ headers: [String: String]) async -> String? {
        var request = HTTPClientRequest(url: url)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        guard let answer = try? await HTTPClient.shared.execute(request, timeout: .seconds(300)), answer.status == .ok,
            let buffer = try? await answer.body.collect(upTo: 1 << 20)
        else { return nil }
        return String(buffer: buffer)
    }
}
