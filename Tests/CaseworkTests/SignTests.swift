import Casework
import TestSupport
import Testing

struct SignTests {
    @Test(arguments: realityTable("texts")) func `a text of invisible signs says nothing`(row: RealityRow) {
        #expect(row["text"].isBlank == (row["expected"] == "blank"))
    }

    @Test(arguments: ["\u{3164}", "\u{2800}", "\u{7F}\u{9B}", "\u{E0020}\u{FE0F}", "\u{180E}", "\u{200E}\u{202E}"])
    func `neither do these`(text: String) {
        #expect(text.isBlank)
    }

    @Test(arguments: [
        ("ＷＥＣＨＡＴ", "wechat"), ("\u{2F40}付宝", "支付宝"), ("\u{2ED3}江", "长江"), ("\u{FA0A}", "見"), ("㈱", "(株)"),
        ("支\u{200B}付\u{FEFF}宝", "支付宝"), ("ﬁ", "fi"), ("e\u{301}", "é"), ("\u{2F2F}\u{2EDB}", "工风"),
    ])
    func `what looks the same is the same`(text: String, form: String) {
        #expect(text.folded == form)
    }

    @Test(
        arguments: [
            ("微信", "wechat_pay"), ("WeChat", "wechat_pay"), ("支付宝", "alipay"), ("云闪付", "unionpay_quickpass"),
            ("银联", nil),
            ("美团", nil), ("某某支付", nil),
        ] as [(String, String?)])
    func `a method is known by the names people use for it`(name: String, code: String?) {
        #expect(Directory.shipped.method(named: name)?.code == code)
    }

    @Test func `a method that could be several is shown with what it could be`() {
        #expect(Directory.shipped.methodCandidates(named: "银联") == ["unionpay_card", "unionpay_quickpass"])
        #expect(Directory.shipped.methodCandidates(named: "美团") == ["meituan_monthly", "meituan_pay"])
    }
}
