import Casework
import Foundation
import TestSupport
import Testing

struct JSONTests {
    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{'a':1}", "01", "1.", ".5", "+1", "NaN", "tru",
        "\"\\x\"",
        "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\u{1}\"", "{} {}", "\u{FEFF}{}", "\"open", "[1 2]", "1e", "--1",
    ])
    func `what readers would disagree about is refused (G23)`(text: String) {
        #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: text.utf8) }
    }

    @Test func `encodings other than UTF-8 are refused (G23)`() {
        #expect(throws: JSON.SyntaxError.self) {
            try JSON(parsing: Array("{}".utf16).flatMap { [UInt8($0 & 255), 0] })
        }
        #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
    }

    @Test func `nesting has a limit (G23)`() throws {
        let deepest = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        _ = try JSON(parsing: deepest.utf8)
        #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: "[\(deepest)]".utf8) }
    }

    @Test func `text reads back as it was, and canonical text is sorted`() throws {
        let text = #"{"b":[1,-2,3.5,1e2,true,false,null],"a":"\u4e2d\n\ud83d\ude00\"\\ "}"#
        let json = try JSON(parsing: text.utf8)
        #expect(json.canonicalText == "{\"a\":\"中\\n😀\\\"\\\\ \",\"b\":[1,-2,3.5,1e2,true,false,null]}")
        #expect(try JSON(parsing: json.canonicalText.utf8) == json)
    }

    @Test func `a reader reports every fault with its place`() throws {
        let reader = ObjectReader(
            try JSON(
                parsing: #"{"n":"x","s":{"t":5,"u":""},"d":"2021-02-30","z":1,"long":"abc","zero":"a\u0000"}"#.utf8),
            faults: FaultList())
        _ = reader.int("n", in: 0...1)
        let inner = reader.object("s")
        _ = (inner?.text("t", limit: 9), inner?.text("u", limit: 9))
        inner?.finish()
        _ = (reader.day("d"), reader.text("long", limit: 2), reader.text("zero", limit: 9, isProse: true))
        _ = reader.requiredText("gone", limit: 9)
        reader.finish()
        let found = reader.faults.faults.map { "\($0.pointer) \($0.code)" }
        #expect(
            found == [
                "#/n wrong_type", "#/s/t wrong_type", "#/s/u blank", "#/d no_date", "#/long too_long",
                "#/zero control_character", "#/gone missing", "#/z unknown_member",
            ])
    }

    @Test func `what is too long is cut to its limit, so that reading on costs no more than for what is allowed`()
        throws
    {
        let faults = FaultList()
        let reader = ObjectReader(
            try JSON(parsing: #"{"a":"\#(String(repeating: "长", count: 300))"}"#.utf8), faults: faults)
        #expect(reader.text("a", limit: 200, isProse: true)?.unicodeScalars.count == 200)
        #expect(faults.faults.map(\.code) == ["too_long"])
    }

    @Test func `lengths count code points, as the database does (G28)`() throws {
        let family = "👨‍👩‍👧‍👦"
        let reader = ObjectReader(.object(["a": .string(family), "b": .string("\r\n")]), faults: FaultList())
        #expect(reader.text("a", limit: 7) == family && reader.faults.isEmpty)
        #expect(reader.text("a", limit: 6)?.unicodeScalars.count == 6 && !reader.faults.isEmpty)
    }
}

struct ReferenceFileTests {
    private func faults(_ text: String) -> [String] {
        do {
            _ = try ReferenceFile.items(in: JSON(parsing: text.utf8), knowing: shippedData)
            return []
        } catch let invalid as InvalidDocument {
            return invalid.faults.map { "\($0.pointer) \($0.code)" }
        } catch {
            return ["\(error)"]
        }
    }

    @Test func `a registry is checked whole`() {
        let text = """
            {"companies": [{"code": "x", "name": {"zh": "甲", "en": "X"}, "aliases": [], "uscc": "91330100799655058C"},
                           {"code": "x", "name": {"zh": "乙"}, "aliases": [], "parent": "nobody"}],
             "platforms": [{"code": "P", "name": {"zh": "丙", "en": "P"}, "aliases": [], "hosts": ["Bad Host"],
                            "ownership": [{"company": "gone", "from": "2021-01-02", "to": "2021-01-01"}]}],
             "surprise": 1}
            """
        #expect(
            faults(text) == [
                "#/companies/0/uscc bad_uscc", "#/companies/1/name/en missing", "#/platforms/0/code bad_code",
                "#/platforms/0/hosts/0 bad_host", "#/platforms/0/ownership/0/to out_of_range",
                "#/surprise unknown_member", "#/companies/1/code duplicate", "#/companies/1/parent unknown_code",
                "#/platforms/0/ownership/0/company unknown_code",
            ])
    }

    @Test func `a calendar is checked whole`() {
        let text =
            #"{"region": "CN", "year": 2027, "holidays": ["2027-02-30", "2029-01-01"], "workdays": ["2027-01-04"]}"#
        #expect(
            faults(text) == [
                "#/holidays/0 no_date", "#/holidays/1 out_of_range", "#/workdays out_of_range",
            ])
    }

    @Test func `a calendar that can be no year's notice has to be confirmed`() throws {
        func calendar(_ holidays: [String], _ workdays: [String] = []) -> String {
            JSON.object([
                "region": .string("CN"), "year": .int(2027), "holidays": .array(holidays.map { .string($0) }),
                "workdays": .array(workdays.map { .string($0) }),
            ]).canonicalText
        }
        func days(_ first: String, _ count: Int, _ isMeant: (Day) -> Bool = { _ in true }) -> [String] {
            (0..<count).map { Day.on(first) + $0 }.filter(isMeant).map(\.description)
        }
        let unusual: [(String, [String])] = [
            (calendar([]), ["#/holidays unusual"]),
            (calendar([], ["2027-01-09"]), ["#/holidays unusual"]),
            (calendar(days("2026-12-28", 4)), ["#/holidays unusual"]),
            (calendar(days("2027-01-01", 365) { $0.weekday > 5 }), ["#/holidays unusual"]),
            (calendar(days("2027-01-01", 365) { $0.weekday <= 5 }), ["#/holidays unusual"]),
            (calendar(days("2026-10-01", 7) + ["2027-01-01"]), ["#/holidays unusual"]),
            (calendar(["2027-01-01"], days("2027-01-01", 365) { $0.weekday > 5 }), ["#/workdays unusual"]),
        ]
        for (text, expected) in unusual {
            #expect(faults(text) == expected, "\(text.prefix(200))")
            #expect(
                try ReferenceFile.items(in: JSON(parsing: text.utf8), knowing: shippedData, isConfirmed: true).count
                    == 1)
        }
        #expect(faults(calendar(["2026-12-31", "2027-01-01"] + days("2027-10-01", 7), ["2027-10-09"])) == [])
        let broken = try #require(try? JSON(parsing: calendar(["2029-01-01"]).utf8))
        #expect(throws: InvalidDocument.self, "what is wrong cannot be confirmed") {
            try ReferenceFile.items(in: broken, knowing: shippedData, isConfirmed: true)
        }
    }

    @Test func `a quorum names what tells observations apart`() throws {
        func quorum(_ member: String) -> [String] {
            let file = repository.appending(path: "Config/campaigns/internet-2021.json")
            let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
            return faults(text.replacing(#""independent_by": ["observer", "day", "method"]"#, with: member))
        }
        #expect(Campaign.shipped.quorum.independentBy == Campaign.Quorum.Difference.allCases)
        #expect(quorum(#""independent_by": ["observer"]"#) == [])
        #expect(quorum(#""independent_by": ["observer", "mood"]"#) == ["#/quorum/independent_by/1 unknown_code"])
        #expect(quorum(#""independent_by": []"#) == ["#/quorum/independent_by missing"])
    }

    @Test func `a file that is none of them says so`() {
        #expect(faults("{}") == ["# empty"])
        #expect(faults("[]") == ["# wrong_type"])
    }
}
