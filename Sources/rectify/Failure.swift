import Casework
import Client
import Contract
import Foundation
import Postgres
import Reports
import Store

/// What the user is told when a command fails, and what a script is told by the exit code.
struct Failure: Error {
    let message: String
    let code: Int32

    /// The exit codes, beside 0 and the 64 of wrong usage.
    enum Code {
        static let general: Int32 = 1
        static let cancelled: Int32 = 2
        static let notSignedIn: Int32 = 4
        static let notFound: Int32 = 5
        static let conflict: Int32 = 6
        static let invalid: Int32 = 7
        static let busy: Int32 = 8
        static let partial: Int32 = 9
        static let unavailable: Int32 = 69
    }

    init(_ message: String, code: Int32 = Code.general) {
        self.message = message
        self.code = code
    }

    /// The words for what a command threw, with its options in place of members; `nil` for what the argument parser says itself.
    init?(_ error: any Error, options: OptionNames = OptionNames()) {
        switch error {
        case let failure as Failure: self = failure
        case let problem as ProblemBody: self.init(Self.words(problem, options), code: Self.code(problem))
        case let error as Client.Unreachable:
            self.init("\(error)\nIs the server running? Start one with: rectify up", code: Code.unavailable)
        case let error as DirectorySignIn.Refused: self.init("\(error)", code: Code.notSignedIn)
        case let error as Client.UnexpectedAnswer: self.init("\(error)")
        case let error as InvalidDocument: self.init(Self.words(error.faults, options), code: Code.invalid)
        case let error as PostgresError:
            self.init("\(error)" + (Self.hint("\(error)").map { "\n\($0)" } ?? ""), code: Code.unavailable)
        case let error as MissingNode: self.init("\(error)", code: Code.conflict)
        case let error as Migrations.Failure: self.init("\(error)")
        case let error as EmbeddedServer.Failure: self.init("\(error)")
        case let error as Recovery.Faulty:
            self.init("\(error)\nto restore as far as it goes all the same: --despite-faults", code: Code.partial)
        case let error as KeyFile.Failure: self.init("\(error)")
        case let error as DamagedSeal: self.init("\(error): rectify audit verify", code: Code.conflict)
        case let error as UnreadableFile: self.init("\(error)")
        case let error as UnsuitableServer: self.init("\(error)", code: Code.unavailable)
        case let error as OfficerError: self.init("\(error)", code: Code.invalid)
        case let error as OfficeError: self.init("\(error)", code: Code.invalid)
        case let error as AccessKeyError: self.init("\(error)", code: Code.invalid)
        case let error as Generator.NotEmpty: self.init("\(error)", code: Code.conflict)
        case let error as SettingsError: self.init("\(error)", code: Code.invalid)
        case is CancellationError: self.init("given up", code: Code.cancelled)
        default: return nil
        }
    }

    /// What an operator does about an error that PostgreSQL tells in its own words.
    private static func hint(_ words: String) -> String? {
        if words.contains(/role "rectify_\w+" does not exist/) {
            return "The database is of an earlier version; bring it up with: rectify migrate"
        }
        let isRightless = /permission denied to set role "rectify_owner"|must be owner of|no schema has been selected/
        guard words.contains(isRightless) else { return nil }
        return "Name a login that may act as rectify_owner in database.owner_url and database.owner_keys_url."
    }

    private static func words(_ problem: ProblemBody, _ options: OptionNames) -> String {
        var text = "\(problem.title): \(options.named(in: problem.detail))"
        if let errors = problem.errors, errors.count > 1 { text += "\n" + words(errors, options) }
        if problem.status >= 500 { text += " (request \(problem.requestId))" }
        if problem.code == "stale" { text += "\nLook at it again and repeat what still makes sense." }
        return printable(text, as: .lines)
    }

    private static func words(_ faults: [Fault], _ options: OptionNames) -> String {
        faults.map { "  \(options.named(in: $0.pointer)) \($0.detail)" }.joined(separator: "\n")
    }

    private static func code(_ problem: ProblemBody) -> Int32 {
        switch problem.status {
        case 401: Code.notSignedIn
        case 404: Code.notFound
        case 409, 412, 428: Code.conflict
        case 400, 413, 415, 422: Code.invalid
        case 429, 503: Code.busy
        default: Code.general
        }
    }
}
