import Casework
import Postgres
import TestSupport
import Testing

@testable import Store

/// The database folds texts as the program does.
struct FoldingTests {
    /// Signs that Unicode knew before the database's oldest version did, and that a text can hold.
    private static var scalars: [Unicode.Scalar] {
        (1...0x10FFFF).compactMap(Unicode.Scalar.init).filter { scalar in
            guard let age = scalar.properties.age else { return false }
            return age.major <= 13 && scalar.properties.generalCategory != .privateUse
        }
    }

    @Test func `each sign is folded in the database as in the program`() async throws {
        let all = Self.scalars
        try await withStore { store in
            try await store.owner.withConnection { db in
                var different: [String] = []
                for start in stride(from: 0, to: all.count, by: 20_000) {
                    let part = all[start..<min(start + 20_000, all.count)].map { String($0) }
                    let rows = try db.all("SELECT t, folded(t), has_odd_signs(t) FROM unnest(\(part)::text[]) AS t") {
                        row in
                        (try row.read(String.self), try row.read(String.self), try row.read(Bool.self))
                    }
                    for (text, folded, isOdd) in rows {
                        let ours = text.folded
                        if !ours.unicodeScalars.elementsEqual(folded.unicodeScalars) { different.append(code(text)) }
                        let isSeenAsChinese = ours.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) }
                        let hides = ours.isEmpty || isSeenAsChinese && ours != text
                        #expect(!hides || isOdd, "\(code(text)) could hide a word of Chinese characters")
                    }
                }
                #expect(different.isEmpty, "\(different.count): \(different.prefix(40))")
            }
        }
    }

    /// Signs that join, change places or vanish beside each other.
    @Test(arguments: 0..<10) func `texts are folded in the database as in the program`(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let scalars = Self.scalars
        let joining = scalars.filter { $0.properties.canonicalCombiningClass != .notReordered || $0.isInvisible }
        let texts = (0..<500).map { _ in
            (0..<8).reduce(into: "") { text, _ in
                guard let sign = (Bool.random(using: &random) ? scalars : joining).randomElement(using: &random) else {
                    return
                }
                text.unicodeScalars.append(sign)
            }
        }
        try await withStore { store in
            let folded = try await store.owner.withConnection { db in
                try db.all("SELECT folded(t) FROM unnest(\(texts)::text[]) WITH ORDINALITY AS u (t, n) ORDER BY n") {
                    row in
                    try row.read(String.self)
                }
            }
            for (text, folded) in zip(texts, folded) {
                #expect(text.folded.unicodeScalars.elementsEqual(folded.unicodeScalars), "\(code(text))")
            }
        }
    }

    @Test func `signs that nobody sees are the same in the database and in the program, also those not assigned yet`()
        async throws
    {
        let all = (1...0x10FFFF).compactMap(Unicode.Scalar.init)
        try await withStore { store in
            try await store.owner.withConnection { db in
                for start in stride(from: 0, to: all.count, by: 50_000) {
                    let part = all[start..<min(start + 50_000, all.count)]
                    let texts = part.map { String($0) }
                    let unseen = try db.all(
                        "SELECT t FROM unnest(\(texts)::text[]) AS t WHERE has_odd_signs(t) AND folded(t) = ''"
                    ) { row in try row.read(String.self) }
                    let found = Set(unseen.flatMap(\.unicodeScalars))
                    let different = found.symmetricDifference(part.filter(\.isInvisible))
                    #expect(different.isEmpty, "\(different.map { code(String($0)) }.sorted().prefix(40))")
                }
            }
        }
    }
}

private func code(_ text: String) -> String {
    text.unicodeScalars.map { "U+" + String($0.value, radix: 16, uppercase: true) }.joined(separator: " ")
}
