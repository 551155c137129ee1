/// Names that are nearly right.
///
/// A name is taken as misspelt where it has six Latin letters or more and one edit (a letter added, left out, changed, or
/// two exchanged) makes it a known one, or four Chinese characters or more and one of them changed. Shorter names differ
/// by so little that any of them could be meant: 微信 and 微博. Where two owners are as near, nobody guesses, and the
/// officer sees both.
enum Spelling {
    static func isNear(_ name: String, _ known: String) -> Bool {
        let (left, right) = (Array(name), Array(known))
        let isLatin = name.utf8.allSatisfy { $0 < 0x80 } && known.utf8.allSatisfy { $0 < 0x80 }
        if isLatin {
            return left.count >= 6 && right.count >= 6 && edits(left, right, limit: 1) <= 1
        }
        return left.count >= 4 && left.count == right.count && zip(left, right).count { $0 != $1 } == 1
    }

    /// Edits that lead from one to the other, counted no further than just past `limit`.
    static func edits(_ left: [Character], _ right: [Character], limit: Int) -> Int {
        guard abs(left.count - right.count) <= limit else { return limit + 1 }
        var rows = [Array(0...right.count)]
        for (row, letter) in left.enumerated() {
            var line = [row + 1]
            for (column, other) in right.enumerated() {
                var best = min(rows[row][column + 1], line[column]) + 1
                best = min(best, rows[row][column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    best = min(best, rows[row - 1][column - 1] + 1)
                }
                line.append(best)
            }
            rows.append(line)
        }
        return rows[left.count][right.count]
    }
}

extension Directory {
    /// The platforms, else the companies, that a name may mean: those it is short for, part of, or nearly.
    ///
    /// - Returns: Codes in order, five at the most; none where the name is known, or means nothing.
    public func candidates(named name: String) -> [String] {
        let key = Self.key(name)
        guard key.count >= 2 else { return [] }
        func found(_ names: [String: Set<String>]) -> [String] {
            let near = names.filter { known, _ in
                Spelling.isNear(key, known) || known.count >= 2 && (key.holds(known) || known.holds(key))
            }
            return near.values.reduce(into: Set<String>()) { $0.formUnion($1) }.sorted()
        }
        let platforms = found(platformsByName)
        return Array((platforms.isEmpty ? found(companiesByName) : platforms).prefix(5))
    }

    /// The payment methods a name may mean; see ``candidates(named:)``.
    public func methodCandidates(named name: String) -> [String] {
        let key = Self.key(name)
        guard key.count >= 2 else { return [] }
        let near = methodsByName.filter { known, _ in
            Spelling.isNear(key, known) || known.count >= 2 && (key.holds(known) || known.holds(key))
        }
        return Array(near.values.reduce(into: Set<String>()) { $0.formUnion($1) }.sorted().prefix(5))
    }

    /// The one owner of the names that are nearly `key`; `nil` for none or several.
    func misspelt(_ key: String, among names: [String: Set<String>]) -> String? {
        let near = names.filter { known, _ in Spelling.isNear(key, known) }
        let owners = near.values.reduce(into: Set<String>()) { $0.formUnion($1) }
        return owners.count == 1 ? owners.first : nil
    }
}

extension String {
    /// Whether another text stands in this one, byte for byte.
    fileprivate func holds(_ part: String) -> Bool {
        guard part.utf8.count <= utf8.count else { return false }
        let (whole, part) = (Array(utf8), Array(part.utf8))
        return (0...(whole.count - part.count)).contains { whole[$0...].starts(with: part) }
    }
}

extension Directory {
    /// A stored address in the form in which it would be stored now: without the parameters that say who shared the page.
    ///
    /// - Returns: `nil` for what is no address with a host that can exist.
    public func normalizedLink(_ address: String) -> String? {
        WebAddress(address, suffixes)?.normalized(by: linkRules, suffixes)
    }
}
