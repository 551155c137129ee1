import Casework

/// The words around the figures, in three languages.
enum Phrase: String, CaseIterable {
    case title, subtitle, incomplete, period, issue, corrects, publicEdition, internalEdition
    case mainPoints, contents, annexFigures, annexNote, skip, picture, chart, notAvailable, hidden, hiddenNote
    case figure, meaning, noData, more

    private static let table = Terms.parsed(
        """
        title | %1 — progress as of %2 | %1——截至%2进展情况 | %1 — tiến độ đến %2
        subtitle | As known at %1. Figures, version %2. | 数据截止时刻：%1。指标版本：%2。 | Theo dữ liệu lúc %1. Phiên bản chỉ số %2.
        incomplete | The day was not over then: its figures are incomplete. | 当日尚未结束，数据不完整。 | Ngày chưa kết thúc: số liệu chưa đầy đủ.
        period | Period: %1 to %2; before: %3 to %4; year before: %5 to %6. All else counts from the campaign's beginning. | 本期：%1至%2；上期：%3至%4；上年同期：%5至%6。其余均为行动启动以来累计。 | Kỳ: %1 đến %2; kỳ trước: %3 đến %4; năm trước: %5 đến %6. Còn lại tính từ đầu chiến dịch.
        issue | Issue %1 of %2, issue %3 in all. | %2年第%1期，总第%3期。 | Số %1 năm %2, số %3 tính chung.
        corrects | It corrects issue %1. | 本期更正总第%1期。 | Số này đính chính số %1.
        publicEdition | Public edition | 公开版 | Bản công khai
        internalEdition | Internal edition | 内部版 | Bản nội bộ
        mainPoints | Main points | 要点 | Điểm chính
        contents | Contents | 目录 | Mục lục
        annexFigures | How the figures are worked out | 指标说明 | Cách tính các chỉ số
        annexNote | Everything is as it held at the end of the day, as far as it was recorded by the moment above. | 各项数据均为当日日终状态，以上述时刻之前已登记者为准。 | Mọi số liệu là trạng thái cuối ngày, theo những gì đã ghi đến thời điểm trên.
        skip | Skip to the report | 跳至正文 | Đến nội dung
        picture | Picture: %1 | 图：%1 | Hình: %1
        chart | The table below has every number. | 下表列出全部数据。 | Bảng dưới có đủ số liệu.
        notAvailable | n/a | 不适用 | n/a
        hidden | c | c | c
        hiddenNote | c: left out, so that nobody can be made out behind a small number. | c：数量过小，为防止识别个人而不公布。 | c: số quá nhỏ, không công bố để tránh lộ danh tính.
        figure | Figure | 指标 | Chỉ số
        meaning | How it is worked out | 计算方法 | Cách tính
        noData | No complaint had been received by then. | 截至当时尚未收到投诉。 | Lúc đó chưa nhận khiếu nại nào.
        more | … and %1 more lines. | ……另有%1行。 | … và %1 dòng nữa.
        """)

    func callAsFunction(_ language: Language, _ values: String...) -> String {
        var text = Self.table[rawValue]?[language] ?? rawValue
        for (index, value) in values.enumerated() { text = text.replacing("%\(index + 1)", with: value) }
        return text
    }
}

extension ProgressReport {
    func title(_ language: Language) -> String { Phrase.title(language, campaignName[language], asOf.description) }

    /// What the reader has to know before the figures, a sentence each.
    func preface(_ language: Language) -> [String] {
        var lines = [(edition == .public ? Phrase.publicEdition : Phrase.internalEdition)(language)]
        if let issue {
            lines.append(Phrase.issue(language, String(issue.ofYear), String(issue.year), String(issue.ofAll)))
            if let corrected = issue.corrects { lines.append(Phrase.corrects(language, String(corrected))) }
        }
        lines.append(Phrase.subtitle(language, knownAt, String(figuresVersion)))
        if isIncomplete { lines.append(Phrase.incomplete(language)) }
        let (before, year) = (period.previous(figuresVersion), period.lastYear(figuresVersion))
        lines.append(
            Phrase.period(
                language, period.from.description, period.to.description, before.from.description,
                before.to.description,
                year.from.description, year.to.description))
        return lines
    }

