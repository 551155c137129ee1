extension Unicode.Scalar {
    /// Whether nothing of it is seen, and nothing is between its neighbours: joiners, marks of direction, soft hyphens,
    /// byte-order marks, selectors of variants (Unicode, UAX #44: Default_Ignorable_Code_Point).
    public var isInvisible: Bool {
        properties.isDefaultIgnorableCodePoint || (0xFFF9...0xFFFB).contains(value)
    }
}

extension String {
    /// Without the signs that nobody sees.
    var withoutInvisible: String {
        String(String.UnicodeScalarView(unicodeScalars.filter { !$0.isInvisible }))
    }
}
