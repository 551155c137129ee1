import CPostgres
import Logging

/// What the server says beside its answers: into the log, and kept while a COMMIT is under way.
///
/// libpq would print notices to standard error otherwise.
final class Notices {
    private let logger: Logger
    private var kept: [(state: String, message: String)] = []
    /// Notices kept between two COMMITs at the most; later ones go to the log only.
    private static let limit = 16

    init(logger: Logger) {
        self.logger = logger
    }

    func clear() {
        kept.removeAll(keepingCapacity: true)
    }

    func first(state: String) -> String? {
        kept.first { $0.state == state }?.message
    }

    fileprivate func receive(severity: String, state: String, message: String) {
        if kept.count < Self.limit { kept.append((state, message)) }
        // A NOTICE says what IF NOT EXISTS skipped, and the like.
        logger.log(
            level: severity == "WARNING" ? .warning : .debug, "PostgreSQL notice",
            metadata: [
                "sqlstate": "\(state)", "notice": "\(message)",
            ])
    }
}

/// The callback libpq calls on the connection's own thread, inside the call that read the notice.
func receiveNotice(_ notices: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
    guard let notices, let result else { return }
    func field(_ code: Unicode.Scalar) -> String? {
        PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
    }
    Unmanaged<Notices>.fromOpaque(notices).takeUnretainedValue()
        .receive(severity: field("V") ?? "", state: field("C") ?? "00000", message: field("M") ?? "")
}
