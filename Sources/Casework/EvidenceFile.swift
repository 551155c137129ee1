/// A file that shows something: looked at before it is kept, and never opened by us afterwards.
///
/// What it is said to be, how it is named and what its bytes are have to agree (OWASP ASVS 5.2.2). Behind the end of a
/// picture, a film or a document nothing may stand, where a second file could hide; but for what phones add to a JPEG,
/// which is kept with the original and not passed on. Films and documents are kept as they are, with whatever they say
/// of where they were made.
public struct EvidenceFile: Sendable, Equatable {
    /// Why a file is not taken; for people and for programs.
    public struct Unfit: Error, Sendable, Equatable {
        /// Where it is said what is wrong: `#/file`, `#/filename` or `#/content_type`.
        public let pointer: String
        public let code: String
        public let detail: String

        init(_ code: String, _ detail: String, at pointer: String = "#/file") {
            self.pointer = pointer
            self.code = code
            self.detail = detail
        }
    }

    /// Bytes of one file.
    public static let maximumBytes = 20 * 1024 * 1024
    /// Width times height of an image.
    public static let maximumPixels = 50_000_000
    /// Code points of a name.
    public static let maximumName = 255

    public let kind: Kind
    /// As it was sent, without folders.
    public let name: String
    public let bytes: [UInt8]
    /// The image without what a camera or an editor wrote beside or behind it, such as where it was taken.
    ///
    /// It looks the same and stands upright. `nil` for what is no image.
    public let stripped: [UInt8]?

    /// - Parameters:
    ///   - bytes: All of it.
    ///   - name: As it was sent.
    ///   - mediaType: What it is said to be; `nil` where nothing was said.
    /// - Throws: ``Unfit``.
    public init(_ bytes: [UInt8], named name: String, mediaType: String?) throws(Unfit) {
        guard !bytes.isEmpty else { throw Unfit("empty", "is empty") }
        guard bytes.count <= Self.maximumBytes else {
            throw Unfit("too_large", "has \(bytes.count) bytes; \(Self.maximumBytes) are taken at the most")
        }
        self.name = try Self.checked(name: name)
        let ending = self.name.split(separator: ".").last.map { $0.lowercased() } ?? ""
        guard self.name.contains("."), let kind = Kind.allCases.first(where: { $0.extensions.contains(ending) }) else {
            let known = Kind.allCases.flatMap(\.extensions).joined(separator: ", ")
            throw Unfit("unknown_kind", "ends with “\(ending)”; taken are \(known)", at: "#/filename")
        }
        if let mediaType, !kind.isCalled(mediaType) {
            throw Unfit(
                "kind_mismatch", "says \(mediaType), but a name that ends with “\(ending)” is \(kind.mediaType)",
                at: "#/content_type")
        }
        self.kind = kind
        self.bytes = bytes
        stripped = try Self.inspected(bytes, as: kind)
    }

    /// The last part of a path, without anything that could pretend to be another name.
    private static func checked(name: String) throws(Unfit) -> String {
        // By code points: a slash with an accent on it is a slash.
        let parts = name.unicodeScalars.split { $0 == "/" || $0 == "\\" }
        let last = parts.last.map { String(String.UnicodeScalarView($0)) } ?? ""
        // Joiners hold an emoji of several signs together, and letters of Persian and Indic scripts apart.
        let joiners: [Unicode.Scalar] = ["\u{200C}", "\u{200D}"]
        let isOdd = last.unicodeScalars.contains { scalar in
            let category = scalar.properties.generalCategory
            return [.control, .format, .lineSeparator, .paragraphSeparator].contains(category)
                && !joiners.contains(scalar)
        }
        guard !isOdd else {
            throw Unfit(
                "bad_name", "holds control characters, or signs that turn the direction of text", at: "#/filename")
        }
        guard (1...maximumName).contains(last.unicodeScalars.count), last != ".", last != ".." else {
            throw Unfit(
                "bad_name", "has to have 1 to \(maximumName) characters, such as screenshot.png", at: "#/filename")
        }
        return last
    }

    private static func inspected(_ bytes: [UInt8], as kind: Kind) throws(Unfit) -> [UInt8]? {
        switch kind {
        case .png, .jpeg, .webp:
            guard let image = ImageFile(bytes, kind) else {
                throw Unfit(
                    "kind_mismatch", "is no whole \(kind.rawValue.uppercased()) image, or has more behind its end")
            }
            guard image.width > 0, image.height > 0, image.width <= maximumPixels / image.height else {
                throw Unfit(
                    "too_many_pixels",
                    "is \(image.width) × \(image.height); \(maximumPixels) pixels are taken at the most")
            }
            return image.stripped
        case .pdf:
            var end = bytes[...]
            while let last = end.last, last <= 0x20 { end.removeLast() }
            guard bytes.starts(with: "%PDF-".utf8), end.suffix(5).elementsEqual("%%EOF".utf8) else {
                throw Unfit("kind_mismatch", "is no whole PDF document, or has more behind its end")
            }
        case .mp4:
            guard isFilm(bytes) else { throw Unfit("kind_mismatch", "is no whole MP4 film") }
        case .har:
            // Not taken apart: that would take many times its size.
            let text = bytes.filter { $0 > 0x20 }
            guard text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}"), text[...].holds("\"log\":{"),
                text[...].holds("\"entries\":["), String(validating: bytes, as: UTF8.self) != nil
            else { throw Unfit("kind_mismatch", "is no HTTP Archive: a JSON object with log.entries") }
        case .text:
            guard String(validating: bytes, as: UTF8.self) != nil else {
                throw Unfit("kind_mismatch", "is no text in UTF-8")
            }
            guard !bytes.contains(where: { $0 < 0x20 && ![0x09, 0x0A, 0x0D].contains($0) }) else {
                throw Unfit("kind_mismatch", "holds control characters; text may hold tab and line breaks")
            }
        }
        return nil
    }

    /// A row of boxes that begins with `ftyp`, has a `moov`, and ends where the file ends (ISO/IEC 14496-12).
    private static func isFilm(_ bytes: [UInt8]) -> Bool {
        var (place, boxes) = (0, [String]())
        while place < bytes.count {
            guard place + 8 <= bytes.count, boxes.count < 10_000 else { return false }
            var size = bytes.bigEndian(at: place, count: 4)
            boxes.append(String(decoding: bytes[(place + 4)..<(place + 8)], as: UTF8.self))
            if size == 1 {
                guard place + 16 <= bytes.count else { return false }
                size = bytes.bigEndian(at: place + 8, count: 8)
            }
            if size == 0 { size = bytes.count - place }
            guard size >= 8, size <= bytes.count - place else { return false }
            place += size
        }
        return boxes.first == "ftyp" && boxes.contains("moov")
    }
}

extension [UInt8] {
    /// A number of up to eight bytes; one that is larger than any file counts as -1.
    func bigEndian(at place: Int, count: Int) -> Int {
        let value = self[place..<(place + count)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(exactly: value) ?? -1
    }

    func littleEndian(at place: Int, count: Int) -> Int {
        self[place..<(place + count)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}

extension ArraySlice<UInt8> {
    fileprivate func holds(_ text: String) -> Bool {
        let part = Array(text.utf8)
        return indices.contains { self[$0] == part[0] && self[$0...].starts(with: part) }
    }
}
