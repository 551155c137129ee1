import Casework
import TestSupport
import Testing

/// What others get of a picture: the picture as it looked, upright, and nothing that was written beside or behind it.
struct ImageFileTests {
    private func rendition(_ bytes: [UInt8], _ name: String) throws -> [UInt8] {
        let file = try EvidenceFile(bytes, named: name, mediaType: nil)
        #expect(file.bytes == bytes, "the original stays as it was sent")
        let stripped = try #require(file.stripped)
        #expect(!holds(stripped, Array("secret".utf8)))
        #expect(try EvidenceFile(stripped, named: name, mediaType: nil).stripped == stripped)
        return stripped
    }

    private func holds(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        bytes.indices.contains { bytes[$0...].starts(with: part) }
    }

    /// EXIF as others get it: big-endian, with the orientation alone.
    private func bare(_ orientation: Int) -> [UInt8] {
        [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation)]
            + [0, 0, 0, 0, 0, 0]
    }

    private func photo(_ exif: [UInt8]) -> [UInt8] {
        SampleFile.jpeg(beside: SampleFile.segment(0xE1, Array("Exif\0\0".utf8) + exif))
    }

    // MARK: Upright

    @Test(arguments: 1...8, [true, false])
    func `a picture stands as its camera said, and nothing else of the camera is left`(
        orientation: Int, isLittleEndian: Bool
    ) throws {
        let exif = SampleFile.exif(orientation: orientation, isLittleEndian: isLittleEndian)
        let named = Array("Exif\0\0".utf8) + bare(orientation)
        let forms = [
            (
                "a.jpg", photo(exif), SampleFile.jpeg(beside: SampleFile.segment(0xE1, named)),
                SampleFile.jpeg(), SampleFile.segment(0xE1, named)
            ),
            (
                "a.png", SampleFile.png(beside: SampleFile.chunk("eXIf", exif)),
                SampleFile.png(beside: SampleFile.chunk("eXIf", named)), SampleFile.png(),
                Array("\0\0\0\u{1A}eXIf".utf8) + bare(orientation)
            ),
            (
                "a.webp", SampleFile.webp(beside: SampleFile.part("EXIF", exif)),
                SampleFile.webp(beside: SampleFile.part("EXIF", named)), SampleFile.webp(),
                SampleFile.part("EXIF", bare(orientation))
            ),
        ]
        for (name, bytes, other, plain, part) in forms {
            let stripped = try rendition(bytes, name)
            #expect(try rendition(other, name) == stripped, "\(name)")
            let without = try rendition(plain, name)
            if orientation == 1 {
                #expect(stripped == without, "\(name)")
            } else {
                #expect(holds(stripped, part), "\(name)")
                let more = part.count + (name == "a.png" ? 4 : 0)
                #expect(stripped.count == without.count + more, "\(name)")
            }
        }
    }

    @Test func `what was written of an orientation is as readers expect it`() throws {
        let exif = SampleFile.exif(orientation: 6, isLittleEndian: true)
        let png = try rendition(SampleFile.png(beside: SampleFile.chunk("eXIf", exif)), "a.png")
        #expect(holds(png, bare(6) + [0xD6, 0x67, 0x4B, 0x69]), "the checksum, as zlib computes it")
        let webp = try rendition(SampleFile.webp(beside: SampleFile.part("EXIF", exif)), "a.webp")
        #expect(webp[20] == 0x08, "the flags say EXIF and no XMP")
        #expect(try rendition(SampleFile.webp(), "a.webp")[20] == 0, "the flags say neither")
        let size = webp[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(size + 8 == webp.count)
    }

    @Test func `malformed EXIF says nothing, and the picture is taken`() throws {
        let plain = try rendition(SampleFile.jpeg(), "a.jpg")
        for isLittleEndian in [true, false] {
            let whole = SampleFile.exif(orientation: 6, isLittleEndian: isLittleEndian)
            // The entry of the orientation ends at byte 34.
            for end in 0..<32 { #expect(try rendition(photo(Array(whole[..<end])), "a.jpg") == plain, "cut at \(end)") }
            for orientation in [0, 9, 255, 65_535] {
                let odd = SampleFile.exif(orientation: orientation, isLittleEndian: isLittleEndian)
                #expect(try rendition(photo(odd), "a.jpg") == plain, "orientation \(orientation)")
            }
            let long = SampleFile.exif(orientation: 6, isLittleEndian: isLittleEndian, type: 4)
            #expect(try rendition(photo(long), "a.jpg") == plain, "browsers read a short number only")
            for index in 0..<34 {
                for value: UInt8 in [0x00, 0x7F, 0xFF] {
                    var bent = whole
                    bent[index] = value
                    _ = try rendition(photo(bent), "a.jpg")
                }
            }
        }
    }

    @Test func `EXIF behind the picture's beginning, or a second one, turns nothing`() throws {
        let six = Array("Exif\0\0".utf8) + SampleFile.exif(orientation: 6, isLittleEndian: true)
        let three = Array("Exif\0\0".utf8) + SampleFile.exif(orientation: 3, isLittleEndian: true)
        let both = SampleFile.jpeg(beside: SampleFile.segment(0xE1, six) + SampleFile.segment(0xE1, three))
        #expect(
            try rendition(both, "a.jpg") == rendition(SampleFile.jpeg(beside: SampleFile.segment(0xE1, six)), "a.jpg"))
        let late = Array(SampleFile.jpeg().dropLast(2)) + SampleFile.segment(0xE1, six) + [0xFF, 0xD9]
        #expect(try rendition(late, "a.jpg") == rendition(SampleFile.jpeg(), "a.jpg"))
    }

    // MARK: Colours

    @Test func `colours and density stay as they were`() throws {
        let adobe = Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, 2]
        let kept = SampleFile.segment(0xEE, adobe)
        #expect(holds(try rendition(SampleFile.jpeg(beside: kept), "a.jpg"), kept))
        let long = SampleFile.segment(0xEE, adobe + Array("secret".utf8))
        #expect(holds(try rendition(SampleFile.jpeg(beside: long), "a.jpg"), SampleFile.segment(0xEE, adobe)))
        let density: [UInt8] = [1, 0, 72, 0, 36]
        let small = SampleFile.segment(0xE0, Array("JFIF\0\u{1}\u{2}".utf8) + density + [1, 2] + Array("secret".utf8))
        let stripped = try rendition(SampleFile.jpeg(density: density, beside: small), "a.jpg")
        let bare = SampleFile.segment(0xE0, Array("JFIF\0\u{1}\u{2}".utf8) + density + [0, 0])
        #expect(holds(stripped, bare), "without the small picture")
        for (name, samples, body) in Self.right {
            let chunk = SampleFile.chunk(name, body)
            let palette = samples[1] == 3 && name != "PLTE" ? SampleFile.chunk("PLTE", [1, 2, 3, 4, 5, 6]) : []
            let bytes = SampleFile.png(samples: samples, beside: palette + chunk)
            #expect(holds(try rendition(bytes, "a.png"), chunk), "\(name) \(body)")
        }
    }

    private static let text: [UInt8] = Array("secretsecretsecretsecretsecretsecret".utf8)

    /// Chunks as the specification of PNG has them, with depth and colour type of the picture.
    private static let right: [(name: String, samples: [UInt8], body: [UInt8])] = [
        ("gAMA", [8, 2], [0, 0, 0xB1, 0x8F]), ("sRGB", [8, 2], [0]), ("sRGB", [8, 6], [3]),
        ("cICP", [8, 2], [12, 13, 0, 1]), ("pHYs", [8, 2], [0, 0, 0x0B, 0x13, 0, 0, 0x0B, 0x13, 1]),
        (
            "cHRM", [8, 2],
            [0, 0, 0x7A, 0x26, 0, 0, 0x80, 0x84, 0, 0, 0xFA, 0, 0, 0, 0x80, 0xE8]
                + [0, 0, 0x75, 0x30, 0, 0, 0xEA, 0x60, 0, 0, 0x3A, 0x98, 0, 0, 0x17, 0x70]
        ),
        ("sBIT", [8, 0], [5]), ("sBIT", [8, 2], [5, 6, 5]), ("sBIT", [8, 3], [8, 8, 8]), ("sBIT", [16, 4], [16, 1]),
        ("sBIT", [8, 6], [8, 8, 8, 8]), ("bKGD", [8, 0], [0, 255]), ("bKGD", [8, 2], [0, 1, 0, 2, 0, 3]),
        ("bKGD", [2, 3], [1]), ("tRNS", [4, 0], [0, 15]), ("tRNS", [8, 2], [0, 1, 0, 2, 0, 255]),
        ("tRNS", [2, 3], [0, 255]), ("PLTE", [1, 3], [1, 2, 3, 4, 5, 6]), ("acTL", [8, 2], [0, 0, 0, 2, 0, 0, 0, 0]),
    ]

    @Test func `a chunk of another length, or with values that it cannot have, is cut out`() throws {
        for (name, samples, body) in Self.right {
            var wrong = [
                body + [0], Array(body.dropLast()), body + Self.text, Self.text, Array(Self.text.prefix(body.count)),
            ]
            // Shorter tables of transparency are right, and a palette may be larger where samples are.
            if name == "tRNS", samples[1] == 3 { wrong = [body + [0], [], Self.text] }
            if name == "PLTE" { wrong = [body + [0], body + body, Self.text] }
            for one in wrong {
                let palette = samples[1] == 3 && name != "PLTE" ? SampleFile.chunk("PLTE", [1, 2, 3, 4, 5, 6]) : []
                let bytes = SampleFile.png(samples: samples, beside: palette + SampleFile.chunk(name, one))
                #expect(
                    try rendition(bytes, "a.png")
                        == rendition(SampleFile.png(samples: samples, beside: palette), "a.png"),
                    "\(name) \(one)")
            }
            let twice = SampleFile.chunk(name, body) + SampleFile.chunk(name, body)
            let palette = samples[1] == 3 && name != "PLTE" ? SampleFile.chunk("PLTE", [1, 2, 3, 4, 5, 6]) : []
            #expect(
                try rendition(SampleFile.png(samples: samples, beside: palette + twice), "a.png")
                    == rendition(
                        SampleFile.png(samples: samples, beside: palette + SampleFile.chunk(name, body)), "a.png"),
                "\(name) twice")
        }
        for name in ["iCCP", "mDCV", "cLLI", "PLTE", "hIST", "sPLT", "fdAT", "fcTL", "zTXt", "iTXt", "vpAg", "tIME"] {
            let bytes = SampleFile.png(beside: SampleFile.chunk(name, Self.text))
            #expect(try rendition(bytes, "a.png") == rendition(SampleFile.png(), "a.png"), "\(name)")
        }
        for samples: [UInt8] in [[3, 2], [8, 1], [16, 3], [8, 5], [4, 6]] {
            #expect(throws: EvidenceFile.Unfit.self, "\(samples)") {
                try EvidenceFile(SampleFile.png(samples: samples), named: "a.png", mediaType: nil)
            }
        }
    }

    @Test func `tables of a JPEG end where they say, and nothing stands behind them`() throws {
        let huffman = [0] + [2] + Array(repeating: UInt8(0), count: 15) + [7, 9]
        let quantisation = [1] + Array(repeating: UInt8(3), count: 64)
        for (marker, table) in [(0xC4, huffman), (0xDB, quantisation), (0xCC, [1, 2])] as [(UInt8, [UInt8])] {
            let right = SampleFile.jpeg(beside: SampleFile.segment(marker, table + table))
            #expect(holds(try rendition(right, "a.jpg"), SampleFile.segment(marker, table + table)))
            guard marker != 0xCC else { continue }
            let more = SampleFile.jpeg(beside: SampleFile.segment(marker, table + Self.text))
            let one = SampleFile.jpeg(beside: SampleFile.segment(marker, table))
            #expect(try rendition(more, "a.jpg") == rendition(one, "a.jpg"), "\(marker)")
        }
        for marker: UInt8 in [0xC4, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF] {
            let bytes = SampleFile.jpeg(beside: SampleFile.segment(marker, Self.text))
            #expect(try rendition(bytes, "a.jpg") == rendition(SampleFile.jpeg(), "a.jpg"), "\(marker)")
        }
    }

    @Test func `a film in a WebP keeps its frames, and of them only the picture`() throws {
        let picture = SampleFile.part("VP8L", [0x2F, 4, 0x40, 1, 0, 1, 2])
        func film(_ background: [UInt8], _ flags: UInt8, _ more: [UInt8]) -> [UInt8] {
            let frame = Array(repeating: UInt8(0), count: 15) + [flags] + more + picture + more
            return SampleFile.webp(
                before: SampleFile.part("ANIM", background + [0, 0]) + SampleFile.part("ANMF", frame))
        }
        let plain = try rendition(film([0, 0, 0, 0], 1, []), "a.webp")
        #expect(holds(plain, picture))
        #expect(try rendition(film(Array("secr".utf8), 0xFD, SampleFile.part("note", Self.text)), "a.webp") == plain)
        let long = SampleFile.webp(before: SampleFile.part("ANIM", Self.text) + SampleFile.part("ALPH", [1]))
        #expect(try !holds(rendition(long, "a.webp"), Array("ANIM".utf8)))
    }

    // MARK: Profiles

    private static let displayP3 = [[0x83DF, 0x3DBF, -0x45], [0x4ABF, 0xB137, 0x0AB9], [0x2838, 0x110B, 0xC8B9]]
    private static let adobe = [[0x9C19, 0x4FA6, 0x04FC], [0x348E, 0xA02B, 0x0F96], [0x2631, 0x1030, 0xBE9C]]
    private static let sRGB = [[0x6FA2, 0x38F5, 0x0390], [0x6299, 0xB785, 0x18DA], [0x24A0, 0x0F84, 0xB6CF]]

    @Test func `of a colour profile what is known is kept, in words of our own, and nothing else`() throws {
        let icc = Array("ICC_PROFILE\0\u{1}\u{1}".utf8)
        for (primaries, isKept) in [(Self.displayP3, true), (Self.adobe, true), (Self.sRGB, false)] {
            let profile = SampleFile.profile(primaries, text: "secret words, as many as one likes")
            let jpeg = SampleFile.jpeg(beside: SampleFile.segment(0xE2, icc + profile))
            let stripped = try rendition(jpeg, "a.jpg")
            #expect(holds(stripped, icc) == isKept)
            let webp = SampleFile.webp(before: SampleFile.part("ICCP", profile))
            let other = try rendition(webp, "a.webp")
            #expect(holds(other, Array("ICCP".utf8)) == isKept)
            #expect(other[20] & 0x20 == (isKept ? 0x20 : 0), "the flag says so")
            if !isKept { #expect(try stripped == rendition(SampleFile.jpeg(), "a.jpg")) }
        }
        let other = SampleFile.profile([[1, 2, 3], [4, 5, 6], [7, 8, 9]], text: "secret")
        var cut = SampleFile.profile(Self.displayP3, text: "secret")
        cut.removeLast(cut.count - 160)
        for odd in [other, cut, Self.text, Array(repeating: 0xFF, count: 400), []] {
            let jpeg = SampleFile.jpeg(beside: SampleFile.segment(0xE2, icc + odd))
            #expect(try rendition(jpeg, "a.jpg") == rendition(SampleFile.jpeg(), "a.jpg"))
            let webp = SampleFile.webp(before: SampleFile.part("ICCP", odd))
            #expect(try rendition(webp, "a.webp") == rendition(SampleFile.webp(), "a.webp"))
        }
    }

    @Test(arguments: [0xE1, 0xE2, 0xE3, 0xEB, 0xED, 0xEF, 0xF0, 0xFD, 0xFE, 0x02, 0xC8] as [UInt8])
    func `segments that draw nothing are cut out`(marker: UInt8) throws {
        let notes = SampleFile.segment(marker, Array("MPF\0secret place".utf8))
        #expect(try rendition(SampleFile.jpeg(beside: notes), "a.jpg") == rendition(SampleFile.jpeg(), "a.jpg"))
    }

    // MARK: Behind the end

    private static let samsung =
        [0, 0, 0x30, 0x0A, 16, 0, 0, 0] + Array("MotionPhoto_Data".utf8) + SampleFile.mp4 + Array("SEFHsecretSEFT".utf8)

    @Test(
        arguments: [
            ("zeros", Array(repeating: 0, count: 5_000)), ("a second picture", SampleFile.jpeg()),
            ("two more pictures", SampleFile.jpeg() + [0, 0, 0] + SampleFile.jpeg()),
            ("zeros and a picture", [0, 0, 0] + SampleFile.jpeg()), ("a film", SampleFile.mp4),
            ("zeros and a film", [0, 0, 0, 0, 0] + SampleFile.mp4),
            ("a picture and a film", SampleFile.jpeg() + SampleFile.mp4),
            ("a large film", [0x12, 0x34, 0x56, 0x78] + Array("ftypmp42secret".utf8)),
            ("a film and notes", SampleFile.mp4 + Array("0:1477              LIVE_18666740       secret".utf8)),
            ("Samsung's film", samsung), ("Samsung's notes", Array("secret Image_UTC_Data SEFHSEFT".utf8)),
            ("OnePlus's notes", Array("secret[{}]jxrs".utf8) + [12, 0, 0, 0]),
            (
                "vivo's notes",
                Array(#"vivo{"secret":1}"#.utf8)
                    + [0, 255, 255, 255, 255, 0x1B, 0x2A, 0x39, 0x48, 0x57, 0x66, 0x75, 0x84, 0x93, 0xA2, 0xB1]
            ),
        ] as [(String, [UInt8])])
    func `what phones add behind a JPEG is taken, and only the first picture is passed on`(
        what: String, addition: [UInt8]
    ) throws {
        let index = SampleFile.segment(0xE2, Array("MPF\0secret index".utf8))
        for first in [SampleFile.jpeg(), photo(SampleFile.exif(orientation: 6, isLittleEndian: true))] {
            #expect(try rendition(first + addition, "a.jpg") == rendition(first, "a.jpg"), "\(what)")
        }
        let listed = try rendition(SampleFile.jpeg(beside: index) + addition, "a.jpg")
        #expect(try listed == rendition(SampleFile.jpeg(), "a.jpg"))
    }

    @Test(arguments: [
        ("a page", Array("<script>alert(1)</script>".utf8)), ("an archive", [0x50, 0x4B, 3, 4]),
        ("a document", SampleFile.pdf), ("a text", SampleFile.text), ("a program", Array("MZ".utf8)),
        ("a line end", [0x0A]), ("a mark that is not the end", Array("SEFT and more".utf8)),
        ("a far ftyp", Array("\u{1}12345ftyp".utf8)),
    ])
    func `anything else behind a JPEG is refused`(what: String, addition: [UInt8]) {
        #expect(throws: EvidenceFile.Unfit.self, "\(what)") {
            try EvidenceFile(SampleFile.jpeg() + addition, named: "a.jpg", mediaType: nil)
        }
    }

    @Test func `behind a PNG or a WebP nothing is taken, be it a picture or zeros`() {
        for (name, bytes) in [("a.png", SampleFile.png()), ("a.webp", SampleFile.webp())] {
            for addition in [[0, 0], SampleFile.jpeg(), bytes, SampleFile.mp4] {
                #expect(throws: EvidenceFile.Unfit.self, "\(name)") {
                    try EvidenceFile(bytes + addition, named: name, mediaType: nil)
                }
            }
        }
    }

    // MARK: Hostile files

    @Test func `a file that is cut or bent anywhere is refused, or is a whole picture`() throws {
        let exif = SampleFile.exif(orientation: 6, isLittleEndian: false)
        let files = [
            ("a.jpg", photo(exif) + SampleFile.mp4), ("a.png", SampleFile.png(beside: SampleFile.chunk("eXIf", exif))),
            ("a.webp", SampleFile.webp(beside: SampleFile.part("EXIF", exif))), ("a.pdf", SampleFile.pdf),
            ("a.mp4", SampleFile.mp4), ("a.har", SampleFile.har), ("a.txt", SampleFile.text),
        ]
        for (name, bytes) in files {
            var bent = bytes.indices.map { Array(bytes[..<$0]) } + bytes.indices.map { Array(bytes[$0...]) }
            for value: UInt8 in [0x00, 0x01, 0x7F, 0x80, 0xD8, 0xD9, 0xDA, 0xE1, 0xFF] {
                bent += bytes.indices.map { index in bytes.enumerated().map { $0 == index ? value : $1 } }
            }
            for one in bent {
                guard let file = try? EvidenceFile(one, named: name, mediaType: nil) else { continue }
                #expect(file.bytes == one)
                guard let stripped = file.stripped else { continue }
                // What is cut out of a whole picture leaves a whole picture, with nothing more to cut.
                #expect(try EvidenceFile(stripped, named: name, mediaType: nil).stripped == stripped, "\(name)")
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a file of very many parts takes no longer than its size`() {
        let count = 50_000
        func many(_ part: [UInt8]) -> [UInt8] { Array(repeatElement(part, count: count).joined()) }
        let directory: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 0xFF, 0xFF]
        let files = [
            ("a.jpg", SampleFile.jpeg(beside: many([0xFF]))),
            ("a.jpg", SampleFile.jpeg(beside: many([0xFF, 0xE1, 0, 2]))),
            ("a.jpg", SampleFile.jpeg(beside: many(SampleFile.segment(0xE1, Array("Exif\0\0".utf8) + directory)))),
            ("a.jpg", SampleFile.jpeg() + many([0]) + [1]),
            ("a.jpg", Array(SampleFile.jpeg().dropLast(2)) + many([0xFF, 0xDA, 0, 2]) + [0xFF, 0xD9]),
            ("a.png", SampleFile.png(beside: many(SampleFile.chunk("eXIf", [])))),
            ("a.webp", SampleFile.webp(beside: many(SampleFile.part("EXIF", [])))),
            ("a.webp", SampleFile.webp(beside: SampleFile.part("EXIF", directory + many([0x11])))),
        ]
        for (name, bytes) in files {
            let code: String?
            do {
                code = try EvidenceFile(bytes, named: name, mediaType: nil).stripped == nil ? "none" : nil
            } catch {
                code = error.code
            }
            #expect([nil, "kind_mismatch"].contains(code))
        }
    }
}
