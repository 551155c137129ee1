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

    @Option(help: "The officer's name; leave it out to take it from whoever has it.")
    var officer: String?

    var resource: String { "assignment" }
    var members: [String: JSON] { ["officer": JSON(officer)] }
}

struct ComplaintNote: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "note", abstract: "Add an internal note.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "The note.")
    var text: String

    var resource: String { "notes" }
    var members: [String: JSON] { ["reason": .string(text)] }
}
