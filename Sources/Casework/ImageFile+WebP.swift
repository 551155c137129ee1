/// A RIFF file of chunks (RFC 9649).
extension ImageFile {
    private static let profileFlag: UInt8 = 0x20
    private static let alphaFlag: UInt8 = 0x10
    private static let exifFlag: UInt8 = 0x08
    private static let animationFlag: UInt8 = 0x02

    mutating func readWebP(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 20, bytes.starts(with: "RIFF".utf8), bytes[8..<12].elementsEqual("WEBP".utf8),
            bytes.littleEndian(at: 4, count: 4) + 8 == bytes.count
        else { return false }
        stripped += bytes[..<12]
        // Where the flags stand that say which chunks there are; a simple file has none.
        var flags: Int?
        var place = 12
        while place < bytes.count {
            guard let chunk = Self.chunk(bytes[place...]) else { return false }
            measureWebP(chunk.name, chunk.body)
            if chunk.name == "VP8X" {
                // The extended header comes first (2.7), or is none.
                guard place == 12, chunk.body.count >= 10 else { return false }
                flags = appendHeader(chunk.body)
            } else {
                keepWhatDraws(chunk.name, chunk.body, flags)
            }
            place = chunk.end
        }
        stripped.replaceSubrange(4..<8, with: Self.littleEndian(stripped.count - 8))
        return width > 0 && height > 0 && hasPicture
    }

    private static func chunk(_ bytes: ArraySlice<UInt8>) -> (name: String, body: ArraySlice<UInt8>, end: Int)? {
        let place = bytes.startIndex
        guard bytes.count >= 8 else { return nil }
        let length = bytes[(place + 4)..<(place + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
        let end = place + 8 + length + length % 2
        guard end <= bytes.endIndex else { return nil }
        let name = String(decoding: bytes[place..<(place + 4)], as: UTF8.self)
        return (name, bytes[(place + 8)..<(place + 8 + length)], end)
    }

    /// Writes the extended header without what is reserved, and with no flag of a chunk that may not come.
    ///
    /// - Returns: Where its flags stand.
    private mutating func appendHeader(_ body: ArraySlice<UInt8>) -> Int {
        let body = Array(body)
        appendWebP("VP8X", [body[0] & (Self.alphaFlag | Self.animationFlag), 0, 0, 0] + body[4..<10])
        return stripped.count - 10
    }

    private mutating func keepWhatDraws(_ name: String, _ body: ArraySlice<UInt8>, _ flags: Int?) {
        switch name {
        case "VP8 ", "VP8L":
            hasPicture = true
            if isFirst("picture") { appendWebP(name, body) }
        case "ALPH" where !hasPicture && isFirst(name):
            appendWebP(name, body)
        case "ANIM" where body.count == 6 && flags != nil && isFirst(name):
            // The colour behind it is a hint that readers leave aside (2.7.1.1); how often it runs is not.
            appendWebP(name, [0, 0, 0, 0] + body.suffix(2))
        case "ANMF" where body.count >= 16 && isKept("ANIM"):
            keepFrame(Array(body))
        case "ICCP" where !hasPicture && !isKept("ICCP"):
            guard let flags, let profile = ColourProfile(icc: Array(body)), isFirst(name) else { return }
            appendWebP(name, profile.icc)
            stripped[flags] |= Self.profileFlag
        case "EXIF" where orientation == nil:
            guard let flags else { return }
            orientation = Orientation(exif: body)
            guard let orientation else { return }
            appendWebP(name, orientation.exif)
            stripped[flags] |= Self.exifFlag
        default:
            break
        }
    }

    /// A frame of a film: where it goes, and its picture without other chunks (2.7.1.1).
    private mutating func keepFrame(_ body: [UInt8]) {
        var frame = Array(body[..<15]) + [body[15] & 0x03]
        var place = 16
        var hasAlpha = false
        while let chunk = Self.chunk(body[place...]) {
            switch chunk.name {
            case "ALPH" where !hasAlpha:
                hasAlpha = true
                frame += Self.webP(chunk.name, chunk.body)
            case "VP8 ", "VP8L":
                hasPicture = true
                frame += Self.webP(chunk.name, chunk.body)
                return appendWebP("ANMF", frame)
            default:
                break
            }
            place = chunk.end
        }
    }

    private mutating func appendWebP(_ name: String, _ body: some Collection<UInt8>) {
        stripped += Self.webP(name, body)
    }

    private static func webP(_ name: String, _ body: some Collection<UInt8>) -> [UInt8] {
        name.utf8 + littleEndian(body.count) + body + (body.count % 2 == 1 ? [0] : [])
    }

    private mutating func measureWebP(_ name: String, _ body: ArraySlice<UInt8>) {
        guard width == 0 else { return }
        let body = Array(body.prefix(10))
        if name == "VP8X", body.count >= 10 {
            (width, height) = (body.littleEndian(at: 4, count: 3) + 1, body.littleEndian(at: 7, count: 3) + 1)
        } else if name == "VP8 ", body.count >= 10, body[3..<6].elementsEqual([0x9D, 0x01, 0x2A]) {
            width = body.littleEndian(at: 6, count: 2) & 0x3FFF
            height = body.littleEndian(at: 8, count: 2) & 0x3FFF
        } else if name == "VP8L", body.count >= 5, body[0] == 0x2F {
            let bits = body.littleEndian(at: 1, count: 4)
            (width, height) = (bits & 0x3FFF + 1, bits >> 14 & 0x3FFF + 1)
        }
    }
}
