import Foundation
import TestSupport
import Testing

/// The house rules that a compiler cannot see.
struct TidyTests {
    static let sources = files(under: "Sources", "swift") + files(under: "Tests", "swift")

    private static func files(under folder: String, _ type: String) -> [String] {
        let root = repository.appending(path: folder)
        let found = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)?.allObjects ?? []
        let prefix = repository.path(percentEncoded: false)
        return found.compactMap { $0 as? URL }.filter { $0.pathExtension == type }
            .map { String($0.path(percentEncoded: false).dropFirst(prefix.count)) }.sorted()
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOf: repository.appending(path: path), encoding: .utf8)
    }

    @Test func `files are short enough to read in one sitting`() throws {
        #expect(Self.sources.count > 80)
        for file in Self.sources {
            let lines = try text(file).split(separator: "\n", omittingEmptySubsequences: false).count
            #expect(lines <= 400, "\(file)")
        }
    }

    @Test func `functions are short enough to keep in mind`() throws {
        for file in Self.sources {
            var start: (line: Int, indent: Int)?
            for (number, line) in try text(file).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let indent = line.prefix { $0 == " " }.count
                if start == nil, line.contains(/\b(func|init)\b.*[({]/), !line.contains("//"), !line.hasSuffix("}") {
                    start = (number, indent)
                } else if let begun = start, indent == begun.indent, line.drop(while: { $0 == " " }).hasPrefix("}") {
                    #expect(number - begun.line < 60, "\(file):\(begun.line + 1)")
                    start = nil
                } else if let begun = start, indent < begun.indent {
                    start = nil
                }
            }
        }
    }

    @Test func `SQL stays behind the store`() throws {
        for file in Self.sources where file.hasPrefix("Sources/") {
            guard !file.hasPrefix("Sources/Store/"), !file.hasPrefix("Sources/Postgres/") else { continue }
            let hasSQL = try text(file).contains(/"(?:SELECT|INSERT|UPDATE|DELETE|CREATE|WITH)\s/)
            #expect(!hasSQL, "\(file)")
        }
    }

    @Test func `rules are pure, and imports go one way`() throws {
        let allowed: [String: Set<String>] = [
            "Postgres": [
                "CPostgres", "DequeModule", "Dispatch", "Foundation", "Logging", "Subprocess", "Synchronization",
                "SystemPackage",
            ],
            "Casework": ["Foundation"], "Reports": ["Casework", "Foundation"],
            "Store": [
                "Casework", "Crypto", "CryptoExtras", "DequeModule", "Foundation", "Logging", "Postgres", "Reports",
                "Synchronization",
                "Transparency",
            ],
            "Transparency": ["Crypto", "Foundation"],
            "Contract": ["Casework", "Foundation", "Synchronization"],
            "Client": ["AsyncHTTPClient", "Casework", "Contract", "Crypto", "Foundation", "NIOCore", "NIOHTTP1"],
        ]
        for (module, modules) in allowed {
            for file in Self.sources where file.hasPrefix("Sources/\(module)/") {
                let imports = try text(file).matches(of: /(?m)^(?:public |internal )?import (\w+)/).map { String($0.1) }
                #expect(Set(imports).isSubset(of: modules), "\(file): \(Set(imports).subtracting(modules))")
            }
        }
    }

    @Test func `nothing crashes on purpose, and nothing is left to do later`() throws {
        for file in Self.sources where file.hasPrefix("Sources/") {
            let text = try text(file)
            for word in ["try!", "fatalError(", " as! ", "FIXME", "debugPrint(", "@unchecked Sendable"] {
                #expect(!text.contains(word), "\(file): \(word)")
            }
            #expect(!text.contains(/\bTODO\b/), "\(file)")
        }
    }

    /// An error that is dropped may be a check that was not made.
    @Test func `an error is dropped only with the reason beside it`() throws {
        for file in Self.sources where file.hasPrefix("Sources/") {
            let lines = try text(file).split(separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated() where line.contains(/\btry\?/) || line.contains(/catch \{\s*\}/) {
                let beside = [line, index > 0 ? lines[index - 1] : ""]
                #expect(beside.contains { $0.contains(/(^|\s)\/\/ \S/) }, "\(file):\(index + 1)")
            }
        }
    }

    @Test func `migrations are numbered without gaps and named for what they do`() throws {
        for folder in ["Migrations", "Migrations/keys"] {
            let names = try FileManager.default.contentsOfDirectory(
                atPath: repository.appending(path: folder).path(percentEncoded: false)
            ).filter { $0.hasSuffix(".sql") }.sorted()
            #expect(!names.isEmpty)
            for (index, name) in names.enumerated() {
                #expect(Int(name.prefix(4)) == index + 1, "\(name)")
                #expect(name.contains(/^\d{4}_[a-z]+(_[a-z]+)+\.sql$/), "\(name)")
            }
        }
    }

    @Test func `what migrations make belongs to the owner, who cannot log in`() throws {
        for (folder, first) in [("Migrations", 26), ("Migrations/keys", 3)] {
            for file in Self.files(under: folder, "sql") {
                let name = file.split(separator: "/").last ?? ""
                guard file == "\(folder)/\(name)", let number = Int(name.prefix(4)), number >= first else { continue }
                let code = try text(file).split(separator: "\n").filter { !$0.hasPrefix("--") }
                #expect(code.first == "SET LOCAL ROLE rectify_owner;", "\(file)")
            }
        }
    }

    @Test func `every index says which question it serves`() throws {
        for file in Self.files(under: "Migrations", "sql") {
            let lines = try text(file).split(separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated() where line.hasPrefix("CREATE") && line.contains(" INDEX ") {
                #expect(lines[index - 1].hasPrefix("-- Serves"), "\(file): \(line)")
            }
        }
    }
}
