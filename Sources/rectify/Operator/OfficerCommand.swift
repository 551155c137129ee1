import ArgumentParser
import Casework
import Foundation
import Postgres
import Reports
import Store

struct OfficerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "officer", abstract: "Add, list and disable officers, and issue their tokens.",
        subcommands: [
            OfficerAdd.self, OfficerList.self, OfficerGrant.self, OfficerRevoke.self, OfficerDisable.self,
            OfficerToken.self, OfficerPassword.self,
        ])
}

/// How long a new token lasts.
struct TokenOptions: ParsableArguments {
    @Option(help: "Days until the token expires.")
    var days = 90

    func validate() throws {
        guard (1...3660).contains(days) else { throw ValidationError("--days lies between 1 and 3660.") }
    }
}

struct OfficerAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add an officer and print a first token, once.")

    @Argument(help: "A short name, such as zhang.")
    var name: String

    @Option(help: "officer, supervisor, auditor or admin.")
    var role: Role

    @Option(help: "Office; officers of the central one may change every case.")
    var office = Office.central

    @OptionGroup var life: TokenOptions
    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let token = try await options.withDatabase { database in
            try await database.transaction { [name, role, office, days = life.days] db in
                _ = try db.addOfficer(named: name, role: role, office: office, at: Date())
                return try db.issueToken(toOfficerNamed: name, lasting: days, at: Date())
            }
        }
        token.show(to: name)
    }
}

struct OfficerGrant: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant", abstract: "Give an officer a role in an office, from today on.",
        discussion: "Someone has one role, in one office or several: another role held before ends.")

    @Argument(help: "The officer's name.")
    var name: String

    @Option(help: "officer, supervisor, auditor or admin.")
    var role: Role

    @Option(help: "Office, such as gd.")
    var office: String

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        try await options.withDatabase { database in
            try await database.transaction { [name, role, office] db in
                try db.grant(role, in: office, toOfficerNamed: name)
            }
        }
        Terminal.write(line: "\(name) is \(role.rawValue) in \(office)")
    }
}

struct OfficerRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "End an officer's work for an office, from now on.",
        discussion: "The officer's open cases of that office are nobody's at once, and supervisors are told.")

    @Argument(help: "The officer's name.")
    var name: String

    @Option(help: "Office, such as gd.")
    var office: String

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        try await options.withDatabase { database in
            try await database.transaction { [name, office] db in
                try db.revoke(office: office, fromOfficerNamed: name)
            }
        }
        Terminal.write(line: "\(name) no longer works for \(office)")
    }
}

extension IssuedToken {
    /// The secret alone on standard output, so that it can be piped into `rectify login`.
    func show(to name: String) {
        Terminal.note("token for \(name), good until \(expiresAt.formatted(.iso8601)); it is shown only now")
        Terminal.write(line: secret)
    }
}

struct OfficerList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List officers and their roles.")

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let officers = try await options.withDatabase { database in
            try await database.transaction(.readOnly) { db in try db.officers() }
        }
        let rows = officers.map {
            [
                $0.name, $0.role.rawValue, $0.offices.sorted().joined(separator: ", "),
                $0.isDisabled ? "disabled" : "in service",
            ]
        }
        let table = TextTable([.init("Name"), .init("Role"), .init("Office"), .init("State")], rows)
        Terminal.write(lines: table.lines())
    }
}

struct OfficerDisable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "End an officer's rights and tokens, from the next request on.",
        discussion: "The open cases of the officer are nobody's at once, and supervisors are told.")

    @Argument(help: "The officer's name.")
    var name: String

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        try await options.withDatabase { database in
            try await database.transaction { [name] db in try db.disableOfficer(named: name, at: Date()) }
        }
        Terminal.write(line: "disabled \(name)")
    }
}

struct OfficerToken: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Issue another token for an officer and print it, once.")

    @Argument(help: "The officer's name.")
    var name: String

    @OptionGroup var life: TokenOptions
    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let token = try await options.withDatabase { database in
            try await database.transaction { [name, days = life.days] db in
                try db.issueToken(toOfficerNamed: name, lasting: days, at: Date())
            }
        }
        token.show(to: name)
    }
}

struct OfficerPassword: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password", abstract: "Set a first password for an officer, who has to change it.",
        discussion: """
            It is read from a prompt, or from standard input. All sessions and tokens of the officer end; the second factor
            stays, unless it is taken away.
            """)

    @Argument(help: "The officer's name.")
    var name: String

    @Flag(help: "Take the second factor away as well, as for a telephone that is lost.")
    var removeSecondFactor = false

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let password = try Terminal.newPassword()
        if let fault = PasswordHash.fault(in: password, of: name) {
            throw Failure("the password \(fault)", code: Failure.Code.invalid)
        }
        try await options.withDatabases { databases, deployment in
            let signIn = SignIn(databases, try await NamedKeys(of: databases.keys, try await deployment.keyRing()))
            try await signIn.setPassword(
                password, old: nil, of: name, keeping: nil, endsSecondFactor: removeSecondFactor, at: Date())
        }
        Terminal.note("\(name) signs in with it, and has to set another: rectify login --name \(name)")
    }
}
