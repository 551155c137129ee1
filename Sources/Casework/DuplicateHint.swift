/// Why two complaints may be one.
public struct DuplicateHint: Sendable, Equatable {
    public enum Reason: String, Sendable, CaseIterable, Codable {
        /// The same telephone number or mail address.
        case sameFiler = "same_filer"
        case sameBarrier = "same_barrier"
        case sameLink = "same_link"
        /// The narratives share most of their trigrams.
        case similarText = "similar_text"
    }

    /// From here on, of 1, two narratives count as alike.
    public static let alike = 0.5
    /// From here on they are nearly the same words.
    public static let nearlyIdentical = 0.8

    public var reasons: Set<Reason>
    /// Of the narratives, 0 to 1.
    public var similarity: Double

    public init(reasons: Set<Reason>, similarity: Double) {
        self.reasons = reasons
        self.similarity = similarity
        if similarity >= Self.alike { self.reasons.insert(.similarText) }
    }

    /// Whether an officer should look at the two.
    ///
    /// Another person with the same barrier is no duplicate: both are accepted and attest it.
    public var isSuspected: Bool {
        if reasons.contains(.sameFiler) { return reasons.count > 1 }
        return reasons.contains(.sameLink) && reasons.contains(.similarText)
            || reasons.contains(.sameBarrier) && similarity >= Self.nearlyIdentical
    }
}
