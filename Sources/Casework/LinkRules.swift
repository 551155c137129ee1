/// Which parameters of addresses only tell who shared a page, from where or when.
///
/// The lists are data of the registry. The rule of the longest matching place decides first, and in it what is kept before
/// what is dropped; what no rule names is kept, since it may make the page.
struct LinkRules: Sendable {
    private let everywhere: [Names]
    /// The longest host and path first.
    private let places: [(host: String, path: String, names: Names)]

    init(_ rules: [Registry.LinkRule]) {
        everywhere = rules.filter(\.places.isEmpty).map(Names.init)
        places = rules.flatMap { rule in
            let names = Names(rule)
            return rule.places.map { place in
                let host = place.prefix { $0 != "/" }
                return (host: String(host), path: String(place.dropFirst(host.count)), names: names)
            }
        }.sorted { ($0.host.utf8.count, $0.path.utf8.count) > ($1.host.utf8.count, $1.path.utf8.count) }
    }

    /// What holds for pages at this place.
    func rule(host: String, path: String) -> Rule {
        let own = places.filter { place in
            (host == place.host || host.hasSuffix("." + place.host)) && path.hasPrefix(place.path)
        }
        return Rule(names: own.map(\.names) + everywhere)
    }

    struct Rule {
        fileprivate let names: [Names]

        /// Whether `name` or `name=value` only tells who shared the page.
        func drops(_ parameter: String) -> Bool {
            let sign = parameter.firstIndex(of: "=") ?? parameter.endIndex
            let name = Escapes.resolved(String(parameter[..<sign])).lowercased()
            let whole = name + Escapes.resolved(String(parameter[sign...])).lowercased()
            for names in names {
                if names.kept.contains(where: { $0.matches(name, whole) }) { return false }
                if names.dropped.contains(where: { $0.matches(name, whole) }) { return true }
            }
            return false
        }
    }

    fileprivate struct Names {
        let kept: [Pattern]
        let dropped: [Pattern]

        init(_ rule: Registry.LinkRule) {
            (kept, dropped) = (rule.kept.map(Pattern.init), rule.dropped.map(Pattern.init))
        }
    }

    /// A name in any case, where `*` at an end means anything.
    ///
    /// With `=`, the value has to fit as well.
    fileprivate struct Pattern {
        private let text: String
        private let isOpenBefore: Bool
        private let isOpenAfter: Bool
        private let hasValue: Bool

        init(_ pattern: String) {
            isOpenBefore = pattern.hasPrefix("*")
            isOpenAfter = pattern.hasSuffix("*")
            text = pattern.dropFirst(isOpenBefore ? 1 : 0).dropLast(isOpenAfter ? 1 : 0).lowercased()
            hasValue = text.contains("=")
        }

        func matches(_ name: String, _ whole: String) -> Bool {
            let found = hasValue ? whole : name
            return switch (isOpenBefore, isOpenAfter) {
            case (false, false): found == text
            case (false, true): found.hasPrefix(text)
            case (true, false): found.hasSuffix(text)
            case (true, true): found.contains(text)
            }
        }
    }
}
