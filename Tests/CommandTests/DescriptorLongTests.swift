import Foundation
import TestSupport
import Testing

/// The same under load, with a ledger of what was acknowledged.
@Suite(.serialized) struct DescriptorLongTests {
    @Test(arguments: [64, 256, 1024])
    func `filings go on and none is lost or doubled while idle connections take every descriptor`(
        files: Int
    ) async throws {
        try await withProgram { program in
            let log = program.folder.appending(path: "server.log")
            let server = try await ServerProcess(program, log: log, files: files)
            let storm = FilingStorm(at: server.address)
            storm.begin(clients: 2)
            try await storm.untilMore(5)
            for _ in 1...4 {
                let crowd = try Crowd(of: 1500, at: server)
                try await until("those that are too many are refused") { crowd.open < files }
                #expect(await server.isRunning)
                #expect(try await server.openFiles() <= files)
                // With few descriptors all may be taken until the idle ones are let go, which is soon.
                try await storm.untilMore(5)
                crowd.leave()
                try await storm.untilMore(5)
            }
            await storm.end()
            let said = try await storm.audit(program, at: server.address)
            #expect(said.hasSuffix("sound\n"), "\(said)")
            #expect(try !String(contentsOf: log, encoding: .utf8).contains("died"))
            #expect(await server.stop() == 0)
        }
    }
}
