import Casework
import Client
import Contract
import Foundation
import Reports

/// One walk through a queue.
struct TriageSession {
    let client: Client
    let keyboard: Keyboard
    let me: SessionBody
    let campaign: CampaignBody
    let references: [String]
    private var place = 0
    private var counts: [String: Int] = [:]
    /// The steps that were taken, the last one at the end.
    private var done: [Done] = []
    /// Whether someone changed the case that is shown, so that it has to be shown anew.
    private var isStale = false

    /// A step that was taken, and how it is taken back.
    private struct Done {
        enum Way {
            /// By a request, on the version that the step left: what someone did since must not be undone.
            case request(Request, version: Int)
            /// Nothing was changed: its case is shown again.
            case again
            /// Not at all, as was said before.
            case none
        }

        let reference: String
        let verb: String
        let way: Way
    }

    /// What is asked of the server about a case.
    private typealias Request = (method: String, resource: String, members: [String: JSON])

    init(client: Client, keyboard: Keyboard, me: SessionBody, campaign: CampaignBody, references: [String]) {
        self.client = client
        self.keyboard = keyboard
        self.me = me
        self.campaign = campaign
        self.references = references
    }

    mutating func walk() async throws {
        walking: while place < references.count {
            let body: ComplaintBody = try await client.get(ComplaintPath.path(references[place]))
            let suspected: Page<SuspectedDuplicateBody> = try await client.get(
                "\(ComplaintPath.path(body.reference))/duplicates")
            show(body, suspected.items)
            asking: while true {
                Terminal.write("\(Self.menu) > ")
                guard let key = keyboard.key() else { break walking }
                Terminal.write("\(key.shown)\n")
                switch key {
                case .character("q"): break walking
                case .character("s"), .character(" "):
                    note(Done(reference: body.reference, verb: "skipped", way: .again))
                    place += 1
                    break asking
                case .character("u"):
                    if try await takeBack() { break asking }
                case .character("?"): Terminal.write(Self.help)
                case .character("v"): showAll(body)
                case .character(let key):
                    guard try await act(key, on: body, suspected.items) else {
                        guard isStale else { continue asking }
                        isStale = false
                        break asking
                    }
                    place += 1
                    break asking
                case .enter, .escape, .backspace: _ = complain("nothing was done; ? tells the keys, q ends")
                }
            }
        }
        let told = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        Terminal.write(lines: ["", "\(told.isEmpty ? "nothing done" : told); \(references.count - place) left"])
    }

    // MARK: Acting

    /// Does what the key says; `false` where nothing was done and the case is asked about again.
    private mutating func act(
        _ key: Character, on body: ComplaintBody, _ suspected: [SuspectedDuplicateBody]
    ) async throws -> Bool {
        switch key {
        case "a":
            var members: [String: JSON] = [:]
            if body.category == nil {
                guard let code = choose("Accepting cannot be taken back. Category", campaign.categories) else {
                    return false
                }
                members["category"] = .string(code)
            }
            return try await perform("accepted", "acceptance", members, on: body)
        case "r":
            guard let code = choose("Refusing cannot be taken back. Ground", campaign.refusalGrounds) else {
                return false
            }
            return try await perform("refused", "refusal", ["ground": .string(code)], on: body)
        case "i":
            guard let code = choose("Asking cannot be taken back. What is missing", campaign.informationGaps) else {
                return false
            }
            return try await perform("asked for information", "information-requests", ["gap": .string(code)], on: body)
        case "d": return try await merge(body, suspected)
        case "n":
            guard let other = suspected.first else { return complain("nothing is suspected here") }
            let method = ("DELETE", "duplicates/\(other.reference)")
            return try await perform("not a duplicate", method.1, [:], on: body, method: method.0)
        case "t":
            let back: [String: JSON] = ["officer": .string(body.officer ?? "none")]
            return try await perform(
                "taken", "assignment", ["officer": .string("me")], on: body, undo: ("POST", "assignment", back))
        case "g":
            guard let name = keyboard.line("give to officer: "), !name.isEmpty else { return false }
            // Who gives a case to somebody else does not hold it any more; a supervisor moves every case.
            let isKept = me.role == .supervisor || name == me.name
            let back: [String: JSON] = ["officer": .string(body.officer ?? "none")]
            return try await perform(
                "given away", "assignment", ["officer": .string(name)], on: body,
                undo: isKept ? ("POST", "assignment", back) : nil)
        case "p":
            guard let code = choose("priority", Complaint.Priority.allCases.map(\.rawValue)) else { return false }
            return try await perform(
                "prioritised", "priority", ["priority": .string(code)], on: body,
                undo: ("POST", "priority", ["priority": .string(body.priority.rawValue)]))
        default: return complain("“\(printable(String(key)))” does nothing here; ? tells the keys")
        }
    }

    private mutating func merge(_ body: ComplaintBody, _ suspected: [SuspectedDuplicateBody]) async throws -> Bool {
        let hint = suspected.first.map { " [\($0.reference)]" } ?? ""
        guard let typed = keyboard.line("duplicate of\(hint): ") else { return false }
        let of = typed.isEmpty ? suspected.first?.reference ?? "" : typed
        guard let reference = Reference(of) else { return complain("“\(printable(of))” is no reference") }
        return try await perform(
            "merged", "duplicate", ["of": .string(reference.description)], on: body,
            undo: ("DELETE", "duplicate", [:]))
    }

