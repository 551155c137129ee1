/// The colours that pictures are commonly stored in, beside sRGB, which needs no profile.
///
/// A profile that comes with a picture is only recognised, and never passed on: its tables and texts could hold anything.
/// What is passed on is written here, byte by byte (ICC.1:2022).
enum ColourProfile: CaseIterable {
    /// Of telephones since 2016.
    case displayP3
    /// Of cameras, where it was chosen.
    case adobeRGB

    /// X, Y and Z of red, green and blue under the white of the profile connection space, in 65536ths.
    private var primaries: [[Int]] {
        switch self {
        case .displayP3: [[0x83DF, 0x3DBF, -0x45], [0x4ABF, 0xB137, 0x0AB9], [0x2838, 0x110B, 0xC8B9]]
        case .adobeRGB: [[0x9C18, 0x4FA5, 0x04FC], [0x348D, 0xA02C, 0x0F95], [0x2631, 0x102F, 0xBE9C]]
        }
    }

    private var name: String {
        switch self {
        case .displayP3: "Display P3"
        case .adobeRGB: "RGB 1998"
        }
    }

    /// How light grows with the number: the curve of sRGB (10.18, function 3), or a power of 2.2.
    private var curve: [UInt8] {
        switch self {
        case .displayP3:
            Array("para".utf8) + [0, 0, 0, 0, 0, 3, 0, 0]
                + [0x0002_6666, 0xF2A7, 0x0D59, 0x13D0, 0x0A5B].flatMap { ImageFile.bigEndian($0) }
        case .adobeRGB: Array("curv".utf8) + [0, 0, 0, 0, 0, 0, 0, 1, 0x02, 0x33]
        }
    }

    /// How far two profiles of the same colours lie apart: makers round differently.
    private static let tolerance = 200

    /// Recognises a profile by its primaries; `nil` where it is malformed, says sRGB, or something that is not known here.
    ///
    /// - Parameter icc: The profile, as it stands in a JPEG or a WebP.
    init?(icc: [UInt8]) {
        guard icc.count >= 132, icc.count <= 65_536, icc[36..<40].elementsEqual("acsp".utf8),
            icc[16..<20].elementsEqual("RGB ".utf8), icc[20..<24].elementsEqual("XYZ ".utf8)
        else { return nil }
        let found = ["rXYZ", "gXYZ", "bXYZ"].map { Self.primary($0, in: icc) }
        let known = Self.allCases.first { profile in
            zip(profile.primaries, found).allSatisfy { wanted, found in
                guard let found else { return false }
                return zip(wanted, found).allSatisfy { abs($0 - $1) <= Self.tolerance }
            }
        }
        guard let known else { return nil }
        self = known
    }

    private static func primary(_ tag: String, in icc: [UInt8]) -> [Int]? {
        let count = icc.bigEndian(at: 128, count: 4)
        guard (1...100).contains(count), 132 + 12 * count <= icc.count else { return nil }
        for entry in 0..<count {
            let place = 132 + 12 * entry
            guard icc[place..<(place + 4)].elementsEqual(tag.utf8) else { continue }
            let offset = icc.bigEndian(at: place + 4, count: 4)
            guard offset >= 132, offset <= icc.count - 20, icc[offset..<(offset + 4)].elementsEqual("XYZ ".utf8) else {
                return nil
            }
            return (0..<3).map { index in
                Int(Int32(truncatingIfNeeded: icc.bigEndian(at: offset + 8 + 4 * index, count: 4)))
            }
        }
        return nil
    }

    /// The profile: a header, a table of tags, and their values.
    var icc: [UInt8] {
        func xyz(_ values: [Int]) -> [UInt8] {
            Array("XYZ ".utf8) + [0, 0, 0, 0] + values.flatMap { ImageFile.bigEndian($0) }
        }
        func text(_ text: String) -> [UInt8] {
            // One record of English in UTF-16 (10.15).
            Array("mluc".utf8) + [0, 0, 0, 0] + ImageFile.bigEndian(1) + ImageFile.bigEndian(12) + Array("enUS".utf8)
                + ImageFile.bigEndian(2 * text.utf8.count) + ImageFile.bigEndian(28) + text.utf8.flatMap { [0, $0] }
        }
        // From the daylight of screens (D65) to the white of the connection space (D50), by Bradford (annex E).
        let adaptation = [0x1_0C42, 0x05DE, -0xCDA, 0x793, 0xFD90, -0x45F, -0x25D, 0x3DC, 0xC06E]
        let white = [0xF6D6, 0x1_0000, 0xD32D]
        let tags: [(names: [String], value: [UInt8])] = [
            (["desc"], text(name)), (["cprt"], text("CC0")), (["wtpt"], xyz(white)),
            (
                ["chad"],
                Array("sf32".utf8) + [0, 0, 0, 0] + adaptation.flatMap { ImageFile.bigEndian($0) }
            ),
            (["rXYZ"], xyz(primaries[0])), (["gXYZ"], xyz(primaries[1])), (["bXYZ"], xyz(primaries[2])),
            (["rTRC", "gTRC", "bTRC"], curve),
        ]
        let count = tags.reduce(0) { $0 + $1.names.count }
        var (table, values) = (ImageFile.bigEndian(count), [UInt8]())
        for (names, value) in tags {
            let offset = 132 + 12 * count + values.count
            for name in names {
                table += Array(name.utf8) + ImageFile.bigEndian(offset) + ImageFile.bigEndian(value.count)
            }
            values += value + Array(repeating: 0, count: (4 - value.count % 4) % 4)
        }
        return header(of: 128 + table.count + values.count, white) + table + values
    }

    /// The 128 bytes that every profile begins with (7.2): version 4.3, for screens, made at no time by nobody.
    private func header(of size: Int, _ white: [Int]) -> [UInt8] {
        let made = Array(repeating: UInt8(0), count: 12)
        return ImageFile.bigEndian(size) + [0, 0, 0, 0, 4, 0x30, 0, 0] + Array("mntrRGB XYZ ".utf8) + made
            + Array("acsp".utf8) + Array(repeating: 0, count: 28) + white.flatMap { ImageFile.bigEndian($0) }
            + Array(repeating: 0, count: 48)
    }
}
