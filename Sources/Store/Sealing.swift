import Crypto
public import Foundation

/// The key that the keys of complaints are encrypted with.
///
/// It lives in a file, never in a database.
public struct KeyEncryptionKey: Sendable {
    /// Names the key without telling it.
    public let id: String
    private let key: SymmetricKey
    private let wrappingKey: SymmetricKey

    public init(_ bytes: Data) {
        key = SymmetricKey(data: bytes)
        wrappingKey = Self.derived(from: key, for: "wrap")
        id = SHA256.hash(data: Data("rectify kek id".utf8) + bytes).prefix(6).map { byte in
            String(byte, radix: 16).leftPadded(to: 2)
        }.joined()
    }

    /// - Throws: `KeyFile.Failure`.
    public init(file: URL) throws(KeyFile.Failure) { self.init(try KeyFile.read(file)) }

    /// A key for another use, from which this one cannot be worked out.
    func derived(for use: String) -> SymmetricKey { Self.derived(from: key, for: use) }

    private static func derived(from key: SymmetricKey, for use: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Data("rectify \(use)".utf8), outputByteCount: 32)
    }

    func wrap(_ caseKey: SymmetricKey, id: UUID) throws -> Data { try wrap(caseKey, "case_key|\(id)") }

    func unwrap(_ wrapped: Data, id: UUID) throws -> SymmetricKey { try unwrap(wrapped, "case_key|\(id)") }

    func wrap(_ key: SymmetricKey, named name: String) throws -> Data { try wrap(key, "named_key|\(name)") }

    func unwrap(_ wrapped: Data, named name: String) throws -> SymmetricKey { try unwrap(wrapped, "named_key|\(name)") }

    private func wrap(_ key: SymmetricKey, _ place: String) throws -> Data {
        try seal(key.withUnsafeBytes { Data($0) }, with: wrappingKey, context: "\(place)|\(id)|1")
    }

    private func unwrap(_ wrapped: Data, _ place: String) throws -> SymmetricKey {
        SymmetricKey(data: try open(wrapped, with: wrappingKey, context: "\(place)|\(id)|1"))
    }
}

/// The key of one complaint.
public struct CaseKey: Sendable {
    public let id: UUID
    private let key: SymmetricKey

    init(id: UUID, key: SymmetricKey) {
        self.id = id
        self.key = key
    }

    func wrapped(under encryptionKey: KeyEncryptionKey) throws -> Data { try encryptionKey.wrap(key, id: id) }

    /// Encrypts one field of one complaint; the result opens nowhere else.
    func seal(_ text: String, field: SealedField, of complaint: UUID) throws -> Data {
        try seal(Data(text.utf8), field: field, of: complaint)
    }

    func seal(_ bytes: Data, field: SealedField, of complaint: UUID) throws -> Data {
        try Store.seal(bytes, with: key, context: context(field, complaint))
    }

    /// - Throws: ``DamagedSeal`` where the bytes are not what was sealed for this field of this complaint.
    func open(_ sealed: Data, field: SealedField, of complaint: UUID) throws -> String {
        String(decoding: try openBytes(sealed, field: field, of: complaint), as: UTF8.self)
    }

    /// - Throws: ``DamagedSeal`` where the bytes are not what was sealed for this field of this complaint.
    func openBytes(_ sealed: Data, field: SealedField, of complaint: UUID) throws -> Data {
        try Store.open(sealed, with: key, context: context(field, complaint))
    }

    private func context(_ field: SealedField, _ complaint: UUID) -> String {
        "complaint_sealed|\(field.rawValue)|\(complaint)|\(id)|1"
    }
}

/// What is kept encrypted about a complaint.
///
/// Messages are fields numbered by the event they came with.
public enum SealedField: RawRepresentable, Sendable, Hashable {
    case identity
    case linkText
    case passphrase
    case controlText
    case message(event: Int)
    /// The name of a file, by its digest in hexadecimal digits.
    case evidenceName(String)
    /// A part of a file.
    case evidence(String, Rendition, position: Int)
    /// What messages to a filer are signed with.
    case webhookSecret

    /// The forms in which a file is kept.
    public enum Rendition: String, Sendable, CaseIterable {
        case original
        /// An image without what was written beside it.
        case stripped
    }

    public init?(rawValue: String) {
        switch rawValue {
        case "identity": self = .identity
        case "link_text": self = .linkText
        case "passphrase": self = .passphrase
        case "control_text": self = .controlText
        case "webhook_secret": self = .webhookSecret
        default:
            guard rawValue.hasPrefix("message_"), let event = Int(rawValue.dropFirst(8)) else { return nil }
            self = .message(event: event)
        }
    }

    public var rawValue: String {
        switch self {
        case .identity: "identity"
        case .linkText: "link_text"
        case .passphrase: "passphrase"
        case .controlText: "control_text"
        case .webhookSecret: "webhook_secret"
        case .message(let event): "message_\(event)"
        case .evidenceName(let digest): "evidence_name_\(digest)"
        case .evidence(let digest, let rendition, let position): "evidence_\(digest)_\(rendition.rawValue)_\(position)"
        }
    }
}

/// AES-256-GCM with a random nonce; `context` is authenticated, so that a value cannot be moved to another place.
func seal(_ bytes: Data, with key: SymmetricKey, context: String) throws -> Data {
    let box = try AES.GCM.seal(bytes, using: key, authenticating: Data(context.utf8))
    return box.nonce.withUnsafeBytes { Data($0) } + box.ciphertext + box.tag
}

///
/// - Throws: ``DamagedSeal``.
func open(_ sealed: Data, with key: SymmetricKey, context: String) throws -> Data {
    do {
        return try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: key, authenticating: Data(context.utf8))
    } catch {
        throw DamagedSeal(place: context)
    }
}

/// What is sealed at a place is not what was sealed for it: it was changed, or put there from another place.
public struct DamagedSeal: Error, Equatable, CustomStringConvertible {
    /// Names table, field, case and key; holds nothing of what is sealed.
    public let place: String

    public var description: String { "what is sealed is not what was sealed there (\(place))" }
}

extension String {
    func leftPadded(to width: Int) -> String { String(repeating: "0", count: max(0, width - count)) + self }
}
