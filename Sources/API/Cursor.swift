import Crypto
import Foundation
import HTTPTypes
import Store

/// Where a list goes on: opaque to the client, and good only for the same list asked by the same caller.
struct Cursor: Sendable {
    private let key: SymmetricKey

    init(key: SymmetricKey) {
        self.key = key
    }

    func text(after position: Int..., of list: String) -> String { text(after: position, of: list) }

    func text(after position: [Int], of list: String) -> String {
        let numbers = position.reduce(into: Data()) { bytes, number in
            withUnsafeBytes(of: Int64(number).bigEndian) { bytes.append(contentsOf: $0) }
        }
        return (numbers + seal(position, list)).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_")
    }

    /// - Throws: ``Problem`` 400 where the cursor was made for something else.
    func position(_ text: String, of list: String) throws -> Int {
        try positions(text, of: list, count: 1)[0]
    }

    /// - Throws: ``Problem`` 400 where the cursor was made for something else.
    func positions(_ text: String, of list: String, count: Int) throws -> [Int] {
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        guard let bytes = Data(base64Encoded: standard), bytes.count == 8 * count + 16 else { throw Self.bad }
        let numbers = (0..<count).map { index in
            Int(bytes[8 * index..<8 * index + 8].reduce(Int64(0)) { $0 << 8 | Int64($1) })
        }
        guard seal(numbers, list).elementsEqual(bytes.suffix(16)) else { throw Self.bad }
        return numbers
    }

    /// The moment and case at which a list in the order of recording goes on.
    ///
    /// - Throws: ``Problem`` 400 where the cursor was made for something else.
    func place(_ text: String?, of list: String) throws -> FeedPosition? {
        try text.map { try FeedPosition(try positions($0, of: list, count: 4)) }
    }

    private func seal(_ position: [Int], _ list: String) -> Data {
        let text = "\(position.map(String.init).joined(separator: ","))|\(list)"
        return Data(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key).prefix(16))
    }

    private static let bad = Problem(
        .badRequest, "bad-cursor", "The cursor is not good here",
        "Use the cursor of the page before, with the same filters, or leave it out to begin anew.")
}
