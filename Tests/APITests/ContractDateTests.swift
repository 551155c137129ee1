import Casework
import Foundation
import TestSupport
import Testing

/// Dates are read everywhere the same way: within a range that the document says.
extension ContractReaderTests {
    /// The first day that can be written, the last one, and one that there never was.
    private static let oddDates = ["0001-01-01", "9999-12-31", "2021-02-29"]

    @Test func `every date that can be sent has a range, which the document says and the fault names`() async throws {
        try await withScene { scene in
            var dates = 0
            for operation in scene.document.operations where operation.name != "DELETE /v1/session" {
                let caller = try await admitted(operation, in: scene)
                let isFile = operation.body("application/octet-stream") != nil
                for parameter in operation.parameters(in: "query") where Self.isDate(parameter) {
                    dates += 1
                    let name = parameter["name"]?.string ?? ""
                    for date in Self.oddDates {
                        let answer = try await send(
                            operation, operation.method == "GET" ? nil : "{}", as: caller, in: scene,
                            type: isFile ? "text/plain" : "application/json", query: "?\(name)=\(date)")
                        check(Self.faults(answer.json), of: date, at: "?/\(name)", answer.status, operation)
                    }
                }
                for media in ["application/json", "application/x-ndjson"] {
                    let content = operation.body(media)
                    guard let schema = content?["schema"] ?? content?["x-itemSchema"] else { continue }
                    for (path, _) in scene.document.facts(of: schema)
                    where Self.isDate(scene.document.member(path, of: schema)) {
                        dates += 1
                        let steps = path.split(separator: "/").map(String.init)
                        for date in Self.oddDates {
                            let body = Self.putting(date, at: steps[...], into: scene.document.smallest(schema))
                            let answer = try await send(
                                operation, body.canonicalText, as: caller, in: scene, type: media)
                            let line = answer.json["items"]?[0]?["problem"]
                            // Lines of an import are answered later, and read as a filing is.
                            guard !operation.path.hasSuffix("/lines") else { continue }
                            check(
                                Self.faults(media.hasSuffix("ndjson") ? line : answer.json), of: date,
                                at: "#/" + path.replacing("*", with: "0"), answer.status, operation)
                        }
                    }
                }
            }
            #expect(dates > 80, "\(dates)")
        }
    }

    /// Whether it is a date, or may be one among others.
    private static func isDate(_ member: JSON) -> Bool {
        let format = (member["schema"] ?? member)["format"]?.string ?? ""
        let isSaid = member["description"]?.string?.contains("2000-01-01 to 2099-12-31") == true
        #expect(isSaid || !format.hasPrefix("date"), "\(member): the range is not said")
        return isSaid || format.hasPrefix("date")
    }

    private static func putting(_ date: String, at path: ArraySlice<String>, into body: JSON) -> JSON {
        guard let name = path.first else { return .string(date) }
        if name == "*" { return .array([putting(date, at: path.dropFirst(), into: body.array.first ?? .object([:]))]) }
        var members = body.members
        members[name] = putting(date, at: path.dropFirst(), into: members[name] ?? .object([:]))
        return .object(members)
    }

    private func check(
        _ faults: [Fault], of date: String, at pointer: String, _ status: Int, _ operation: ContractDocument.Operation
    ) {
        let own = faults.filter { $0.pointer == pointer }
        let about = "\(operation.name) \(pointer) \(date): \(status) \(faults)"
        #expect(status < 500, "\(about)")
        #expect(own.contains { ["no_date", "no_moment", "out_of_range", "invalid"].contains($0.code) }, "\(about)")
        guard own.contains(where: { $0.code == "out_of_range" }) else { return }
        #expect(own.contains { $0.detail == "has to lie between 2000-01-01 and 2099-12-31" }, "\(about)")
    }
}
