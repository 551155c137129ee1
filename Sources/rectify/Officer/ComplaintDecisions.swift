import ArgumentParser
import Casework

struct ComplaintAccept: ComplaintAction {
    static let configuration = CommandConfiguration(commandName: "accept", abstract: "Take the complaint as a case.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "Category, where the complaint has none yet or another is right.")
    var category: String?

    @Option(help: "Scenario under the category.")
    var scenario: String?

    var resource: String { "acceptance" }
    var members: [String: JSON] { ["category": JSON(category), "scenario": JSON(scenario)] }
}

struct ComplaintRefuse: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "refuse", abstract: "Refuse the complaint on a ground.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "Ground, such as time_barred, other_forum, out_of_scope, consultation_only.")
    var ground: String

    var resource: String { "refusal" }
    var members: [String: JSON] { ["ground": .string(ground)] }
}

struct ComplaintRequestInformation: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "request-information", abstract: "Ask the complainant for what is missing; the clock stops.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "What is missing, such as target_missing, contact_missing, facts_unclear.")
    var gap: String

    var resource: String { "information-requests" }
    var members: [String: JSON] { ["gap": .string(gap)] }
}

struct ComplaintProvideInformation: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "provide-information", abstract: "Enter what the complainant supplied; the clock goes on.")

    @OptionGroup var complaint: ComplaintOptions

    var resource: String { "information" }
    var members: [String: JSON] { ["on_behalf_of": .string("complainant")] }
}

struct ComplaintForward: ComplaintAction {
    static let configuration = CommandConfiguration(commandName: "forward", abstract: "Forward it to the company.")

    @OptionGroup var complaint: ComplaintOptions

    var resource: String { "forwarding" }
}

struct ComplaintRespond: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "respond", abstract: "Enter the company's response.",
        discussion: "“rejected” needs --ground. With “needs_information” the company asks back and its clock goes on.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "accepted, rejected, partial or needs_information.")
    var answer: Complaint.Answer

    @Option(help: "The legal ground on which the company rejects.")
    var ground: String?

    var resource: String { "response" }
    var members: [String: JSON] {
        ["on_behalf_of": .string("company"), "answer": .string(answer.rawValue), "ground": JSON(ground)]
    }
}

struct ComplaintClose: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "close", abstract: "Close it with an outcome.",
        discussion: "“remediated” needs every barrier verified; “unsubstantiated” takes a supervisor.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "remediated, explained, justified_restriction, unsubstantiated or enforced.")
    var outcome: Complaint.Outcome

    var resource: String { "closure" }
    var members: [String: JSON] { ["outcome": .string(outcome.rawValue)] }
}

struct ComplaintWithdraw: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "withdraw", abstract: "Enter that the complainant withdraws it.")

    @OptionGroup var complaint: ComplaintOptions

    var resource: String { "withdrawal" }
    var members: [String: JSON] { ["on_behalf_of": .string("complainant")] }
}

struct ComplaintRefer: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "refer", abstract: "Refer it to another authority.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "Authority, such as samr, pboc, cac, provincial.")
    var agency: String

    var resource: String { "referral" }
    var members: [String: JSON] { ["agency": .string(agency)] }
}

struct ComplaintDuplicate: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "duplicate", abstract: "Mark it as a duplicate of another complaint.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "The complaint that goes on.")
    var of: String

    var resource: String { "duplicate" }
    var members: [String: JSON] { ["of": .string(of)] }
}

struct ComplaintUndoDuplicate: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "undo-duplicate", abstract: "Undo the mark: it goes back to where it was.")

    @OptionGroup var complaint: ComplaintOptions

    var method: String { "DELETE" }
    var resource: String { "duplicate" }
}

struct ComplaintReopen: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "reopen",
        abstract: "Reopen a closed, refused or withdrawn complaint; takes a supervisor and --reason.")

    @OptionGroup var complaint: ComplaintOptions

    var resource: String { "reopening" }
}

struct ComplaintConfirm: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "confirm", abstract: "Enter what the complainant says after closing: whether it is fixed.",
        discussion: "If it is not, the complaint is open again.")

    @OptionGroup var complaint: ComplaintOptions

    @Flag(inversion: .prefixedNo, help: "Whether it is fixed for the complainant.")
    var fixed: Bool

    var resource: String { "confirmation" }
    var members: [String: JSON] { ["on_behalf_of": .string("complainant"), "fixed": .bool(fixed)] }
}
