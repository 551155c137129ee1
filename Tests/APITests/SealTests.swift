import Casework
import Foundation
import Postgres
import TestSupport
import Testing

struct SealTests {
    /// An identity that lies at another complaint is no server error, and is shown to nobody.
    @Test func `sealed parts that were swapped in the database are a problem with a name`() async throws {
        try await withServer { server in
            var filed: [JSON] = []
            for _ in 0..<3 { filed.append(try await server.file(as: nil).json) }
            _ = try await server.store.owner.transaction { db in
                try db.run(
                    """
                    UPDATE complaint_sealed s SET sealed = o.sealed
                    FROM complaint_sealed o, complaint a, complaint b
                    WHERE s.field = 'identity' AND o.field = 'identity' AND s.complaint_id = a.id AND o.complaint_id = b.id
                      AND a.number + b.number = 3
                    """)
            }
            for (place, one) in filed.enumerated() {
                let path = "/v1/complaints/\(one["reference"]?.string ?? "")"
                let answer = try await server.send("GET", path)
                let text = String(decoding: answer.bytes, as: UTF8.self)
                guard place < 2 else {
                    #expect(answer.status == 200, "the others are read as before")
                    continue
                }
                #expect(answer.status == 409 && answer.code == "sealed-data-damaged", "\(text)")
                #expect(text.contains("rectify audit verify") && !text.contains("13800000001"))
            }
        }
    }
}
