import Casework
import Foundation
import TestSupport
import Testing

/// A line of `reality/evidence.tsv`: a file as it was sent, and what is expected of it.
struct NamedFile: Sendable, CustomTestStringConvertible {
    let id: String
    let role: String
    let name: String
    let contentType: String
    let bytes: String
    let expected: String

    var testDescription: String { "\(role) \(id)" }

    static func all() throws -> [Self] {
        let lines = try String(decoding: fixture("reality/evidence.tsv"), as: UTF8.self).split(separator: "\n")
        return try lines.dropFirst().map { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            try #require(cells.count == 7, "\(line)")
            return Self(
                id: cells[0], role: cells[2], name: cells[3], contentType: cells[4], bytes: cells[5],
                expected: cells[6])
        }
    }
}

/// What may be kept as evidence, and what is cut out of a picture before others see it.
struct EvidenceFileTests {
    private static let samples: [EvidenceFile.Kind: [UInt8]] = [
        .png: SampleFile.png(), .jpeg: SampleFile.jpeg(), .webp: SampleFile.webp(), .pdf: SampleFile.pdf,
        .mp4: SampleFile.mp4, .har: SampleFile.har, .text: SampleFile.text,
    ]

    private func code(_ bytes: [UInt8], _ name: String, _ mediaType: String? = nil) -> String? {
        do {
            _ = try EvidenceFile(bytes, named: name, mediaType: mediaType)
            return nil
        } catch {
            return "\(error.pointer) \(error.code)"
        }
    }

    @Test func `each kind is known by its bytes and by its name (G79)`() throws {
        let files: [(String, [UInt8], String)] = [
            ("a.png", SampleFile.png(), "image/png"), ("a.JPG", SampleFile.jpeg(), "image/jpeg"),
            ("截图.jpeg", SampleFile.jpeg(), "image/jpeg"), ("a.webp", SampleFile.webp(), "image/webp"),
            ("a.pdf", SampleFile.pdf, "application/pdf"), ("a.mp4", SampleFile.mp4, "video/mp4"),
            ("a.har", SampleFile.har, "application/json"), ("a.log", SampleFile.text, "text/plain"),
        ]
        for (name, bytes, mediaType) in files {
            #expect(code(bytes, name, mediaType) == nil, "\(name)")
            #expect(code(bytes, name) == nil && code(bytes, name, "application/octet-stream") == nil, "\(name)")
            #expect(code(bytes, name, "image/gif") == "#/content_type kind_mismatch", "\(name)")
            for (other, foreign, _) in files where other.suffix(3).lowercased() != name.suffix(3).lowercased() {
                let isTextAsWell = name == "a.log" && ["a.har", "a.pdf"].contains(other)
                let isSamePicture = name.lowercased().contains(".jp") && other.lowercased().contains(".jp")
                guard !isTextAsWell, !isSamePicture else { continue }
                #expect(code(foreign, name) == "#/file kind_mismatch", "\(other) as \(name)")
            }
        }
    }

    @Test(arguments: [
        ("下载.jfif", "image/jpeg"), ("a.JFIF", "image/pjpeg"), ("a.jpe", "IMAGE/JPG"), ("a.pjpeg", "image/pjpeg"),
        ("a.pjp", " image/jpeg ; q=1"), ("a.jpg", "image/jpg;charset=binary"), ("a.jpg", ""), ("a.jpg", " ; x=1"),
        ("a.jpg", "Application/Octet-Stream; charset=binary"), ("a.png", "image/x-png"), ("a.apng", "image/apng"),
        ("a.pdf", "application/x-pdf"), ("a.m4v", "video/x-m4v"), ("a.mp4", "application/mp4"),
        ("a.txt", "text/plain; charset=utf-8"), ("a.log", "text/x-log"), ("a.har", "application/har+json"),
    ])
    func `what browsers and desktops call a file is understood`(name: String, mediaType: String) throws {
        let kinds = Self.samples.keys.filter { kind in
            kind.extensions.contains { name.lowercased().hasSuffix(".\($0)") }
        }
        let kind = try #require(kinds.first)
        let bytes = try #require(Self.samples[kind])
        let file = try EvidenceFile(bytes, named: name, mediaType: mediaType)
        #expect(file.kind == kind && file.name == name && file.bytes == bytes)
    }

    @Test(arguments: [
        ("a.jpg", "image/x-png"), ("a.png", "image/jpg"), ("a.jfif", "image/webp"), ("a.jpg", "image"),
        ("a.jpg", "image/jpeg2000"), ("a.mp4", "video/quicktime"), ("a.txt", "text/html; charset=utf-8"),
    ])
    func `another kind's type is refused`(name: String, mediaType: String) {
        for bytes in Self.samples.values {
            #expect(code(bytes, name, mediaType) == "#/content_type kind_mismatch")
        }
    }

