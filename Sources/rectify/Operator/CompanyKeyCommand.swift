import ArgumentParser
import Casework
import Foundation
import Postgres
import Reports
import Store

struct CompanyKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "company-key", abstract: "Give companies keys to what was forwarded to them.",
        subcommands: [CompanyKeyAdd.self, CompanyKeyList.self, CompanyKeyRevoke.self])
}

struct CompanyKeyAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Make a key and print it, once.")

    @Argument(help: "Code of the company, such as tencent.")
    var company: String

    @Option(help: "What it is called, such as legal-desk.")
    var name: String

    @Option(help: "What it may do: read, respond, undertake, claim; with commas between.")
    var scopes = "read,respond,undertake,claim"

    @OptionGroup var life: TokenOptions
    @OptionGroup var options: OperatorOptions

    func validate() throws { _ = try keyScopes(scopes, as: CompanyBearer.Scope.self) }

    func run() async throws {
        let token = try await options.withDatabase { database in
            try await database.transaction {
                [company, name, scopes = try keyScopes(scopes, as: CompanyBearer.Scope.self), days = life.days] db in
                try db.issueKey(to: company, named: name, scopes: scopes, lasting: days, at: Date())
            }
        }
        token.show(to: company)
    }
}

struct CompanyKeyList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the keys, not their secrets.")

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let keys = try await options.withDatabase { database in
            try await database.transaction(.readOnly) { db in try db.companyKeys() }
        }
        printKeys(keys, of: "Company")
    }
}

struct CompanyKeyRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "End a key, from the next request on.")

    @Argument(help: "Its id, as the list has it.")
    var id: String

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let key = try keyID(id)
        try await options.withDatabase { database in
            try await database.transaction { db in try db.revokeKey(key, at: Date()) }
        }
        Terminal.write(line: "revoked \(id)")
    }
}
