import AsyncHTTPClient
import Casework
import Client
import Contract
import Foundation
import NIOCore
import NIOHTTP1
import Postgres
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The built program, run as a user runs it.
struct Program: Sendable {
    /// A folder of the test's own: data, tokens and settings.
    let folder: URL

    struct Outcome: Sendable {
        let code: Int32
        let output: String
        let error: String
    }

    static let path: String = {
        let tests = ProcessInfo.processInfo.arguments[0]
        let besides = URL(filePath: tests).deletingLastPathComponent().appending(path: "rectify")
        return FileManager.default.isExecutableFile(atPath: besides.path(percentEncoded: false))
            ? besides.path(percentEncoded: false)
            : repository.appending(path: ".build/debug/rectify").path(percentEncoded: false)
    }()

    func environment(_ changes: [Environment.Key: String?] = [:]) -> Environment {
        let home = folder.path(percentEncoded: false)
        let own: [Environment.Key: String?] = [
            "XDG_STATE_HOME": home + "state", "XDG_CONFIG_HOME": home + "config", "XDG_DATA_HOME": home + "share",
            "RECTIFY_HOME": repository.path(percentEncoded: false), "NO_COLOR": "1",
        ]
        return .inherit.updating(own.merging(changes) { $1 })
    }

    func run(
        _ arguments: String..., input: String = "", environment changes: [Environment.Key: String?] = [:]
    ) async throws -> Outcome {
        try await run(arguments, input: input, environment: changes)
    }

    func run(
        _ arguments: [String], input: String = "", environment changes: [Environment.Key: String?] = [:]
    ) async throws -> Outcome {
        let result = try await Subprocess.run(
            .path(FilePath(Self.path)), arguments: Arguments(arguments), environment: environment(changes),
            input: .string(input), output: .string(limit: 8 << 20), error: .string(limit: 1 << 20))
        guard case .exited(let code) = result.terminationStatus else {
            return Outcome(code: -1, output: "", error: "\(result.terminationStatus)")
        }
        return Outcome(code: code, output: result.standardOutput, error: result.standardError)
    }

    /// How one of the two databases is reached, each in a cluster of its own.
    func conninfo(_ database: String, _ login: String = "rectify_server") -> String {
        let directory = database == "rectify_keys" ? data + "/keys" : data
        return EmbeddedServer.conninfo(database: database, login: login, in: URL(filePath: directory))
    }

    var data: String { folder.appending(path: "data").path(percentEncoded: false) }
}

/// A server that a test started as a process, and can kill.
actor ServerProcess {
    private let process: Process
    private let output = Pipe()
    let address: String

    /// Starts `rectify up` and waits until it is ready.
    ///
    /// With `files`, it may have so many files and connections open.
    init(
        _ program: Program, _ arguments: [String] = [], settings: [String: String] = [:], log: URL? = nil,
        files: Int? = nil
    ) async throws {
        try await self.init(
            program, command: ["up", "--data", program.data, "--port", "0"] + arguments, settings: settings, log: log,
            files: files)
    }

    /// Starts a second server, on the databases of the first.
    init(beside program: Program) async throws {
        let databases = [
            "RECTIFY_DATABASE_URL": program.conninfo("rectify"),
            "RECTIFY_DATABASE_KEYS_URL": program.conninfo("rectify_keys"),
            "RECTIFY_KEYS_FILE": program.data + "/key-encryption-key",
            "RECTIFY_HISTORY_KEY_FILE": program.data + "/log-signing-key",
        ]
        try await self.init(program, command: ["serve", "--port", "0"], settings: databases)
    }

    /// Runs a command that starts a server, and waits until it is ready.
    init(
        _ program: Program, command: [String], settings: [String: String], log: URL? = nil, files: Int? = nil
    ) async throws {
        process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        let limit = files.map { "ulimit -n \($0) && " } ?? ""
        process.arguments = ["-c", limit + #"exec "$0" "$@""#, Program.path] + command
        let home = program.folder.path(percentEncoded: false)
        process.environment = ProcessInfo.processInfo.environment.merging([
            "XDG_STATE_HOME": home + "state", "RECTIFY_HOME": repository.path(percentEncoded: false),
            // One machine files what a country would.
            "RECTIFY_LIMITS_FILINGS_PER_MINUTE": "0", "RECTIFY_LIMITS_TRACKING_PER_MINUTE": "0",
        ]) { $1 }.merging(settings) { $1 }
        process.standardOutput = output
        if let log {
            try Data().write(to: log)
            process.standardError = try FileHandle(forWritingTo: log)
        } else {
            process.standardError = FileHandle.nullDevice
        }
        try process.run()
        let handle = output.fileHandleForReading
        let ready = await offThePool {
            var line = ""
            while !line.contains("\n"), let more = try? handle.read(upToCount: 1), !more.isEmpty {
                line += String(decoding: more, as: UTF8.self)
            }
            return line
        }
        address = ready.replacing("ready on ", with: "").trimmingCharacters(in: .whitespacesAndNewlines)
        try #require(address.hasPrefix("http://"), "the server did not start")
    }

    func kill() async {
        Foundation.kill(process.processIdentifier, SIGKILL)
        _ = await ended()
    }

    /// Asks it to stop, and gives its exit code.
    func stop() async -> Int32 {
        process.terminate()
        return await ended()
    }

    /// Bytes of memory in use.
    func memory() -> Int {
        let text = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/statm", encoding: .utf8)
        return (text?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? .max / 8192) * 4096
    }

    var isRunning: Bool { process.isRunning }

    /// Lets it have so many files and connections open from now on.
    func limit(files: Int) async throws {
        let arguments = ["--pid", "\(process.processIdentifier)", "--nofile=\(files):"]
        let result = try await Subprocess.run(
            .name("prlimit"), arguments: Arguments(arguments), output: .discarded, error: .discarded)
        try #require(result.terminationStatus.isSuccess)
    }

    /// Files and connections that it has open.
    func openFiles() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.processIdentifier)/fd").count
    }

    /// Sends a signal, and goes on.
    func signal(_ signal: Int32) { Foundation.kill(process.processIdentifier, signal) }

    /// Its exit code, once it has ended.
    func ended() async -> Int32 {
        while process.isRunning { try? await Task.sleep(for: .milliseconds(20)) }
        return process.terminationStatus
    }
}

