public import Casework
import Foundation
public import Postgres
public import Reports

extension Day: PostgresValue {
    public static var postgresType: PostgresType { .date }
    public init?(postgresText: String) { self.init(postgresText) }
    public var postgresText: String { description }
}

extension Barrier.Target: PostgresValue {
    public static var postgresType: PostgresType { .inferred }
    public init?(postgresText: String) { self.init(postgresText) }
    public var postgresText: String { description }
}

extension Actor.Kind: PostgresValue {}
extension Barrier.Kind: PostgresValue {}
extension Barrier.Remediation: PostgresValue {}
extension Campaign.Kind: PostgresValue {}
extension Channel: PostgresValue {}
extension Complaint.Answer: PostgresValue {}
extension Complaint.Audience: PostgresValue {}
extension Complaint.Outcome: PostgresValue {}
extension Complaint.Priority: PostgresValue {}
extension Complaint.Relation: PostgresValue {}
extension Complaint.Status: PostgresValue {}
extension Deadline.Purpose: PostgresValue {}
extension Deadline.State: PostgresValue {}
extension DeadlineRule.Unit: PostgresValue {}
extension Measure: PostgresValue {}
extension Observation.Method: PostgresValue {}
extension Observation.Result: PostgresValue {}
extension Order.Status: PostgresValue {}
extension ReferenceItem.Kind: PostgresValue {}
extension Registry.PaymentMethod.Kind: PostgresValue {}
extension Role: PostgresValue {}

extension JSONText {
    /// - Throws: `EncodingError`.
    init(encoding value: some Encodable) throws {
        // Most lists of a case are empty, and most of what is told of it are plain words.
        if let list = value as? any RandomAccessCollection, list.isEmpty {
            self.init("[]")
        } else if let words = value as? [String: String] {
            self.init(JSON.object(words.mapValues(JSON.string)).canonicalText)
        } else {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            self.init(String(decoding: try encoder.encode(value), as: UTF8.self))
        }
    }

    /// - Throws: `DecodingError`.
    func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
