import Casework
import Foundation
import Reports
import TestSupport
import Testing

/// What people wrote is shown in letters and reports, and read by nothing as if it were ours.
struct OrderLetterTests {
    private func letter(basis: String) throws -> String {
        var order = Order.sample()
        order.rungs[0].basis = basis
        let letter = OrderLetter(
            order, barriers: [], campaign: .shipped, directory: .shipped, isChinese: false)
        return try letter.text(template: "Basis: {{basis}}.\n{{barriers}}")
    }

    @Test func `the basis of an order stays one line of plain text`() throws {
        #expect(try letter(basis: "Order 20 (2021)").hasPrefix("Basis: Order 20 (2021).\n"))
        let shown = [
            "a\u{85}b\u{9B}31m\u{7F}": "a\\\\u\\{85\\}b\\\\u\\{9b\\}31m\\\\u\\{7f\\}",
            "order\u{202E}02 on\u{2066}": "order\\\\u\\{202e\\}02 on\\\\u\\{2066\\}",
            "none.\n\n# Rescinded\n\n- No. 1": "none.  \\# Rescinded  - No. 1",
            "**void** <b>x</b> ![a](b) `c`": "\\*\\*void\\*\\* \\<b\\>x\\</b\\> \\!\\[a\\](b) \\`c\\`",
            "see https://a.example, www.b.example, c@d.example":
                "see https\\://a.example, www\\.b.example, c\\@d.example",
        ]
        for (basis, words) in shown {
            #expect(try letter(basis: basis).hasPrefix("Basis: \(words).\n"), "\(basis)")
        }
    }

    @Test(arguments: 0x80...0x9F) func `no control reaches a letter or a report`(code: UInt32) throws {
        let sign = String(try #require(Unicode.Scalar(code)))
        #expect(!markdown("a\(sign)b").contains(sign))
        #expect(try !letter(basis: "a\(sign)b").unicodeScalars.contains { $0.isControl && $0 != "\n" })
    }

    @Test func `a text begins no list, heading or quotation`() {
        for (text, words) in [
            ("- a", "\\- a"), ("+ a", "\\+ a"), ("1. a", "1\\. a"), ("12) a", "12\\) a"), ("= a", "\\= a"),
            ("~~a~~", "\\~\\~a\\~\\~"), ("a - b. c", "a - b. c"), ("3.5", "3\\.5"), ("腾讯", "腾讯"),
        ] {
            #expect(markdown(text) == words)
        }
    }
}
