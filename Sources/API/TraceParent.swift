import Casework
import Foundation

/// The trace that a request is part of, as its client names it (W3C Trace Context, section 3.2).
struct TraceParent: Equatable {
    /// Thirty-two hexadecimal digits, not all of them 0.
    let traceID: String

    /// - Returns: `nil` for a header that is malformed, which counts as none.
    init?(parsing header: String) {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, zip(parts, [2, 32, 16, 2]).allSatisfy({ Self.isHexadecimal($0, $1) }),
            parts[0] != "ff", parts[0] != "00" || parts.count == 4,
            parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
        else { return nil }
        traceID = String(parts[1])
    }

    private init(traceID: String) {
        self.traceID = traceID
    }

    /// A trace that begins with this request.
    static func new(_ requestID: UUID) -> TraceParent {
        TraceParent(traceID: requestID.text.filter { $0 != "-" })
    }

    private static func isHexadecimal(_ part: Substring, _ length: Int) -> Bool {
        part.utf8.count == length
            && part.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}