    /// The most important figures in sentences; what they say stands in the tables too.
    func mainPoints(_ language: Language) -> [String] {
        guard let total = table("intake.total") else { return [Phrase.noData(language)] }
        var points: [(Words, [String])] = [
            (
                Words(
                    en: "%1 complaints had been received, %2 of them in the period (before: %3).",
                    zh: "累计收到投诉%1件，其中本期%2件（上期%3件）。", vi: "Đã nhận %1 khiếu nại, trong kỳ %2 (kỳ trước: %3)."),
                ["cumulative", "period", "previous"].map {
                    total["status:received", $0].map { text($0, language) } ?? ""
                }
            ),
            (
                Words(
                    en: "%1 had been accepted, %2 forwarded to companies, %3 closed.", zh: "已受理%1件，转交企业%2件，办结%3件。",
                    vi: "Đã thụ lý %1, chuyển doanh nghiệp %2, kết thúc %3."),
                ["accepted", "forwarded", "closed"].map { value("handling.funnel", "reached:\($0)", "count", language) }
            ),
        ]
        points += answerPoints(language) + ledgerPoints(language)
        let growing = names(inCompaniesWhere: "growing", is: "answer:yes", language)
        let below = names(inCompaniesWhere: "line", is: "line:below", language)
        if !below.isEmpty {
            points.append(
                (Words(en: "Below the 95 % line: %1.", zh: "及时率低于95%的企业：%1。", vi: "Dưới mức 95 %: %1."), [below]))
        }
        if !growing.isEmpty {
            points.append((Words(en: "Fast-growing: %1.", zh: "投诉增长较快的企业：%1。", vi: "Tăng nhanh: %1."), [growing]))
        }
        return points.map { words, values in
            var text = words[language]
            for (index, value) in values.enumerated() { text = text.replacing("%\(index + 1)", with: value) }
            // A company's name may end with a full stop of its own.
            return text.hasSuffix("..") ? String(text.dropLast()) : text
        }
    }

    private func value(_ table: String, _ row: String, _ column: String, _ language: Language) -> String {
        self.table(table)?[row, column].map { text($0, language) } ?? text(.count(0), language)
    }

    /// A rate of nothing says nothing, and is left out.
    private func answerPoints(_ language: Language) -> [(Words, [String])] {
        let values = ["timely", "overdue"].map { value("timeliness", "deadline:company_reply", $0, language) }
        guard values[0] != Phrase.notAvailable(language) else { return [] }
        let words = Words(
            en: "Companies answered %1 of what was due in time; %2 answers are open and late.",
            zh: "企业答复及时率为%1；逾期未答复%2件。", vi: "Doanh nghiệp trả lời đúng hạn %1; %2 quá hạn chưa trả lời.")
        return [(words, values)]
    }

    private func ledgerPoints(_ language: Language) -> [(Words, [String])] {
        guard table("remediation.funnel") != nil else { return [] }
        let words = Words(
            en: "Barriers in the ledger: %1; proved gone: %2; ever claimed to be: %3; came back after proof: %4.",
            zh: "台账内障碍%1项，已验证解除%2项；企业曾称已整改%3项，验证后复发%4项。",
            vi: "Trong %1 rào cản, %2 đã được kiểm chứng; %3 từng báo đã sửa, %4 tái diễn.")
        let values = ["ledger", "verified_now", "claimed", "regressed"].map {
            value("remediation.funnel", "funnel:\($0)", "count", language)
        }
        return [(words, values)]
    }

    private func names(inCompaniesWhere column: String, is code: String, _ language: Language) -> String {
        guard let table = table("companies"), let index = table.index(of: column) else { return "" }
        let found = table.rows.filter { $0[index] == .code(code) }.compactMap { row -> String? in
            if case .code(let company)? = row.first { name(of: company, in: language) } else { nil }
        }
        return found.joined(separator: language == .zh ? "、" : ", ")
    }

    /// A value as people read it.
    func text(_ cell: Cell, _ language: Language) -> String {
        switch cell {
        case .code(let code): name(of: code, in: language)
        case .text(let text): text
        case .number(let number), .days(let number): String(number)
        case .count(let count): String(count)
        case .percent(let percent): "\(percent) %"
        case .day(let day): day.description
        case .share(_, _, let tenths): tenths.map { percent($0, language) } ?? Phrase.notAvailable(language)
        case .change(let from, let to):
            Cell.changeTenths(from: from, to: to).map { ($0 > 0 ? "+" : "") + percent($0, language) }
                ?? Phrase.notAvailable(language)
        case .none: "–"
        case .hidden: Phrase.hidden(language)
        }
    }

    /// A table with its words in one language.
    func textTable(_ table: ReportTable, _ language: Language) -> TextTable {
        TextTable(
            table.columns.map { column in
                .init(title(of: column, in: table, language), column.kind.isNumeric ? .right : .left)
            },
            table.rows.map { row in row.map { text($0, language) } })
    }

    func title(of column: ReportColumn, in table: ReportTable, _ language: Language) -> String {
        figure("\(table.code).\(column.code)")?.title[language] ?? column.code
    }

    func title(of table: ReportTable, _ language: Language) -> String { titles[table.code]?[language] ?? table.code }

    var hasHidden: Bool { tables.contains { $0.rows.contains { $0.contains(.hidden) } } }
}

/// Tenths of a percent as people read them: `36.3 %`, in Vietnamese `36,3 %`.
func percent(_ tenths: Int, _ language: Language) -> String {
    let size = abs(tenths)
    return "\(tenths < 0 ? "−" : "")\(size / 10)\(language == .vi ? "," : ".")\(size % 10) %"
}
