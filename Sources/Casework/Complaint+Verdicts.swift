public import Foundation

extension Complaint {
    /// What one complainant said of one ending of the case.
    ///
    /// It belongs to that ending: a case that was reopened has none, and each next ending is asked about again.
    public struct Verdict: Sendable, Hashable, Codable {
        /// The step that closed the case, by its place in history.
        public let ending: Int
        /// The complaint of who says it: the case itself, or one that was merged into it.
        public let complaint: UUID
        public var isConfirmedFixed: Bool?
        /// The judgement of the handling, 1 to 5.
        public var rating: Int?

        public init(ending: Int, complaint: UUID, isConfirmedFixed: Bool? = nil, rating: Int? = nil) {
            self.ending = ending
            self.complaint = complaint
            self.isConfirmedFixed = isConfirmedFixed
            self.rating = rating
        }
    }

    /// The ending that stands; 0 where a server of an older version closed the case without noting the step.
    private var standingEnding: Int? { status == .closed ? ending ?? 0 : nil }

    /// What the filer of a complaint said of the ending that stands; `nil` where nothing was said, or none stands.
    public func verdict(of complaint: UUID) -> Verdict? {
        verdicts.first { $0.ending == standingEnding && $0.complaint == complaint }
    }

    /// What the case's own complainant said of the ending that stands: whether it is fixed.
    public var isConfirmedFixed: Bool? { verdict(of: id)?.isConfirmedFixed }

    /// What the case's own complainant said of the ending that stands: 1 to 5.
    public var rating: Int? { verdict(of: id)?.rating }

    /// Notes what a complainant says of the ending that stands.
    ///
    /// - Parameters:
    ///   - other: The complaint of who says it, where it was merged into this one.
    ///   - change: What is said.
    /// - Throws: `Refusal` where that complaint is no part of the case.
    mutating func judge(by other: UUID?, _ change: (inout Verdict) -> Void) throws(Refusal) {
        if let other, !absorbed.contains(where: { $0.complaint == other }) {
            throw .nothingToChange("that complaint was not merged into this one")
        }
        let complainant = other ?? id
        var verdict = verdict(of: complainant) ?? Verdict(ending: standingEnding ?? 0, complaint: complainant)
        verdicts.remove(verdict)
        change(&verdict)
        verdicts.insert(verdict)
    }

    /// What was said that was not said so before.
    public func newVerdicts(since old: Complaint?) -> [Verdict] {
        verdicts.subtracting(old?.verdicts ?? [])
            .sorted { ($0.ending, $0.complaint.text) < ($1.ending, $1.complaint.text) }
    }
}
