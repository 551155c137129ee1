import API
import Casework
import Crypto
import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Store
import Synchronization
import Transparency
import UnixSignals

/// Serves until the process is told to stop, then lets requests under way finish.
struct Running {
    let deployment: Deployment
    let settings: Settings
    let host: String
    let port: Int
    let logger: Logger
    /// When the process was told to stop.
    var stopping = StopMoment()
    /// What is still done where the end takes too long, and nothing is waited for any more.
    var breakOff: @Sendable () async -> Void = {}

    private var poolSizes: Databases.Sizes {
        Databases.Sizes(
            filing: settings.number("database.filing_connections"), work: settings.number("database.work_connections"),
            reads: settings.number("database.read_connections"), reports: settings.number("database.report_connections")
        )
    }

    func run() async throws {
        let watch = Task { await breakOffInTime() }
        defer { watch.cancel() }
        try refuseOnePortForTwo()
        let databases = Databases(
            url: deployment.url, keysURL: deployment.keysURL, sizes: poolSizes,
            wait: .milliseconds(settings.number("database.wait_ms")), logger: logger)
        let (ring, keys) = try await suitableKeys(databases)
        let signer = try deployment.logSigner(settings)
        if signer == nil { logger.warning("history is not signed: history.key_file names no key") }
        let references = ReferenceCache(databases.work, suffixes: try suffixes())
        let webhookNetworks = try networks("webhooks.allowed_networks")
        let service = Service(
            databases: databases, references: references, keys: keys, letters: try Home.letters(),
            contract: try Data(contentsOf: Home.config.appending(path: "openapi.json")),
            limits: limits, requestsAtOnce: settings.number("server.requests_at_once"),
            filingsAtOnce: settings.number("server.filings_at_once"), connections: try ledger(databases),
            evidenceQuota: EvidenceQuota(bytesOfAll: settings.number("evidence.total_mib") << 20),
            proxies: TrustedProxies(try networks("server.trusted_proxies")), imports: importLimits,
            filerQuota: settings.number("limits.filer_mib") << 20, webhookNetworks: webhookNetworks,
            isEncrypted: !settings["server.certificate_file"].isEmpty, logKey: signer?.verifier,
            sessions: SignIn.Limits(
                seconds: settings.number("sessions.hours") * 3600,
                idleSeconds: settings.number("sessions.idle_minutes") * 60),
            directory: try directory)
        let often = Duration.seconds(settings.number("worker.seconds"))
        let worker = Worker(databases, references: references, every: often)
        let rounds = Rounds(worker: worker, keys: keys, every: often, logger: logger)
        let leavers = Leavers(worker: worker, isOn: often > .zero, logger: logger)
        let summing = Summing(
            sums: ReportSums(databases, references: references),
            every: .seconds(settings.number("reports.sums_seconds")), logger: logger)
        let logKeeping = LogKeeping(EventLog(databases, signer: signer), settings, logger)
        try await logKeeping.refuseStrangeHistory(databases, signer?.verifier)
        let sending = Sending(
            sender: WebhookSender(databases, keys: keys, allowing: webhookNetworks, logger: logger),
            isOn: often > .zero)
        let announcing = Announcing(databases: databases, key: ring.current.id, logger: logger)
        try await databases.announce(announcing.server, uses: announcing.key)
        // They are stopped from last to first: the log after everyone who writes events.
        var services: [any ServiceLifecycle.Service] = [
            announcing, logKeeping, rounds, leavers, summing, sending, try BackupKeeping(deployment, settings, logger),
            DiskWatch(deployment, settings, service.disks, logger),
            try application(of: service, settings.number("staff.port") > 0 ? .world : .everyone),
        ]
        if settings.number("staff.port") > 0 { services.append(try staffListener(of: service)) }
        if settings.number("metrics.port") > 0 { services.append(try metricsListener(of: service)) }
        services.append(
            Leaving(departure: service.departure, time: .seconds(settings.number("server.leaving_seconds"))))
        do {
            try await run(services)
        } catch {
            await databases.close()
            throw error
        }
        await databases.close()
    }

    /// The keys, once the databases are known to be as they should.
    private func suitableKeys(_ databases: Databases) async throws -> (KeyRing, CaseKeys) {
        guard try await databases.readiness() != .notWritable else {
            throw Failure("the databases lack their schema; run: rectify migrate", code: Failure.Code.unavailable)
        }
        let ring = try await deployment.keyRing()
        try await databases.checkSuitability(ring)
        let keys = try await CaseKeys(databases.keys, ring)
        try await refuseHazards(databases)
        return (ring, keys)
    }

