/// What a member of the authority's staff may be let do that is no action on a case.
///
/// Actions on cases have tables of their own: `Complaint.may`, `Barrier.may` and `Order.may`.
public enum Permission: String, Sendable, CaseIterable {
    /// See complaints, the whole ledger, orders, and the internal edition of reports.
    case read
    /// Act on many cases in one request; each case's own table decides besides.
    case act
    /// Enter complaints, one or many, for whoever wrote or called.
    case file
    /// Say that a reminder was read.
    case markSeen = "mark_seen"
    /// Find complaints by a telephone number or mail address that someone gives.
    case searchContacts = "search_contacts"
    /// See who asked to see whom, and what was disposed of.
    case oversee
    /// Let data of complaints that have ended be restricted and erased.
    case dispose
    /// Freeze a report as a numbered issue.
    case publishReport = "publish_report"
    /// End the taking of filings.
    case closeCampaign = "close_campaign"
}

extension Role {
    /// Whether the role gives this right; only roles of the authority's staff give any.
    public func may(_ permission: Permission) -> Bool {
        switch permission {
        case .read: [.officer, .supervisor, .auditor].contains(self)
        case .act, .file, .markSeen, .searchContacts: [.officer, .supervisor].contains(self)
        case .oversee: self == .supervisor || self == .auditor
        case .dispose, .publishReport, .closeCampaign: self == .supervisor
        }
    }
}
