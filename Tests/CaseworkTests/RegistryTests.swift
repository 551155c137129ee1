import Casework
import Foundation
import TestSupport
import Testing

/// What intake makes of the sample, against what a competent clerk makes of it.
struct ResolutionTests {
    private struct Expected: Decodable {
        var clientReference: String
        var receivedOn: Day
        var respondentPlatform: String?
        var respondentCompany: String?
        var targetPlatform: String?
        var targetCompany: String?
        var targetHost: String?
        var paymentMethod: String?
        var category: String?
        var wrappedBy: String?
        var normalizedUrl: String?
        var passphrase: String?
    }

    private struct Filed: Decodable {
        struct Respondent: Decodable {
            var platform: String?
            var company: String?
            var name: String?
        }
        struct Link: Decodable { var text: String }
        struct Payment: Decodable { var method: String }
        var clientReference: String
        var kind: Campaign.Kind
        var category: String?
        var scenario: String?
        var respondent: Respondent
        var blockedLink: Link?
        var refusedPayment: Payment?
    }

    private func lines<Line: Decodable>(_ data: Data, as type: Line.Type) throws -> [Line] {
        try data.split(separator: UInt8(ascii: "\n")).map { try snakeCase.decode(type, from: $0) }
    }

    @Test func `intake resolves the sample as a clerk would, and never guesses`() throws {
        let file = repository.appending(path: "Config/demo/complaints.ndjson")
        let filed = try lines(Data(contentsOf: file), as: Filed.self)
        let expected = try lines(fixture("complaints-sample-expected.ndjson"), as: Expected.self)
        #expect(filed.count == 80 && expected.count == 80)
        var differing: [String] = []
        for (filed, expected) in zip(filed, expected) {
            let (party, link, target, category) = resolve(filed, on: expected.receivedOn)
            var wrong = compare(party, target, category, expected)
            if link?.wrappedBy != expected.wrappedBy { wrong.append("wrapped_by") }
            if link?.address != expected.normalizedUrl { wrong.append("normalized_url") }
            if link?.passphrase != expected.passphrase { wrong.append("passphrase") }
            if !wrong.isEmpty { differing.append("\(filed.clientReference): \(wrong.joined(separator: ", "))") }
        }
        #expect(differing.isEmpty, "\(differing.joined(separator: "\n"))")
    }

    private func resolve(_ filed: Filed, on day: Day) -> (Complaint.Party, SharedLink?, Complaint.Target, String?) {
        let directory = Directory.shipped
        var party = Complaint.Party(company: filed.respondent.company)
        if let platform = filed.respondent.platform { party = directory.party(platform: platform, on: day) }
        if let name = filed.respondent.name { party = directory.party(named: name, on: day) }
        let link = filed.blockedLink.map { SharedLink($0.text, in: directory, excluding: party.platform, on: day) }
        let method = filed.refusedPayment.flatMap { directory.method(named: $0.method) }
        let target =
            link?.target ?? Complaint.Target(company: method?.company, paymentMethod: method?.code)
        let category = Campaign.shipped.category(given: filed.category, scenario: filed.scenario, kind: filed.kind)
        return (party, link, target, category)
    }

    private func compare(
        _ party: Complaint.Party, _ target: Complaint.Target, _ category: String?, _ expected: Expected
    ) -> [String] {
        let pairs: [(String, String?, String?)] = [
            ("respondent_platform", party.platform, expected.respondentPlatform),
            ("respondent_company", party.company, expected.respondentCompany),
            ("target_platform", target.platform, expected.targetPlatform),
            ("target_company", target.company, expected.targetCompany),
            ("target_host", target.host, expected.targetHost),
            ("payment_method", target.paymentMethod, expected.paymentMethod),
            ("category", category, expected.category),
        ]
        return pairs.filter { $0.1 != $0.2 }.map { "\($0.0) is \($0.1 ?? "null"), not \($0.2 ?? "null")" }
    }
}

struct DirectoryTests {
    private func platform(_ name: String) -> String? {
        Directory.shipped.party(named: name, on: .on("2021-09-08")).platform
    }

