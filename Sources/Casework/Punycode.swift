/// The form of names in other letters within A-labels (RFC 3492).
enum Punycode {
    /// What a label without its `xn--` says; `nil` where it says nothing.
    static func decoded(_ label: Substring) -> String? {
        var scalars: [Unicode.Scalar] = []
        var rest = label
        if let dash = label.lastIndex(of: "-") {
            scalars = Array(label[..<dash].unicodeScalars)
            rest = label[label.index(after: dash)...]
        }
        var (code, bias, index) = (128, 72, 0)
        var digits = rest.utf8.makeIterator()
        var next = digits.next()
        while next != nil {
            let start = index
            var (weight, base) = (1, 36)
            while true {
                guard let byte = next, let digit = digit(byte) else { return nil }
                next = digits.next()
                let (product, isOver) = digit.multipliedReportingOverflow(by: weight)
                guard !isOver, index < 1 << 40 else { return nil }
                index += product
                let threshold = min(max(base - bias, 1), 26)
                if digit < threshold { break }
                (weight, base) = (weight * (36 - threshold), base + 36)
                guard weight < 1 << 40 else { return nil }
            }
            let count = scalars.count + 1
            bias = adapted(index - start, count: count, isFirst: start == 0)
            code += index / count
            index %= count
            guard let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) else { return nil }
            scalars.insert(scalar, at: index)
            index += 1
        }
        return String(String.UnicodeScalarView(scalars))
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x61...0x7A: Int(byte) - 0x61
        case 0x30...0x39: Int(byte) - 0x30 + 26
        default: nil
        }
    }

    private static func adapted(_ delta: Int, count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / count
        var base = 0
        while delta > 455 { (delta, base) = (delta / 35, base + 36) }
        return base + 36 * delta / (delta + 38)
    }
}
