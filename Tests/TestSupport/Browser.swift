public import Foundation
import Subprocess
import SystemPackage

/// Headless Chromium: a page as a person's browser has it, without a network.
public enum Browser {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// What axe-core finds wrong with a page, with the elements at fault.
    ///
    /// The rules are those of WCAG 2.2 A and AA and what axe calls best practice.
    public static func violations(of html: String, width: Int = 1280) async throws -> [String] {
        let axe = repository.appending(path: ".build/checkers/axe.min.js")
        guard let script = try? String(contentsOf: axe, encoding: .utf8) else {
            throw Failure(description: "\(axe.path) is missing; run: .make/checkers")
        }
        // The page's own policy allows no script; the test's says what it found in the page's place.
        let run = """
            <script>\(script)</script><script>
            addEventListener("load", () => {
                document.querySelectorAll("details").forEach(e => e.open = true);
                axe.run().then(found => {
                    const lines = found.violations.map(v => v.id + ": " + v.help + ": "
                        + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " " + (n.any[0]?.message ?? "")).join("; "));
                    document.documentElement.innerHTML = "<body>"
                    const box = document.body.appendChild(document.createElement("pre"));
                    box.id = "axe-found"; box.textContent = JSON.stringify({violations: lines, passes: found.passes.length});
                }).catch(e => { document.title = "axe failed: " + e; });
            });
            </script>
            """
        guard let end = html.range(of: "</body>", options: .backwards) else {
            throw Failure(description: "the page has no end")
        }
        let page =
            html[..<end.lowerBound].replacing(/<meta http-equiv="Content-Security-Policy"[^>]*>/, with: "") + run
            + html[end.lowerBound...]
        let dump = try await open(
            String(page), ["--dump-dom", "--virtual-time-budget=60000", "--window-size=\(width),900"])
        guard let begin = dump.range(of: "<pre id=\"axe-found\">"), let close = dump.range(of: "</pre>") else {
            throw Failure(description: "axe said nothing: \(dump.prefix(400))")
        }
        let json = dump[begin.upperBound..<close.lowerBound].replacing("&lt;", with: "<").replacing("&gt;", with: ">")
            .replacing("&amp;", with: "&")
        let found = try JSONDecoder().decode(Found.self, from: Data(json.utf8))
        guard found.passes > 5 else { throw Failure(description: "axe looked at nearly nothing") }
        return found.violations
    }

    private struct Found: Decodable {
        var violations: [String]
        var passes: Int
    }

    /// What the Nu validator calls an error.
    public static func errors(in html: String) async throws -> [String] {
        let jar = repository.appending(path: ".build/checkers/vnu.jar").path(percentEncoded: false)
        let result = try await Subprocess.run(
            .name("java"), arguments: ["-jar", jar, "--errors-only", "--format", "gnu", "-"], input: .string(html),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        let lines = result.standardError.split(separator: "\n").map(String.init)
        guard result.terminationStatus.isSuccess || !lines.isEmpty else {
            throw Failure(description: "the validator did not run: \(result.terminationStatus)")
        }
        return lines
    }

    /// A picture of a page.
    public static func screenshot(of html: String, width: Int, height: Int, to file: URL) async throws {
        _ = try await open(
            html,
            [
                "--screenshot=\(file.path(percentEncoded: false))", "--window-size=\(width),\(height)",
                "--hide-scrollbars",
            ])
    }

    private static func open(_ html: String, _ arguments: [String]) async throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "rectify-page-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "page.html")
        try Data(html.utf8).write(to: file)
        let result = try await Subprocess.run(
            .name("chromium"),
            arguments: Arguments(
                [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--host-resolver-rules=MAP * ~NOTFOUND",
                    "--user-data-dir=\(folder.appending(path: "profile").path(percentEncoded: false))",
                ] + arguments + [file.absoluteString]),
            output: .string(limit: 32 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw Failure(description: "chromium: \(result.terminationStatus) \(result.standardError.suffix(400))")
        }
        return result.standardOutput
    }
}
