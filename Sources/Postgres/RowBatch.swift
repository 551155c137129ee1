/// Rows on their way into tables: one statement for each table, however many rows it gets.
///
/// A statement costs the server about as much as a row does, so rows that belong to one commit go together.
public struct RowBatch: Sendable {
    /// One value of a row.
    public struct Cell: Sendable {
        fileprivate let type: PostgresType
        fileprivate let text: String?

        @usableFromInline
        init(type: PostgresType, text: String?) {
            self.type = type
            self.text = text
        }

        @inlinable
        public static func value<Value: PostgresValue>(_ value: Value?) -> Cell {
            Cell(type: Value.postgresType, text: value?.postgresText)
        }
    }

    /// How the rows travel.
    public enum Form: Sendable {
        /// As arrays of one statement, which may pass over rows that are there; good for a few hundred.
        case statement
        /// Through `COPY`, which is faster for many, and takes all or none.
        case copy
    }

    private struct Table: Sendable {
        let name: StaticString
        let columns: [String]
        let types: [PostgresType]
        let ignoresConflicts: Bool
        /// Each column as an array in the making; for `COPY` the rows, all in the first.
        var arrays: [[UInt8]]

        mutating func append(_ row: KeyValuePairs<StaticString, Cell>, for form: Form) {
            for (column, cell) in row.enumerated() {
                switch form {
                case .statement: appendElement(cell.value.text, to: &arrays[column])
                case .copy: appendField(cell.value.text, to: &arrays[0], isLast: column == row.count - 1)
                }
            }
        }
    }

    private let form: Form
    private var tables: [Table] = []

    public init(for form: Form = .statement) {
        self.form = form
    }

    /// Adds a row; rows of one table all have the same columns, in the same order.
    ///
    /// Tables are filled in the order in which they came first.
    public mutating func add(
        _ table: StaticString, ignoringConflicts: Bool = false, _ row: KeyValuePairs<StaticString, Cell>
    ) {
        if let index = tables.firstIndex(where: { $0.name.isSame(as: table) }) {
            precondition(tables[index].columns.count == row.count, "a row of \(table) with other columns")
            return tables[index].append(row, for: form)
        }
        var new = Table(
            name: table, columns: row.map { "\($0.key)" }, types: row.map(\.value.type),
            ignoresConflicts: ignoringConflicts,
            arrays: form == .copy ? [[]] : row.map { _ in [UInt8(ascii: "{")] })
        new.append(row, for: form)
        tables.append(new)
    }

    /// The copies, one a table.
    fileprivate var copies: [(statement: String, rows: [UInt8])] {
        precondition(form == .copy, "these rows were made for a statement")
        return tables.map { table in
            precondition(!table.ignoresConflicts, "COPY passes over nothing")
            return ("COPY \(table.name) (\(table.columns.joined(separator: ", "))) FROM STDIN", table.arrays[0])
        }
    }

    /// The statements, one a table.
    fileprivate var statements: [SQL] {
        precondition(form == .statement, "these rows were made for COPY")
        return tables.map { table in
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

    /// Puts rows made for `COPY` into their tables and reports how many went in.
    ///
    /// - Throws: `PostgresError`; nothing went in then, once the transaction is rolled back.
    @discardableResult
    public func copy(_ batch: RowBatch) throws(PostgresError) -> Int {
        var count = 0
        for (statement, rows) in batch.copies { count += try copy(rows, in: statement) }
        return count
    }
}

/// Goes on with a row in the text format of `COPY`; `nil` is NULL.
private func appendField(_ field: String?, to text: inout [UInt8], isLast: Bool) {
    if var field {
        field.withUTF8 { bytes in
            for byte in bytes {
                switch byte {
                case 0x5C: text.append(contentsOf: [0x5C, 0x5C])
                case 0x09: text.append(contentsOf: [0x5C, 0x74])
                case 0x0A: text.append(contentsOf: [0x5C, 0x6E])
                case 0x0D: text.append(contentsOf: [0x5C, 0x72])
                default: text.append(byte)
                }
            }
        }
    } else {
        text.append(contentsOf: [0x5C, 0x4E])
    }
    text.append(isLast ? 0x0A : 0x09)
}

extension StaticString {
    fileprivate func isSame(as other: StaticString) -> Bool {
        utf8Start == other.utf8Start
            || withUTF8Buffer { own in other.withUTF8Buffer { own.elementsEqual($0) } }
    }
}