    /// What is unsafe is refused, unless the settings accept it by its name.
    private func refuseHazards(_ databases: Databases) async throws {
        let words = settings["safety.accepted"].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        for word in words where Hazard(rawValue: word) == nil {
            throw Failure(
                "safety.accepted names “\(word)”; known: \(Hazard.allCases.map(\.rawValue).joined(separator: ", "))",
                code: 64)
        }
        var hazards = try await databases.hazards()
        let hosts = [host] + (settings.number("staff.port") > 0 ? [settings["staff.host"]] : [])
        let isLoopback = hosts.allSatisfy { ["localhost", "::1"].contains($0) || $0.hasPrefix("127.") }
        if !isLoopback, settings["server.certificate_file"].isEmpty, settings["server.trusted_proxies"].isEmpty {
            hazards.insert(.openWithoutTLS)
        }
        let open = hazards.filter { !words.contains($0.rawValue) }.sorted { $0.rawValue < $1.rawValue }
        guard !open.isEmpty else { return }
        let lines = open.map { "  \($0.rawValue): \($0.meaning)" }.joined(separator: "\n")
        throw Failure(
            "this is not safe; mend it, or accept it by name in safety.accepted:\n\(lines)",
            code: Failure.Code.unavailable)
    }

    private var directory: PeopleDirectory? {
        get throws {
            guard !settings["directory.issuer"].isEmpty else { return nil }
            return try PeopleDirectory(
                PeopleDirectory.Settings(
                    issuer: settings["directory.issuer"], clientID: settings["directory.client_id"],
                    nameClaim: settings["directory.name_claim"]))
        }
    }

    private var importLimits: ImportLimits {
        ImportLimits(
            lines: settings.number("imports.lines"), bytes: settings.number("imports.mib") << 20,
            age: .seconds(settings.number("imports.hours") * 3600))
    }

    private var limits: RateLimits {
        RateLimits(
            filing: settings.number("limits.filings_per_minute"),
            tracking: settings.number("limits.tracking_per_minute"),
            reports: settings.number("limits.reports_per_minute"),
            pages: settings.number("limits.pages_per_minute"),
            signIn: settings.number("limits.sign_ins_per_minute"),
            all: settings.number("limits.requests_per_minute"))
    }

    private func application(
        of service: API.Service, _ entrance: Entrance
    ) throws -> some ServiceLifecycle.Service {
        let scheme = settings["server.certificate_file"].isEmpty ? "http" : "https"
        let listening = try listening(service)
        return Application(
            router: router(service, entrance), server: listening.server,
            configuration: .init(address: .hostname(host, port: port), serverName: "rectify", backlog: 4096),
            onServerRunning: { channel in
                await listening.admit(at: channel)
                let address = channel.localAddress
                Terminal.write(lines: ["ready on \(scheme)://\(address?.ipAddress ?? host):\(address?.port ?? port)"])
            }, logger: logger)
    }

    /// Until SIGTERM or SIGINT, and then until what is under way is done; told a second time, it ends at once.
    private func run(_ services: [any ServiceLifecycle.Service]) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = allowance
        let group = ServiceGroup(configuration: configuration)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await running(group) }
            tasks.addTask {
                var signals = await UnixSignalsSequence(trapping: .sigterm, .sigint).makeAsyncIterator()
                for _ in 1...2 { _ = await signals.next() }
                try Task.checkCancellation()
                throw Failure("told to stop twice: what was under way is broken off", code: Failure.Code.cancelled)
            }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    /// Ends the process two seconds after all that is under way should have ended.
    ///
    /// Work that waits for a database that does not react cannot be cancelled: it would outlast the time that is given.
    private func breakOffInTime() async {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let told = AsyncStream<Void>.makeStream()
        let listening = Task {
            for await _ in signals {
                stopping.note()
                told.continuation.yield()
            }
        }
        defer { listening.cancel() }
        var tellings = told.stream.makeAsyncIterator()
        guard await tellings.next() != nil else { return }
        let timer = Task {
            // Cancelled, it need not wait.
            try? await Task.sleep(for: allowance)
            told.continuation.yield()
        }
        defer { timer.cancel() }
        // The time is up, or the second signal has come.
        guard await tellings.next() != nil, (try? await Task.sleep(for: .seconds(2))) != nil else { return }
        logger.error("what is under way does not end, as where the database does not react; it is broken off")
        await breakOff()
        exit(Failure.Code.general)
    }

    /// How long the end may take.
    private var allowance: Duration {
        .seconds(settings.number("server.leaving_seconds") + settings.number("server.shutdown_seconds"))
    }

    private func running(_ group: ServiceGroup) async throws {
        do {
            try await group.run()
        } catch let error as IOError where [EADDRINUSE, EADDRNOTAVAIL, EACCES].contains(error.errnoCode) {
            let others = [("staff", "officers"), ("metrics", "the metrics")].filter {
                settings.number("\($0.0).port") > 0
            }
            let places = others.map { " (or for \($0.1) on \(settings["\($0.0).host"]):\(settings["\($0.0).port"]))" }
                .joined()
            throw Failure("cannot listen on \(host):\(port)\(places): \(String(cString: strerror(error.errnoCode)))")
        }
    }
}

