import Foundation
import Logging
import Reports

/// The server's log: one line an entry, on standard error.
func serverLogger(_ level: Logger.Level) -> Logger {
    var logger = Logger(label: "rectify") { OneLineLogHandler(StreamLogHandler.standardError(label: $0)) }
    logger.logLevel = level
    return logger
}

/// Keeps every entry on its line, whatever a client or the database has put into it.
private struct OneLineLogHandler: LogHandler {
    private var inner: StreamLogHandler

    init(_ inner: StreamLogHandler) { self.inner = inner }

    var logLevel: Logger.Level {
        get { inner.logLevel }
        set { inner.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue.mapValues(Self.plain) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue.map(Self.plain) }
    }

    func log(event: LogEvent) {
        var event = event
        event.message = "\(printable(event.message.description))"
        event.metadata = event.metadata?.mapValues(Self.plain)
        inner.log(event: event)
    }

    private static func plain(_ value: Logger.Metadata.Value) -> Logger.Metadata.Value {
        switch value {
        case .string(let text): .string(printable(text))
        case .stringConvertible(let value): .string(printable(value.description))
        case .dictionary(let members): .dictionary(members.mapValues(plain))
        case .array(let elements): .array(elements.map(plain))
        }
    }
}

/// Whatever crashes from here on, this process or PostgreSQL, writes no core file: keys and identities would be in it.
func forbidCoreFiles() {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    #if os(Linux)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    #else
    setrlimit(RLIMIT_CORE, &none)
    #endif
}
