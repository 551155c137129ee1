import Configuration
import Foundation
import Logging
import Postgres
import SystemPackage
import Yams

/// One thing an operator can set.
struct Setting: Sendable {
    enum Kind: Sendable {
        case text
        case number(ClosedRange<Int>)
    }

    let key: String
    let standard: String
    let kind: Kind
    /// Never printed.
    let isSecret: Bool
    let meaning: String

    init(_ key: String, _ standard: String, _ kind: Kind, isSecret: Bool = false, _ meaning: String) {
        self.key = key
        self.standard = standard
        self.kind = kind
        self.isSecret = isSecret
        self.meaning = meaning
    }

    /// The environment variable that wins over the file.
    var variable: String { "RECTIFY_" + key.replacing(".", with: "_").uppercased() }

    /// Every setting of the server.
    ///
    /// `Config/rectify.yaml` lists the same with the same defaults.
    static let all = [
        Setting(
            "database.url", "", .text, isSecret: true,
            "libpq connection string; empty: `up` runs a PostgreSQL of its own"),
        Setting(
            "database.keys_url", "", .text, isSecret: true, "the second database, with the keys of sealed complaints"),
        Setting(
            "database.owner_url", "", .text, isSecret: true,
            "the first database for `migrate` and `generate`, by a login that may act as rectify_owner; empty: database.url"
        ),
        Setting(
            "database.owner_keys_url", "", .text, isSecret: true,
            "the second one for `migrate`; empty: database.keys_url"),
        Setting("database.filing_connections", "4", .number(1...64), "connections for filings"),
        Setting("database.work_connections", "6", .number(1...64), "connections for officers' actions"),
        Setting("database.read_connections", "4", .number(1...64), "connections for lists and single cases"),
        Setting("database.report_connections", "2", .number(1...16), "connections for reports"),
        Setting("database.wait_ms", "3000", .number(100...60_000), "how long a request waits for a connection"),
        Setting("keys.file", "", .text, "file with the key-encryption key, mode 0600; `up` makes one in its directory"),
        Setting(
            "keys.command", "", .text,
            "program with arguments that prints the key-encryption key in base64, in place of keys.file"),
        Setting(
            "keys.previous_files", "", .text,
            "files of key-encryption keys used before, with commas between, until `rectify keys rewrap` is done"),
        Setting(
            "embedded.postgres_folder", "/usr/lib/postgresql", .text,
            "folder with VERSION/bin for each installed version of PostgreSQL, for `up` without a database.url"),
        Setting(
            "backup.folder", "", .text, "folder for backups of the first database; `up` archives its log there too"),
        Setting(
            "backup.keys_folder", "", .text,
            "folder for backups of the keys, elsewhere; they are kept for a week at most"),
        Setting("backup.keep", "7", .number(1...1000), "backups of the first database that are kept"),
        Setting(
            "backup.url", "", .text, isSecret: true,
            "the first database for `backup`, by a login that may replicate; empty: database.owner_url"),
        Setting(
            "backup.keys_url", "", .text, isSecret: true,
            "the second one for `backup`; empty: database.owner_keys_url"),
        Setting("server.host", "127.0.0.1", .text, "address to listen on"),
        Setting("server.port", "8080", .number(0...65_535), "port to listen on; 0 takes a free one"),
        Setting("server.idle_seconds", "15", .number(1...600), "a silent connection is closed after this"),
        Setting("server.requests_at_once", "1024", .number(1...100_000), "requests under way; more get 503"),
        Setting("server.filings_at_once", "128", .number(1...100_000), "filings among them; more get 503"),
        Setting(
            "server.connections_at_once", "0", .number(0...100_000),
            "connections in all; more are closed at once; 0: what the limit of open files leaves, 10000 at the most"),
        Setting(
            "server.connections_per_address", "512", .number(0...100_000),
            "connections of one IPv4 address or IPv6 /64, and never more than are free; 0: no limit, as behind a proxy"),
        Setting(
            "server.certificate_file", "", .text, "PEM file with the certificate and its chain; empty: in the clear"),
        Setting("server.private_key_file", "", .text, "PEM file with the certificate's private key"),
        Setting(
            "server.trusted_proxies", "", .text,
            "addresses whose X-Forwarded-For is believed, with commas between, such as 127.0.0.1,10.0.0.0/8"),
        Setting(
            "limits.filings_per_minute", "120", .number(0...1_000_000),
            "filings without a token from one network (/24, /48); 0: no limit"),
        Setting(
            "limits.tracking_per_minute", "60", .number(0...1_000_000),
            "questions with a tracking code from one network; 0: no limit"),
        Setting(
            "limits.reports_per_minute", "30", .number(0...1_000_000),
            "reports and issues read by one network without a token, one company or one filer; 0: no limit"),
        Setting(
            "limits.pages_per_minute", "600", .number(0...1_000_000),
            "public pages of campaigns read by one network; 0: no limit"),
        Setting(
            "limits.sign_ins_per_minute", "60", .number(0...1_000_000),
            "attempts to sign in from one network; 0: no limit"),
        Setting(
            "limits.requests_per_minute", "0", .number(0...10_000_000),
            "requests of one officer, company or filer, or of one network without a good token; 0: no limit"),
        Setting(
            "limits.filer_mib", "10240", .number(1...100_000_000),
            "MiB that all filings and imports of one filer may take"),
        Setting("imports.lines", "1000000", .number(1...1_000_000_000), "lines of one import"),
        Setting("imports.mib", "1024", .number(1...1_000_000), "MiB of one import"),
        Setting("imports.hours", "168", .number(1...8760), "after its beginning lines are taken for so long"),
        Setting(
            "server.leaving_seconds", "0", .number(0...300),
            "after SIGTERM everything is answered for so long, but /readyz says 503; longer than a proxy in front takes to ask"
        ),
        Setting("sessions.hours", "12", .number(1...744), "a session lasts so long at the most"),
        Setting("sessions.idle_minutes", "60", .number(1...44_640), "a session that is not used for so long ends"),
        Setting(
            "directory.issuer", "", .text,
            "OpenID Connect issuer of the authority's own directory; empty: officers sign in here alone"),
        Setting("directory.client_id", "rectify", .text, "what the directory knows this product as: a public client"),
        Setting(
            "directory.name_claim", "preferred_username", .text, "claim of the ID token that is the officer's name"),
        Setting("server.shutdown_seconds", "10", .number(1...300), "requests under way get this long at the end"),
        Setting("evidence.total_mib", "10240", .number(0...100_000_000), "MiB that all files of evidence may take"),
        Setting(
            "suffixes.file", "/usr/share/publicsuffix/public_suffix_list.dat", .text,
            "the public suffix list, as Debian's package publicsuffix has it"),
        Setting(
            "worker.seconds", "20", .number(0...3600),
            "how often what time brings about is looked at; 0: another server does it"),
        Setting(
            "reports.sums_seconds", "2", .number(0...3600),
            "how often what was recorded is added to the sums of reports; 0: another server does it"),
        Setting(
            "history.seconds", "2", .number(0...3600),
            "how often events become leaves of the log that proves history; 0: another server does it"),
        Setting("history.checkpoint_seconds", "60", .number(1...86_400), "how often the log is signed, where it grew"),
        Setting(
            "history.key_file", "", .text,
            "file with the log's Ed25519 key, 32 bytes in base64; without one nothing is signed"),
        Setting(
            "history.origin", "rectify", .text,
            "the log's name in checkpoints and proofs; without blanks and plus signs"),
        Setting(
            "history.checkpoints_folder", "", .text,
            "folder, best on another machine, that gets a copy of each checkpoint"),
        Setting(
            "webhooks.allowed_networks", "", .text,
            "networks beside the public internet that filers' webhooks may lead to, also without TLS, such as 10.0.0.0/8"
        ),
        Setting(
            "safety.accepted", "", .text,
            "hazards that a server starts with all the same, with commas between, such as no_checksums"),
        Setting("staff.host", "127.0.0.1", .text, "address that officers work at, where staff.port is set"),
        Setting(
            "staff.port", "0", .number(0...65_535),
            "port that officers alone work at, who are not let in at server.port then; 0: everyone comes by server.port"
        ),
        Setting("metrics.host", "127.0.0.1", .text, "address on which /metrics is served"),
        Setting("metrics.port", "0", .number(0...65_535), "port for /metrics; 0: not served"),
        Setting("log.level", "info", .text, "trace, debug, info, notice, warning, error or critical"),
    ]
}

