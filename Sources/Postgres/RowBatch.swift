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
        let name: StaticString
        let columns: [String]
        let types: [PostgresType]
        let ignoresConflicts: Bool
        /// Each column as an array in the making.
        var arrays: [[UInt8]]

        mutating func append(_ row: KeyValuePairs<StaticString, Cell>) {
            for (column, cell) in row.enumerated() { appendElement(cell.value.text, to: &arrays[column]) }
        }
    }

    private var tables: [Table] = []

    public init() {}

    /// Adds a row; rows of one table all have the same columns, in the same order.
    ///
    /// Tables are filled in the order in which they came first.
    public mutating func add(
        _ table: StaticString, ignoringConflicts: Bool = false, _ row: KeyValuePairs<StaticString, Cell>
    ) {
        if let index = tables.firstIndex(where: { $0.name.isSame(as: table) }) {
            precondition(tables[index].columns.count == row.count, "a row of \(table) with other columns")
            return tables[index].append(row)
        }
        var new = Table(
            name: table, columns: row.map { "\($0.key)" }, types: row.map(\.value.type),
            ignoresConflicts: ignoringConflicts, arrays: row.map { _ in [UInt8(ascii: "{")] })
        new.append(row)
        tables.append(new)
    }

    /// The statements, one a table.
    fileprivate var statements: [SQL] {
        tables.map { table in
            var sql: SQL = "INSERT INTO "
            let names = table.columns.joined(separator: ", ")
            sql.pieces.append(.text("\(table.name) (\(names)) SELECT "))
            let values = zip(table.columns, table.types).map { column, type in
                type.arrayOID == 0 ? "r.\(column)::\(type.arrayName)" : "r.\(column)"
            }
            sql.pieces.append(.text(values.joined(separator: ", ") + " FROM unnest("))
            for (column, type) in table.types.enumerated() {
                if column > 0 { sql.pieces.append(.text(", ")) }
                // An array of arrays is no column of arrays, so those travel as text.
                let element = type.arrayOID == 0 ? PostgresType.inferred : type
                let array = PostgresType(oid: element.arrayOID, arrayOID: 0)
                sql.pieces.append(.parameter(Parameter(type: array, text: closedArray(table.arrays[column]))))
                sql.pieces.append(.text("::\(array.arrayName)"))
            }
            sql.pieces.append(.text(") AS r(\(names))"))
            if table.ignoresConflicts { sql.pieces.append(.text(" ON CONFLICT DO NOTHING")) }
            return sql
        }
    }
}

extension PostgresType {
    /// The name of an array type, for a cast.
    fileprivate var arrayName: String {
        let names: [PostgresType: String] = [
            .bool: "boolean", .bytea: "bytea", .bigint: "bigint", .date: "date", .timestamptz: "timestamptz",
            .numeric: "numeric", .uuid: "uuid", .jsonb: "jsonb",
        ]
        return (names.first { $0.key.arrayOID == oid }?.value ?? "text") + "[]"
    }
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

extension StaticString {
    fileprivate func isSame(as other: StaticString) -> Bool {
        utf8Start == other.utf8Start
            || withUTF8Buffer { own in other.withUTF8Buffer { own.elementsEqual($0) } }
    }
}
