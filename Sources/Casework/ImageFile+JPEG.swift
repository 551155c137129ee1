extension ImageFile {
    /// Segments that begin with a marker, and scans between them, from SOI to EOI (ITU-T T.81, annex B).
    mutating func readJPEG(_ bytes: [UInt8]) -> Bool {
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
                return hasPicture && width > 0 && Self.isPhonesAddition(bytes[(place + 2)...])
            }
            // 00, 01 and D0 to D8 begin no segment.
            guard marker > 0x01, !(0xD0...0xD8).contains(marker), place + 4 <= bytes.count else { return false }
            let length = bytes.bigEndian(at: place + 2, count: 2)
            let bodyEnd = place + 2 + length
            guard length >= 2, bodyEnd <= bytes.count else { return false }
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                // One size only: a second could hide the first. Each component takes three bytes (B.2.2).
                guard length >= 11, length == 8 + 3 * Int(bytes[place + 9]), width == 0, height == 0 else {
                    return false
                }
                (height, width) = (bytes.bigEndian(at: place + 5, count: 2), bytes.bigEndian(at: place + 7, count: 2))
            }
            if marker == 0xDA {
                // Each component takes two bytes (B.2.3).
                guard length >= 8, length == 6 + 2 * Int(bytes[place + 4]) else { return false }
                hasPicture = true
            }
            let end = marker == 0xDA ? Self.scanEnd(bytes, from: bodyEnd) : bodyEnd
            keepWhatDraws(marker, bytes[place..<end])
            place = end
        }
        return false
    }

    /// Keeps frames, tables and scans, and of what applications wrote only what changes how the picture looks.
    ///
    /// That is density, colours and orientation. Comments, places, small pictures and lists of further pictures go, and so
    /// does what stands in a table behind its end. Pictures in layers (DHP, EXP) are drawn by no browser.
    private mutating func keepWhatDraws(_ marker: UInt8, _ segment: ArraySlice<UInt8>) {
        let body = segment.dropFirst(4)
        switch marker {
        case 0xC4:
            appendTables(marker, Array(body)) { rest in
                // A class and a number, 16 counts, and as many values (B.2.4.2).
                guard rest.count >= 17, rest[0] & 0xEC == 0 else { return nil }
                let values = rest[1..<17].reduce(0) { $0 + Int($1) }
                return values <= 256 ? 17 + values : nil
            }
        case 0xDB:
            appendTables(marker, Array(body)) { rest in
                // A precision and a number, and 64 values of one or two bytes (B.2.4.1).
                guard let first = rest.first, first & 0xEC == 0 else { return nil }
                return first < 0x10 ? 65 : 129
            }
        case 0xCC:
            appendTables(marker, Array(body)) { _ in 2 }
        case 0xDC, 0xDD:
            // Lines, and how often a scan restarts (B.2.5, B.2.4.4).
            if body.count == 2 { stripped += segment }
        case 0xC0...0xC7, 0xC9...0xCF, 0xDA:
            stripped += segment
        case 0xE0 where body.starts(with: "JFIF\0".utf8) && body.count >= 14:
            // The last two bytes are the size of a small picture (ITU-T T.871, 10.1).
            let (version, unit) = (body[body.startIndex + 5], body[body.startIndex + 7])
            guard version == 1, unit <= 2, isFirst("JFIF") else { return }
            appendJPEG(marker, Array("JFIF\0".utf8) + [1, 2] + body.prefix(12).dropFirst(7) + [0, 0])
        case 0xE1 where body.starts(with: "Exif\0".utf8) && !hasPicture && orientation == nil:
            orientation = Orientation(exif: body)
            if let orientation { appendJPEG(marker, "Exif\0\0".utf8 + orientation.exif) }
        case 0xE2 where body.starts(with: "ICC_PROFILE\0".utf8 + [1, 1]) && !hasPicture && !isKept("ICC"):
            // Those that are known are short: the first part of one (ICC.1:2022, B.4).
            guard let profile = ColourProfile(icc: Array(body.dropFirst(14))), isFirst("ICC") else { return }
            appendJPEG(marker, "ICC_PROFILE\0".utf8 + [1, 1] + profile.icc)
        case 0xEE where body.starts(with: "Adobe".utf8) && body.count >= 12:
            // Says whether colours are RGB, CMYK or in luminance and chrominance (ITU-T T.872, 6.5.3).
            let transform = body[body.startIndex + 11]
            guard transform <= 2, isFirst("Adobe") else { return }
            appendJPEG(marker, "Adobe".utf8 + [0, 100, 0, 0, 0, 0, transform])
        default:
            break
        }
    }

    /// Passes on the tables of a segment that are whole, up to the first that is not.
    private mutating func appendTables(_ marker: UInt8, _ body: [UInt8], _ length: ([UInt8]) -> Int?) {
        var end = 0
        while end < body.count, let next = length(Array(body[end...].prefix(17))), end + next <= body.count {
            end += next
        }
        if end > 0 { appendJPEG(marker, Array(body[..<end])) }
    }

    private mutating func appendJPEG(_ marker: UInt8, _ body: [UInt8]) {
        let length = body.count + 2
        stripped += [0xFF, marker, UInt8(length >> 8), UInt8(length & 0xFF)] + body
    }

    /// Where a scan ends: at the next marker that is neither stuffing nor a restart.
    private static func scanEnd(_ bytes: [UInt8], from start: Int) -> Int {
        var place = start
        while place + 1 < bytes.count {
            if bytes[place] == 0xFF, bytes[place + 1] != 0, !(0xD0...0xD7).contains(bytes[place + 1]) { return place }
            place += 1
        }
        return bytes.count
    }

    /// Whether what stands behind the end of a picture is nothing, or what phones add there: zeros, a second picture
    /// (CIPA DC-007), the film of a motion photo, or notes of the maker.
    ///
    /// Only the beginning and the end are looked at: makers write notes behind the film too. None of it is passed on.
    private static func isPhonesAddition(_ tail: ArraySlice<UInt8>) -> Bool {
        let rest = tail.drop { $0 == 0 }
        if rest.isEmpty { return true }
        let pictures: [[UInt8]] = [[0xFF, 0xD8, 0xFF], [0x89, 0x50, 0x4E, 0x47], Array("RIFF".utf8)]
        if pictures.contains(where: rest.starts(with:)) { return true }
        // A film begins with four bytes of size, of which the first may be zeros.
        if (0...4).contains(where: { rest.dropFirst($0).starts(with: "ftyp".utf8) }) { return true }
        // Samsung, OnePlus and vivo end their notes with marks of their own.
        let vivo: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0x1B, 0x2A, 0x39, 0x48, 0x57, 0x66, 0x75, 0x84, 0x93, 0xA2, 0xB1]
        return rest.suffix(4).elementsEqual("SEFT".utf8) || rest.suffix(8).starts(with: "jxrs".utf8)
            || rest.suffix(vivo.count).elementsEqual(vivo)
    }
}
