/// How a picture has to be turned or mirrored so that it stands upright.
///
/// A camera stores a picture as its sensor lay, and writes in EXIF how it was held: tag 0x0112 of the first directory
/// (CIPA DC-008, 4.6.4 A). The rest of EXIF says where, when and with what the picture was taken.
struct Orientation {
    /// 2 to 8; 1 means upright as it is stored, and is not written.
    let number: UInt8

    private static let tag = 0x0112
    private static let shortType = 3

    /// Reads the tag as browsers do, with or without the name `Exif` before the block.
    ///
    /// - Returns: `nil` where the block is malformed, has no such tag, or says 1 or an unknown number.
    init?(exif bytes: ArraySlice<UInt8>) {
        let block = Array(bytes.starts(with: "Exif\0".utf8) ? bytes.dropFirst(6) : bytes)
        let isLittleEndian = block.starts(with: [0x49, 0x49, 0x2A, 0x00])
        guard isLittleEndian || block.starts(with: [0x4D, 0x4D, 0x00, 0x2A]) else { return nil }
        func number(at place: Int, _ count: Int) -> Int? {
            guard place + count <= block.count else { return nil }
            return isLittleEndian
                ? block.littleEndian(at: place, count: count) : block.bigEndian(at: place, count: count)
        }
        guard let directory = number(at: 4, 4), let entries = number(at: directory, 2) else { return nil }
        for entry in 0..<entries {
            let place = directory + 2 + 12 * entry
            guard let tag = number(at: place, 2) else { return nil }
            guard tag == Self.tag else { continue }
            guard number(at: place + 2, 2) == Self.shortType, number(at: place + 4, 4) == 1,
                let value = number(at: place + 8, 2), (2...8).contains(value)
            else { return nil }
            self.number = UInt8(value)
            return
        }
        return nil
    }

    /// An EXIF block that says this and nothing else: a header, one directory, one entry.
    var exif: [UInt8] {
        [0x4D, 0x4D, 0x00, 0x2A, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, UInt8(Self.shortType), 0, 0, 0, 1]
            + [0, number, 0, 0, 0, 0, 0, 0]
    }
}
