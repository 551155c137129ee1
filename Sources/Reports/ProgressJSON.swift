import Casework
public import Foundation

/// Why a text is no report.
public struct NoReport: Error, Equatable, CustomStringConvertible {
    public let description: String
}

extension ProgressReport {
    /// Canonical JSON: members sorted, so that equal reports are equal bytes.
    ///
    /// The schema `Progress` of the OpenAPI document describes it.
    public func json() -> Data { Data((JSON.object(members).canonicalText + "\n").utf8) }

    private var members: [String: JSON] {
        var members: [String: JSON] = [
            "figures_version": .int(figuresVersion), "campaign": .string(campaign),
            "campaign_name": campaignName.json, "as_of": .string(asOf.description), "known_at": .string(knownAt),
            "is_incomplete": .bool(isIncomplete), "period_from": .string(period.from.description),
            "edition": .string(edition.rawValue), "tables": .array(tables.map(\.json)),
            "titles": .object(titles.mapValues(\.json)), "names": .object(names.mapValues(\.json)),
            "figures": .array(
                figures.map { figure in
                    .object([
                        "code": .string(figure.code), "title": figure.title.json, "kind": .string(figure.kind.rawValue),
                        "formula": figure.formula?.json ?? .null,
                    ])
                }),
        ]
        if let issue {
            members["issue"] = .object([
                "year": .int(issue.year), "of_year": .int(issue.ofYear), "of_all": .int(issue.ofAll),
                "corrects": issue.corrects.map { .int($0) } ?? .null,
            ])
        }
        return members
    }

    /// - Throws: ``NoReport``, or `JSON.SyntaxError`.
    public init(json: some Sequence<UInt8>) throws {
        let document = try JSON(parsing: json)
        let head = try document.member("figures_version").number()
        guard head <= Self.currentFigures else {
            throw NoReport(description: "the report is of a newer version of the program")
        }
        var issue: Issue?
        if let found = document.optional("issue") {
            issue = Issue(
                year: try found.member("year").number(), ofYear: try found.member("of_year").number(),
                ofAll: try found.member("of_all").number(), corrects: try found.optional("corrects")?.number())
        }
        let edition = Edition(rawValue: try document.member("edition").text())
        guard let edition else { throw NoReport(description: "the edition is unknown") }
        let asOf = try document.member("as_of").day()
        self.init(
            figuresVersion: head, campaign: try document.member("campaign").text(),
            campaignName: try Words(document.member("campaign_name")), asOf: asOf,
            knownAt: try document.member("known_at").text(),
            isIncomplete: document.optional("is_incomplete") == .bool(true),
            period: ReportPeriod(from: try document.member("period_from").day(), to: asOf), edition: edition,
            issue: issue, tables: try document.member("tables").elements().map(ReportTable.init),
            titles: try document.member("titles").words(),
            figures: try document.member("figures").elements().map { figure in
                Figure(
                    code: try figure.member("code").text(), title: try Words(figure.member("title")),
                    formula: try figure.optional("formula").map(Words.init),
                    kind: try figure.member("kind").kindOfColumn())
            },
            names: try document.member("names").words())
    }
}

extension Words {
    fileprivate var json: JSON { .object(["en": .string(en), "zh": .string(zh), "vi": .string(vi)]) }

    fileprivate init(_ json: JSON) throws {
        self.init(
            en: try json.member("en").text(), zh: try json.member("zh").text(), vi: try json.member("vi").text())
    }
}

extension ReportTable {
    fileprivate var json: JSON {
        .object([
            "code": .string(code),
            "columns": .array(
                columns.map { .object(["code": .string($0.code), "kind": .string($0.kind.rawValue)]) }),
            "rows": .array(rows.map { .array($0.map(\.json)) }),
        ])
    }

    fileprivate init(_ json: JSON) throws {
        let columns = try json.member("columns").elements().map { column in
            ReportColumn(try column.member("code").text(), try column.member("kind").kindOfColumn())
        }
        let rows = try json.member("rows").elements().map { row in
            let cells = try row.elements()
            guard cells.count == columns.count else {
                throw NoReport(description: "a row has too many cells or too few")
            }
            return try zip(columns, cells).map { try Cell($1, $0.kind) }
        }
        self.init(try json.member("code").text(), columns, rows)
    }
}

extension Cell {
    /// A plain value for what is one; `null` for nothing, `"c"` (confidential) for what is hidden.
    fileprivate var json: JSON {
        switch self {
        case .code(let text), .text(let text): .string(text)
        case .number(let number), .count(let number), .days(let number), .percent(let number): .int(number)
        case .day(let day): .string(day.description)
        case .share(let part, let whole, let tenths):
            .object(["part": .int(part), "whole": .int(whole), "tenths": tenths.map { .int($0) } ?? .null])
        case .change(let from, let to):
            .object([
                "from": .int(from), "to": .int(to),
                "tenths": Cell.changeTenths(from: from, to: to).map { .int($0) } ?? .null,
            ])
        case .none: .null
        case .hidden: .string("c")
        }
    }

    fileprivate init(_ json: JSON, _ kind: ColumnKind) throws {
        switch (json, kind) {
        case (.null, _): self = .none
        case (.string("c"), .count), (.string("c"), .share), (.string("c"), .change), (.string("c"), .days):
            self = .hidden
        case (_, .code): self = .code(try json.text())
        case (_, .text): self = .text(try json.text())
        case (_, .number): self = .number(try json.number())
        case (_, .count): self = .count(try json.number())
        case (_, .days): self = .days(try json.number())
        case (_, .percent): self = .percent(try json.number())
        case (_, .day): self = .day(try json.day())
        case (_, .share):
            self = .share(
                part: try json.member("part").number(), whole: try json.member("whole").number(),
                tenths: try json.optional("tenths")?.number())
        case (_, .change): self = .change(from: try json.member("from").number(), to: try json.member("to").number())
        }
    }
}

extension JSON {
    fileprivate func member(_ name: String) throws(NoReport) -> JSON {
        guard case .object(let members) = self, let member = members[name] else {
            throw NoReport(description: "the member \(name) is missing")
        }
        return member
    }

    fileprivate func optional(_ name: String) -> JSON? {
        guard case .object(let members) = self, let member = members[name], member != .null else { return nil }
        return member
    }

    fileprivate func text() throws(NoReport) -> String {
        guard case .string(let text) = self else { throw NoReport(description: "\(canonicalText) is no text") }
        return text
    }

    fileprivate func number() throws(NoReport) -> Int {
        guard case .int(let number) = self else { throw NoReport(description: "\(canonicalText) is no number") }
        return number
    }

    fileprivate func day() throws(NoReport) -> Day {
        guard let day = Day(try text()) else { throw NoReport(description: "\(canonicalText) is no day") }
        return day
    }

    fileprivate func elements() throws(NoReport) -> [JSON] {
        guard case .array(let elements) = self else { throw NoReport(description: "a list is missing") }
        return elements
    }

    fileprivate func words() throws -> [String: Words] {
        guard case .object(let members) = self else { throw NoReport(description: "names are missing") }
        return try members.mapValues(Words.init)
    }

    fileprivate func kindOfColumn() throws(NoReport) -> ColumnKind {
        guard let kind = ColumnKind(rawValue: try text()) else {
            throw NoReport(description: "\(canonicalText) is no kind of column")
        }
        return kind
    }
}
