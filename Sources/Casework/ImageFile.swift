/// What has to be known of an image without drawing it: its size, that it is whole, and which of its parts say more than
/// the picture does.
struct ImageFile {
    private(set) var width = 0
    private(set) var height = 0
    /// The same picture without what was written beside it.
    private(set) var stripped: [UInt8] = []

    /// - Returns: `nil` where the bytes are no whole image of this kind, or go on behind its end.
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

    private var hasPicture = false

    private static let drawingPNG: Set<String> = [
        "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "sBIT", "bKGD", "pHYs", "acTL", "fcTL",
        "fdAT",
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
            if name == "IEND" { return end == bytes.count && hasPicture }
            place = end
        }
        return false
    }

    // MARK: JPEG

    /// Segments that begin with a marker, and scans between them, from SOI to EOI (ITU-T T.81, annex B).
    private mutating func readJPEG(_ bytes: [UInt8]) -> Bool {
        guard bytes.starts(with: [0xFF, 0xD8]) else { return false }
        stripped += [0xFF, 0xD8]
        var place = 2
        while place + 1 < bytes.count {
            guard bytes[place] == 0xFF else { return false }
            let marker = bytes[place + 1]
            if marker == 0xFF {  // Filling.
                place += 1
                continue
            }
            if marker == 0xD9 {
                stripped += [0xFF, 0xD9]
                return place + 2 == bytes.count && width > 0
            }
            guard place + 4 <= bytes.count else { return false }
            let length = bytes.bigEndian(at: place + 2, count: 2)
            var end = place + 2 + length
            guard length >= 2, end <= bytes.count else { return false }
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                // One size only: a second could hide the first.
                guard length >= 8, width == 0, height == 0 else { return false }
                (height, width) = (bytes.bigEndian(at: place + 5, count: 2), bytes.bigEndian(at: place + 7, count: 2))
            }
            if marker == 0xDA { end = scanEnd(bytes, from: end) }
            if !isNote(marker, bytes[(place + 4)..<max(place + 4, place + 2 + length)]) {
                stripped += bytes[place..<end]
            }
            place = end
        }
        return false
    }

    /// Comments, and what applications wrote, but for the kind of file and what its colours mean.
    private func isNote(_ marker: UInt8, _ body: ArraySlice<UInt8>) -> Bool {
        switch marker {
        case 0xE0: !body.starts(with: "JFIF".utf8) || body.count > 14  // With a small picture of its own.
        case 0xE2: !body.starts(with: "ICC_PROFILE".utf8)
        case 0xEE: !body.starts(with: "Adobe".utf8)
        case 0xE1...0xEF, 0xFE: true
        default: false
        }
    }

    /// Where a scan ends: at the next marker that is neither stuffing nor a restart.
    private func scanEnd(_ bytes: [UInt8], from start: Int) -> Int {
        var place = start
        while place + 1 < bytes.count {
            if bytes[place] == 0xFF, bytes[place + 1] != 0, !(0xD0...0xD7).contains(bytes[place + 1]) { return place }
            place += 1
        }
        return bytes.count
    }

    // MARK: WebP

    /// A RIFF file of chunks (RFC 9649).
    private mutating func readWebP(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 20, bytes.starts(with: "RIFF".utf8), bytes[8..<12].elementsEqual("WEBP".utf8),
            bytes.littleEndian(at: 4, count: 4) + 8 == bytes.count
        else { return false }
        var body: [UInt8] = []
        var place = 12
        while place < bytes.count {
            guard place + 8 <= bytes.count else { return false }
            let length = bytes.littleEndian(at: place + 4, count: 4)
            let end = place + 8 + length + length % 2
            guard end <= bytes.count else { return false }
            let name = String(decoding: bytes[place..<(place + 4)], as: UTF8.self)
            measureWebP(name, Array(bytes[(place + 8)..<(place + 8 + length)]))
            if ["VP8 ", "VP8L", "ANMF"].contains(name) { hasPicture = true }
            if Self.drawingWebP.contains(name) {
                var chunk = bytes[place..<end]
                // The flags say that neither is there any more.
                if name == "VP8X", length >= 1 { chunk[chunk.startIndex + 8] &= ~0x0C }
                body += chunk
            }
            place = end
        }
        let size = body.count + 4
        stripped += "RIFF".utf8
        stripped += (0..<4).map { UInt8(size >> (8 * $0) & 0xFF) }
        stripped += "WEBP".utf8
        stripped += body
        return width > 0 && height > 0 && hasPicture
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
