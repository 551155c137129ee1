import Casework
import Foundation
import Testing

@testable import Contract

/// How bodies are written.
struct BodyEncoderTests {
    private struct Part: Codable, Equatable {
        var dueOn: Day
        var note: String?
        var isLate: Bool
    }

    private struct Whole: Codable, Equatable {
        var wordsOfSomeone: [String: Int]
        var parts: [Part]
        var ratio: Double
        var recordedAt: Date
        var status: Complaint.Status
        var id: UUID
        var nothing: [Int]
        var empty: [String: Part]
    }

    private func text(_ value: some Encodable) throws -> String {
        String(decoding: try Coding.bytes(of: value), as: UTF8.self)
    }

    @Test func `members stand as declared and in snake case, those of a dictionary as they are and sorted`() throws {
        let moment = Date(timeIntervalSince1970: 1_637_847_845.9996)
        let part = Part(dueOn: Day(number: 18_960), note: nil, isLate: true)
        let whole = Whole(
            wordsOfSomeone: ["zB": 1, "aB": -2, "mitte": 3], parts: [part, part], ratio: 2, recordedAt: moment,
            status: .needsInformation, id: try #require(UUID(uuidString: "01234567-89AB-CDEF-0123-456789ABCDEF")),
            nothing: [], empty: [:])
        let written =
            #"{"words_of_someone":{"aB":-2,"mitte":3,"zB":1},"parts":[{"due_on":"2021-11-29","is_late":true},"#
            + #"{"due_on":"2021-11-29","is_late":true}],"ratio":2,"recorded_at":"2021-11-25T13:44:05.999Z","#
            + #""status":"needs_information","id":"01234567-89AB-CDEF-0123-456789ABCDEF","nothing":[],"empty":{}}"#
        #expect(try text(whole) == written)
        var again = try Coding.decoder.decode(Whole.self, from: Data(written.utf8))
        again.recordedAt = moment
        #expect(again == whole)
    }

    @Test(arguments: [
        "", "plain", "引号 \" 和 \\", "line\r\nend\ttab", "\u{0}\u{1}\u{1F}\u{7F}", "👩‍👩‍👧 e\u{301} \u{2028}", "</script>/",
    ])
    func `any text comes back as it was, and its bytes hold no control character`(words: String) throws {
        let bytes = try Coding.bytes(of: [words])
        #expect(!bytes.contains { $0 < 0x20 })
        let parsed = try JSON(parsing: bytes)
        guard case .array(let elements) = parsed, case .string(let back)? = elements.first else {
            return #expect(Bool(false), "no array of one text")
        }
        #expect(Array(back.utf8) == Array(words.utf8))
    }

    @Test(arguments: [-1.5, 0, 1_637_847_845.123, 253_402_300_799.999, -2_208_988_800.25])
    func `a moment reads back to the millisecond`(seconds: Double) throws {
        let date = Date(timeIntervalSince1970: seconds)
        let back = try Coding.decoder.decode([Date].self, from: Data(try Coding.bytes(of: [date])))
        #expect(abs(back[0].timeIntervalSince(date)) < 0.002)
    }

    @Test func `what is no number is an error, not a wrong body`() {
        #expect(throws: EncodingError.self) { try Coding.bytes(of: [Double.nan]) }
    }

    @Test(arguments: [true, false])
    func `a body that writes itself writes what Foundation would`(isFull: Bool) throws {
        let target =
            isFull
            ? Complaint.Target(platform: "taobao", company: "alibaba", host: "taobao.com", paymentMethod: "alipay")
            : Complaint.Target()
        let line = ComplaintLineBody(
            reference: "IR21-0000123-4", version: 7, kind: .refusedPayment, status: .needsInformation,
            category: isFull ? "user_rights" : nil,
            respondent: PartyBody(
                platform: isFull ? "wechat" : nil, company: isFull ? "tencent" : nil, name: isFull ? "a\"b" : nil),
            target: TargetBody(target), officer: isFull ? "li.na" : nil, office: "centre", priority: .urgent,
            receivedOn: Day(number: 18_960), dueOn: isFull ? Day(number: 18_967) : nil, isOverdue: isFull,
            isSuspected: !isFull, isNews: isFull, excerpt: "引号 \" 换行\n结束", barriers: isFull ? [3, 12] : [])
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        #expect(try JSON(parsing: Coding.bytes(of: [line])) == JSON(parsing: encoder.encode([line])))
        #expect(try Coding.decoder.decode([ComplaintLineBody].self, from: Data(Coding.bytes(of: [line]))) == [line])
    }
}