/// A connection on which nothing is sent, from an address of this machine; -1 where it cannot be made.
func connection(from address: String, to port: UInt16) -> Int32 {
    func place(_ address: String, _ port: UInt16) -> sockaddr_in {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        place.sin_addr.s_addr = inet_addr(address)
        return place
    }
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return -1 }
    for (call, var place) in [(bind, place(address, 0)), (connect, place("127.0.0.1", port))] {
        let result = withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor, $0, 16) }
        }
        if result != 0 {
            close(descriptor)
            return -1
        }
    }
    return descriptor
}

/// The status that an address answers with; `nil` where it does not.
func status(_ url: String, _ headers: [String: String] = [:]) async -> Int? {
    var request = HTTPClientRequest(url: url)
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    let answer = try? await HTTPClient.shared.execute(request, timeout: .seconds(300))
    return answer.map { Int($0.status.code) }
}

/// A port on which nobody listens.
func freePort() throws -> Int {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(socket, address, size) == 0 && getsockname(socket, address, &size) == 0
        }
    }
    try #require(isBound)
    return Int(UInt16(bigEndian: address.sin_port))
}

/// Does what blocks on a thread that nobody else waits for.
private func offThePool<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: body()) }
    }
}

/// Lends `body` a folder, and removes it and what still runs in it.
func withProgram(_ body: (Program) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "rectify-cmd-\(UUID())/")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let program = Program(folder: folder)
    func clean() {
        for cluster in ["postgres", "keys/postgres"] {
            let pidFile = folder.appending(path: "data/\(cluster)/postmaster.pid")
            guard let line = try? String(contentsOf: pidFile, encoding: .utf8).split(separator: "\n").first,
                let server = pid_t(line)
            else { continue }
            kill(server, SIGQUIT)
            for _ in 0..<50 where kill(server, 0) == 0 { usleep(100_000) }
        }
        try? FileManager.default.removeItem(at: folder)
    }
    do {
        try await body(program)
        clean()
    } catch {
        clean()
        throw error
    }
}

/// One line of the shipped sample.
func sampleLine(_ index: Int) throws -> String {
    let file = repository.appending(path: "Config/demo/complaints.ndjson")
    return String(try String(contentsOf: file, encoding: .utf8).split(separator: "\n")[index])
}

/// The processes of a program's own two PostgreSQL clusters that run.
func postgres(of program: Program) throws -> [pid_t] {
    let mains = ["postgres", "keys/postgres"].compactMap { cluster -> pid_t? in
        let file = program.folder.appending(path: "data/\(cluster)/postmaster.pid")
        let text = try? String(contentsOf: file, encoding: .utf8)
        return text?.split(separator: "\n").first.flatMap { pid_t($0) }
    }
    return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { process in
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let parent = text.split(separator: ")").last?.split(separator: " ").dropFirst().first.flatMap({ pid_t($0) })
        else { return false }
        return mains.contains(process) || mains.contains(parent)
    }
}
