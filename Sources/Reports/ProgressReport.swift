public import Casework

/// The progress of a campaign at the end of one day, as it was known at one moment.
///
/// A value without a clock: the same day, moment, period and version of the figures give the same bytes for ever. Nothing
/// in it can be erased later, and no print time is inside.
public struct ProgressReport: Sendable, Equatable {
    /// Raised when a figure is worked out in another way.
    public static let currentFigures = 3
    /// Numbers of complaints below this are left out of the public edition.
    public static let leastShown = 5
    /// Overdue deadlines that are listed, at the most.
    public static let lateLimit = 200

    public enum Edition: String, Sendable, CaseIterable {
        /// For the authority.
        case `internal`
        /// For everyone: without single complaints, small numbers or what is only alleged.
        case `public`
    }

    /// Which issue of the campaign's reports it is, once it is published.
    public struct Issue: Sendable, Hashable {
        public var year: Int
        /// Within the year, and of all.
        public var ofYear: Int
        public var ofAll: Int
        /// The issue that this one corrects.
        public var corrects: Int?

        public init(year: Int, ofYear: Int, ofAll: Int, corrects: Int? = nil) {
            self.year = year
            self.ofYear = ofYear
            self.ofAll = ofAll
            self.corrects = corrects
        }
    }

    /// What a figure means.
    public struct Figure: Sendable, Hashable {
        /// `table.column`.
        public var code: String
        public var title: Words
        public var formula: Words?
        public var kind: ColumnKind
    }

    public var figuresVersion: Int
    public var campaign: String
    public var campaignName: Words
    public var asOf: Day
    public var knownAt: String
    public var isIncomplete: Bool
    public var period: ReportPeriod
    public var edition: Edition
    public var issue: Issue?
    public var tables: [ReportTable]
    /// What tables, by code, are called.
    public var titles: [String: Words]
    public var figures: [Figure]
    /// What the codes in the tables are called.
    public var names: [String: Words]

    /// The report of what is known.
    ///
    /// The public edition shows no single complaint, nothing that is only alleged or was dismissed, and no number behind
    /// which somebody could be made out.
    public init(_ facts: ReportFacts, _ edition: Edition = .internal) {
        var builder = ReportBuilder(facts, isPublic: edition == .public)
        let built = builder.tables().filter { !$0.rows.isEmpty }
        tables = edition == .public ? Suppression.applied(to: built) : built
        names = builder.names
        figuresVersion = Self.currentFigures
        campaign = facts.campaign.code
        campaignName = Words(facts.campaign.name)
        asOf = facts.period.to
        knownAt = facts.knownAt
        isIncomplete = facts.isIncomplete
        period = facts.period
        self.edition = edition
        issue = nil
        (titles, figures) = ([:], [])
        explainTables()
    }

    init(
        figuresVersion: Int, campaign: String, campaignName: Words, asOf: Day, knownAt: String, isIncomplete: Bool,
        period: ReportPeriod, edition: Edition, issue: Issue?, tables: [ReportTable], titles: [String: Words],
        figures: [Figure], names: [String: Words]
    ) {
        self.figuresVersion = figuresVersion
        self.campaign = campaign
        self.campaignName = campaignName
        self.asOf = asOf
        self.knownAt = knownAt
        self.isIncomplete = isIncomplete
        self.period = period
        self.edition = edition
        self.issue = issue
        self.tables = tables
        self.titles = titles
        self.figures = figures
        self.names = names
    }

    /// Puts beside the tables what they and their columns mean.
    private mutating func explainTables() {
        titles = Dictionary(uniqueKeysWithValues: tables.map { ($0.code, Figures.title($0.code)) })
        figures = tables.flatMap { table in
            table.columns.map { column in
                Figure(
                    code: "\(table.code).\(column.code)", title: Figures.title(table.code, column.code),
                    formula: Figures.formula(table.code, column.code), kind: column.kind)
            }
        }
    }

    public func table(_ code: String) -> ReportTable? { tables.first { $0.code == code } }

    /// The meaning of a figure; `nil` where the report has none of this code.
    public func figure(_ code: String) -> Figure? { figures.first { $0.code == code } }

    /// The name of a code in a language.
    public func name(of code: String, in language: Language) -> String { names[code]?[language] ?? code }
}
