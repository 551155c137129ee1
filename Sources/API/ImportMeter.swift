import Foundation
import HTTPTypes
import Store

/// Counts what an import takes in against its limits.
struct ImportMeter {
    private let limits: ImportLimits
    private let end: ContinuousClock.Instant
    /// Bytes of the whole import with this stream, and those of them that belong to a part.
    private var (bytes, counted): (Int, Int)

    init(_ whole: Import, _ limits: ImportLimits) {
        self.limits = limits
        end = .now + limits.stream
        (bytes, counted) = (whole.bytes, whole.bytes)
    }

    /// Bytes that have come.
    ///
    /// - Throws: ``Problem`` 413 where they are too many, 408 where the stream lasts too long.
    mutating func add(_ count: Int) throws {
        bytes += count
        guard bytes <= limits.bytes else {
            throw Problem.importIsFull("\(limits.bytes) bytes")
        }
        guard ContinuousClock.now < end else {
            let minutes = Int(limits.stream / .seconds(60))
            throw Problem(
                .requestTimeout, "import-stream-too-long", "The stream lasts too long",
                "Lines are taken for \(minutes) minutes at a time. Read the import, and send the lines after those that are in."
            )
        }
    }

    /// The lines of a part are read.
    ///
    /// - Parameter lines: Lines of the import up to its end.
    /// - Returns: The bytes that came since the part before.
    /// - Throws: ``Problem`` 413 where the lines are too many.
    mutating func part(through lines: Int) throws -> Int {
        guard lines <= limits.lines else { throw Problem.importIsFull("\(limits.lines) lines") }
        defer { counted = bytes }
        return bytes - counted
    }
}

extension Problem {
    fileprivate static func importIsFull(_ limit: String) -> Problem {
        Problem(
            .contentTooLarge, "import-is-full", "The import takes no more",
            "It may have \(limit). Read it to see how many lines are in, and begin another one for the rest.")
    }

    static func importIsOver(_ limits: ImportLimits) -> Problem {
        Problem(
            .conflict, "import-is-over", "The import is over",
            "Lines are taken for \(Int(limits.age / .seconds(3600))) hours after it was begun. Begin another one for the rest."
        )
    }
}
