import ArgumentParser
import Casework
import Foundation
import Postgres
import Reports
import Store

struct FilerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "filer", abstract: "Give organisations that file for many keys of their own.",
        subcommands: [FilerAdd.self, FilerList.self, FilerRevoke.self])
}

struct FilerAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Make a key for an organisation and print it, once.",
        discussion: "A second key for the same name takes the place of an old one: add it, change over, revoke the old."
    )

    @Argument(help: "What the organisation is called here, such as consumer-council-gd.")
    var name: String

    @Option(
        help:
            "What it may do: file, history (earlier days), import (whole files), webhook (being told); with commas between."
    )
    var scopes = "file,import,webhook"

    @OptionGroup var life: TokenOptions
    @OptionGroup var options: OperatorOptions

    func validate() throws { _ = try keyScopes(scopes, as: FilerBearer.Scope.self) }

    func run() async throws {
        let token = try await options.withDatabase { database in
            try await database.transaction {
                [name, scopes = try keyScopes(scopes, as: FilerBearer.Scope.self), days = life.days] db in
                try db.issueKey(toFiler: name, scopes: scopes, lasting: days, at: Date())
            }
        }
        token.show(to: name)
    }
}

struct FilerList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the keys, not their secrets.")

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let keys = try await options.withDatabase { database in
            try await database.transaction(.readOnly) { db in try db.filerKeys() }
        }
        printKeys(keys, of: "Filer")
    }
}

struct FilerRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "End a key, from the next request on.")

    @Argument(help: "Its id, as the list has it.")
    var id: String

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let key = try keyID(id)
        try await options.withDatabase { database in
            try await database.transaction { db in try db.revokeFilerKey(key, at: Date()) }
        }
        Terminal.write(line: "revoked \(id)")
    }
}
