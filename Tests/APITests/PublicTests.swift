import Casework
import Foundation
import TestSupport
import Testing

private let root = "/v1/campaigns/internet-2021/barriers"
private let clue = """
    {"kind":"refused_payment","respondent_platform":"taobao","target":"method:wechat_pay","scene":"checkout"}
    """

/// What everyone may read, and what nobody can work out from it.
struct PublicTests {
    @Test func `the public sees no number of complaints from 1 to 4`() async throws {
        try await withServer { server in
            let payment: [String: JSON] = [
                "kind": .string("refused_payment"), "respondent": .object(["platform": .string("taobao")]),
                "blocked_link": .null,
                "refused_payment": .object([
                    "method": .string("wechat_pay"), "refusal": .string("not_offered"), "scene": .string("checkout"),
                ]),
            ]
            var (counts, shown): ([Int?], [Int?]) = ([], [])
            for number in 0...5 {
                if number > 0 {
                    let phone = JSON.object([
                        "kind": .string("individual"), "phone": .string("1380000000\(number)"),
                    ])
                    let reference = try await server.filed(payment.merging(["complainant": phone]) { $1 })
                    _ = try await server.send(
                        "POST", "/v1/complaints/\(reference)/acceptance", "{}", headers: ["If-Match": "*"])
                } else {
                    _ = try await server.send("POST", root, clue)
                    _ = try await server.send("POST", "\(root)/1/confirmation", "{}", headers: ["If-Match": "*"])
                }
                counts.append(try await server.send("GET", "\(root)/1").json["complaints"]?.int)
                let list = try await server.send("GET", root, as: nil).json["items"]?[0]
                let one = try await server.send("GET", "\(root)/1", as: nil).json
                #expect(list == one, "the same in the list and alone")
                shown.append(one["complaints"]?.int)
            }
            #expect(counts == [0, 1, 2, 3, 4, 5] && shown == [0, nil, nil, nil, nil, 5])
            _ = try await server.send("POST", "\(root)/1/claim", "{}", headers: ["If-Match": "*"])
            for method in ["probe", "on_site"] {
                _ = try await server.send(
                    "POST", "\(root)/1/observations", #"{"result":"open","method":"\#(method)"}"#)
            }
            _ = try await server.send("POST", "\(root)/1/verification", "{}", headers: ["If-Match": "*"])
            let review = try await server.send(
                "POST", "\(root)/1/review", #"{"reason":"three more"}"#, headers: ["If-Match": "*"])
            #expect(review.json["review_opened_on"]?.string != nil)
            let open = try await server.send("GET", "\(root)/1", as: nil).json
            #expect(open["remediation"]?.string == "verified" && open["review_opened_on"]?.string == nil)
        }
    }
}
