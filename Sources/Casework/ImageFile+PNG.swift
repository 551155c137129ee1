/// Chunks with a length, a name and a checksum, from `IHDR` to `IEND` (W3C, Portable Network Graphics, third edition).
extension ImageFile {
    /// What the header says of samples.
    private struct Samples {
        let depth: Int
        let colour: Int
        /// Entries of the palette.
        var entries = 0

        /// `nil` where the specification has no such image (11.2.1).
        ///
        /// - Parameter header: The 13 bytes of `IHDR`.
        init?(_ header: [UInt8]) {
            let depths: [UInt8: [UInt8]] = [
                0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16],
            ]
            guard depths[header[9]]?.contains(header[8]) == true, header[10] == 0, header[11] == 0, header[12] <= 1
            else { return nil }
            (depth, colour) = (Int(header[8]), Int(header[9]))
        }

        /// Whether each pair of bytes is a sample of this depth.
        func areSamples(_ body: [UInt8]) -> Bool {
            stride(from: 0, to: body.count, by: 2).allSatisfy { body.bigEndian(at: $0, count: 2) < 1 << depth }
        }
    }

    mutating func readPNG(_ bytes: [UInt8]) -> Bool {
        let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        guard bytes.starts(with: signature) else { return false }
        stripped += signature
        var place = signature.count
        var samples: Samples?
        while place + 12 <= bytes.count {
            let length = bytes.bigEndian(at: place, count: 4)
            guard length >= 0, length <= bytes.count - place - 12 else { return false }
            let name = String(decoding: bytes[(place + 4)..<(place + 8)], as: UTF8.self)
            let end = place + 12 + length
            switch name {
            case "IHDR":
                guard place == signature.count, length == 13 else { return false }
                let header = Array(bytes[(place + 8)..<(end - 4)])
                (width, height) = (header.bigEndian(at: 0, count: 4), header.bigEndian(at: 4, count: 4))
                samples = Samples(header)
                guard samples != nil else { return false }
                appendPNG(name, header)
            case "IDAT":
                // The rows of the picture, compressed.
                hasPicture = true
                stripped += bytes[place..<end]
            case "fdAT" where isKept("acTL") && isKept("fcTL"):
                stripped += bytes[place..<end]
            case "IEND":
                guard length == 0 else { return false }
                appendPNG(name, [])
                return end == bytes.count && hasPicture
            default:
                guard samples != nil else { return false }
                keepSmallPNG(name, bytes[(place + 8)..<(end - 4)], &samples)
            }
            place = end
        }
        return false
    }

    /// Passes on a chunk that changes how the picture looks, where it is as it has to be.
    private mutating func keepSmallPNG(_ name: String, _ body: ArraySlice<UInt8>, _ samples: inout Samples?) {
        if name == "eXIf", orientation == nil {
            orientation = Orientation(exif: body)
            if let orientation { appendPNG("eXIf", orientation.exif) }
        }
        // None of the others is longer than a palette.
        guard var found = samples, body.count <= 768 else { return }
        let body = Array(body)
        if name == "fcTL" {
            if isKept("acTL"), isFrame(body) {
                _ = isFirst(name)
                appendPNG(name, body)
            }
            return
        }
        guard !hasPicture, Self.isRight(name, body, found), isFirst(name) else { return }
        if name == "PLTE" { found.entries = body.count / 3 }
        samples = found
        appendPNG(name, body)
    }

    /// Whether a chunk has the length and the values that the specification gives it (11.2.2 to 11.3.6).
    ///
    /// A colour profile is not among them: what it inflates to is not looked at, and without it colours are those of the
    /// other chunks, or sRGB. A palette is, where the picture needs it. Numbers are bounded to what pictures have, which no
    /// text is.
    private static func isRight(_ name: String, _ body: [UInt8], _ samples: Samples) -> Bool {
        func number(_ index: Int) -> Int { body.bigEndian(at: 4 * index, count: 4) }
        let (colour, depth) = (samples.colour, samples.depth)
        switch name {
        case "PLTE":
            return colour == 3 && body.count % 3 == 0 && (1...1 << depth).contains(body.count / 3)
        case "tRNS":
            if colour == 3 { return (1...max(1, samples.entries)).contains(body.count) && samples.entries > 0 }
            return body.count == [0: 2, 2: 6][colour] && samples.areSamples(body)
        case "gAMA":
            return body.count == 4 && (10_000...1_000_000).contains(number(0))
        case "cHRM":
            // White point, red, green and blue, each x and y, in hundred thousandths.
            return body.count == 32
                && (0..<4).allSatisfy { number(2 * $0) >= 0 && number(2 * $0 + 1) > 0 }
                && (0..<4).allSatisfy { number(2 * $0) + number(2 * $0 + 1) <= 100_000 }
        case "sRGB":
            return body.count == 1 && body[0] <= 3
        case "cICP":
            // Codes of ITU-T H.273; the matrix of a PNG is always that of RGB.
            return body.count == 4 && ([1, 22] + (4...12)).contains(body[0]) && ([1] + (4...18)).contains(body[1])
                && body[2] == 0 && body[3] <= 1
        case "sBIT":
            return body.count == [0: 1, 2: 3, 3: 3, 4: 2, 6: 4][colour]
                && body.allSatisfy { (1...(colour == 3 ? 8 : depth)).contains(Int($0)) }
        case "bKGD":
            if colour == 3 { return body.count == 1 && Int(body[0]) < samples.entries }
            return body.count == (colour == 0 || colour == 4 ? 2 : 6) && samples.areSamples(body)
        case "pHYs":
            return body.count == 9 && (0..<2).allSatisfy { (1...1_000_000).contains(number($0)) } && body[8] <= 1
        case "acTL":
            return body.count == 8 && (1...100_000).contains(number(0)) && (0...100_000).contains(number(1))
        default:
            return false
        }
    }

    /// Whether it is the header of a frame that lies in the picture (11.3.6.2).
    private func isFrame(_ body: [UInt8]) -> Bool {
        guard body.count == 26 else { return false }
        let numbers = (1...4).map { body.bigEndian(at: 4 * $0, count: 4) }
        let (size, offset) = ((numbers[0], numbers[1]), (numbers[2], numbers[3]))
        return size.0 > 0 && size.1 > 0 && offset.0 >= 0 && offset.1 >= 0 && offset.0 <= width - size.0
            && offset.1 <= height - size.1 && body[24] <= 2 && body[25] <= 1
    }

    private mutating func appendPNG(_ name: String, _ body: [UInt8]) {
        let checked = name.utf8 + body
        stripped += Self.bigEndian(body.count) + checked + Self.bigEndian(Self.checksum(checked))
    }

    /// CRC-32 as PNG has it (annex D).
    private static func checksum(_ bytes: [UInt8]) -> Int {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return Int(~sum)
    }
}
