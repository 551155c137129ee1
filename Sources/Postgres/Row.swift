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
    @inlinable
    public mutating func read<Value: PostgresValue>(_ type: Value.Type = Value.self) throws(PostgresError) -> Value {
        guard let text = try next() else { throw unexpected("NULL where a \(Value.self) was promised, in") }
        guard let value = Value(postgresText: text) else { throw unexpected("no \(Value.self) stands in") }
        return value
    }

    /// The next column, `nil` where it is NULL.
    @inlinable
    public mutating func read<Value: PostgresValue>(_ type: Value?.Type = Value?.self) throws(PostgresError) -> Value? {
        guard let text = try next() else { return nil }
        guard let value = Value(postgresText: text) else { throw unexpected("no \(Value.self) stands in") }
        return value
    }

    @usableFromInline
    mutating func next() throws(PostgresError) -> String? {
        guard column < PQnfields(result) else { throw .unexpectedRow("it has only \(column) columns") }
        defer { column += 1 }
        guard PQgetisnull(result, index, column) == 0 else { return nil }
        return String(cString: PQgetvalue(result, index, column))
    }

    /// Of the column that was read last.
    @usableFromInline
    func unexpected(_ what: String) -> PostgresError { .unexpectedRow("\(what) \(name(of: column - 1))") }

    func finish() throws(PostgresError) {
        guard column == PQnfields(result) else {
            throw .unexpectedRow("\(name(of: column)) and what follows were not read")
        }
    }

    private func name(of column: Int32) -> String {
        PQfname(result, column).map { String(cString: $0) } ?? "column \(column)"
    }
}
