import ArgumentParser
import Casework
import Client
import Contract
import Foundation

struct ComplaintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "complaint", abstract: "File, find, read and work complaints.",
        groupedSubcommands: [
            CommandGroup(
                name: "Reading",
                subcommands: [
                    ComplaintList.self, ComplaintShow.self, ComplaintHistory.self, ComplaintDuplicates.self,
                    ComplaintEvidence.self, ComplaintDownload.self,
                ]),
            CommandGroup(
                name: "Intake",
                subcommands: [
                    ComplaintFile.self, ComplaintImport.self, ComplaintResolve.self, ComplaintLink.self,
                    ComplaintUnlink.self,
                ]),
            CommandGroup(
                name: "Deciding",
                subcommands: [
                    ComplaintAccept.self, ComplaintRefuse.self, ComplaintRequestInformation.self,
                    ComplaintProvideInformation.self, ComplaintForward.self, ComplaintRespond.self,
                    ComplaintClose.self, ComplaintWithdraw.self, ComplaintRefer.self, ComplaintDuplicate.self,
                    ComplaintUndoDuplicate.self, ComplaintNotDuplicate.self, ComplaintReopen.self,
                    ComplaintConfirm.self,
                ]),
            CommandGroup(
                name: "Working",
                subcommands: [
                    ComplaintTake.self, ComplaintAssign.self, ComplaintTransfer.self, ComplaintPrioritise.self,
                    ComplaintRelate.self, ComplaintExtend.self, ComplaintNote.self, ComplaintWrite.self,
                    ComplaintAttach.self,
                    ComplaintBulk.self,
                ]),
        ])
}

/// A command that does one thing to one complaint.
///
/// It reads the complaint first and sends the version it saw, so that nobody's change is lost.
protocol ComplaintAction: AsyncParsableCommand {
    var complaint: ComplaintOptions { get }
    var method: String { get }
    /// The resource beneath the complaint.
    var resource: String { get }
    var members: [String: JSON] { get }
}

extension ComplaintAction {
    var method: String { "POST" }
    var members: [String: JSON] { [:] }

    func run() async throws {
        let path = complaint.path
        let body = try await complaint.client.withClient { client in
            let seen: ComplaintBody = try await client.get(path)
            let sent = members.merging(complaint.members) { own, _ in own }
            return try await client.act(method, on: "\(path)/\(resource)", version: seen.version, sent)
                as ComplaintBody
        }
        try complaint.output.write(
            body, name: body.reference,
            fields: [
                ("Complaint", body.reference), ("Status", body.status.rawValue), ("Version", String(body.version)),
            ])
    }
}

/// Which complaint, when the action takes effect, and what is said with it.
struct ComplaintOptions: ParsableArguments {
    @Argument(help: "Reference, such as IR21-0000123-4.")
    var reference: String

    @Option(help: .day("Day it took effect, where that was earlier; needs --reason."))
    var on: Day?

    @Option(help: "Why; kept with the history.")
    var reason: String?

    @Option(help: "Words to or from the complainant; kept sealed.")
    var message: String?

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    var path: String { ComplaintPath.path(reference) }

    var members: [String: JSON] {
        ["effective_on": JSON(on), "reason": JSON(reason), "message": JSON(message)]
    }

    func validate() throws { try ComplaintPath.check(reference) }
}

/// The address of a complaint; a slip in its reference is caught before anything is asked.
enum ComplaintPath {
    static func path(_ reference: String) -> String { "/v1/complaints/\(Reference(reference)?.description ?? "")" }

    static func check(_ reference: String) throws {
        guard Reference(reference) == nil else { return }
        throw ValidationError(
            "“\(reference)” is no reference: they look like IR21-0000123-4, the last digit checks the rest.")
    }
}
