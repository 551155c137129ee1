import Casework
import Foundation
import Postgres
import Store

/// Reads what a list of complaints is narrowed to: every parameter may be combined with every other, several codes are
/// written with commas, and “!” before them means all but these.
struct ComplaintListReader {
    let query: ObjectReader
    let officer: Officer
    let book: ReferenceBook
    let now: Date

    private enum Flag: String, CaseIterable {
        case yes = "true"
        case no = "false"
    }

    /// The campaign, asked for by its code.
    func campaign() -> (id: Int, campaign: Campaign)? {
        let code = query.requiredText("campaign", limit: 60)
        let found = book.campaign(code)
        if found == nil, !code.isEmpty { query.fault("campaign", "unknown_code", "“\(code)” is no campaign") }
        return found
    }

    /// The filter; officers' names are looked up in `officers`.
    func filter(_ campaign: Campaign?, officers: [Officer]) -> ComplaintFilter {
        let today = Day(now, in: campaign?.zone() ?? .gmt)
        var filter = ComplaintFilter()
        if let name = query.text("queue", limit: 40) {
            if let queue = Queue(rawValue: name), let own = queue.filter(officer: officer.id, today: today) {
                filter = own
            } else {
                let known = Queue.allCases.filter { $0.filter(officer: officer.id, today: today) != nil }
                query.fault(
                    "queue", "unknown_code",
                    "“\(name)” is no queue of complaints; known: \(known.map(\.rawValue).joined(separator: ", "))")
            }
        }
        readCodes(&filter, campaign)
        readPeople(&filter, officers)
        readDays(&filter, today: today)
        if let words = query.text("text", limit: 200) {
            filter.text = TextQuery(words)
            if filter.text == nil {
                query.fault(
                    "text", "too_short",
                    "has to be words of two characters or more, \(TextQuery.limit) at the most")
            }
        }
        if let order = query.code("sort", as: ComplaintFilter.Order.self) { filter.order = order }
        return filter
    }

    private func readCodes(_ filter: inout ComplaintFilter, _ campaign: Campaign?) {
        let directory = book.directory
        filter.statuses = choice("status") ?? filter.statuses
        filter.kinds = choice("kind") ?? filter.kinds
        filter.priorities = choice("priority") ?? filter.priorities
        filter.outcomes = choice("outcome") ?? filter.outcomes
        filter.channels = choice("channel") ?? filter.channels
        filter.categories = codes("category", among: campaign?.categories.map(\.code))
        filter.scenarios = codes("scenario", among: campaign?.scenarios.map(\.label.code))
        filter.companies = codes(
            "company", isKnown: { directory.company($0) != nil }, hint: "; give a code such as tencent (/v1/companies)")
        let platform = "; give a code such as wechat (/v1/platforms)"
        filter.platforms = codes("platform", isKnown: { directory.platform($0) != nil }, hint: platform)
        filter.targets = codes("target", isKnown: { directory.platform($0) != nil }, hint: platform)
        filter.methods = codes(
            "method", isKnown: { directory.method($0) != nil }, hint: "; give a code such as wechat_pay")
        let offices = book.offices.map(\.code)
        filter.offices = codes(
            "office", isKnown: offices.contains, hint: "; the offices are \(offices.joined(separator: ", "))")
        let region = { (text: String) in Region(text, of: campaign?.countries)?.description }
        let form = "; give a code of ISO 3166-2 such as CN-GD, or a name"
        filter.regions = codes("region", isKnown: { region($0) != nil }, hint: form)
            .map { Choice($0.values.compactMap(region), isNegated: $0.isNegated) }
        filter.barrier = query.number("barrier", in: 1...Int(Int32.max))
        if let flag = query.code("suspected", as: Flag.self) { filter.isSuspected = flag == .yes }
        if query.code("open", as: Flag.self) == .yes { filter.isOpen = true }
    }

    private func readPeople(_ filter: inout ComplaintFilter, _ officers: [Officer]) {
        guard let text = query.text("officer", limit: 500) else { return }
        let isNegated = text.hasPrefix("!")
        let names = text.drop { $0 == "!" }.split(separator: ",").map(String.init)
        if names == ["none"], !isNegated {
            filter.isUnassigned = true
            return
        }
        let ids = names.compactMap { name -> UUID? in
            if name == "me" { return officer.id }
            if let found = officers.first(where: { $0.name == name }) { return found.id }
            query.fault(
                "officer", "unknown_code", "“\(name)” is no officer; give a name such as zhang, or “me” or “none”")
            return nil
        }
        filter.officers = Choice(ids, isNegated: isNegated)
    }

    private func readDays(_ filter: inout ComplaintFilter, today: Day) {
        let (received, due) = (
            query.days(from: "received_from", to: "received_to"), query.days(from: "due_from", to: "due_to")
        )
        (filter.receivedFrom, filter.receivedTo) = (
            received.first ?? filter.receivedFrom, received.last ?? filter.receivedTo
        )
        (filter.dueFrom, filter.dueTo) = (due.first ?? filter.dueFrom, due.last ?? filter.dueTo)
        if let days = query.number("due_within", in: 0...365) { (filter.dueFrom, filter.dueTo) = (today, today + days) }
        switch query.code("overdue", as: Flag.self) {
        case .yes: filter.dueTo = min(filter.dueTo ?? today + -1, today + -1)
        case .no: filter.dueFrom = max(filter.dueFrom ?? today, today)
        case nil: break
        }
    }

    /// Codes of an enumeration.
    private func choice<Code: RawRepresentable & CaseIterable & Hashable & Sendable>(
        _ name: String
    ) -> Choice<Code>? where Code.RawValue == String {
        guard let texts = codes(name, among: Code.allCases.map(\.rawValue)) else { return nil }
        return Choice(texts.values.compactMap(Code.init), isNegated: texts.isNegated)
    }

    /// Codes of the registry or the campaign; a slip is told, since it would find nothing and look like an empty list.
    private func codes(
        _ name: String, isKnown: (String) -> Bool, hint: String
    ) -> Choice<String>? {
        guard let text = query.text(name, limit: 500) else { return nil }
        let values = text.drop { $0 == "!" }.split(separator: ",").map(String.init)
        for value in values where !isKnown(value) {
            query.fault(name, "unknown_code", "“\(value)” is not known\(hint)")
        }
        if values.isEmpty { query.fault(name, "missing", "names nothing") }
        return Choice(values, isNegated: text.hasPrefix("!"))
    }

    /// Codes of a list that is named where one is not in it; any where there is no list.
    private func codes(_ name: String, among known: [String]?) -> Choice<String>? {
        codes(
            name, isKnown: { known?.contains($0) ?? true }, hint: "; known: \((known ?? []).joined(separator: ", "))")
    }
}
