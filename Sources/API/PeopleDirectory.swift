import AsyncHTTPClient
import Casework
import Foundation
import JWTKit
import NIOCore
import NIOHTTP1

/// The authority's own directory of people, as an OpenID Connect issuer: who signs in there is known here.
///
/// The officer's command line gets an ID token from the issuer (authorisation code with PKCE, or device flow); this checks it
/// by the issuer's keys, which are fetched once an hour, and at once, but not more than once in ten seconds, where a token
/// names one that is not known (OpenID Connect Core 1.0, 3.1.3.7 and 10.1.1).
public actor PeopleDirectory {
    public struct Settings: Sendable {
        /// As tokens name it; `/.well-known/openid-configuration` lies beneath.
        public let issuer: String
        public let clientID: String
        /// The claim that holds the officer's name.
        public let nameClaim: String

        public init(issuer: String, clientID: String, nameClaim: String) {
            self.issuer = issuer
            self.clientID = clientID
            self.nameClaim = nameClaim
        }
    }

    /// Why a token is not taken; the client is told no more than that it is not.
    enum Refused: Error, Equatable {
        case malformed
        case unknownKey
        case badSignature
        case wrongIssuer
        case wrongAudience
        case outOfTime
        case wrongNonce
        case nameless
    }

    /// The issuer cannot be asked for its keys.
    struct Unreachable: Error {}

    /// Who was shown by a token.
    struct Person: Sendable, Equatable {
        /// The issuer's own name for the person, which never changes.
        let subject: String
        let name: String
        let expiresAt: Date
    }

    private struct Keys {
        let collection: JWTKeyCollection
        let ids: Set<String>
        let fetchedAt: Date

        func isKnown(_ id: String?) -> Bool { id.map(ids.contains) ?? (ids.count == 1) }
    }

    let settings: Settings
    private var keys: Keys?
    private var lastAttempt = Date.distantPast

    private static let (freshFor, pause): (TimeInterval, TimeInterval) = (3600, 10)
    /// Clocks may differ by so much; a token is shown soon after it was made.
    private static let (skew, youth): (TimeInterval, TimeInterval) = (60, 600)
    private static let answerLimit = 1 << 20

    /// - Throws: `InvalidDocument` where the issuer is no address that can be trusted.
    public init(_ settings: Settings) throws {
        guard let url = URL(string: settings.issuer), let host = url.host(),
            url.scheme == "https" || url.scheme == "http" && ["127.0.0.1", "localhost", "::1"].contains(host)
        else {
            throw InvalidDocument(faults: [
                Fault(pointer: "directory.issuer", code: "invalid", detail: "has to be an https address")
            ])
        }
        self.settings = settings
    }

    /// Who the token is about, once it is known to be good.
    ///
    /// - Throws: ``Refused``, or ``Unreachable``.
    func person(from token: String, nonce: String?, at now: Date) async throws -> Person {
        let header = try Self.header(of: token)
        let collection = try await collection(knowing: header.kid, at: now)
        let claims: Claims
        do {
            claims = try await collection.verify(token)
        } catch {
            throw Refused.badSignature
        }
        guard claims.text("iss") == settings.issuer else { throw Refused.wrongIssuer }
        let audience = claims.texts("aud")
        guard audience.contains(settings.clientID), audience.count == 1 || claims.text("azp") == settings.clientID
        else { throw Refused.wrongAudience }
        guard let expiry = claims.moment("exp"), let issued = claims.moment("iat"),
            now < expiry + Self.skew, issued <= now + Self.skew, now <= issued + Self.youth
        else { throw Refused.outOfTime }
        guard claims.text("nonce") == nonce else { throw Refused.wrongNonce }
        guard let subject = claims.text("sub"), let name = claims.text(settings.nameClaim) else {
            throw Refused.nameless
        }
        return Person(subject: subject, name: name, expiresAt: expiry + Self.skew)
    }

    private struct Header: Decodable {
        let alg: String
        let kid: String?
    }

    /// Only signatures by a key pair count: whoever can check a shared secret could make one.
    private static func header(of token: String) throws(Refused) -> Header {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        let known = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
        guard parts.count == 3, let bytes = Data(base64URL: String(parts[0])),
            // What is no header makes the token malformed.
            let header = try? JSONDecoder().decode(Header.self, from: bytes), known.contains(header.alg)
        else { throw .malformed }
        return header
    }

    // MARK: Keys

    private func collection(knowing id: String?, at now: Date) async throws -> JWTKeyCollection {
        if let keys, now < keys.fetchedAt + Self.freshFor, keys.isKnown(id) { return keys.collection }
        if now >= lastAttempt + Self.pause || keys == nil {
            lastAttempt = now
            do {
                keys = try await fetch(at: now)
            } catch {
                // Keys that were good an hour ago are better than nobody signing in; one that is not known stays so.
                guard let keys, keys.isKnown(id) else { throw Unreachable() }
                return keys.collection
            }
        }
        guard let keys, keys.isKnown(id) else { throw Refused.unknownKey }
        return keys.collection
    }

    private func fetch(at now: Date) async throws -> Keys {
        struct Discovery: Decodable {
            let issuer: String
            let jwksURI: String

            enum CodingKeys: String, CodingKey {
                case issuer
                case jwksURI = "jwks_uri"
            }
        }
        struct RawKeys: Decodable { let keys: [Loose] }
        let base = settings.issuer.hasSuffix("/") ? String(settings.issuer.dropLast()) : settings.issuer
        let discovery = try JSONDecoder().decode(
            Discovery.self, from: try await Self.get("\(base)/.well-known/openid-configuration"))
        guard discovery.issuer == settings.issuer else { throw Refused.wrongIssuer }
        let raw = try JSONDecoder().decode(RawKeys.self, from: try await Self.get(discovery.jwksURI))
        let collection = JWTKeyCollection()
        var ids: Set<String> = []
        for key in raw.keys.compactMap(\.key) where key.keyIdentifier != nil {
            try await collection.add(jwk: key)
            if let id = key.keyIdentifier?.string { ids.insert(id) }
        }
        return Keys(collection: collection, ids: ids, fetchedAt: now)
    }

    /// A key of a kind that is not known is passed by.
    private struct Loose: Decodable {
        let key: JWK?

        init(from decoder: any Decoder) throws {
            // A token signed by a key that was passed by is refused.
            key = try? JWK(from: decoder)
        }
    }

    private static func get(_ url: String) async throws -> Data {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "Accept", value: "application/json")
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
        guard answer.status == .ok else { throw Unreachable() }
        return Data(try await answer.body.collect(upTo: answerLimit).readableBytesView)
    }
}

