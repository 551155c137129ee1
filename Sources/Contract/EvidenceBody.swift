public import Casework
public import Foundation

/// A file that shows something.
public struct EvidenceBody: Codable, Sendable, Equatable {
    /// Of the file as it was sent, in hexadecimal digits.
    public var sha256: String
    /// As it was sent; without one where the key of the complaint is gone.
    public var name: String?
    public var kind: EvidenceFile.Kind
    public var mediaType: String
    public var bytes: Int
    /// Of the image without what a camera wrote beside it.
    public var strippedBytes: Int?
    /// The complainant, or an officer.
    public var sentBy: Actor.Kind
    /// When it was taken, as the sender says.
    public var capturedOn: Day?
    /// Whether it was old already when it came, by the campaign's limit.
    public var isStale: Bool
    public var recordedAt: Date
    public var `self`: String

    public init(
        sha256: String, name: String?, kind: EvidenceFile.Kind, bytes: Int, strippedBytes: Int?, sentBy: Actor.Kind,
        capturedOn: Day?, isStale: Bool, recordedAt: Date, link: String
    ) {
        self.sha256 = sha256
        self.name = name
        self.kind = kind
        mediaType = kind.mediaType
        self.bytes = bytes
        self.strippedBytes = strippedBytes
        self.sentBy = sentBy
        self.capturedOn = capturedOn
        self.isStale = isStale
        self.recordedAt = recordedAt
        self.`self` = link
    }
}
