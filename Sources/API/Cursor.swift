import Crypto
import Foundation
import HTTPTypes

/// Where a list goes on: opaque to the client, and good only for the same list asked by the same caller.
struct Cursor: Sendable {
    private let key: SymmetricKey

    init(key: SymmetricKey) {
        self.key = key
    }

    func text(after position: Int, of list: String) -> String {
        let mac = HMAC<SHA256>.authenticationCode(for: Data("\(position)|\(list)".utf8), using: key)
        let bytes = withUnsafeBytes(of: Int64(position).bigEndian) { Data($0) } + Data(mac.prefix(16))
        return bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    }

    /// - Throws: ``Problem`` 400 where the cursor was made for something else.
    func position(_ text: String, of list: String) throws -> Int {
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        guard let bytes = Data(base64Encoded: standard), bytes.count == 24 else { throw Self.bad }
        let position = bytes.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        guard
            HMAC<SHA256>.authenticationCode(for: Data("\(position)|\(list)".utf8), using: key).prefix(16)
                .elementsEqual(bytes.dropFirst(8))
        else { throw Self.bad }
        return Int(position)
    }

    private static let bad = Problem(
        .badRequest, "bad-cursor", "The cursor is not good here",
        "Use the cursor of the page before, with the same filters, or leave it out to begin anew.")
}
