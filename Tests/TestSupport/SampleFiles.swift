/// Small files of each kind, made here byte by byte.
public enum SampleFile {
    private static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(value >> (8 * $0) & 0xFF) }
    }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] { number(value, count).reversed() }

    /// A part of a PNG.
    public static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
        let checked = Array(name.utf8) + body
        return number(body.count, 4) + checked + number(Int(checksum(checked)), 4)
    }

    /// CRC-32, a bit at a time.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(0xFFFF_FFFF) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1) * 0xEDB8_8320 }
        }
    }

    /// A PNG with a comment in it, and with further chunks before the picture.
    public static func png(
        width: Int = 3, height: Int = 2, comment: String = "Comment\0secret place", samples: [UInt8] = [8, 2],
        beside: [UInt8] = []
    ) -> [UInt8] {
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", number(width, 4) + number(height, 4) + samples + [0, 0, 0])
            + chunk("tEXt", Array(comment.utf8)) + beside + chunk("IDAT", Array(repeating: 7, count: 40))
            + chunk("IEND", [])
    }

    /// A part of a JPEG.
    public static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
        [0xFF, marker] + number(body.count + 2, 2) + body
    }

    /// A JPEG with what a camera writes, and with further segments before the picture.
    public static func jpeg(
        width: Int = 4, height: Int = 3, camera: String = "secret place", density: [UInt8] = [0, 0, 1, 0, 1],
        beside: [UInt8] = []
    ) -> [UInt8] {
        [0xFF, 0xD8] + segment(0xE0, Array("JFIF\0\u{1}\u{1}".utf8) + density + [0, 0])
            + segment(0xE1, Array("Exif\0\0\(camera)".utf8)) + segment(0xFE, Array(camera.utf8)) + beside
            + segment(0xC0, [8] + number(height, 2) + number(width, 2) + [1, 1, 0x11, 0])
            + segment(0xDA, [1, 1, 0, 0, 63, 0]) + [0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD1, 0x56] + [0xFF, 0xD9]
    }

    /// A part of a WebP.
    public static func part(_ name: String, _ body: [UInt8]) -> [UInt8] {
        Array(name.utf8) + little(body.count, 4) + body + (body.count % 2 == 1 ? [0] : [])
    }

    /// A lossless WebP with what a camera writes, and with further parts behind the picture.
    public static func webp(
        width: Int = 5, height: Int = 6, before: [UInt8] = [], beside: [UInt8] = []
    ) -> [UInt8] {
        let body =
            part("VP8X", [0x0C, 0, 0, 0] + little(width - 1, 3) + little(height - 1, 3)) + before
            + part("VP8L", [0x2F] + little((width - 1) | (height - 1) << 14, 4) + [1, 2])
            + beside + part("EXIF", Array("secret place".utf8))
        return Array("RIFF".utf8) + little(body.count + 4, 4) + Array("WEBP".utf8) + body
    }

    /// What a camera writes of a picture: who made it, how it was held, where it was, and a small picture of it that
    /// says something else of how it was held.
    public static func exif(orientation: Int, isLittleEndian: Bool, type: Int = 3) -> [UInt8] {
        func value(_ value: Int, _ count: Int) -> [UInt8] {
            isLittleEndian ? little(value, count) : number(value, count)
        }
        func entry(_ tag: Int, _ type: Int, _ count: Int, _ data: [UInt8]) -> [UInt8] {
            value(tag, 2) + value(type, 2) + value(count, 4) + data
        }
        let maker = Array("secret camera\0\0\0".utf8)
        let small: [UInt8] = [0xFF, 0xD8] + Array("secret small picture".utf8) + [0xFF, 0xD9]
        // A header of 8 bytes, a directory of three entries (42), the maker (16), a directory of two (30), one of one.
        let head = Array((isLittleEndian ? "II" : "MM").utf8) + value(42, 2) + value(8, 4)
        let held = value(orientation, type == 3 ? 2 : 4) + (type == 3 ? [0, 0] : [])
        let first =
            value(3, 2) + entry(0x010F, 2, maker.count, value(50, 4)) + entry(0x0112, type, 1, held)
            + entry(0x8825, 4, 1, value(96, 4)) + value(66, 4)
        let second = value(2, 2) + entry(0x0112, 3, 1, value(5, 2) + [0, 0]) + entry(0x0201, 4, 1, value(114, 4))
        let place = value(1, 2) + entry(0x0001, 2, 2, Array("N\0\0\0".utf8)) + value(0, 4)
        return head + first + maker + second + value(0, 4) + place + small
    }

    /// A colour profile with these primaries, X, Y and Z of red, green and blue in 65536ths, and a text.
    public static func profile(_ primaries: [[Int]], text: String) -> [UInt8] {
        let values = primaries.map { Array("XYZ ".utf8) + [0, 0, 0, 0] + $0.flatMap { number($0, 4) } }
        let table = zip(["rXYZ", "gXYZ", "bXYZ"], 0...).flatMap { name, index in
            Array(name.utf8) + number(168 + 20 * index, 4) + number(20, 4)
        }
        let head =
            Array(repeating: 0, count: 12) + Array("mntrRGB XYZ ".utf8) + Array(repeating: 0, count: 12)
            + Array("acsp".utf8) + Array(repeating: 0, count: 88)
        return head + number(3, 4) + table + values.flatMap(\.self) + Array(text.utf8)
    }

    public static let pdf = Array("%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n".utf8)

    public static let mp4 =
        number(16, 4) + Array("ftypisom".utf8) + number(0, 4) + number(8, 4) + Array("moov".utf8) + number(12, 4)
        + Array("mdat".utf8) + number(1, 4)

    public static let har = Array(#"{"log":{"version":"1.2","entries":[]}}"#.utf8)
    public static let text = Array("微信: 已停止访问该网页\n".utf8)
}
