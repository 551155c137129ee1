/// A statement with its parameters kept apart from its text.
///
/// Interpolating a value makes it a parameter, interpolating an `SQL` splices it in, and plain strings reach the
/// text only as literals in the source. There is no other way in, so nothing needs escaping.
public struct SQL: Sendable, ExpressibleByStringInterpolation {
    enum Piece: Sendable {
        case text(String)
        case parameter(Parameter)
    }

    var pieces: [Piece]

    public init(stringLiteral value: String) {
        pieces = [.text(value)]
    }

    public init(stringInterpolation: StringInterpolation) {
        pieces = stringInterpolation.pieces
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        var pieces: [Piece] = []

        public init(literalCapacity: Int, interpolationCount: Int) {
            pieces.reserveCapacity(2 * interpolationCount + 1)
        }

        public mutating func appendLiteral(_ literal: String) {
            pieces.append(.text(literal))
        }

        public mutating func appendInterpolation(_ fragment: SQL) {
            pieces += fragment.pieces
        }

        @inlinable
        public mutating func appendInterpolation<Value: PostgresValue>(_ value: Value?) {
            append(Value.postgresType, value?.postgresText)
        }

        @usableFromInline
        mutating func append(_ type: PostgresType, _ text: String?) {
            pieces.append(.parameter(Parameter(type: type, text: text)))
        }
    }

    /// The fragments one after another, with `separator` between them.
    public static func joined(_ fragments: [SQL], separator: SQL) -> SQL {
        var whole: SQL = ""
        for (index, fragment) in fragments.enumerated() {
            if index > 0 { whole.pieces += separator.pieces }
            whole.pieces += fragment.pieces
        }
        return whole
    }

    /// The statement as the server wants it: `$1`, `$2`, … and the values they stand for.
    var bound: (text: String, parameters: [Parameter]) {
        var text = ""
        var parameters: [Parameter] = []
        for piece in pieces {
            switch piece {
            case .text(let literal):
                text += literal
            case .parameter(let value):
                parameters.append(value)
                text += "$\(parameters.count)"
            }
        }
        return (text, parameters)
    }
}

/// A value on its way to the server.
struct Parameter: Sendable {
    let type: PostgresType
    /// The value in PostgreSQL's text format; `nil` is NULL.
    let text: String?
}
