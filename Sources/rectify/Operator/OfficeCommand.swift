import ArgumentParser
import Casework
import Foundation
import Postgres
import Reports
import Store

struct OfficeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "office", abstract: "Set up offices and their regions.",
        subcommands: [OfficeSet.self, OfficeList.self])
}

struct OfficeSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Set up an office, or change its names and regions.",
        discussion: """
            rectify office set gd --name-zh 广东管局 --name-en "Guangdong office" --region CN-GD

            A complaint goes to the office that names its region, else to the central one, whose officers may change
            every case.
            """)

    @Argument(help: "A short code, such as gd.")
    var code: String

    @Option(help: "Its name in Chinese.")
    var nameZh: String

    @Option(help: "Its name in English.")
    var nameEn: String

    @Option(help: "A region whose complaints come to it, such as CN-GD; may be repeated.")
    var region: [String] = []

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let office = Office(code: code, nameZh: nameZh, nameEn: nameEn, regions: try region.map(Self.code))
        try await options.withDatabase { database in
            try await database.transaction { db in try db.save(office) }
        }
        let regions = office.regions.isEmpty ? "no region" : office.regions.joined(separator: ", ")
        Terminal.write(line: "office \(code) has \(regions)")
        Terminal.note("complaints that are filed from now on go to it; other than that, \(ReferenceCache.notice)")
    }

    /// The code of a region, or of a whole country.
    private static func code(_ typed: String) throws -> String {
        if let region = Region(typed) { return region.description }
        let country = typed.folded.uppercased()
        guard country.wholeMatch(of: /[A-Z]{2}/) != nil else {
            throw ValidationError("--region takes a code of ISO 3166-2 such as CN-GD, a name, or a country such as CN.")
        }
        return country
    }
}

struct OfficeList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the offices.")

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let offices = try await options.withDatabase { database in
            try await database.transaction(.readOnly) { db in try db.offices() }
        }
        let rows = offices.map { [$0.code, $0.nameZh, $0.nameEn, $0.regions.joined(separator: ", ")] }
        let table = TextTable([.init("Code"), .init("中文"), .init("Name"), .init("Regions")], rows)
        Terminal.write(lines: table.lines())
    }
}
