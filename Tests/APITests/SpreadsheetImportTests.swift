import Casework
import Foundation
import Postgres
import TestSupport
import Testing

@testable import API

/// What a spreadsheet writes where it has nothing to say, and mappings that do not fit.
struct SpreadsheetImportTests {
    private static let mapping = #"""
        {"columns":{"编号":"client_reference","链接":"blocked_link.text","描述":"narrative","姓名":"complainant.name"},
         "constants":{"campaign":"internet-2021","kind":"blocked_link","blocked_link.scene":"group",
           "respondent.platform":"wechat","blocked_link.block":"interstitial_hard","complainant.kind":"individual"}}
        """#
    private static let link = "https://item.taobao.com/item.htm?id=1"

    /// A file, checked and then imported.
    private func results(
        _ server: TestServing, _ body: String, mapping: String? = mapping
    ) async throws -> (checked: TestServing.Answer, taken: TestServing.Answer, lines: [JSON]) {
        let type = ["Content-Type": mapping == nil ? "application/x-ndjson" : "text/csv"]
        let asked = mapping?.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
        let query = "campaign=internet-2021" + (asked.map { "&format=csv&mapping=\($0)" } ?? "")
        let checked = try await server.send("POST", "/v1/imports/dry-run?\(query)", body, headers: type)
        let format = mapping.map { #","format":"csv","mapping":\#($0)"# } ?? ""
        let begun = try await server.send("POST", "/v1/imports", #"{"campaign":"internet-2021"\#(format)}"#)
        guard let path = begun.json["self"]?.string else { return (checked, begun, []) }
        let taken = try await server.send("POST", "\(path)/lines", body, headers: type)
        let lines = try await server.send("GET", "\(path)/results").bytes.split(separator: 0x0A)
            .map { try JSON(parsing: $0) }
        return (checked, taken, lines)
    }

    private static let noValues = [
        "TRUE", "FALSE", "true", "ＦＡＬＳＥ", "#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "######",
        "###",
        "#SPILL!", " #REF! ", "＃ＲＥＦ！", "Err:502",
    ]

    @Test func `what a spreadsheet writes for no value becomes no story, name or reference`() async throws {
        try await withServer { server in
            for (place, column) in ["编号", "链接", "描述", "姓名"].enumerated() {
                let lines = Self.noValues.enumerated().map { index, cell in
                    var cells = ["\(column)-\(index)", Self.link, "打不开", "张小禾"]
                    cells[place] = cell
                    return cells.joined(separator: ",") + "\n"
                }
                let pointer = ["#/client_reference", "#/blocked_link/text", "#/narrative", "#/complainant/name"][place]
                let (checked, taken, told) = try await results(server, "编号,链接,描述,姓名\n" + lines.joined())
                #expect(taken.json["refused"]?.int == lines.count && checked.json["refused"]?.int == lines.count)
                for (cell, line) in zip(Self.noValues, told) {
                    let fault = line["errors"]?.array.first {
                        $0["pointer"]?.string == pointer && $0["code"]?.string == "no_value"
                    }
                    let detail = fault?["detail"]?.string ?? ""
                    #expect(detail.contains("(column “\(column)”)") && detail.contains("; "), "\(cell): \(line)")
                }
            }
            // What only looks like it is taken.
            let taken = ["#1", "真的打不开", "TRUE 是什么", "C# 教程", "#话题#"].enumerated().map {
                "ok-\($0),\(Self.link),\($1),李雷\n"
            }
            let (_, answer, _) = try await results(server, "编号,链接,描述,姓名\n" + taken.joined())
            #expect(answer.json["filed"]?.int == taken.count, "\(answer.json)")
            // JSON says itself what is a text.
            let story = filing(["client_reference": .string("json"), "narrative": .string("TRUE")])
            #expect(try await results(server, story, mapping: nil).taken.json["filed"]?.int == 1)
        }
    }

    @Test func `columns that the mapping does not name are listed`() async throws {
        try await withServer { server in
            let file = "编号,备注,链接,,描述,姓名,金额,,\na,x,\(Self.link),y,打不开,张,1,,\n"
            let (checked, taken, _) = try await results(server, file)
            for answer in [checked, taken] {
                #expect(answer.status == 200, "\(answer.json)")
                let names = answer.json["ignored_columns"]?.array.map(\.string)
                #expect(names == ["备注", "column 4", "金额"], "\(answer.json)")
            }
            let (all, _, _) = try await results(server, "编号,链接,描述,姓名\nb,\(Self.link),打不开,张\n")
            #expect(all.json["ignored_columns"]?.array.isEmpty == true)
            let lines = try await results(server, filing(["client_reference": .string("c")]), mapping: nil)
            #expect(lines.checked.status == 200 && lines.checked.json["ignored_columns"] == nil)
        }
    }

    @Test(arguments: [
        (#""描述":"narative""#, "描述 no_member"), (#""描述":"blocked_link""#, "描述 no_member"),
        (#""描述":"blocked_link.tekst""#, "描述 no_member"), (#""描述":"a.b.c""#, "描述 no_member"),
        (#""描述":"narrative.""#, "描述 no_member"), (#""描述":"narrative","正文":"narrative""#, "正文 duplicate"),
    ])
    func `a wrong member of a mapping is refused once, before any line`(
        wrong: (columns: String, fault: String)
    ) async throws {
        try await withServer { server in
            let mapping = Self.mapping.replacing(#""描述":"narrative""#, with: wrong.columns)
            let begun = try await server.send(
                "POST", "/v1/imports", #"{"campaign":"internet-2021","format":"csv","mapping":\#(mapping)}"#)
            #expect(begun.status == 422 && begun.faults == ["#/mapping/columns/\(wrong.fault)"])
            #expect(begun.json["errors"]?[0]?["detail"]?.string?.contains("“描述”") == true)
            #expect(try await server.store.count("filing_import") == 0)
            let constant = Self.mapping.replacing(#""kind":"#, with: #""knid":"#)
            let other = try await server.send(
                "POST", "/v1/imports", #"{"campaign":"internet-2021","format":"csv","mapping":\#(constant)}"#)
            #expect(other.faults == ["#/mapping/constants/knid no_member"])
        }
    }

    @Test(arguments: [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")])
    func `a file with other separators than commas is named as such`(
        separator: (sign: String, name: String)
    ) async throws {
        try await withServer { server in
            let lines = [["编号", "链接", "描述", "姓名"], ["a", Self.link, "打不开", "张"]]
            for quote in ["", "\""] {
                let text = lines.map { $0.map { quote + $0 + quote }.joined(separator: separator.sign) + "\r\n" }
                    .joined()
                let (checked, taken, _) = try await results(server, text)
                for answer in [checked, taken] {
                    #expect(answer.status == 422 && answer.faults == ["#/header bad_header"])
                    #expect(
                        answer.json["errors"]?[0]?["detail"]?.string?.contains("separated by \(separator.name)") == true
                    )
                }
            }
        }
    }

    @Test(arguments: ["", "\u{FEFF}", "\n\n", "\r\n ,,, \r\n"]) func `an empty file is named as such`(
        text: String
    ) async throws {
        try await withServer { server in
            for mapping in [Self.mapping, nil] where mapping != nil || !text.contains(",") {
                let (checked, taken, _) = try await results(server, text, mapping: mapping)
                for answer in [checked, taken] {
                    #expect(answer.status == 422 && answer.faults == ["#/file empty"], "\(answer.json)")
                }
            }
        }
    }

    @Test func `the place of a fault of a whole line is in words`() async throws {
        try await withServer { server in
            let lines = ["[1]", "{", "7", String(repeating: "x", count: 300_000), "{} {}"].map { $0 + "\n" }.joined()
            let (_, _, told) = try await results(server, lines, mapping: nil)
            let places = told.flatMap { $0["errors"]?.array.compactMap { $0["pointer"]?.string } ?? [] }
            #expect(
                told.count == 5 && !places.contains("#") && places.filter { $0 == "#/line" }.count == 5, "\(places)")
        }
    }

    @Test func `a reference that looks like a power of ten is taken with a warning`() async throws {
        try await withServer { server in
            let file =
                "编号,链接,描述,姓名\n1.23457E+11,\(Self.link),打不开,张\n1.23457E+11,\(Self.link),另一件事,张\n2E5,\(Self.link),打不开,张\n"
            let (checked, _, told) = try await results(server, file)
            for lines in [told, checked.json["items"]?.array ?? []] {
                #expect(lines.map { $0["outcome"]?.string } == ["filed", "refused", "filed"])
                #expect(lines[1]["errors"]?[0]?["code"]?.string == "reference_conflict")
                for line in lines.prefix(2) {
                    let warning = line["warnings"]?[0]?["detail"]?.string ?? ""
                    let words =
                        "client_reference 1.23457E+11 looks like a number whose digits a spreadsheet dropped; format the "
                        + "column as text"
                    #expect(warning.hasPrefix(words), "\(line)")
                }
                #expect(lines[2]["warnings"] == nil, "2E5 may be a name")
            }
            let story = filing(["client_reference": .string("1.23457E+12")])
            let lines = try await results(server, story, mapping: nil).lines
            #expect(lines.first?["warnings"]?[0]?["code"]?.string == "power_of_ten")
        }
    }

    @Test func `a mapping knows the members of a filing that the contract has`() throws {
        let contract = try ContractDocument()
        let paths = Set(contract.facts(of: try #require(contract.schemas["Filing"])).keys)
        let ends = paths.filter { path in !paths.contains { $0.hasPrefix(path + "/") } }
        #expect(Set(ends.map { $0.split(separator: "/").map(String.init) }) == CSVMapping.members)
    }
}
