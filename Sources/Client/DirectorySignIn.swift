import AsyncHTTPClient
import Casework
public import Contract
import Crypto
import Foundation
import NIOCore
import NIOHTTP1

/// Signs an officer in at the authority's own directory, an OpenID Connect issuer, and brings back the ID token.
///
/// As a native application does: a public client without a secret, authorisation code with PKCE on a loopback address (RFC 8252,
/// RFC 7636), or the device flow where no browser is at hand (RFC 8628).
public struct DirectorySignIn: Sendable {
    /// What the directory says instead of a token.
    public struct Refused: Error, CustomStringConvertible {
        public let description: String
    }

    /// What a browser is sent to, and what has to come back.
    public struct Attempt: Sendable {
        public let address: String
        /// Comes back with the code; anything else is not an answer to this.
        public let state: String
        /// Has to stand in the token.
        public let nonce: String
        fileprivate let verifier: String
        fileprivate let redirect: String
    }

    /// What a person types at another machine.
    public struct DeviceCode: Sendable, Decodable {
        public let userCode: String
        public let verificationURI: String
        public let verificationURIComplete: String?
        fileprivate let deviceCode: String
        fileprivate let expiresIn: Int
        fileprivate let interval: Int?

        enum CodingKeys: String, CodingKey {
            case userCode = "user_code"
            case verificationURI = "verification_uri"
            case verificationURIComplete = "verification_uri_complete"
            case deviceCode = "device_code"
            case expiresIn = "expires_in"
            case interval
        }
    }

    private struct Endpoints: Decodable {
        let issuer: String
        let authorization: String?
        let token: String
        let device: String?

        enum CodingKeys: String, CodingKey {
            case issuer
            case authorization = "authorization_endpoint"
            case token = "token_endpoint"
            case device = "device_authorization_endpoint"
        }
    }

    private let clientID: String
    private let endpoints: Endpoints

    /// Asks the directory what it offers.
    ///
    /// - Throws: ``Refused`` where it is another than it says, or cannot be reached.
    public init(_ directory: DirectoryBody) async throws {
        clientID = directory.clientID
        let base = directory.issuer.hasSuffix("/") ? String(directory.issuer.dropLast()) : directory.issuer
        let (status, bytes) = try await Self.send(HTTPClientRequest(url: "\(base)/.well-known/openid-configuration"))
        // The refusal names the directory.
        guard status == 200, let found = try? JSONDecoder().decode(Endpoints.self, from: bytes),
            found.issuer == directory.issuer
        else { throw Refused(description: "\(directory.issuer) does not say what it offers") }
        endpoints = found
    }

    // MARK: Authorisation code

    /// What to open in a browser.
    ///
    /// - Parameter redirect: The loopback address that waits for the answer.
    /// - Returns: The address, and what it takes to go on with what comes back.
    /// - Throws: ``Refused`` where the directory has no such flow.
    public func attempt(redirect: String) throws(Refused) -> Attempt {
        guard let endpoint = endpoints.authorization else {
            throw Refused(description: "the directory offers no sign-in by browser; use --device")
        }
        let (state, nonce, verifier) = (Self.secret(), Self.secret(), Self.secret())
        let query = Self.form([
            ("response_type", "code"), ("client_id", clientID), ("redirect_uri", redirect), ("scope", "openid profile"),
            ("state", state), ("nonce", nonce), ("code_challenge", Self.challenge(verifier)),
            ("code_challenge_method", "S256"),
        ])
        let address = endpoint + (endpoint.contains("?") ? "&" : "?") + query
        return Attempt(address: address, state: state, nonce: nonce, verifier: verifier, redirect: redirect)
    }

    /// The ID token for the code that came back.
    ///
    /// - Throws: ``Refused``.
    public func token(for code: String, of attempt: Attempt) async throws -> String {
        let answer = try await ask(
            endpoints.token,
            [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", attempt.redirect),
                ("client_id", clientID), ("code_verifier", attempt.verifier),
            ])
        return try answer.token()
    }

    // MARK: Device

    /// What the person has to type elsewhere.
    ///
    /// - Throws: ``Refused`` where the directory has no such flow.
    public func deviceCode() async throws -> DeviceCode {
        guard let endpoint = endpoints.device else {
            throw Refused(description: "the directory offers no sign-in by another device")
        }
        let answer = try await ask(endpoint, [("client_id", clientID), ("scope", "openid profile")])
        // The refusal repeats the directory's words.
        guard let code = try? JSONDecoder().decode(DeviceCode.self, from: answer.bytes) else {
            throw Refused(description: answer.words)
        }
        return code
    }

    /// Waits until the person has said yes, no longer than the code holds.
    ///
    /// - Throws: ``Refused``.
    public func token(for device: DeviceCode) async throws -> String {
        var interval = device.interval ?? 5
        let deadline = ContinuousClock.now + .seconds(device.expiresIn)
        while ContinuousClock.now < deadline {
            try await Task.sleep(for: .seconds(interval))
            let answer = try await ask(
                endpoints.token,
                [
                    ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", device.deviceCode),
                    ("client_id", clientID),
                ])
            switch answer.error {
            case "authorization_pending": continue
            case "slow_down": interval += 5
            default: return try answer.token()
            }
        }
        throw Refused(description: "nobody signed in before the code ran out")
    }

    // MARK: Asking

    private struct Answer {
        let bytes: Data

        private struct Members: Decodable {
            let error: String?
            let description: String?
            let token: String?

            enum CodingKeys: String, CodingKey {
                case error
                case description = "error_description"
                case token = "id_token"
            }
        }

        // An answer without them is refused where they are looked for.
        private var members: Members? { try? JSONDecoder().decode(Members.self, from: bytes) }
        var error: String? { members?.error }

        var words: String {
            let said = [members?.error, members?.description].compactMap(\.self).joined(separator: ": ")
            return "the directory refused" + (said.isEmpty ? "" : ": \(said)")
        }

        func token() throws(Refused) -> String {
            guard let token = members?.token else { throw Refused(description: words) }
            return token
        }
    }

    private func ask(_ address: String, _ fields: [(String, String)]) async throws -> Answer {
        var request = HTTPClientRequest(url: address)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        request.headers.add(name: "Accept", value: "application/json")
        request.body = .bytes(ByteBuffer(string: Self.form(fields)))
        return Answer(bytes: try await Self.send(request).bytes)
    }

    private static func send(_ request: HTTPClientRequest) async throws -> (status: UInt, bytes: Data) {
        do {
            let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
            return (answer.status.code, Data(try await answer.body.collect(upTo: 1 << 20).readableBytesView))
        } catch {
            throw Refused(description: "\(request.url.prefix { $0 != "?" }) cannot be reached")
        }
    }

    private static func form(_ fields: [(String, String)]) -> String {
        let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~"))
        return fields.map { "\($0)=\($1.addingPercentEncoding(withAllowedCharacters: plain) ?? "")" }
            .joined(separator: "&")
    }

    /// 256 random bits, in characters that need no encoding.
    private static func secret() -> String {
        var generator = SystemRandomNumberGenerator()
        return base64URL(Data((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }))
    }

    private static func challenge(_ verifier: String) -> String {
        base64URL(Data(SHA256.hash(data: Data(verifier.utf8))))
    }

    private static func base64URL(_ bytes: Data) -> String {
        bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
