import Foundation
import TestSupport
import Testing

/// The guided tour of the README is true, command by command.
@Suite(.serialized) struct TourTests {
    @Test func `every command of the tour does what the README says`() async throws {
        let readme = try String(contentsOf: repository.appending(path: "README.md"), encoding: .utf8)
        let tour = Tour(readme: readme)
        try #require(tour.steps.count > 70)
        try await withProgram { program in
            let walk = try TourWalk(program)
            do {
                // What comes after a step that failed could not be understood.
                for step in tour.steps { try await walk.take(step) }
            } catch {
                try await walk.end()
                throw error
            }
            try await walk.end()
        }
    }

    @Test func `what is shown fits what is printed, and nothing else does`() throws {
        let text = TourText()
        let shown = "id 01A2152A-… at 2026-11-23T01:52:19.799661Z\ncode X2VNP-EMEPR-FTEMW-M5GZF-R8X1C-8  29.4 MB …"
        let printed = "id 01A22E3D-91F1 at 2031-01-02T03:04:05Z\ncode Q95CT-9RV1S-BA5PS-71GZA-R2FAD-W   36 MB, all\n\n"
        #expect(try !text.fits(printed, "id 01A2152A-"), "what is printed may not go on")
        #expect(try text.fits(printed, shown))
        #expect(text.current("-H X2VNP-EMEPR-FTEMW-M5GZF-R8X1C-8") == "-H Q95CT-9RV1S-BA5PS-71GZA-R2FAD-W")
        #expect(try !text.fits("code AAAAA-9RV1S-BA5PS-71GZA-R2FAD-W", "code X2VNP-EMEPR-FTEMW-M5GZF-R8X1C-8"))
        #expect(try text.fits("a  b\n  c", "a b c") && !text.fits("a b", "a b c") && !text.fits("a b c", "a b"))
        #expect(try text.fits("due 2030-01-01", "due 2026-12-03") && !text.fits("due 2030-01-01", "due 2021-12-03"))
        #expect(try !text.fits("13800000002", "13800000001"), "a number is no digest")
        let lines = ["$ a 'b", "c' \\", "d", "said", "", "$ e # more", "$ f"].joined(separator: "\n")
        let tour = Tour(readme: "## x\n\n## A guided tour\n\n```sh\n$ no\n```\n```console\n\(lines)\n```\n## The API\n")
        #expect(tour.steps.map(\.command) == ["a 'b\nc' \\\nd", "e # more", "f"])
        #expect(tour.steps.map(\.shown) == ["said", "", ""])
    }
}

/// One walk through the tour, in a folder of its own: a shell that goes on from command to command, and a server.
private final class TourWalk {
    private let program: Program
    private let shell = Process()
    private let input = Pipe()
    private let folder: String
    private var text = TourText()
    private var server: ServerProcess?
    private var number = 0

    /// What is typed where a command asks; elsewhere nothing is.
    private static let typed = [
        "rectify officer password zhang": "first given words\n", "rectify login --name zhang": "first given words\n",
        "rectify password": "first given words\ntall trees fall\n",
    ]

    init(_ program: Program) throws {
        self.program = program
        folder = program.folder.path(percentEncoded: false)
        let work = program.folder.appending(path: "work/")
        try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
        for name in ["Config", "Makefile", ".make"] {
            try FileManager.default.createSymbolicLink(
                at: work.appending(path: name), withDestinationURL: repository.appending(path: name))
        }
        shell.executableURL = URL(filePath: "/bin/bash")
        shell.arguments = ["--norc", "-O", "expand_aliases"]
        shell.currentDirectoryURL = work
        shell.environment = ProcessInfo.processInfo.environment.merging([
            "XDG_STATE_HOME": folder + "state", "XDG_CONFIG_HOME": folder + "config", "XDG_DATA_HOME": folder + "share",
            "RECTIFY_HOME": repository.path(percentEncoded: false), "LANG": "C.UTF-8", "NO_COLOR": "1",
        ]) { $1 }
        shell.standardInput = input
        try shell.run()
    }