/// Why the settings cannot be used.
enum SettingsError: Error, CustomStringConvertible {
    case unknown([String])
    case unreadable(String, String)
    case invalid(key: String, value: String, wanted: String)
    case missing(key: String, why: String)

    var description: String {
        switch self {
        case .unknown(let names):
            "unknown settings: \(names.joined(separator: ", ")); see Config/README.md for those that exist"
        case .unreadable(let path, let why): "\(path) cannot be read: \(why)"
        case .invalid(let key, let value, let wanted): "the setting \(key) is “\(value)”, but has to be \(wanted)"
        case .missing(let key, let why): "the setting \(key) is missing: \(why)"
        }
    }
}

/// The settings in force, each with where it came from: the environment wins over the file, the file over the default.
struct Settings: Sendable {
    struct Entry: Sendable {
        let setting: Setting
        let value: String
        let origin: String
    }

    let entries: [Entry]

    /// - Parameter file: `Config/rectify.yaml` of the product, unless another is named.
    /// - Returns: The settings in force.
    /// - Throws: ``SettingsError``.
    static func read(file: URL?) async throws -> Settings {
        let path = file ?? Home.config.appending(path: "rectify.yaml")
        let environment = ProcessInfo.processInfo.environment
        try refuseUnknown(in: path, environment, isRequired: file != nil)
        let fileProvider: FileProvider<YAMLSnapshot>
        do {
            fileProvider = try await FileProvider<YAMLSnapshot>(
                filePath: FilePath(path.path(percentEncoded: false)), allowMissing: file == nil)
        } catch {
            throw SettingsError.unreadable(path.path(percentEncoded: false), "\(error)")
        }
        let sources: [(origin: String?, reader: ConfigReader)] = [
            (nil, ConfigReader(provider: EnvironmentVariablesProvider().prefixKeys(with: "rectify"))),
            (path.lastPathComponent, ConfigReader(provider: fileProvider)),
        ]
        let entries = try Setting.all.map { setting -> Entry in
            for source in sources {
                guard let value = source.reader.string(forKey: ConfigKey(setting.key)), !value.isEmpty else { continue }
                try setting.check(value)
                return Entry(setting: setting, value: value, origin: source.origin ?? setting.variable)
            }
            return Entry(setting: setting, value: setting.standard, origin: "default")
        }
        return Settings(entries: entries)
    }

