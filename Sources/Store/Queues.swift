public import Casework
public import Foundation

/// A view of the work that an officer opens by name.
public enum Queue: String, Sendable, CaseIterable {
    case new
    case mine
    case unassigned
    case overdue
    case dueSoon = "due-soon"
    case news
    case waitingForCompany = "waiting-for-company"
    case waitingForComplainant = "waiting-for-complainant"
    case suspectedDuplicates = "suspected-duplicates"
    case urgent
    case underReview = "under-review"
    case regressed
    case staleObservations = "stale-observations"

    /// What it holds, in a few words.
    public var title: String {
        switch self {
        case .new: "Received and not decided on"
        case .mine: "Open and mine"
        case .unassigned: "Open and nobody's"
        case .overdue: "Something owed is late"
        case .dueSoon: "Due within three days"
        case .news: "Something came that its officer has not seen"
        case .waitingForCompany: "Forwarded, no answer yet"
        case .waitingForComplainant: "Information was asked for"
        case .suspectedDuplicates: "Another complaint may be the same"
        case .urgent: "Urgent"
        case .underReview: "Verified, and complained of again"
        case .regressed: "Back after they were verified"
        case .staleObservations: "Open, and not tested for long"
        }
    }

    /// The complaints in it; `nil` where it holds barriers.
    public func filter(officer: UUID, today: Day) -> ComplaintFilter? {
        var filter = ComplaintFilter()
        filter.order = .oldest
        switch self {
        case .new: filter.statuses = Choice([.received])
        case .mine: (filter.officers, filter.isOpen) = (Choice([officer]), true)
        case .unassigned: filter.isUnassigned = true
        case .news: filter.isNews = true
        case .overdue: (filter.order, filter.dueTo) = (.due, today + -1)
        case .dueSoon: (filter.order, filter.dueFrom, filter.dueTo) = (.due, today, today + 3)
        case .waitingForCompany: filter.statuses = Choice([.forwarded])
        case .waitingForComplainant: filter.statuses = Choice([.needsInformation])
        case .suspectedDuplicates: filter.isSuspected = true
        case .urgent: filter.priorities = Choice([.urgent])
        case .underReview, .regressed, .staleObservations: return nil
        }
        return filter
    }

    /// The barriers in it; `nil` where it holds complaints.
    public func barrierFilter(today: Day, quorum: Campaign.Quorum) -> BarrierFilter? {
        var filter = BarrierFilter()
        switch self {
        case .underReview: filter.isUnderReview = true
        case .regressed: filter.isRegressed = true
        case .staleObservations: filter.staleBefore = today + -quorum.staleAfterDays
        default: return nil
        }
        return filter
    }
}