/// When the process was told to stop for the first time.
final class StopMoment: Sendable {
    private let moment = Mutex<ContinuousClock.Instant?>(nil)

    func note() { moment.withLock { $0 = $0 ?? .now } }

    /// What is left of the time that the end may take: at least two seconds, and a minute where nobody has asked for it.
    func left(of seconds: Int) -> Duration {
        guard let moment = moment.withLock({ $0 }) else { return .seconds(60) }
        return max(moment + .seconds(seconds) - .now, .seconds(2))
    }
}

/// Announces the end, and gives whoever sends requests here time to see it.
private struct Leaving: ServiceLifecycle.Service {
    let departure: Departure
    let time: Duration

    func run() async throws {
        // Cancelled, the end has come without an announcement.
        try? await gracefulShutdown()
        departure.announce()
        // Cancelled, it ends at once.
        try? await Task.sleep(for: time)
    }
}

extension Running {
    private func refuseOnePortForTwo() throws {
        let ports = [port, settings.number("staff.port"), settings.number("metrics.port")].filter { $0 > 0 }
        guard Set(ports).count == ports.count else {
            throw Failure("server.port, staff.port and metrics.port have to be different ports", code: 64)
        }
    }

    /// Where officers work who are not let in from everywhere.
    private func staffListener(of service: API.Service) throws -> some ServiceLifecycle.Service {
        let listening = try listening(service)
        return Application(
            router: router(service), server: listening.server,
            configuration: .init(
                address: .hostname(settings["staff.host"], port: settings.number("staff.port")), serverName: "rectify",
                backlog: 1024),
            onServerRunning: { channel in await listening.admit(at: channel) }, logger: logger)
    }

    private func metricsListener(of service: API.Service) throws -> some ServiceLifecycle.Service {
        let listening = try Listening(connectionLimits, service.connections, logger: logger)
        return Application(
            router: metricsRouter(service), server: listening.server,
            configuration: .init(
                address: .hostname(settings["metrics.host"], port: settings.number("metrics.port")),
                serverName: "rectify"),
            onServerRunning: { channel in await listening.admit(at: channel) }, logger: logger)
    }

    /// Room for as many connections as the open files of the process leave, or for fewer where the settings say so.
    private func ledger(_ databases: Databases) throws -> ConnectionLedger {
        let room = try OpenFiles.connections(databases: databases.connectionsAtMost)
        let asked = settings.number("server.connections_at_once")
        guard asked <= room else {
            throw Failure(
                "server.connections_at_once is \(asked), but the limit of open files (\(OpenFiles.limit)) leaves room for "
                    + "\(room); raise the limit (ulimit -n, LimitNOFILE=), or set fewer", code: 64)
        }
        return ConnectionLedger(
            atOnce: asked > 0 ? asked : room, perClient: settings.number("server.connections_per_address"))
    }

    private func networks(_ key: String) throws -> NetworkList {
        do {
            return try NetworkList(settings[key])
        } catch {
            throw Failure("\(key): \(error)")
        }
    }

    private var connectionLimits: ConnectionLimits {
        ConnectionLimits(idle: .seconds(Int64(settings.number("server.idle_seconds"))))
    }

    private func listening(_ service: API.Service) throws -> Listening {
        let (limits, ledger) = (connectionLimits, service.connections)
        let turnstile = Turnstile(service, logger: logger)
        let (chain, key) = (settings["server.certificate_file"], settings["server.private_key_file"])
        guard chain.isEmpty == key.isEmpty else {
            throw Failure("server.certificate_file and server.private_key_file go together: set both, or neither")
        }
        guard !chain.isEmpty else { return try Listening(limits, ledger, turnstile: turnstile, logger: logger) }
        do {
            return try Listening(
                limits, ledger, certificate: .init(chain: chain, privateKey: key), turnstile: turnstile, logger: logger)
        } catch {
            throw Failure("the certificate \(chain) with the key \(key) cannot be used: \(error)")
        }
    }

    private func suffixes() throws -> PublicSuffixes {
        let path = settings["suffixes.file"]
        guard let list = FileManager.default.contents(atPath: path) else {
            throw Failure(
                "the public suffix list \(path) cannot be read; install Debian's package publicsuffix, or set suffixes.file",
                code: Failure.Code.unavailable)
        }
        return PublicSuffixes(list: list, version: hexadecimal(Data(SHA256.hash(data: list).prefix(6))))
    }
}