    @Test(arguments: [
        ("手淘", "taobao"), ("淘寶", "taobao"), ("ＷｅＣｈａｔ", "wechat"), ("微信 App", "wechat"), ("WeChat / Weixin", "wechat"),
        ("饿了吗", "eleme"), ("douyin", "douyin"),
    ])
    func `a platform is known by what people call it`(name: String, code: String) {
        #expect(platform(name) == code)
    }

    @Test(arguments: ["那个聊天软件", "聊天", "微信群里的链接", "", "微", "taobao.com.evil.cn"])
    func `a description is nobody's name`(name: String) {
        #expect(Directory.shipped.party(named: name, on: .on("2021-09-08")) == Complaint.Party())
    }

    @Test func `ownership follows the day`() {
        #expect(Directory.shipped.party(platform: "kaola", on: .on("2019-09-05")).company == "netease")
        #expect(Directory.shipped.party(platform: "kaola", on: .on("2019-09-06")).company == "alibaba")
    }

    @Test(arguments: [
        ("item.taobao.com", "taobao.com", "taobao"), ("2.taobao.com", "2.taobao.com", "xianyu"),
        ("rx7kq2.m.chenzhongtech.com", "m.chenzhongtech.com", "kuaishou"), ("brand.taobao", "taobao", "taobao"),
    ])
    func `the longest suffix of a host names the platform`(host: String, suffix: String, code: String) throws {
        let owner = try #require(Directory.shipped.owner(ofHost: host))
        #expect(owner.suffix == suffix && owner.owner == .platform(code))
    }

    @Test(arguments: ["evil-taobao.com", "taobao.com.evil.cn", "xn--b-7sbb8cct.com", "192.168.0.1"])
    func `a host that only looks like one belongs to nobody known`(host: String) {
        #expect(Directory.shipped.owner(ofHost: host) == nil)
    }

    @Test func `a shared host tells the company or nothing`() {
        #expect(Directory.shipped.owner(ofHost: "m.tb.cn")?.owner == .company("alibaba"))
        #expect(Directory.shipped.owner(ofHost: "t.cn")?.owner == .nobody)
    }
}

struct ReferenceNumberTests {
    @Test func `a reference reads back, and one wrong digit is noticed`() {
        for number in [1, 19, 123, 9_999_999, 12_345_678] {
            let text = Reference(prefix: "IR21", number: number).description
            #expect(Reference(text)?.number == number)
            #expect(Reference(text.lowercased())?.number == number)
            for (index, character) in text.enumerated() where character.isNumber && index > 4 {
                var typed = Array(text)
                typed[index] = Character(String((character.wholeNumberValue.map { $0 + 1 } ?? 0) % 10))
                #expect(Reference(String(typed)) == nil, "\(String(typed))")
            }
        }
        #expect(Reference(prefix: "IR21", number: 123).description == "IR21-0000123-0")
    }

    @Test(arguments: ["", "IR21", "IR21-123-4", "IR21-0000123", "IR21-0000123-45", "IR21-00001x3-4", "-0000123-0"])
    func `anything else is none`(text: String) {
        #expect(Reference(text) == nil)
    }
}

struct IdentityTests {
    @Test(arguments: ["+86 138-0000-0001", "0086 13800000001", "13800000001", "１３８００００００01"])
    func `one telephone number has many spellings`(phone: String) {
        #expect(Identity(phone: phone).phoneKey == "13800000001")
    }

    @Test func `an officer sees enough to recognise an adult and nothing of a minor`() {
        let identity = Identity(name: "张小禾", phone: "13800000001", email: "xiaohe@example.cn")
        let masked = identity.masked(isMinor: false)
        #expect(masked == Identity(name: "张**", phone: "138****01", email: "x***@example.cn"))
        #expect(identity.masked(isMinor: true) == Identity(name: "***", phone: "***", email: "***"))
    }
}

struct SocialCreditCodeTests {
    @Test func `codes are told apart by their checks`() throws {
        for vector in try records("uscc-vectors.csv") {
            let code = vector["code"] ?? ""
            #expect(SocialCreditCode.isValid(code) == (vector["valid"] == "true"), "\(vector)")
        }
    }
}
