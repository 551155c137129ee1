/// What has to be known of an image without drawing it: its size, that it is whole, and which of its parts say more than
/// the picture does.
struct ImageFile {
    var width = 0
    var height = 0
    /// As it was written beside the picture; `nil` where the picture stands upright as it is stored.
    var orientation: Orientation?
    /// The same picture without what was written beside it, but for its orientation.
    var stripped: [UInt8] = []
    /// Whether a part that draws was seen already.
    var hasPicture = false

    /// - Returns: `nil` where the bytes are no whole image of this kind, or go on behind its end with what no phone adds.
    init?(_ bytes: [UInt8], _ kind: EvidenceFile.Kind) {
        stripped.reserveCapacity(bytes.count)
        let isWhole =
            switch kind {
            case .png: readPNG(bytes)
            case .jpeg: readJPEG(bytes)
            case .webp: readWebP(bytes)
            default: false
            }
        guard isWhole else { return nil }
    }

    private static let drawingPNG: Set<String> = [
        "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "mDCV", "cLLI", "sBIT", "bKGD",
        "pHYs", "acTL", "fcTL", "fdAT",
    ]
    private static let drawingWebP: Set<String> = ["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"]

    // MARK: PNG

    /// Chunks with a length, a name and a checksum, from `IHDR` to `IEND` (ISO/IEC 15948).
    private mutating func readPNG(_ bytes: [UInt8]) -> Bool {
        let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        guard bytes.starts(with: signature) else { return false }
        stripped += signature
        var place = signature.count
        while place + 12 <= bytes.count {
            let length = bytes.bigEndian(at: place, count: 4)
            guard length >= 0, length <= bytes.count - place - 12 else { return false }
            let name = String(decoding: bytes[(place + 4)..<(place + 8)], as: UTF8.self)
            let end = place + 12 + length
            if place == signature.count {
                guard name == "IHDR", length == 13 else { return false }
                (width, height) = (bytes.bigEndian(at: place + 8, count: 4), bytes.bigEndian(at: place + 12, count: 4))
            }
            if name == "IDAT" { hasPicture = true }
            // What draws the picture; everything else could say where it was taken, and by whom.
            if Self.drawingPNG.contains(name) { stripped += bytes[place..<end] }
            if name == "eXIf", orientation == nil {
                orientation = Orientation(exif: bytes[(place + 8)..<(end - 4)])
                if let orientation { appendPNG("eXIf", orientation.exif) }
            }
            if name == "IEND" { return end == bytes.count && hasPicture }
            place = end
        }
        return false
    }

    private mutating func appendPNG(_ name: String, _ body: [UInt8]) {
        let checked = name.utf8 + body
        stripped += Self.bigEndian(body.count) + checked + Self.bigEndian(Self.checksum(checked))
    }

    private static func bigEndian(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(value >> $0 & 0xFF) }
    }

    /// CRC-32 as PNG has it (ISO/IEC 15948, annex D).
    private static func checksum(_ bytes: [UInt8]) -> Int {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return Int(~sum)
    }

    // MARK: WebP

    /// A RIFF file of chunks (RFC 9649).
    private mutating func readWebP(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 20, bytes.starts(with: "RIFF".utf8), bytes[8..<12].elementsEqual("WEBP".utf8),
            bytes.littleEndian(at: 4, count: 4) + 8 == bytes.count
        else { return false }
        stripped += bytes[..<12]
        // Where the flags stand that say which chunks there are; a simple file has none.
        var flags: Int?
        var place = 12
        while place < bytes.count {
            guard place + 8 <= bytes.count else { return false }
            let length = bytes.littleEndian(at: place + 4, count: 4)
            let end = place + 8 + length + length % 2
            guard end <= bytes.count else { return false }
            let name = String(decoding: bytes[place..<(place + 4)], as: UTF8.self)
            let body = bytes[(place + 8)..<(place + 8 + length)]
            measureWebP(name, Array(body))
            if ["VP8 ", "VP8L", "ANMF"].contains(name) { hasPicture = true }
            let start = stripped.count
            if Self.drawingWebP.contains(name) { stripped += bytes[place..<end] }
            if name == "VP8X", length >= 1, flags == nil {
                // Neither EXIF nor XMP is kept.
                stripped[start + 8] &= ~(Self.exifFlag | Self.xmpFlag)
                flags = start + 8
            }
            if name == "EXIF", let flags, orientation == nil {
                orientation = Orientation(exif: body)
                if let orientation {
                    stripped += "EXIF".utf8 + Self.littleEndian(orientation.exif.count) + orientation.exif
                    stripped[flags] |= Self.exifFlag
                }
            }
            place = end
        }
        stripped.replaceSubrange(4..<8, with: Self.littleEndian(stripped.count - 8))
        return width > 0 && height > 0 && hasPicture
    }

    private static let exifFlag: UInt8 = 0x08
    private static let xmpFlag: UInt8 = 0x04

    private static func littleEndian(_ value: Int) -> [UInt8] {
        bigEndian(value).reversed()
    }

    private mutating func measureWebP(_ name: String, _ body: [UInt8]) {
        guard width == 0 else { return }
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
