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
                // One size only: a second could hide the first.
                guard length >= 8, width == 0, height == 0 else { return false }
                (height, width) = (bytes.bigEndian(at: place + 5, count: 2), bytes.bigEndian(at: place + 7, count: 2))
            }
            if marker == 0xDA { hasPicture = true }
            let end = marker == 0xDA ? Self.scanEnd(bytes, from: bodyEnd) : bodyEnd
            keepWhatDraws(marker, bytes[place..<end])
            place = end
        }
        return false
    }

    /// Keeps frames, tables and scans, and of what applications wrote only what changes how the picture looks.
    ///
    /// That is density, colours and orientation. Comments, places, small pictures and lists of further pictures go.
    private mutating func keepWhatDraws(_ marker: UInt8, _ segment: ArraySlice<UInt8>) {
        let body = segment.dropFirst(4)
        switch marker {
        case 0xC0...0xC7, 0xC9...0xCF, 0xDA...0xDF:
            stripped += segment
        case 0xE0 where body.starts(with: "JFIF\0".utf8) && body.count >= 14:
            // The last two bytes are the size of a small picture (ITU-T T.871, 10.1).
            appendJPEG(marker, body.prefix(12) + [0, 0])
        case 0xE1 where body.starts(with: "Exif\0".utf8) && !hasPicture && orientation == nil:
            orientation = Orientation(exif: body)
            if let orientation { appendJPEG(marker, "Exif\0\0".utf8 + orientation.exif) }
        case 0xE2 where body.starts(with: "ICC_PROFILE\0".utf8):
            stripped += segment
        case 0xEE where body.starts(with: "Adobe".utf8) && body.count >= 12:
            // Says whether colours are RGB, CMYK or in luminance and chrominance (ITU-T T.872, 6.5.3).
            appendJPEG(marker, Array(body.prefix(12)))
        default:
            break
        }
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
