import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// What a newcomer sees first has to work.
struct DemoTests {
    @Test func `the demonstration runs to its report, and leaves nothing behind`() async throws {
        try await withProgram { program in
            let report = program.folder.appending(path: "report.html").path(percentEncoded: false)
            let scratch = program.folder.appending(path: "scratch").path(percentEncoded: false)
            try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
            let script = repository.appending(path: "Config/demo/run.sh").path(percentEncoded: false)
            let result = try await Subprocess.run(
                .path(FilePath(script)), arguments: [Program.path],
                environment: .inherit.updating(["REPORT": report, "TMPDIR": scratch]),
                output: .string(limit: 4 << 20), error: .string(limit: 1 << 20))
            #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
            #expect(result.standardOutput.contains(" 80/80 "))
            let page = try String(contentsOfFile: report, encoding: .utf8)
            #expect(page.contains("<svg") && page.contains("WeChat"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: scratch).isEmpty)
        }
    }
}
