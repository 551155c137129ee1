import Casework
import Client
import Contract
import Foundation
import TestSupport
import Testing

@testable import rectify

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
        // What is said before: which steps are for good.
        try await screen.shows("u cannot take back: a r i n, and g to somebody else")
        // A character of three bytes is one key, and so is Esc.
        try await screen.press(literally: "接")
        try await screen.shows("“接” does nothing here")
        try await screen.press("Escape")
        try await screen.shows("> Esc")
        try await screen.press("a")
        try await at(2)
        try await screen.press("r")
        try await screen.shows("9 not_a_complaint")
        try await screen.shows("Refusing cannot be taken back")
        // Esc goes back from the question; the second time a wrong character is rubbed out.
        try await screen.press(literally: "外", "Escape")
        try await screen.press("r")
        try await screen.press(literally: "外", "BSpace", "8", "Enter")
        try await screen.shows("\(references[1]) refused")
        try await at(3)
        try await screen.press("u")
        try await screen.shows("\(references[1]) was refused, and that is not taken back")
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
        try await at(5)
        try await screen.press("u")
        try await screen.shows("\(references[3]): undone, it was skipped")
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

/// Keys, as terminals send them.
struct KeyTests {
    /// The keys of bytes that come in pieces; between two pieces nothing comes for a while.
    private func keys(_ pieces: [UInt8]...) -> [Keyboard.Key] {
        var pieces = pieces
        var decoder = KeyDecoder { isPatient in
            while let first = pieces.first {
                if !first.isEmpty { return pieces[0].removeFirst() }
                guard isPatient else { return nil }
                pieces.removeFirst()
            }
            return nil
        }
        var keys: [Keyboard.Key] = []
        while let key = decoder.next() { keys.append(key) }
        return keys
    }

    @Test func `characters of any length are one key each`() {
        #expect(keys(Array("a接é😀".utf8)) == ["a", "接", "é", "😀"].map { .character($0) })
        #expect(keys([0xE6], [0x8E], [0xA5]) == [.character("接")], "its bytes may come one by one")
        #expect(keys([0xE6, 0x8E, UInt8(ascii: "a")]) == [.character("a")], "what breaks off is passed over")
        #expect(keys([0xFF, 0x80, UInt8(ascii: "b")]) == [.character("b")])
        #expect(keys([0x0D, 0x0A, 0x7F, 0x08]) == [.enter, .enter, .backspace, .backspace])
        #expect(keys([UInt8(ascii: "a"), 0x04, UInt8(ascii: "b")]) == [.character("a")], "Ctrl-D ends it")
    }

    @Test func `Esc is a key, and what an arrow sends is none`() {
        #expect(keys([0x1B]) == [.escape])
        #expect(keys([0x1B], Array("q".utf8)) == [.escape, .character("q")])
        #expect(keys([0x1B] + Array("q".utf8)) == [.escape, .character("q")], "typed quickly, too")
        #expect(keys([0x1B] + Array("接".utf8)) == [.escape, .character("接")])
        #expect(keys(Array("\u{1B}[A\u{1B}OB\u{1B}[1;5C\u{1B}[3~x".utf8)) == [.character("x")])
        #expect(keys([0x1B, 0x1B]) == [.escape, .escape])
    }
}
