public import Casework

/// What the holder of a tracking code sees.
public struct TrackingBody: Codable, Sendable, Equatable {
    /// A note of the authority to the complainant.
    public struct Note: Codable, Sendable, Equatable {
        public var on: Day
        public var text: String

        public init(on: Day, text: String) {
            self.on = on
            self.text = text
        }
    }

    public var reference: String
    public var campaign: String
    public var status: Complaint.Status
    /// Where it was merged into another: how far the case is that goes on.
    ///
    /// What is asked, the outcome and the company's answer are then of that case.
    public var handledWithStatus: Complaint.Status?
    public var informationGap: String?
    public var outcome: Complaint.Outcome?
    public var refusalGround: String?
    public var agency: String?
    public var answer: Complaint.Answer?
    /// What the complainant said of the ending that stands.
    public var confirmedFixed: Bool?
    public var rating: Int?
    public var receivedOn: Day
    public var changedOn: Day
    public var deadlines: [DeadlineBody]
    public var messages: [MessageBody]
    public var notes: [Note]
    /// What the complainant can do now.
    public var actions: [String]

    /// - Parameters:
    ///   - reference: The reference of the complaint.
    ///   - campaign: The code of its campaign.
    ///   - complaint: The complaint.
    ///   - original: The case that goes on, where the complaint was merged into it.
    ///   - messages: The complainant's own conversation.
    ///   - notes: What the authority wrote for the complainant to read.
    public init(
        reference: String, campaign: String, complaint: Complaint, original: Complaint?, messages: [MessageBody],
        notes: [Note]
    ) {
        self.reference = reference
        self.campaign = campaign
        status = complaint.status
        handledWithStatus = original?.status
        let handled = original ?? complaint
        informationGap = handled.informationGap
        outcome = handled.outcome
        refusalGround = handled.refusalGround
        agency = handled.agency
        answer = handled.answer
        let verdict = handled.verdict(of: complaint.id)
        confirmedFixed = verdict?.isConfirmedFixed
        rating = verdict?.rating
        receivedOn = complaint.receivedOn
        changedOn = complaint.changedOn
        deadlines = complaint.ownDeadlines.map(DeadlineBody.init)
        self.messages = messages
        self.notes = notes
        // One who filed what was merged cannot withdraw the case for the others.
        actions = handled.actions(for: .complainant).filter { original == nil || $0 != .withdraw }.map(\.rawValue)
    }
}
