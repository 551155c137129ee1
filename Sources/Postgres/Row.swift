import CPostgres

/// One row of a result, read from left to right.
///
/// A query names its columns once and its reader takes them in the same order; leaving one unread is an error, so the
/// two lists cannot drift apart.
public struct Row: ~Copyable {
    private let result: OpaquePointer
    private let index: Int32
    private var column: Int32 = 0

    init(_ result: OpaquePointer, at index: Int32) {
        self.result = result
        self.index = index
    }

    /// The next column.
    public mutating func read<Value: PostgresValue>(_ type: Value.Type = Value.self) throws(PostgresError) -> Value {
        guard let value: Value = try readIfPresent() else {
            throw .unexpectedRow("NULL where a \(Value.self) was promised, in \(name(of: column - 1))")
        }
        return value
    }

    /// The next column, `nil` where it is NULL.
    public mutating func read<Value: PostgresValue>(_ type: Value?.Type = Value?.self) throws(PostgresError) -> Value? {
        try readIfPresent()
    }

    private mutating func readIfPresent<Value: PostgresValue>() throws(PostgresError) -> Value? {
        guard column < PQnfields(result) else { throw .unexpectedRow("it has only \(column) columns") }
        defer { column += 1 }
        guard PQgetisnull(result, index, column) == 0 else { return nil }
        let text = String(cString: PQgetvalue(result, index, column))
        guard let value = Value(postgresText: text) else {
            throw .unexpectedRow("\(name(of: column)) is no \(Value.self)")
        }
        return value
    }

    func finish() throws(PostgresError) {
        guard column == PQnfields(result) else {
            throw .unexpectedRow("\(name(of: column)) and what follows were not read")
        }
    }

    private func name(of column: Int32) -> String {
        PQfname(result, column).map { String(cString: $0) } ?? "column \(column)"
    }
}
