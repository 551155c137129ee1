import Casework
import Foundation
import TestSupport
import Testing

/// Texts as people paste them, and addresses as apps share them (`Tests/Fixtures/reality`).
struct LinkVectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let cells: [String: String]

        subscript(_ column: String) -> String { cells[column] ?? "" }
        /// The cell, or nothing where it says `-`.
        func value(_ column: String) -> String? { self[column] == "-" ? nil : self[column] }
        var testDescription: String { "\(self["role"]) \(self["id"])" }
    }

    private static func vectors(_ name: String) -> [Vector] {
        guard let data = try? fixture("reality/\(name)") else { return [] }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        let columns = lines[0].split(separator: "\t").map(String.init)
        return lines.dropFirst().map { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map { unescaped(String($0)) }
            return Vector(cells: Dictionary(uniqueKeysWithValues: zip(columns, cells)))
        }
    }

    /// `\u200b`, `\n`, `\t` and `\\` as the signs they mean.
    private static func unescaped(_ text: String) -> String {
        text.replacing(/\\(?:u([0-9a-f]{4})|([nt\\]))/) { match in
            if let code = match.1.flatMap({ UInt32($0, radix: 16) }).flatMap(Unicode.Scalar.init) {
                return String(Character(code))
            }
            return ["n": "\n", "t": "\t"][match.2 ?? ""] ?? "\\"
        }
    }

    private func link(_ text: String) -> SharedLink {
        SharedLink(text, in: .shipped, excluding: nil, on: .on("2026-11-30"))
    }

    @Test func `the tables are there`() {
        #expect(Self.vectors("links.tsv").count == 26 && Self.vectors("link-pairs.tsv").count == 14)
    }

    @Test(arguments: vectors("links.tsv"))
    func `the address that was pasted is found, or none`(vector: Vector) {
        let found = link(vector["text"])
        if found.address == nil, vector["no_address"] != "no" {
            #expect(found.host == nil && found.site == nil)
            return
        }
        #expect(vector["no_address"] != "only", "\(found.address ?? "")")
        let wanted = vector["link_url"].drop { $0 != ":" }
        #expect(found.page ?? "" == wanted)
        #expect(found.host == vector.value("host"))
        #expect(found.platform == vector.value("platform") && found.company == vector.value("company"))
    }

    @Test(arguments: vectors("link-pairs.tsv"))
    func `one page has one key, and two have two`(vector: Vector) throws {
        let (first, second) = (link(vector["first"]), link(vector["second"]))
        let isSame = try #require(first.page) == #require(second.page)
        #expect(isSame == (vector["same"] == "yes"))
        for value in vector.value("not_in_key")?.split(separator: "|") ?? [] {
            #expect(first.address?.contains(value) == false && second.address?.contains(value) == false, "\(value)")
        }
    }
}