    private mutating func perform(
        _ verb: String, _ resource: String, _ members: [String: JSON], on body: ComplaintBody, method: String = "POST",
        undo: Request? = nil
    ) async throws -> Bool {
        do {
            let now: ComplaintBody = try await client.act(
                method, on: "\(ComplaintPath.path(body.reference))/\(resource)", version: body.version, members)
            let way = undo.map { Done.Way.request($0, version: now.version) } ?? .none
            note(Done(reference: body.reference, verb: verb, way: way))
        } catch let problem as ProblemBody where problem.status == 412 {
            isStale = true
            return complain("Someone was faster; nothing was done. This is the case as it is now:")
        } catch let problem as ProblemBody where problem.status < 500 && problem.status != 401 {
            return complain("\(problem.title): \(problem.detail)")
        }
        Terminal.write(lines: ["  \(body.reference) \(verb)"])
        return true
    }

    private mutating func note(_ step: Done) {
        done.append(step)
        counts[step.verb, default: 0] += 1
    }

    /// Takes the last step back and shows its case again.
    private mutating func takeBack() async throws -> Bool {
        guard let last = done.last else { return complain("there is nothing to take back") }
        switch last.way {
        case .none:
            return complain("\(last.reference) was \(last.verb), and that is not taken back")
        case .again: break
        case .request(let undo, let version):
            do {
                let _: ComplaintBody = try await client.act(
                    undo.method, on: "\(ComplaintPath.path(last.reference))/\(undo.resource)", version: version,
                    undo.members)
            } catch let problem as ProblemBody where problem.status < 500 && problem.status != 401 {
                return complain("\(problem.title): \(problem.detail)")
            }
        }
        done.removeLast()
        counts[last.verb, default: 1] -= 1
        if counts[last.verb] == 0 { counts[last.verb] = nil }
        Terminal.write(lines: ["  \(last.reference): undone, it was \(last.verb)"])
        place = references.firstIndex(of: last.reference) ?? place
        return true
    }

    private func complain(_ text: String) -> Bool {
        Terminal.write(lines: ["  ! \(printable(text))"])
        return false
    }

    // MARK: Asking

    private func choose(_ what: String, _ labels: [LabelBody]) -> String? {
        choose(what, labels.map(\.code), words: labels.map { "\($0.name.zh) \($0.name.en)" })
    }

    /// One of the codes, by its number or itself; `nil` where the officer thought better of it.
    private func choose(_ what: String, _ codes: [String], words: [String] = []) -> String? {
        for (index, code) in codes.enumerated() {
            let more = words.indices.contains(index) ? "  \(words[index])" : ""
            Terminal.write(lines: [fit("  \(index + 1) \(code)\(more)")])
        }
        guard let typed = keyboard.line("\(what), by number or code; Esc goes back: "), !typed.isEmpty else {
            return nil
        }
        if let number = Int(typed), codes.indices.contains(number - 1) { return codes[number - 1] }
        guard codes.contains(typed) else {
            _ = complain("“\(typed)” is none of them")
            return nil
        }
        return typed
    }

    // MARK: Showing

    private static let menu = "[a]ccept [r]efuse [i]nfo [d]uplicate [t]ake [g]ive [p]rio [s]kip [u]ndo [?]"
    private static let help = """
          a accept       r refuse on a ground       i ask for information
          d merge into another complaint            n the suspected one is another case
          t take it      g give it to an officer    p set its priority
          s skip         u take back the last step  v view all of it       q quit

        """

    /// What the rules do not let the officer take back, said before it is done.
    private var finalSteps: String {
        "  u cannot take back: a r i n" + (me.role == .supervisor ? "" : ", and g to somebody else")
    }

    private var width: Int { min(Terminal.width ?? 80, 100) }

    private func fit(_ text: String) -> String {
        let table = TextTable([.init("")], [[text]])
        return table.lines(width: width, hasHeader: false).first ?? ""
    }

    private func show(_ body: ComplaintBody, _ suspected: [SuspectedDuplicateBody]) {
        let due = body.deadlines.filter { $0.state == .running }.map(\.dueOn).min()
        let facts = [
            body.status.rawValue, "received \(body.receivedOn)", due.map { "due \($0)" }, body.officer,
            body.priority == .normal ? nil : body.priority.rawValue, body.isNews ? "news" : nil,
        ]
        let who = body.respondent.platform ?? body.respondent.company ?? body.respondent.name.map { "? “\($0)”" } ?? "?"
        let target = body.kind == .other ? "" : " → \(body.target.words)"
        var lines = [
            "", String(repeating: "─", count: width), "\(place + 1)/\(references.count)  \(body.reference)",
            facts.compactMap(\.self).joined(separator: " · "),
            "\(body.kind.rawValue): \(who)\(target)  \(body.scene ?? "")  \(body.category ?? "no category")",
        ].map(fit)
        lines += wrapped(body.narrative, lines: 6)
        for other in suspected.prefix(3) {
            let why = other.reasons.joined(separator: ", ")
            lines.append(
                fit("  like \(other.reference) (\(other.status.rawValue)): \(why), text \(other.similarityPercent) %"))
        }
        Terminal.write(lines: lines + [fit(finalSteps)])
    }

    private func showAll(_ body: ComplaintBody) {
        for (title, value) in body.fields {
            if let value { Terminal.write(lines: wrapped("\(title): \(value)", lines: 40)) }
        }
    }

    /// A text in lines that fit, wide characters counted as two columns.
    private func wrapped(_ text: String, lines limit: Int) -> [String] {
        let lines = Reports.wrapped(text, width: width - 4)
        let shown = lines.prefix(limit).map { "  " + $0 }
        return lines.count > limit ? shown + ["  … v shows all of it"] : Array(shown)
    }
}
