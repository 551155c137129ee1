public import Foundation

extension ProgressReport {
    /// Canonical JSON: members sorted, so that equal reports are equal bytes.
    ///
    /// - Throws: `EncodingError`, which no value of this type gives rise to.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return try encoder.encode(self) + [0x0A]
    }

    /// - Throws: `DecodingError` where it is no report.
    public init(json: some DataProtocol) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(ProgressReport.self, from: Data(json))
    }
}

/// Tenths of a percent as people read them: `36.3 %`, or `n/a`.
func percent(_ tenths: Int?) -> String {
    guard let tenths else { return "n/a" }
    return "\(tenths / 10).\(tenths % 10) %"
}
