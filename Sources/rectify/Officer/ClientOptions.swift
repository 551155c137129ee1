import ArgumentParser
import Casework
import Client
import Foundation
import Postgres
import Yams

/// Which server to talk to, and who to be there.
struct ClientOptions: ParsableArguments {
    @Option(help: "Address of the server, such as http://127.0.0.1:8080.")
    var server: String?

    /// Lends `body` a client that is signed in where a token is kept.
    func withClient<Value>(_ body: (Client) async throws -> Value) async throws -> Value {
        let address = try address
        let client = Client(server: address, token: try TokenFile().read(for: address))
        do {
            let value = try await body(client)
            try await client.close()
            return value
        } catch {
            // The first error is the one to tell.
            try? await client.close()
            throw error
        }
    }

    var address: String {
        get throws {
            let environment = ProcessInfo.processInfo.variable("RECTIFY_SERVER")
            let address = try server ?? environment ?? ClientSettings.read().server ?? "http://127.0.0.1:8080"
            guard address.hasPrefix("http://") || address.hasPrefix("https://") else {
                throw Failure("“\(address)” is no address of a server, such as http://127.0.0.1:8080", code: 64)
            }
            return address
        }
    }
}

/// The campaign a command is about: the option, the environment, the settings, else the one we know.
struct CampaignOptions: ParsableArguments {
    @Option(help: "Campaign, where it is not the default one.")
    var campaign: String?

    var code: String {
        get throws {
            let environment = ProcessInfo.processInfo.variable("RECTIFY_CAMPAIGN")
            return try campaign ?? environment ?? ClientSettings.read().campaign ?? "internet-2021"
        }
    }
}

/// A list of a campaign's, and how it is written.
struct CampaignListOptions: ParsableArguments {
    @Option(help: "How many at the most.")
    var limit = 50

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    /// The items, page after page, up to the limit.
    func items<Item: Codable & Sendable>(
        _ name: String, _ query: [(name: String, value: String)] = [], of _: Item.Type
    ) async throws -> [Item] {
        let path = "/v1/campaigns/\(try campaign.code)/\(name)"
        return try await client.withClient { client in
            try await client.list(path, query, limit: limit, of: Item.self)
        }
    }
}

/// What a user keeps in `client.yaml` under the XDG configuration folder.
struct ClientSettings: Codable {
    var server: String?
    var campaign: String?

    static var file: URL { base("XDG_CONFIG_HOME", ".config").appending(path: "rectify/client.yaml") }

    static func read() throws -> ClientSettings {
        guard let text = try file.textIfThere() else { return ClientSettings() }
        do {
            return try YAMLDecoder().decode(ClientSettings.self, from: text)
        } catch {
            throw Failure("\(file.path(percentEncoded: false)) cannot be read: \(error)", code: Failure.Code.invalid)
        }
    }

    func write() throws {
        let folder = Self.file.deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try YAMLEncoder().encode(self).write(to: Self.file, atomically: true, encoding: .utf8)
        } catch {
            throw Failure("\(Self.file.path(percentEncoded: false)) cannot be written: \(error.systemReason)")
        }
    }

    static func base(_ variable: String, _ standard: String) -> URL {
        let process = ProcessInfo.processInfo
        if let named = process.variable(variable) { return URL(filePath: named) }
        let home = process.variable("HOME").map { URL(filePath: $0) } ?? FileManager.default.homeDirectoryForCurrentUser
        return home.appending(path: standard)
    }
}

/// The officer's token, in a file that only the officer can read, with the server it is for: no other is sent it.
struct TokenFile {
    /// What is in it.
    struct Kept {
        let token: String
        let server: String
        /// Whose it is; an earlier version of the program did not note it.
        let name: String?
    }

    let url: URL

    init(_ name: String = "token") {
        url = ClientSettings.base("XDG_STATE_HOME", ".local/state").appending(path: "rectify/\(name)")
    }

    /// What makes this machine known where its user signs in with a password.
    static let device = TokenFile("device")

    private var path: String { url.path(percentEncoded: false) }

    /// What is kept, whichever server it is for.
    func kept() throws -> Kept? {
        guard let text = try url.textIfThere() else { return nil }
        // Behind a symbolic link the target counts: the link itself lets everyone in.
        let target = url.resolvingSymlinksInPath().path(percentEncoded: false)
        let mode = try FileManager.default.attributesOfItem(atPath: target)[.posixPermissions] as? NSNumber
        guard (mode?.intValue ?? 0) & 0o077 == 0 else {
            throw Failure("\(path) is readable by others; run: chmod 600 \(path)", code: Failure.Code.notSignedIn)
        }
        let lines = text.split(separator: "\n").map(String.init)
        guard lines.count >= 2 else { return nil }
        return Kept(token: lines[0], server: lines[1], name: lines.count > 2 ? lines[2] : nil)
    }

    func read(for server: String) throws -> String? {
        try kept().flatMap { $0.server == server ? $0.token : nil }
    }

    /// Fails where the file could not be written, before anything is asked of a server that is answered once.
    func checkWritable() throws {
        let folder = url.deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure("\(folder.path(percentEncoded: false)) cannot be made: \(error.systemReason)")
        }
        try store("", at: draft)
        // An empty draft that stays is written over.
        try? FileManager.default.removeItem(at: draft)
    }

    /// Takes the place of what was there, or leaves it as it was.
    func write(_ token: String, for server: String, name: String) throws {
        try checkWritable()
        try store("\(token)\n\(server)\n\(name)\n", at: draft)
        guard rename(draft.path(percentEncoded: false), path) == 0 else {
            throw Failure("\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    private var draft: URL { url.appendingPathExtension("new") }

    private func store(_ text: String, at file: URL) throws {
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        let path = file.path(percentEncoded: false)
        // One that is there would keep its rights.
        if FileManager.default.fileExists(atPath: path) {
            do {
                try FileManager.default.removeItem(at: file)
            } catch {
                throw Failure("\(path) cannot be replaced: \(error.systemReason)")
            }
        }
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: attributes) else {
            throw Failure("\(path) cannot be written")
        }
    }

    /// Forgets what is kept, if anything is.
    ///
    /// - Throws: ``Failure`` where it stays on this machine.
    func remove() throws {
        do {
            try FileManager.default.removeItem(at: url)
        } catch {
            guard FileManager.default.fileExists(atPath: path) else { return }
            throw Failure("\(path) cannot be removed: \(error.systemReason); delete it yourself")
        }
    }
}

extension JSON {
    /// A member of a body; left out where there is nothing to say.
    init(_ text: String?) { self = text.map { .string($0) } ?? .null }
    init(_ number: Int?) { self = number.map { .int($0) } ?? .null }
    init(_ day: Day?) { self = day.map { .string($0.description) } ?? .null }
}
