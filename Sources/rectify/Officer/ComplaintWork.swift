import ArgumentParser
import Casework

struct ComplaintResolve: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Settle what intake left open: who is meant, what is barred, which class.",
        discussion: "The barrier it attests follows: the right one is tied, the wrong one untied.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "Platform complained of.")
    var respondent: String?

    @Option(help: "Company complained of, where no platform is meant.")
    var respondentCompany: String?

    @Option(help: "Platform whose links are blocked.")
    var target: String?

    @Option(help: "Company whose links are blocked, where no platform is known.")
    var targetCompany: String?

    @Option(help: "Payment method that is refused.")
    var method: String?

    @Option(help: "Category.")
    var category: String?

    @Option(help: "Scenario.")
    var scenario: String?

    var resource: String { "resolution" }
    var members: [String: JSON] {
        [
            "respondent_platform": JSON(respondent), "respondent_company": JSON(respondentCompany),
            "target_platform": JSON(target), "target_company": JSON(targetCompany), "payment_method": JSON(method),
            "category": JSON(category), "scenario": JSON(scenario),
        ]
    }

    func validate() throws {
        guard members.values.contains(where: { $0 != .null }) else {
            throw ValidationError("Name something to resolve, such as --target taobao.")
        }
    }
}

struct ComplaintLink: ComplaintAction {
    static let configuration = CommandConfiguration(commandName: "link", abstract: "Tie it to a barrier.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "Number of the barrier.")
    var barrier: Int

    var resource: String { "barriers" }
    var members: [String: JSON] { ["number": .int(barrier)] }
}

struct ComplaintUnlink: ComplaintAction {
    static let configuration = CommandConfiguration(commandName: "unlink", abstract: "Untie it from a barrier.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "Number of the barrier.")
    var barrier: Int

    var method: String { "DELETE" }
    var resource: String { "barriers/\(barrier)" }
}

struct ComplaintAssign: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "assign", abstract: "Give it to an officer, or to nobody.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "The officer's name; me, or none to take it from whoever has it.")
    var officer: String

    var resource: String { "assignment" }
    var members: [String: JSON] { ["officer": .string(officer)] }
}

struct ComplaintTake: ComplaintAction {
    static let configuration = CommandConfiguration(commandName: "take", abstract: "Take it oneself.")

    @OptionGroup var complaint: ComplaintOptions

    var resource: String { "assignment" }
    var members: [String: JSON] { ["officer": .string("me")] }
}

struct ComplaintTransfer: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "transfer", abstract: "Give it to another office, to nobody there yet.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "Code of the office, such as gd.")
    var office: String

    var resource: String { "office" }
    var members: [String: JSON] { ["office": .string(office)] }
}

struct ComplaintPrioritise: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "prioritise", abstract: "Say how soon it should be worked.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "low, normal, high or urgent.")
    var priority: Complaint.Priority

    var resource: String { "priority" }
    var members: [String: JSON] { ["priority": .string(priority.rawValue)] }
}

struct ComplaintRelate: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "relate", abstract: "Tie it to another complaint; --undo unties.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "The other complaint.")
    var to: String

    @Option(help: "related, same_incident, follows_up or contradicts.")
    var relation: Complaint.Relation = .related

    @Flag(help: "Untie the two.")
    var undo = false

    var method: String { undo ? "DELETE" : "POST" }
    var resource: String { "relations" }
    var members: [String: JSON] { ["to": .string(to), "relation": .string(relation.rawValue)] }
}

struct ComplaintExtend: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "extend", abstract: "Give more time for something owed; takes a supervisor who has not the case.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "acceptance, company_reply or answer.")
    var deadline: Deadline.Purpose

    @Option(help: "Days more, counted as the rule counts.")
    var by: Int

    var resource: String { "deadline-extensions" }
    var members: [String: JSON] { ["purpose": .string(deadline.rawValue), "by": .int(by)] }
}

struct ComplaintNote: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "note", abstract: "Add a note: for us, or for the complainant or the company to read.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "The note.")
    var text: String

    @Option(help: "internal, complainant or company.")
    var audience: Complaint.Audience = .internal

    var resource: String { "notes" }
    var members: [String: JSON] { ["reason": .string(text), "audience": .string(audience.rawValue)] }
}

struct ComplaintWrite: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "write", abstract: "Write to the complainant, who reads it by tracking code; needs --message.")

    @OptionGroup var complaint: ComplaintOptions

    var resource: String { "messages" }

    func validate() throws {
        guard complaint.message != nil else { throw ValidationError("--message is needed: what is written.") }
    }
}
