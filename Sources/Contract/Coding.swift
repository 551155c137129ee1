public import Foundation

/// How bodies are written and read: members in `snake_case`, moments as RFC 3339 in UTC.
public enum Coding {
    /// A body as bytes.
    public static func bytes(of body: some Encodable) throws -> [UInt8] { try BodyEncoder.bytes(of: body) }

    public static let decoder = {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .custom { decoder in
            let text = try decoder.singleValueContainer().decode(String.self)
            guard let date = Self.moment(text) else {
                throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no moment"))
            }
            return date
        }
        return decoder
    }()

    /// Reads RFC 3339 with or without a fraction of a second.
    public static func moment(_ text: String) -> Date? {
        // What neither reads is no moment: `nil`.
        (try? Date(text, strategy: moments)) ?? (try? Date(text, strategy: .iso8601))
    }

    private static let moments = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}

extension Coding {
    /// Reads RFC 3339 with up to six digits of a second, none lost: the moment of a report has to be met exactly.
    public static func preciseMoment(_ text: String) -> Date? {
        guard let dot = text.firstIndex(of: ".") else { return moment(text) }
        let digits = text[text.index(after: dot)...].prefix { $0.isNumber }
        guard (1...6).contains(digits.count), let fraction = Int(digits) else { return nil }
        guard let whole = moment(text[..<dot] + text[text.index(dot, offsetBy: digits.count + 1)...]) else {
            return nil
        }
        let micros = (digits.count..<6).reduce(fraction) { value, _ in value * 10 }
        return Date(timeIntervalSince1970: (whole.timeIntervalSince1970 * 1_000_000 + Double(micros)) / 1_000_000)
    }

    private static func moment(_ text: Substring) -> Date? { moment(String(text)) }
}
