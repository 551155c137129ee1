import Foundation

extension String {
    /// What a text says, however it was typed or copied: without invisible signs, composed (Unicode, NFC), with one blank for
    /// each run of blanks and line ends, and with none at its ends.
    ///
    /// Capitals, width and punctuation stay: they may belong to what is said.
    public var wording: String {
        withoutInvisible.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            .precomposedStringWithCanonicalMapping
    }
}