    @Test(arguments: try NamedFile.all())
    func `files of the field are taken, or refused for what is wrong`(file: NamedFile) throws {
        let bytes = try Array(fixture("reality/evidence/\(file.bytes)"))
        let fault = code(bytes, file.name, file.contentType)
        switch file.expected {
        case "taken": #expect(fault == nil)
        case "refused": #expect(fault != nil)
        default: #expect(fault?.hasSuffix(" \(file.expected)") == true, "\(fault ?? "taken")")
        }
    }

    @Test(arguments: [
        ("page.html", "#/filename unknown_kind"), ("drawing.svg", "#/filename unknown_kind"),
        ("photo.png.exe", "#/filename unknown_kind"), ("noending", "#/filename unknown_kind"),
        ("..", "#/filename bad_name"), ("", "#/filename bad_name"), ("a\u{0}b.png", "#/filename bad_name"),
        ("gpj\u{202E}.png", "#/filename bad_name"), ("a\u{200B}.png", "#/filename bad_name"),
        ("a\u{2066}.png", "#/filename bad_name"), ("a\u{200F}.png", "#/filename bad_name"),
        ("a\u{FEFF}.png", "#/filename bad_name"), ("a\u{85}.png", "#/filename bad_name"),
        ("a.p\u{200D}ng", "#/filename unknown_kind"), ("a.png\u{200D}", "#/filename unknown_kind"),
        (String(repeating: "长", count: 300) + ".png", "#/filename bad_name"),
    ])
    func `a name that could mislead is refused (G79)`(name: String, fault: String) {
        #expect(code(SampleFile.png(), name) == fault)
    }

    @Test(arguments: ["👩‍💻.png", "🏳️‍🌈 ❤️.png", "نمی\u{200C}خواهم.png", "क्\u{200D}ष.png"])
    func `a name with joined signs is taken as it is`(name: String) throws {
        #expect(try EvidenceFile(SampleFile.png(), named: name, mediaType: nil).name == name)
    }

    @Test func `of a path only the last part is kept, and two endings are only a name`() throws {
        let file = try EvidenceFile(SampleFile.png(), named: #"C:\fakepath\..\截图.php.png"#, mediaType: nil)
        #expect(file.name == "截图.php.png")
        #expect(try EvidenceFile(SampleFile.png(), named: "../../etc/a.png", mediaType: nil).name == "a.png")
        let accent = try EvidenceFile(SampleFile.png(), named: "../\u{301}a.png", mediaType: nil)
        #expect(!accent.name.utf8.contains(UInt8(ascii: "/")), "a slash with an accent on it is a slash")
    }

    @Test func `two files in one are refused, and so is half a one (G79)`() {
        for (name, bytes) in [
            ("a.png", SampleFile.png()), ("a.jpg", SampleFile.jpeg()), ("a.webp", SampleFile.webp()),
            ("a.mp4", SampleFile.mp4), ("a.pdf", SampleFile.pdf),
        ] {
            #expect(code(bytes + Array("<script>alert(1)</script>".utf8), name) == "#/file kind_mismatch", "\(name)")
            for cut in [1, 5, bytes.count / 2, bytes.count - 2] {
                #expect(code(Array(bytes.prefix(cut)), name) == "#/file kind_mismatch", "\(name) cut at \(cut)")
            }
        }
        #expect(code([], "a.png") == "#/file empty")
        #expect(code(Array("MZ".utf8) + SampleFile.pdf, "a.pdf") == "#/file kind_mismatch")
        #expect(code([0x61, 0x00, 0x62], "a.txt") == "#/file kind_mismatch")
    }

    @Test func `a picture too large to draw is refused by what it says of itself (G83)`() {
        #expect(code(SampleFile.png(width: 50_000, height: 50_000), "a.png") == "#/file too_many_pixels")
        #expect(
            code(SampleFile.png(width: Int(UInt32.max), height: Int(UInt32.max)), "a.png") == "#/file too_many_pixels")
        #expect(code(SampleFile.png(width: 0), "a.png") == "#/file too_many_pixels")
        #expect(code(SampleFile.jpeg(width: 60_000, height: 60_000), "a.jpg") == "#/file too_many_pixels")
        #expect(code(SampleFile.png(width: 10_000, height: 5_000), "a.png") == nil)
    }

    @Test func `what a camera wrote is cut out, and the picture stays`() throws {
        for (name, bytes) in [("a.png", SampleFile.png()), ("a.jpg", SampleFile.jpeg()), ("a.webp", SampleFile.webp())]
        {
            let file = try EvidenceFile(bytes, named: name, mediaType: nil)
            let stripped = try #require(file.stripped)
            #expect(String(decoding: bytes, as: UTF8.self).contains("secret place"))
            #expect(!String(decoding: stripped, as: UTF8.self).contains("secret place"), "\(name)")
            #expect(stripped.count < bytes.count && file.bytes == bytes)
            // What is left is a whole picture again, with nothing more to cut.
            #expect(try EvidenceFile(stripped, named: name, mediaType: nil).stripped == stripped, "\(name)")
        }
        #expect(try EvidenceFile(SampleFile.pdf, named: "a.pdf", mediaType: nil).stripped == nil)
    }
}
