public import Casework
public import Foundation

/// What goes with an action: when it takes effect, and the words that belong to it.
public struct ActionTerms: Sendable {
    /// `nil` is today.
    public var effectiveOn: Day?
    /// The versions the caller would change, usually the one it saw; `nil` takes whatever there is.
    public var versions: [Int]?
    public var reason: String?
    /// A message to or from the complainant, kept sealed.
    public var message: String?
    public var onBehalfOf: Actor.Kind?
    public var evidence: [Evidence]
    /// What the event says of what was filed, where that changes.
    var digests: [String: String] = [:]
    /// A file to be kept, and what all files together may take.
    public var file: (sealed: SealedEvidence, quota: EvidenceQuota)?

    /// What a company names to show that it did what it says.
    public struct Evidence: Sendable, Equatable {
        public var description: String
        /// Of a file the company keeps ready.
        public var sha256: Data?

        public init(description: String, sha256: Data?) {
            self.description = description
            self.sha256 = sha256
        }
    }

    public init(
        effectiveOn: Day? = nil, versions: [Int]? = nil, reason: String? = nil, message: String? = nil,
        onBehalfOf: Actor.Kind? = nil, evidence: [Evidence] = []
    ) {
        self.effectiveOn = effectiveOn
        self.versions = versions
        self.reason = reason
        self.message = message
        self.onBehalfOf = onBehalfOf
        self.evidence = evidence
    }

    /// The day it takes effect: today, or an earlier one with a reason.
    func day(today: Day) throws(Refusal) -> Day {
        guard let effectiveOn, effectiveOn != today else { return today }
        guard effectiveOn < today else { throw .inTheFuture(on: effectiveOn, today: today) }
        guard reason != nil else { throw .reasonMissing }
        return effectiveOn
    }
}
