import ArgumentParser
import Casework
import Contract
import Foundation
import Reports

/// How results are written.
struct OutputOptions: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case json
        case ndjson
        case csv
        case name
    }

    @Option(name: .shortAndLong, help: "table, json, ndjson, csv (one value a column) or name.")
    var output: Format = .table

    /// Writes a list: as a table for people, else for programs.
    ///
    /// - Parameters:
    ///   - items: What is listed.
    ///   - columns: The columns of the table.
    ///   - csv: The columns of the CSV, where cells of the table may hold several values; else as the table.
    ///   - name: What an item is called.
    ///   - row: An item's cells in the table.
    /// - Throws: `EncodingError`.
    func write<Item: Encodable>(
        _ items: [Item], _ columns: [TextTable.Column], csv: [CSVColumn<Item>] = [], name: (Item) -> String,
        row: (Item) -> [String]
    ) throws {
        switch output {
        case .table:
            let table = TextTable(columns, items.map(row))
            Terminal.write(lines: table.lines(width: Terminal.width))
            if items.isEmpty { Terminal.note("nothing found") }
        case .json: Terminal.write(try json(items) + "\n", as: .json)
        case .ndjson: Terminal.write(try items.map { try json($0) + "\n" }.joined(), as: .json)
        case .csv where !csv.isEmpty: Terminal.write(CSVColumn.text(items, csv))
        case .csv:
            let records = [columns.map { $0.title.lowercased().replacing(" ", with: "_") }] + items.map(row)
            Terminal.write(records.map(csvLine).joined())
        case .name: Terminal.write(lines: items.map(name))
        }
    }

    /// Writes one thing: as lines of name and value for people.
    func write(_ item: some Encodable, name: String, fields: [(String, String?)]) throws {
        switch output {
        case .json, .ndjson: Terminal.write(try json(item) + "\n", as: .json)
        case .name: Terminal.write(lines: [name])
        case .csv:
            let cells = try JSON(parsing: Coding.bytes(of: item)).csvCells()
            Terminal.write(csvLine(cells.map(\.name)) + csvLine(cells.map(\.value)))
        case .table:
            let shown = fields.compactMap { field in field.1.map { (field.0, $0) } }
            let width = shown.map { displayWidth($0.0) }.max() ?? 0
            Terminal.write(
                lines: shown.map { title, value in
                    title + String(repeating: " ", count: width - displayWidth(title) + 2) + printable(value)
                })
        }
    }

    private func json(_ value: some Encodable) throws -> String {
        String(decoding: try Coding.bytes(of: value), as: UTF8.self)
    }
}

/// Standard output for data, standard error for everything said about them.
enum Terminal {
    /// Columns a table may take; `nil` where the output is no terminal and nothing is to be cut.
    static var width: Int? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        if let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap(Int.init) { return columns }
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 }

    static func write(lines: [String]) {
        write(lines.map { $0 + "\n" }.joined())
    }

    static func write(line: String) { write(line + "\n") }

    /// Writes a text; where the output is a terminal, nothing in it is obeyed as a command.
    ///
    /// Ends quietly where nobody reads any more, as behind `head`.
    static func write(_ text: String, as form: PrintedForm = .lines) {
        send(isatty(STDOUT_FILENO) == 1 ? printable(text, as: form) : text)
    }

    /// Empties the terminal and sets the cursor at its beginning.
    static func clear() {
        send("\u{1B}[H\u{1B}[2J")
    }

    private static func send(_ text: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            Foundation.exit(0)
        }
    }

    /// Asks before something that cannot be taken back; only `y` is a yes.
    ///
    /// - Throws: `Failure` where the answer is no, or nobody is there to ask.
    static func confirm(_ question: String, else advice: String) throws {
        guard isatty(STDIN_FILENO) == 1 else { throw Failure(advice, code: 64) }
        // Nobody can be told that standard error is closed; the answer is awaited all the same.
        try? FileHandle.standardError.write(contentsOf: Data("\(printable(question)) [y/N] ".utf8))
        guard readLine()?.lowercased() == "y" else {
            throw Failure("nothing was changed", code: Failure.Code.cancelled)
        }
    }

    /// Reads what nobody should see, without showing it; a line of standard input where that is no terminal.
    ///
    /// - Throws: `Failure` where nothing is given.
    static func secret(_ what: String) throws -> String {
        let typed: String?
        if isatty(STDIN_FILENO) == 1 {
            typed = getpass("\(what): ").map { String(cString: $0) }
        } else {
            typed = readLine()
        }
        guard let text = typed?.trimmingCharacters(in: .whitespacesAndNewlines), !text.isEmpty else {
            throw Failure("\(what.lowercased()): nothing was given", code: Failure.Code.cancelled)
        }
        return text
    }

    /// A new password, typed twice at a terminal.
    ///
    /// - Throws: `Failure` where nothing is given, or not the same twice.
    static func newPassword() throws -> String {
        let new = try secret("New password")
        if isatty(STDIN_FILENO) == 1, try secret("New password again") != new {
            throw Failure("the two are not the same; nothing was changed", code: Failure.Code.cancelled)
        }
        return new
    }

    static func note(_ text: String) {
        let shown = isatty(STDERR_FILENO) == 1 ? printable(text, as: .lines) : text
        // Nobody can be told that standard error is closed.
        try? FileHandle.standardError.write(contentsOf: Data((shown + "\n").utf8))
    }

    /// Redraws one line on standard error.
    static func progress(_ text: String) {
        // Nobody can be told that standard error is closed.
        try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K\(printable(text))".utf8))
    }
}
