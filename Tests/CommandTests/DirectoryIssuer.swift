import AsyncHTTPClient
import Casework
import Foundation
import NIOCore
import NIOHTTP1
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A directory of people as a ministry has one: Debian's OpenID Connect server, on a port of a test's own.
///
/// A person's browser is played by requests with cookies.
final class DirectoryIssuer: Sendable {
    private let process: Process
    private let base: String
    private let folder: URL
    /// On which the browser may come back: this server wants to know it beforehand.
    let callbackPort: Int
    var issuer: String { "\(base)/api/oidc" }

    /// - Throws: Where the server does not come up.
    init(in folder: URL, port: Int) async throws {
        self.folder = folder
        callbackPort = try freePort()
        base = "http://127.0.0.1:\(port)"
        try #require(
            FileManager.default.isExecutableFile(atPath: "/usr/bin/glewlwyd"),
            "Debian's package glewlwyd is missing; `make test` installs it")
        let database = folder.appending(path: "directory.db").path(percentEncoded: false)
        let script = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"
        let made = try await Subprocess.run(
            .name("python3"),
            arguments: [
                "-c", "import sqlite3,sys; sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())",
                database,
                script,
            ], output: .discarded, error: .string(limit: 65_536))
        try #require(made.terminationStatus.isSuccess, "\(made.standardError)")
        let file = folder.appending(path: "directory.conf")
        try Data(Self.configuration(port: port, base: base, database: database).utf8).write(to: file)
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/glewlwyd")
        process.arguments = ["-c", file.path(percentEncoded: false)]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        try await setUp()
    }

    deinit { process.terminate() }

    func stop() { process.terminate() }

    private static func configuration(port: Int, base: String, database: String) -> String {
        """
        port=\(port)
        external_url="\(base)"
        api_prefix="api"
        cookie_domain="127.0.0.1"
        cookie_secure=0
        log_mode="console"
        log_level="ERROR"
        static_files_path="/usr/share/glewlwyd/webapp"
        session_expiration=2592000
        session_key="SESSION"
        admin_scope="g_admin"
        profile_scope="g_profile"
        user_module_path="/usr/lib/glewlwyd/user"
        user_middleware_module_path="/usr/lib/glewlwyd"
        client_module_path="/usr/lib/glewlwyd/client"
        user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
        plugin_module_path="/usr/lib/glewlwyd/plugin"
        hash_algorithm="SHA512"
        login_url="login.html"
        database={ type="sqlite3"; path="\(database)"; };
        """
    }

    /// An issuer with a key, a public client and two people.
    private func setUp() async throws {
        var admin = try await signedIn("admin", "password")
        try await configure(&admin, "POST", try await newKey())
        let client = """
            {"client_id":"rectify","name":"Rectify","confidential":false,"enabled":true,"scope":["openid"],
             "redirect_uri":["http://127.0.0.1:\(callbackPort)/callback"],"token_endpoint_auth_method":["none"],
             "authorization_type":["code","device_authorization"]}
            """
        try await require(admin.send(.POST, "/api/client/", client))
        for name in ["zhang", "stranger"] {
            let user =
                #"{"username":"\#(name)","name":"\#(name)","password":"\#(name)-secret","scope":["openid"],"enabled":true}"#
            try await require(admin.send(.POST, "/api/user/", user))
        }
    }

    /// The issuer signs with another key from now on, and shows only that.
    func changeKey() async throws {
        var admin = try await signedIn("admin", "password")
        try await configure(&admin, "PUT", try await newKey())
        try await require(admin.send(.PUT, "/api/mod/plugin/oidc/reset/", nil))
    }

    private func newKey() async throws -> (secret: String, open: String) {
        let file = folder.appending(path: "directory.pem").path(percentEncoded: false)
        let made = try await Subprocess.run(
            .name("sh"), arguments: ["-c", "openssl genrsa -out \(file) 2048 && openssl rsa -in \(file) -pubout"],
            output: .string(limit: 65_536), error: .discarded)
        return (try String(contentsOfFile: file, encoding: .utf8), made.standardOutput)
    }

    private func configure(_ admin: inout Browser, _ method: String, _ key: (secret: String, open: String)) async throws
    {
        let flags = ["code-enabled", "code-revoke-replayed", "device-enabled", "refresh-enabled"]
        let off = ["token-enabled", "id-token-enabled", "none-enabled", "password-enabled", "client-enabled"]
        var parameters: [String: JSON] = [
            "iss": .string(issuer), "jwt-type": .string("rsa"), "jwt-key-size": .string("256"),
            "key": .string(key.secret), "cert": .string(key.open), "access-token-duration": .int(3600),
            "refresh-token-duration": .int(3600), "code-duration": .int(600), "refresh-token-rolling": .bool(true),
            "device-authorization-expiration": .int(600), "device-authorization-interval": .int(1),
            "allow-non-oidc": .bool(true), "scope": .array([]), "pkce-allowed": .bool(true),
            "pkce-method-plain-allowed": .bool(false), "jwks-show": .bool(true), "subject-type": .string("public"),
            "claims": .array([
                .object([
                    "name": .string("preferred_username"), "user-property": .string("username"),
                    "type": .string("string"),
                    "mandatory": .bool(true),
                ])
            ]),
        ]
        for flag in flags { parameters["auth-type-\(flag)"] = .bool(true) }
        for flag in off { parameters["auth-type-\(flag)"] = .bool(false) }
        let plugin = JSON.object([
            "module": .string("oidc"), "name": .string("oidc"), "display_name": .string("OIDC"), "enabled": .bool(true),
            "parameters": .object(parameters),
        ])
        let path = "/api/mod/plugin/" + (method == "PUT" ? "oidc" : "")
        try await require(admin.send(.RAW(value: method), path, plugin.canonicalText))
    }

    /// A browser in which someone has signed in, and agreed that Rectify may know who it is.
    func browser(of name: String) async throws -> Browser {
        var browser = try await signedIn(name, "\(name)-secret")
        try await require(browser.send(.PUT, "/api/auth/grant/rectify", #"{"scope":"openid"}"#))
        return browser
    }

    private func signedIn(_ name: String, _ password: String) async throws -> Browser {
        var browser = Browser(base: base)
        try await until("the directory lets \(name) in") {
            let answer = try? await browser.send(
                .POST, "/api/auth/", #"{"username":"\#(name)","password":"\#(password)"}"#)
            return answer?.status == .ok
        }
        return browser
    }

    private func require(_ answer: HTTPClientResponse) async throws {
        let text = String(buffer: try await answer.body.collect(upTo: 1 << 20))
        try #require(answer.status.code < 400, "\(text)")
    }
}

/// What keeps cookies and follows where it is sent.
struct Browser {
    let base: String
    private var cookies: [String: String] = [:]

    init(base: String) { self.base = base }

    mutating func send(_ method: HTTPMethod, _ path: String, _ body: String?) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: path.hasPrefix("http") ? path : base + path)
        request.method = method
        let known = cookies.map { "\($0)=\($1)" }.joined(separator: "; ")
        if !known.isEmpty { request.headers.add(name: "Cookie", value: known) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
        }
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow))
        let answer = try await client.execute(request, timeout: .seconds(300))
        let bytes = try await answer.body.collect(upTo: 1 << 20)
        try await client.shutdown()
        for cookie in answer.headers["Set-Cookie"] {
            let pair = cookie.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { cookies[String(pair[0])] = String(pair[1]) }
        }
        return HTTPClientResponse(
            version: answer.version, status: answer.status, headers: answer.headers, body: .bytes(bytes))
    }

    /// Opens an address and follows it to its end.
    mutating func open(_ address: String) async throws -> String {
        var answer = try await send(.GET, address, nil)
        for _ in 0..<5 {
            guard let next = answer.headers.first(name: "Location") else { break }
            answer = try await send(.GET, next, nil)
        }
        return String(buffer: try await answer.body.collect(upTo: 1 << 20))
    }
}