    func end() async throws {
        try input.fileHandleForWriting.close()
        if let server { #expect(await server.stop() == 0) }
    }

    func take(_ step: Tour.Step) async throws {
        let command = step.command.replacing(/\s*#[^'"]*$/, with: "")
        switch command {
        case "rectify up --data /tmp/tour":
            // Who follows the tour takes longer than the minute after which history is signed.
            let settings = ["RECTIFY_SERVER_PORT": "0", "RECTIFY_HISTORY_CHECKPOINT_SECONDS": "1"]
            let started = try await ServerProcess(
                program, command: ["up", "--data", folder + "tour"], settings: settings)
            server = started
            _ = try await run("export RECTIFY_SERVER=\(started.address)", "")
            try await check("ready on \(started.address)", step)
        case "rectify second-factor":
            _ = try await SecondFactorScreen.set(program, address, password: "tall trees fall")
        case "rectify triage": try await triage(step)
        case "rectify report watch internet-2021":
            let screen = try await Screen(program, ["report", "watch", "internet-2021"], address: address)
            try await screen.shows("Special rectification campaign")
            try await screen.press("C-c")
            try await screen.close()
        default:
            if command.hasPrefix("boss report publish") { try await untilSigned() }
            let typed = Self.typed.first { command.hasPrefix($0.key) }?.value ?? ""
            let (code, printed) = try await run(try await here(command), typed)
            let isRefused = step.shown.hasPrefix("rectify: ")
            try #require((code != 0) == isRefused, "$ \(command)\nexit \(code): \(printed)")
            if !step.shown.isEmpty { try await check(printed, step) }
        }
    }

    private func untilSigned() async throws {
        try await until("history is signed") {
            try await run("curl -sf \(address)/v1/log/checkpoint", "").code == 0
        }
    }

    private var address: String { server?.address ?? "" }

    /// A command with what is of this run in place of what the README has.
    private func here(_ command: String) async throws -> String {
        // Building is what `make test` did before; here it is only looked at.
        if command == "make build" { return "make --dry-run build | grep -- '-c release --product rectify'" }
        // The folder first: the program itself may stand under /tmp.
        return text.current(command).replacing("/tmp/", with: folder).replacing("http://127.0.0.1:8080", with: address)
            .replacing("$PWD/.build/release/rectify", with: Program.path)
    }

    private func check(_ printed: String, _ step: Tour.Step) async throws {
        let printed = printed.replacing(folder, with: "/tmp/").replacing(address, with: "http://127.0.0.1:8080")
        let fits = try text.fits(printed, step.shown)
        try #require(fits, "$ \(step.command)\nthe README has:\n\(step.shown)\nprinted was:\n\(printed.prefix(3000))")
    }

    /// Presses the keys that the README shows behind the menu, and `q` at the end.
    private func triage(_ step: Tour.Step) async throws {
        let screen = try await Screen(program, ["triage"], address: address)
        try await screen.shows("[?] >")
        for key in step.shown.matches(of: /\[\?\] > (\S)/) {
            try await screen.press(String(key.output.1))
            try await screen.shows("[?] > \(key.output.1)")
        }
        let last = step.shown.split(separator: "\n").last { $0.contains("accepted") } ?? ""
        try await screen.shows(last.trimmingCharacters(in: .whitespaces))
        try await check(try await screen.text(), step)
        try await screen.press("q")
        try await screen.close()
    }

    /// Runs a command in the shell, and gives its exit code and all that it printed.
    private func run(_ command: String, _ typed: String) async throws -> (code: Int, printed: String) {
        number += 1
        let base = folder + "command-\(number)"
        try Data((command + "\n").utf8).write(to: URL(filePath: base))
        try Data(typed.utf8).write(to: URL(filePath: base + ".in"))
        let line = "source \(base) <\(base).in >\(base).out 2>&1; echo $? >\(base).new; mv \(base).new \(base).code\n"
        try input.fileHandleForWriting.write(contentsOf: Data(line.utf8))
        try await until(command) { FileManager.default.fileExists(atPath: base + ".code") }
        let code = try String(contentsOfFile: base + ".code", encoding: .utf8).trimmed
        let printed = try String(decoding: Data(contentsOf: URL(filePath: base + ".out")), as: UTF8.self)
        return (Int(code) ?? -1, printed)
    }
}