/// The claims of an ID token, whatever they are.
private struct Claims: JWTPayload {
    private let members: [String: Claim]

    private enum Claim: Codable, Sendable {
        case text(String)
        case number(Double)
        case texts([String])
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            // Each kind is tried; another kind is none of those that are looked for.
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let number = try? container.decode(Double.self) {  // As above.
                self = .number(number)
            } else if let texts = try? container.decode([String].self) {  // As above.
                self = .texts(texts)
            } else {
                self = .other
            }
        }

        func encode(to encoder: any Encoder) throws {}
    }

    init(from decoder: any Decoder) throws {
        members = try decoder.singleValueContainer().decode([String: Claim].self)
    }

    func encode(to encoder: any Encoder) throws {}

    /// What they say is judged by ``PeopleDirectory``, which knows what is expected.
    func verify(using algorithm: some JWTAlgorithm) async throws {}

    func text(_ name: String) -> String? { if case .text(let text)? = members[name] { text } else { nil } }

    func texts(_ name: String) -> [String] {
        switch members[name] {
        case .text(let text)?: [text]
        case .texts(let texts)?: texts
        default: []
        }
    }

    func moment(_ name: String) -> Date? {
        if case .number(let seconds)? = members[name] { Date(timeIntervalSince1970: seconds) } else { nil }
    }
}

extension Data {
    /// Without padding, as tokens have it (RFC 7515, 2).
    fileprivate init?(base64URL text: String) {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        self.init(base64Encoded: plain + String(repeating: "=", count: (4 - plain.count % 4) % 4))
    }
}
