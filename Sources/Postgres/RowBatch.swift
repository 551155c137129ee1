/// Rows on their way into tables: one statement for each table, however many rows it gets.
///
/// A statement costs the server about as much as a row does, so rows that belong to one commit go together.
public struct RowBatch: Sendable {
    /// One value of a row.
    public struct Cell: Sendable {
        fileprivate let type: PostgresType
        fileprivate let text: String?

        public static func value<Value: PostgresValue>(_ value: Value?) -> Cell {
            Cell(type: Value.postgresType, text: value?.postgresText)
        }
    }

    private struct Table: Sendable {
        let name: String
        let columns: [String]
        let types: [PostgresType]
        let ignoresConflicts: Bool
        /// By column.
        var cells: [[String?]]
    }

    private var tables: [Table] = []

    public init() {}

    public var isEmpty: Bool { tables.isEmpty }

    /// Adds a row; rows of one table all have the same columns, in the same order.
    ///
    /// Tables are filled in the order in which they came first.
    public mutating func add(
        _ table: StaticString, ignoringConflicts: Bool = false, _ row: KeyValuePairs<StaticString, Cell>
    ) {
        let name = "\(table)"
        guard let index = tables.firstIndex(where: { $0.name == name }) else {
            tables.append(
                Table(
                    name: name, columns: row.map { "\($0.key)" }, types: row.map(\.value.type),
                    ignoresConflicts: ignoringConflicts, cells: row.map { [$0.value.text] }))
            return
        }
        precondition(tables[index].columns.count == row.count, "a row of \(name) with other columns")
        for (column, cell) in row.enumerated() { tables[index].cells[column].append(cell.value.text) }
    }

    /// The statements, one a table.
    fileprivate var statements: [SQL] {
        tables.map { table in
            var sql: SQL = "INSERT INTO "
            let names = table.columns.joined(separator: ", ")
            sql.pieces.append(.text("\(table.name) (\(names)) SELECT "))
            let values = zip(table.columns, table.types).map { column, type in
                type.arrayOID == 0 ? "r.\(column)::\(type.name)" : "r.\(column)"
            }
            sql.pieces.append(.text(values.joined(separator: ", ") + " FROM unnest("))
            for (column, type) in table.types.enumerated() {
                if column > 0 { sql.pieces.append(.text(", ")) }
                // An array of arrays is no column of arrays, so those travel as text.
                let element = type.arrayOID == 0 ? PostgresType.inferred : type
                let array = PostgresType(oid: element.arrayOID, arrayOID: 0)
                sql.pieces.append(.parameter(Parameter(type: array, text: arrayText(table.cells[column]))))
            }
            sql.pieces.append(.text(") AS r(\(names))"))
            if table.ignoresConflicts { sql.pieces.append(.text(" ON CONFLICT DO NOTHING")) }
            return sql
        }
    }
}

extension PostgresType {
    /// The name of an array type, for a cast.
    fileprivate var name: String { oid == PostgresType.bigint.arrayOID ? "bigint[]" : "text[]" }
}

extension Connection {
    /// Puts the rows into their tables and reports how many went in.
    ///
    /// - Throws: `PostgresError`; nothing went in then, once the transaction is rolled back.
    @discardableResult
    public func insert(_ batch: RowBatch) throws(PostgresError) -> Int {
        var count = 0
        for statement in batch.statements { count += try run(statement) }
        return count
    }
}

/// `{…}` as the server reads it, every element in quotation marks.
private func arrayText(_ elements: [String?]) -> String {
    var text: [UInt8] = [UInt8(ascii: "{")]
    text.reserveCapacity(elements.reduce(2) { $0 + ($1?.utf8.count ?? 4) + 3 })
    for (index, element) in elements.enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        guard let element else {
            text += "NULL".utf8
            continue
        }
        text.append(UInt8(ascii: "\""))
        for byte in element.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { text.append(UInt8(ascii: "\\")) }
            text.append(byte)
        }
        text.append(UInt8(ascii: "\""))
    }
    text.append(UInt8(ascii: "}"))
    return String(decoding: text, as: UTF8.self)
}
