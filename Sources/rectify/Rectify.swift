import ArgumentParser
import Foundation
import Reports

/// Records complaints about internet platforms that block each other, and follows each barrier until it is gone.
@main
struct Rectify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Case management for rectification campaigns against internet platforms.",
        discussion: """
            For officers, over the API of a server:
              rectify login
              rectify complaint list --status received --overdue
              rectify complaint accept IR21-0000123-4
              rectify report internet-2021 --format html --out report.html

            For operators, next to the database:
              rectify up
              rectify officer add zhang --role officer
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Officers",
                subcommands: [
                    Login.self, Logout.self, WhoAmI.self, PasswordCommand.self, SecondFactor.self,
                    ComplaintCommand.self, IdentityCommand.self, PrivacyCommand.self, Triage.self,
                    QueueCommand.self,
                    BarrierCommand.self, OrderCommand.self, DeadlineCommand.self, ReminderCommand.self,
                    Workload.self, Events.self, CompanyCommand.self, CampaignCommand.self, Report.self,
                ]),
            CommandGroup(
                name: "Operators",
                subcommands: [
                    Up.self, Serve.self, Migrate.self, Load.self, OfficerCommand.self, OfficeCommand.self,
                    CompanyKeyCommand.self, FilerCommand.self, SumsCommand.self, AuditCommand.self, Keys.self,
                    BackupCommand.self, VerifyBackup.self, Restore.self, Upgrade.self, Generate.self,
                    ConfigCommand.self,
                ]),
        ])

    /// Runs the command, and turns what is thrown into a sentence on standard error and an exit code that scripts can
    /// rely on.
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        var options = OptionNames()
        do {
            var command = try parseAsRoot()
            options = OptionNames(of: type(of: command))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            guard let failure = Failure(error, options: options) else { refuse(error) }
            Terminal.note("rectify: \(failure.message)")
            Foundation.exit(failure.code)
        }
    }

    /// Ends with what the argument parser says; where a day was written in another form, an example is added.
    private static func refuse(_ error: any Error) -> Never {
        let said = fullMessage(for: error)
        guard said.contains(" is invalid for '"), said.contains(" <YYYY-MM-DD>'"), let end = said.firstIndex(of: "\n")
        else {
            exit(withError: error)
        }
        let example = "; a day that exists, such as 2021-09-17"
        Terminal.note(printable(said[..<end] + example + said[end...], as: .lines))
        Foundation.exit(exitCode(for: error).rawValue)
    }
}
