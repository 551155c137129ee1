/// What has to be known of an image without drawing it: its size, that it is whole, and which of its parts draw.
///
/// Nothing is passed on that was not checked against the format's specification: a part of which only the length were
/// looked at could carry any text. The compressed picture itself is passed on as it is.
struct ImageFile {
    var width = 0
    var height = 0
    /// As it was written beside the picture; `nil` where the picture stands upright as it is stored.
    var orientation: Orientation?
    /// The same picture without what was written beside it, but for its orientation.
    var stripped: [UInt8] = []
    /// Whether a part that draws was seen already.
    var hasPicture = false
    /// Parts that may come once and were passed on.
    private var kept: Set<String> = []

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

    /// Whether it is the first of parts that come once.
    mutating func isFirst(_ name: String) -> Bool { kept.insert(name).inserted }

    func isKept(_ name: String) -> Bool { kept.contains(name) }

    static func bigEndian(_ value: Int, _ count: Int = 4) -> [UInt8] {
        (0..<count).reversed().map { UInt8(value >> (8 * $0) & 0xFF) }
    }

    static func littleEndian(_ value: Int, _ count: Int = 4) -> [UInt8] { bigEndian(value, count).reversed() }
}
