extension Unicode.Scalar {
    /// A full-width letter, digit or sign as its ordinary form.
    var inNormalWidth: Unicode.Scalar {
        (0xFF01...0xFF5E).contains(value) ? Unicode.Scalar(value - 0xFEE0) ?? self : self
    }

    /// A letter or digit of ASCII.
    var isPlain: Bool {
        switch value {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    /// A blank of any width, or a line end.
    var isBlank: Bool { properties.isWhitespace }

    /// A full stop, of whatever input method.
    var isDot: Bool { value == 0x2E || value == 0xFF0E || isIdeographicStop }

    var isIdeographicStop: Bool { value == 0x3002 || value == 0xFF61 }

    /// A letter, a mark or a digit, of any script.
    var isWordPart: Bool {
        switch properties.generalCategory {
        case .lowercaseLetter, .uppercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .decimalNumber:
            true
        default: false
        }
    }
}
