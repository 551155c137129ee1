import Casework
import Foundation
import TestSupport
import Testing

/// Random texts around a valid link, the same in each run.
///
/// What comes right behind the link are signs that cannot go on with an address: where prose in Latin letters is glued to a
/// path, no one can tell where it begins. Behind a host prose in any other letters may be glued.
struct LinkPropertyTests {
    private struct Dice: RandomNumberGenerator {
        var state: UInt64

        /// SplitMix64.
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }

        mutating func one<Element>(of choices: [Element]) -> Element {
            choices[Int.random(in: 0..<choices.count, using: &self)]
        }
    }

    private static let hosts = [
        "www.taobao.com", "item.taobao.com", "mp.weixin.qq.com", "www.sina.com.cn", "m.tb.cn", "腾讯.中国", "新浪.微博",
        "shop.invented.example", "淘宝网.com", "192.0.2.7", "[2001:db8::1]", "www.jd.hk", "a-b.co.jp",
    ]
    private static let tails = [
        "", "", "/", "/item.htm?id=640012345678", "/h.4Qx7aBc", "/a/b_c-d/?x=1&y=2", "/caf\u{e9}/\u{fc}ber",
        "/%E4%BD%A0?q=%E5%A5%BD", "/a_(b)", "/s?__biz=inventedA==&mid=1&idx=1", "/#!/goods/9", ":8080/a",
        "/x?id=1&copy=2",
    ]
    private static let invisible = ["\u{200b}", "\u{2060}", "\u{feff}", "\u{ad}", "\u{200e}", "\u{202c}", "\u{fe0f}"]
    private static let words = [
        "打不开", "请处理", "淘宝的链接", "リンクが開けません", "見て", "열리지 않아요", "에서", "не открывается", "không mở được",
        "does not open", "help", "ลิงก์เสีย", "لا يفتح", "👉", "①", "3.5", "100%", "(ok)", "【秋季新款】", "「商品」", "￥99￥", "OK",
        "&amp;", "&nbsp;", "&lt;", "&#8203;", "&copy", "a@b", "#话题#", "\\n", "~", "*", "--", "www.invented.example",
    ]
    private static let signs = [
        " ", "\n", "\t", "\u{3000}", "，", "。", "！", "？", "：", "；", "、", "…", "—", "“", "”", ", ", ". ",
    ]
    /// What ends an address wherever it stands.
    private static let ends = [
        " ", "\n", "\r\n", "\u{3000}", "\u{a0}", "，", "。", "！", "？", "：", "；", "、", "）", "】", "》", "”", "…", "👈", "\"",
        "<",
        ">", ") ", ", ", ". ", "! ", "打不开", "请看", "を見て", "が開けません", "에서 안 돼요", "เปิดไม่ได้", "&nbsp;", "&quot;",
        "&lt;br&gt;",
    ]
    /// What ends a host as well.
    private static let hostEnds = [
        "не открывается", "đang lỗi", "打不开。请处理", "：打不开", "。打不开。谢谢", "打不开。www.jd.com也是", "打不开jd.com也是", "。请看www.jd.com",
        "。www.jd.com也打不开。", "。App打不开", "。网络不通。", "[图]", "(图)", "*",
    ]

    private func link(_ text: String) -> SharedLink {
        SharedLink(text, in: .shipped, excluding: nil, on: .on("2026-11-30"))
    }

    private func prose(_ dice: inout Dice, _ count: Int) -> String {
        (0..<count).map { _ in dice.one(of: Self.words) + dice.one(of: Self.signs) }.joined()
    }

    /// With what makes no difference: invisible signs, entities, full-width letters, ideographic dots.
    private func spoilt(_ host: String, _ tail: String, _ dice: inout Dice) -> String {
        var tail = tail
        if Int.random(in: 0..<4, using: &dice) == 0 {
            tail = tail.replacing("&", with: dice.one(of: ["&amp;", "&#38;"]))
        }
        let scheme = dice.one(of: ["https://", "https://", "HTTPS://", "https://https://", "ｈｔｔｐｓ：／／"])
        let name = Int.random(in: 0..<6, using: &dice) == 0 ? host.replacing(".", with: "。") : host
        var signs = Array((scheme + name + tail).unicodeScalars)
        if Int.random(in: 0..<3, using: &dice) == 0, let sign = dice.one(of: Self.invisible).unicodeScalars.first {
            signs.insert(sign, at: Int.random(in: 0...signs.count, using: &dice))
        }
        return String(String.UnicodeScalarView(signs))
    }

    @Test(arguments: 1...12)
    func `the link found in a random text is the one that was pasted, or none`(seed: Int) throws {
        var dice = Dice(state: UInt64(seed))
        var found = 0
        for _ in 0..<250 {
            let (host, tail) = (dice.one(of: Self.hosts), dice.one(of: Self.tails))
            let meant = try #require(link("https://\(host)\(tail)").address)
            let end = dice.one(of: tail.isEmpty ? Self.ends + Self.hostEnds : Self.ends)
            let before = prose(&dice, Int.random(in: 0...4, using: &dice))
            let after = prose(&dice, Int.random(in: 0...4, using: &dice))
            let text = before + spoilt(host, tail, &dice) + end + after
            let address = link(text).address
            #expect(address == nil || address == meant, "\(text)")
            if address != nil { found += 1 }
        }
        #expect(found >= 240, "only \(found) of 250 were found")
    }

    @Test(arguments: 1...4)
    func `whatever is found has one form, and a host that can exist`(seed: Int) {
        let parts =
            Self.hosts + Self.tails + Self.invisible + Self.words + Self.signs + Self.hostEnds + [
                "https://", "http://", "https:", "//", ":", "/", "?", "#", "&", "=", "%", "%2", "%E2%80%8B", "[", "]",
                "@", "..",
                ".", "-", "_", "xn--", "xn--a", ".com", ".cn", "。com", "\u{7}", "\\", "{", "}", "|", "\"", "'", "é",
                "й", "½",
                "utm_source=x", "＆", "＝", "？", "%25", ":80", ":443", ":99999", "{\"a\":1}", "#!", "#/",
            ]
        var dice = Dice(state: UInt64(100 + seed))
        for _ in 0..<250 {
            let text =
                "https://"
                + (0..<Int.random(in: 1...8, using: &dice)).map { _ in dice.one(of: parts) }.joined()
            let found = link(text)
            guard let address = found.address else { continue }
            #expect(link(address).address == address, "\(text)")
            #expect(address.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "\(text)")
            #expect(found.site?.contains { $0 == "." || $0 == ":" } == true, "\(text)")
        }
    }
}
