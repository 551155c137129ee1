import Foundation
import Postgres
import Subprocess
import SystemPackage

/// Prints a page of ours by headless Chromium: tagged, with an outline, its fonts embedded.
///
/// The browser gets no network, a profile of its own that is gone afterwards, a minute of time, and, where this runs as
/// root, the rights of `nobody`.
enum PDFPrinter {
    private static let browsers = ["chromium", "chromium-browser", "google-chrome"]

    static func print(_ html: String, to file: URL) async throws {
        guard let browser = browsers.lazy.compactMap(path).first else {
            throw Failure(
                "a PDF needs Chromium; install Debian's packages chromium and fonts-noto-cjk, or use --format html",
                code: Failure.Code.unavailable)
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "rectify-pdf-\(UUID())")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // It is in the folder of temporary files, and only its owner reads it.
        defer { try? FileManager.default.removeItem(at: folder) }
        let (page, made) = (folder.appending(path: "report.html"), folder.appending(path: "report.pdf"))
        try Data(html.utf8).write(to: page)
        let isRoot = geteuid() == 0
        if isRoot, let nobody = getpwnam("nobody") {
            for item in [folder, page] {
                chown(item.path(percentEncoded: false), nobody.pointee.pw_uid, nobody.pointee.pw_gid)
            }
        }
        let words = command(browser, page: page, to: made, in: folder, asNobody: isRoot)
        let result = try await Subprocess.run(
            .name("timeout"), arguments: Arguments(["60"] + words),
            environment: .inherit.updating(["HOME": folder.path(percentEncoded: false)]),
            output: .discarded, error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess, let data = contents(of: made) else {
            throw Failure("Chromium made no PDF: \(result.standardError.suffix(300))")
        }
        do {
            try data.write(to: file, options: .atomic)
        } catch {
            throw Failure("\(file.path(percentEncoded: false)) cannot be written: \(error.systemReason)")
        }
    }

    private static func command(
        _ browser: String, page: URL, to made: URL, in folder: URL, asNobody: Bool
    ) -> [String] {
        // Chromium's own sandbox needs rights that root may not pass on; what it shows is our own page, without scripts.
        let rights =
            asNobody ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--no-new-privs"] : []
        return rights + [browser] + (asNobody ? ["--no-sandbox"] : [])
            + [
                "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions",
                "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9", "--no-pdf-header-footer",
                "--generate-pdf-document-outline",
                "--user-data-dir=\(folder.appending(path: "profile").path(percentEncoded: false))",
                "--print-to-pdf=\(made.path(percentEncoded: false))", page.absoluteString,
            ]
    }

    /// What the browser wrote; its folder belongs to someone else, so that no link is followed.
    private static func contents(of file: URL) -> Data? {
        let descriptor = open(file.path(percentEncoded: false), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        // Without a result, the failure of the browser is told.
        return try? handle.readToEnd()
    }

    private static func path(of program: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
