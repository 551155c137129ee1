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
    /// Where it is handled together with an earlier complaint: how far that is.
    public var handledWithStatus: Complaint.Status?
    public var informationGap: String?
    public var outcome: Complaint.Outcome?
    public var refusalGround: String?
    public var agency: String?
    public var answer: Complaint.Answer?
    public var confirmedFixed: Bool?
    public var rating: Int?
    public var receivedOn: Day
    public var changedOn: Day
    public var deadlines: [DeadlineBody]
    public var messages: [MessageBody]
    public var notes: [Note]
    /// What the complainant can do now.
    public var actions: [String]

    public init(
        reference: String, campaign: String, complaint: Complaint, handledWithStatus: Complaint.Status?,
        messages: [MessageBody], notes: [Note]
    ) {
        self.reference = reference
        self.campaign = campaign
        status = complaint.status
        self.handledWithStatus = handledWithStatus
        informationGap = complaint.informationGap
        outcome = complaint.outcome
        refusalGround = complaint.refusalGround
        agency = complaint.agency
        answer = complaint.answer
        confirmedFixed = complaint.isConfirmedFixed
        rating = complaint.rating
        receivedOn = complaint.receivedOn
        changedOn = complaint.changedOn
        deadlines = complaint.ownDeadlines.map(DeadlineBody.init)
        self.messages = messages
        self.notes = notes
        actions = complaint.actions(for: .complainant).map(\.rawValue)
    }
}