    subscript(key: String) -> String {
        entries.first { $0.setting.key == key }?.value ?? ""
    }

    func number(_ key: String) -> Int { Int(self[key]) ?? 0 }

    var logLevel: Logger.Level { Logger.Level(rawValue: self["log.level"]) ?? .info }

    // MARK: Checking

    private static func refuseUnknown(in path: URL, _ environment: [String: String], isRequired: Bool) throws {
        // What the client and the program itself read, beside the settings.
        let others: Set = ["RECTIFY_HOME", "RECTIFY_SERVER", "RECTIFY_CAMPAIGN"]
        let variables = Set(Setting.all.map(\.variable)).union(others)
        var unknown = environment.keys.filter { $0.hasPrefix("RECTIFY_") && !variables.contains($0) }
        let text: String?
        do {
            text = try path.textIfThere()
        } catch {
            throw SettingsError.unreadable(path.path(percentEncoded: false), error.reason)
        }
        if let text {
            do {
                let keys = try keys(of: try Yams.compose(yaml: text), under: "")
                unknown += keys.filter { key in !Setting.all.contains { $0.key == key } }
            } catch {
                throw SettingsError.unreadable(path.path(percentEncoded: false), "\(error)")
            }
        } else if isRequired {
            throw SettingsError.unreadable(path.path(percentEncoded: false), "no such file")
        }
        guard unknown.isEmpty else { throw SettingsError.unknown(unknown.sorted()) }
    }

    private static func keys(of node: Node?, under prefix: String) throws -> [String] {
        guard case .mapping(let mapping) = node else { return prefix.isEmpty ? [] : [prefix] }
        return try mapping.flatMap { key, value in
            try keys(of: value, under: (prefix.isEmpty ? "" : prefix + ".") + (key.string ?? "?"))
        }
    }
}

extension Setting {
    fileprivate func check(_ value: String) throws {
        switch kind {
        case .number(let range):
            guard let number = Int(value), range.contains(number) else {
                let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
                throw SettingsError.invalid(key: key, value: value, wanted: wanted)
            }
        case .text where key == "log.level":
            guard Logger.Level(rawValue: value) != nil else {
                throw SettingsError.invalid(key: key, value: value, wanted: meaning)
            }
        case .text: break
        }
    }
}
