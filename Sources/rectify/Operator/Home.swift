import Foundation
import Postgres

/// Where the product's own files are: its migrations, its reference data, its settings.
enum Home {
    static let directory: URL = {
        let files = FileManager.default
        if let named = ProcessInfo.processInfo.environment["RECTIFY_HOME"] { return URL(filePath: named) }
        var candidates = [URL(filePath: files.currentDirectoryPath)]
        // Built in place, the program lies some folders below the checkout; installed, beside its files.
        var folder = (Bundle.main.executableURL ?? URL(filePath: "/")).resolvingSymlinksInPath()
        for _ in 0..<5 {
            folder.deleteLastPathComponent()
            candidates += [folder, folder.appending(path: "share/rectify")]
        }
        return candidates.first { isHome($0) } ?? candidates[0]
    }()

    static var config: URL { directory.appending(path: "Config") }
    static var migrations: URL { directory.appending(path: "Migrations") }
    static var roles: URL { migrations.appending(path: "roles/roles.sql") }
    static var keyMigrations: URL { migrations.appending(path: "keys") }

    /// What a new server loads: the registry, the campaigns, the calendars.
    static func referenceFiles() throws -> [URL] {
        func files(_ name: String) throws -> [URL] {
            let folder = config.appending(path: name)
            let names = try folder.namesIfThere() ?? []
            return names.filter { $0.hasSuffix(".json") }.sorted().map { folder.appending(path: $0) }
        }
        let files = [config.appending(path: "registry.json")] + (try files("campaigns")) + (try files("calendars"))
        guard files.allSatisfy({ FileManager.default.fileExists(atPath: $0.path(percentEncoded: false)) }) else {
            throw Failure(
                "Config/ was not found from \(directory.path(percentEncoded: false)); set RECTIFY_HOME to the folder "
                    + "that holds Config and Migrations")
        }
        return files
    }

    /// The templates of letters, by language.
    static func letters() throws -> [String: String] {
        try ["zh", "en"].reduce(into: [:]) { letters, language in
            let file = config.appending(path: "letters/order.\(language).md")
            letters[language] = try String(contentsOf: file, encoding: .utf8)
        }
    }

    private static func isHome(_ folder: URL) -> Bool {
        FileManager.default.fileExists(
            atPath: folder.appending(path: "Migrations/0001_create_reference_data.sql").path(percentEncoded: false))
    }
}
