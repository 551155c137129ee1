import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

@testable import API

/// Two filings that a filer sends under one reference: the same however it is written, or another one.
struct ReferenceConflictTests {
    /// A filing in two forms.
    struct Pair: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let first: [String: JSON]
        let second: [String: JSON]
        let isSame: Bool

        init(_ name: String, same: Bool, _ first: [String: JSON], _ second: [String: JSON]) {
            (testDescription, isSame, self.first, self.second) = (name, same, first, second)
        }
    }

    private static func person(_ changes: [String: JSON]) -> JSON {
        let plain: [String: JSON] = [
            "kind": .string("individual"), "name": .string("张小禾"), "phone": .string("13800000001"),
            "email": .string("xiaohe@example.cn"),
        ]
        return .object(plain.merging(changes) { $1 }.filter { $0.value != .null })
    }

    private static func complainant(_ changes: [String: JSON]) -> [String: JSON] { ["complainant": person(changes)] }

    private static func link(_ text: String) -> [String: JSON] {
        [
            "blocked_link": .object([
                "text": .string(text), "scene": .string("group"), "block": .string("interstitial_hard"),
            ])
        ]
    }

    private static func region(_ text: String) -> [String: JSON] { ["environment": .object(["region": .string(text)])] }

    private static func text(_ member: String, _ text: String) -> [String: JSON] { [member: .string(text)] }

    static let pairs: [Pair] = [
        Pair("a region in small letters", same: true, region("CN-GD"), region("cn-gd")),
        Pair("a region by its name", same: true, region("CN-GD"), region("广东省")),
        Pair("another region", same: false, region("CN-GD"), region("CN-GX")),
        Pair("no region", same: false, region("CN-GD"), [:]),
        Pair(
            "a telephone number with its country code", same: true, complainant([:]),
            complainant(text("phone", "+86 138-0000-0001"))),
        Pair(
            "a telephone number in full width", same: true, complainant([:]), complainant(text("phone", "１３８０００００００１"))),
        Pair("another telephone number", same: false, complainant([:]), complainant(text("phone", "13800000002"))),
        Pair("no telephone number", same: false, complainant([:]), complainant(["phone": .null])),
        Pair(
            "a mail address in capitals", same: true, complainant([:]), complainant(text("email", "XiaoHe＠Example.CN"))),
        Pair("another mail address", same: false, complainant([:]), complainant(text("email", "xiaoha@example.cn"))),
        Pair(
            "a name with blanks", same: true, complainant(text("name", "Li Lei")),
            complainant(text("name", " Ｌi  Lei "))),
        Pair("another name", same: false, complainant([:]), complainant(text("name", "张小和"))),
        Pair(
            "consent that is left out", same: true, complainant([:]), complainant(["disclose_identity": .bool(false)])),
        Pair("consent that is given", same: false, complainant([:]), complainant(["disclose_identity": .bool(true)])),
        Pair("an empty group", same: true, [:], ["environment": .object([:]), "consent": .object([:])]),
        Pair("the default of publishing", same: true, [:], ["consent": .object(["publish_narrative": .bool(false)])]),
        Pair(
            "another answer on publishing", same: false, [:], ["consent": .object(["publish_narrative": .bool(true)])]),
        Pair(
            "a link of another scheme", same: true, link("https://item.taobao.com/item.htm?id=1"),
            link("http://ITEM.taobao.com/item.htm?id=1")),
        Pair(
            "a link that says who shared it", same: true, link("https://item.taobao.com/item.htm?id=1"),
            link("https://item.taobao.com/item.htm?spm=a1z10&id=1")),
        Pair(
            "another link", same: false, link("https://item.taobao.com/item.htm?id=1"),
            link("https://item.taobao.com/item.htm?id=2")),
        Pair("line ends of Windows", same: true, text("narrative", "一\n二"), text("narrative", "一\r\n二\r\n")),
        Pair(
            "letters in two code points", same: true, text("narrative", "Khi\u{1EBF}u n\u{1EA1}i"),
            text("narrative", "Khie\u{302}\u{301}u na\u{323}i")),
        Pair("a mark that is not seen", same: true, text("narrative", "打不开"), text("narrative", "\u{FEFF}打不\u{200B}开")),
        Pair("another story", same: false, text("narrative", "打不开"), text("narrative", "打开了")),
        Pair("another figure", same: false, text("narrative", "10²"), text("narrative", "102")),
        Pair("a language in capitals", same: true, text("language", "zh-cn"), text("language", "zh-CN")),
        Pair("the category that it would have", same: true, [:], text("category", "market_order")),
        Pair("another category", same: false, [:], text("category", "user_rights")),
        Pair("another day", same: false, text("occurred_on", "2021-08-18"), text("occurred_on", "2021-08-17")),
        Pair("a day of receipt", same: true, text("received_on", "2021-09-18"), text("received_on", "2021-09-18")),
        Pair("a day of receipt that is left out", same: true, text("received_on", "2021-09-18"), [:]),
        Pair(
            "another day of receipt", same: false, text("received_on", "2021-09-18"), text("received_on", "2021-09-19")),
    ]

    @Test(arguments: pairs) func `what is sent again in another form is known, and what is another filing is not`(
        pair: Pair
    ) async throws {
        try await withServer { server in
            let own: [String: JSON] = ["client_reference": .string("one")]
            #expect(try await server.file(pair.first.merging(own) { $1 }).status == 201)
            let again = try await server.file(pair.second.merging(own) { $1 })
            #expect(again.status == 409)
            #expect(again.code == (pair.isSame ? "already-filed" : "reference-conflict"), "\(again.json)")
            // And in one file, under a reference that nobody has used.
            let other: [String: JSON] = ["client_reference": .string("two")]
            let lines = [pair.first, pair.second].map { filing($0.merging(other) { $1 }) + "\n" }
            let checked = try await server.send(
                "POST", "/v1/imports/dry-run?campaign=internet-2021", lines.joined(),
                headers: ["Content-Type": "application/x-ndjson"]
            ).json
            let outcomes = checked["items"]?.array.map { $0["outcome"]?.string }
            #expect(outcomes == ["filed", pair.isSame ? "known" : "refused"], "\(checked)")
        }
    }

    @Test func `a line is the same line as NDJSON and as CSV`() async throws {
        try await withServer { server in
            func send(_ begin: [String: JSON], _ type: String, _ body: String) async throws -> JSON {
                let begun = try await server.send(
                    "POST", "/v1/imports",
                    JSON.object(begin.merging(["campaign": .string("internet-2021")]) { $1 }).canonicalText)
                return try await server.send(
                    "POST", "\(begun.json["self"]?.string ?? "")/lines", body, headers: ["Content-Type": type]
                ).json
            }
            let line = filing([
                "client_reference": .string("one"), "narrative": .string("第一行\n第二行"),
                "environment": .object(["region": .string("CN-GD")]),
                "consent": .object(["publish_narrative": .bool(true)]),
                "complainant": .object(["kind": .string("individual"), "phone": .string("010-62345678")]),
            ])
            #expect(try await send([:], "application/x-ndjson", line)["filed"]?.int == 1)
            let mapping = try JSON(
                parsing: #"""
                    {"columns":{"编号":"client_reference","链接":"blocked_link.text","描述":"narrative","日期":"occurred_on",
                      "公开":"consent.publish_narrative","电话":"complainant.phone","地区":"environment.region"},
                     "constants":{"campaign":"internet-2021","kind":"blocked_link","blocked_link.scene":"group",
                      "blocked_link.block":"interstitial_hard","respondent.platform":"wechat","complainant.kind":"individual",
                      "complainant.disclose_identity":"否"}}
                    """#.utf8)
            let csv = """
                编号,链接,描述,日期,公开,电话,地区
                one ,https://item.taobao.com/item.htm?id=1,"第一行\r\n第二行 ",2021/8/18,是,+86 (10) 6234 5678,广东

                """
            let again = try await send(["format": .string("csv"), "mapping": mapping], "text/csv", csv)
            #expect(again["known"]?.int == 1, "\(again)")
        }
    }

    @Test func `the same sent again on another day is the same, and another day of receipt is not`() async throws {
        let clock = SetClock()
        let now: @Sendable () -> Date = { clock.now }
        try await withServer(now: now) { server in
            let own: [String: JSON] = ["client_reference": .string("one")]
            let filed = try await server.file(own)
            let day = try #require(filed.json["received_on"]?.string)
            clock.pass(days: 1)
            func again(_ day: String?) async throws -> String? {
                try await server.file(own.merging(day.map { ["received_on": .string($0)] } ?? [:]) { $1 }).code
            }
            #expect(try await again(nil) == "already-filed")
            #expect(try await again(day) == "already-filed")
            #expect(try await again(Day(clock.now, in: Campaign.shipped.zone()).description) == "reference-conflict")
        }
    }

    @Test func `what a version before noted is known, until the worker compares its story`() async throws {
        try await withServer { server in
            func code(_ own: String, _ narrative: String?) async throws -> String? {
                let changes: [String: JSON] = [
                    "client_reference": .string(own), "narrative": .string(narrative ?? "群里的淘宝链接打不开。"),
                ]
                return try await server.file(changes).code
            }
            for own in ["raw", "none", "corrected"] { #expect(try await code(own, nil) == nil) }
            try await server.store.owner.withConnection { db in
                try db.run(
                    script: """
                        UPDATE complaint SET filing_digest = CASE WHEN client_reference = 'none' THEN NULL
                                                             ELSE sha256('{}') END;
                        UPDATE worker_mark SET moment = now() + interval '1 day' WHERE name = 'reread-until';
                        """)
            }
            // An officer takes a wrong name out of the story: what was sent is there no more.
            try await server.store.owner.withConnection { db in
                try db.run(
                    script: """
                        INSERT INTO event (campaign_id, case_id, sequence, case_kind, actor_kind, actor_role, action, details,
                                           effective_on, recorded_at, salt, schema_version)
                        SELECT campaign_id, id, 2, 'complaint', 'complainant', '', 'correct_identity', '{}', received_on,
                               clock_timestamp(), substr(sha256(''), 1, 16), 1
                        FROM complaint WHERE client_reference = 'corrected';
                        UPDATE complaint SET narrative = 'x' WHERE client_reference = 'corrected';
                        """)
            }
            for own in ["raw", "none", "corrected"] {
                #expect(try await code(own, "另一件事。") == "already-filed", "it is not known what was sent")
            }
            let worker = Worker(server.store.databases, references: server.store.references)
            #expect(try await worker.readAgain(with: server.store.keys) == 2)
            for own in ["raw", "none"] {
                #expect(try await code(own, " 群里的淘宝链接打不开。\n") == "already-filed")
                #expect(try await code(own, "另一件事。") == "reference-conflict")
            }
            #expect(try await code("corrected", nil) == "already-filed")
        }
    }
}
