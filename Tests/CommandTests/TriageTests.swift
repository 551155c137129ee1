import Casework
import Client
import Contract
import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A terminal of 80 columns in which a program runs and keys are pressed, by tmux.
private struct Screen {
    let socket: String

    init(_ program: Program, _ arguments: [String], address: String) async throws {
        socket = "rectify-\(UUID().uuidString.prefix(8))"
        let home = program.folder.path(percentEncoded: false)
        let settings = [
            "XDG_STATE_HOME=\(home)state", "XDG_CONFIG_HOME=\(home)config", "RECTIFY_SERVER=\(address)",
            "RECTIFY_HOME=\(repository.path(percentEncoded: false))",
        ]
        let command = ["env"] + settings + [Program.path] + arguments
        _ = try await tmux(["new-session", "-d", "-x", "80", "-y", "40"] + command)
        _ = try await tmux(["set-option", "-g", "remain-on-exit", "on"])
    }

    @discardableResult
    func tmux(_ arguments: [String]) async throws -> String {
        let result = try await Subprocess.run(
            .name("tmux"), arguments: Arguments(["-u", "-L", socket, "-f", "/dev/null"] + arguments),
            environment: .inherit.updating(["LANG": "C.UTF-8", "TERM": "xterm"]), output: .string(limit: 1 << 20),
            error: .discarded)
        return result.standardOutput
    }

    func text() async throws -> String { try await tmux(["capture-pane", "-p", "-S", "-200"]) }

    /// Presses keys, one after another.
    func press(_ keys: String...) async throws {
        for key in keys { try await tmux(["send-keys", key]) }
    }

    /// Waits until the screen shows a text; a minute at the most.
    @discardableResult
    func shows(_ wanted: String) async throws -> Bool {
        for _ in 0..<600 {
            if try await text().contains(wanted) { return true }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("the screen never showed “\(wanted)”:\n\(try await text())")
        return false
    }

    func close() async throws { try await tmux(["kill-server"]) }
}

@Suite(.serialized) struct TriageTests {
    @Test func `ten cases are triaged with single keys`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            let added = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            _ = try await program.run("login", "--server", server.address, input: added.output)
            var references: [String] = []
            for line in 0..<9 {
                let filed = try await program.run("complaint", "file", "-", "-o", "name", input: try sampleLine(line))
                references.append(filed.output.trimmingCharacters(in: .whitespacesAndNewlines))
            }
            // The first again, by another way, and received last: the same filer, link and words.
            let twin = try sampleLine(0).replacing("\"s21-0001\"", with: "\"twin\"")
                .replacing("\"received_on\": \"2021-08-02\"", with: "\"received_on\": \"2021-08-12\"")
            let filed = try await program.run("complaint", "file", "-", "-o", "name", input: twin)
            references.append(filed.output.trimmingCharacters(in: .whitespacesAndNewlines))

            let screen = try await Screen(program, ["triage"], address: server.address)
            try await walk(screen, references)
            try await screen.shows("1 accepted")
            let wide = try await screen.text().split(separator: "\n").filter { $0.count > 80 }
            #expect(wide.isEmpty)
            try await screen.close()
            try await check(program, references)
            #expect(await server.stop() == 0)
        }
    }

    private func walk(_ screen: Screen, _ references: [String]) async throws {
        func at(_ place: Int) async throws { try await screen.shows("\(place)/10  \(references[place - 1])") }
        try await at(1)
        try await screen.press("a")
        try await at(2)
        try await screen.press("r")
        try await screen.shows("9 not_a_complaint")
        try await screen.press("8", "Enter")
        try await at(3)
        try await screen.press("i")
        try await screen.shows("6 guardian_missing")
        try await screen.press("facts_unclear", "Enter")
        try await at(4)
        try await screen.press("t")
        try await at(5)
        // That was the wrong key: back, and on without it.
        try await screen.press("u")
        try await screen.shows("\(references[3]): undone, it was taken")
        try await screen.press("s")
        try await screen.shows("\(references[4])")
        try await screen.press("x")
        try await screen.shows("“x” does nothing here")
        try await screen.press("p")
        try await screen.shows("4 urgent")
        try await screen.press("urgent", "Enter")
        try await at(6)
        try await screen.press("g")
        try await screen.press("zhang", "Enter")
        try await at(7)
        try await screen.press("s")
        try await at(8)
        try await screen.press("s")
        try await at(9)
        try await screen.press("s")
        try await at(10)
        try await screen.shows("like \(references[0])")
        try await screen.press("d", "Enter")
        try await screen.shows("\(references[9]) merged")
    }

    private func check(_ program: Program, _ references: [String]) async throws {
        func body(_ place: Int) async throws -> ComplaintBody {
            let shown = try await program.run("complaint", "show", references[place - 1], "-o", "json")
            return try Coding.decoder.decode(ComplaintBody.self, from: Data(shown.output.utf8))
        }
        #expect(try await body(1).status == .accepted)
        let refused = try await body(2)
        #expect(refused.status == .refused && refused.refusalGround == "out_of_scope")
        #expect(try await body(3).informationGap == "facts_unclear")
        let untaken = try await body(4)
        #expect(untaken.officer == nil && untaken.status == .received)
        #expect(try await body(5).priority == .urgent)
        #expect(try await body(6).officer == "zhang")
        #expect(try await body(10).duplicateOf == references[0])
    }
}
