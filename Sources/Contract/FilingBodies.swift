import Casework

/// What a filing would come to, had it not only been looked at.
public struct CheckedBody: Codable, Sendable, Equatable {
    public var campaign: String
    public var category: String?
    public var respondent: PartyBody
    public var target: TargetBody
    /// Where the pasted link leads.
    public var linkUrl: String?
    public var deadlines: [DeadlineBody]

    public init(
        campaign: String, category: String?, respondent: PartyBody, target: TargetBody, linkUrl: String?,
        deadlines: [DeadlineBody]
    ) {
        self.campaign = campaign
        self.category = category
        self.respondent = respondent
        self.target = target
        self.linkUrl = linkUrl
        self.deadlines = deadlines
    }
}

public struct CheckedBatchBody: Codable, Sendable, Equatable {
    public var items: [CheckedBody]

    public init(items: [CheckedBody]) {
        self.items = items
    }
}

/// What became of one filing of a batch.
public struct BatchItemBody: Codable, Sendable, Equatable {
    /// Its place in the batch, from 0.
    public var index: Int
    /// The status it would have had alone.
    public var status: Int
    public var complaint: FiledBody?
    public var problem: ProblemBody?

    public init(index: Int, status: Int) {
        self.index = index
        self.status = status
    }
}
