import Casework
import Foundation
import TestSupport
import Testing

/// Where a pasted address begins and ends.
struct LinkScanTests {
    private func link(_ text: String) -> SharedLink {
        SharedLink(text, in: .shipped, excluding: nil, on: .on("2026-11-30"))
    }

    @Test(arguments: [
        ("https://www.taobao.com打不开。请处理", "www.taobao.com"), ("https://www.taobao.com：打不开", "www.taobao.com"),
        ("https://www.taobao.com。打不开。谢谢", "www.taobao.com"), ("https://www.jd.com。网络不通", "www.jd.com"),
        ("https://www.jd.com。App打不开", "www.jd.com"), ("https://www.jd.com.Please help", "www.jd.com"),
        ("https://www.jd.comPlease help", "www.jd.com"), ("https://www.jd.com618活动", "www.jd.com"),
        ("https://www.jd.comが開けません", "www.jd.com"), ("https://www.jd.com에서 안 열려요", "www.jd.com"),
        ("https://www.jd.comне открывается", "www.jd.com"), ("https://www.jd.comđang lỗi", "www.jd.com"),
        ("https://www.jd.com打不开/闪退", "www.jd.com"), ("https://www.jd.comだよね.comtest/x", "www.jd.com"),
        ("https://www.jd.com👉看", "www.jd.com"),
        ("https://www.taobao.com打不开。www.jd.com也是", "www.taobao.com"),
        ("https://www.taobao.com打不开jd.com也是", "www.taobao.com"), ("https://taobao.com打不开jd.com也是", "taobao.com"),
        ("https://www.cn域名.com也是", "www.xn--cn-on6cx8l.com"), ("https://www.it之家.com也是", "www.xn--it-c12cm24c.com"),
        ("https://www.it之家.com", "www.xn--it-c12cm24c.com"),
        ("https://www.taobao.com。请看www.jd.com", "www.taobao.com"), ("https://it之家.com。谢谢", "xn--it-c12cm24c.com"),
        ("https://www.中国移动.com。谢谢", "www.xn--fiq02ib9d179b.com"),
        ("https://www.taobao.com。www.jd.com也打不开", "www.taobao.com"), ("https://www。sina。com。cn。谢谢", "www.sina.com.cn"),
        ("https://www.sina.com。cn打不开。谢谢", "www.sina.com.cn"), ("https://腾讯.中国打开。www.jd.com也", "xn--r70as2s.xn--fiqs8s"),
        ("https://m。weibo。cn", "m.weibo.cn"), ("https://detail。tmall。com。谢谢", "detail.tmall.com"),
        ("https://www.jd.com：618活动", "www.jd.com"), ("https://www.jd.com618：活动", "www.jd.com"),
        ("https://www.jd.com%E6%89%93%E4%B8%8D%E5%BC%80", "www.jd.com"), ("https://www.jd.com...", "www.jd.com"),
        ("https://www.sina.com.cn打不开", "www.sina.com.cn"), ("https://www。sina。com。cn打不开", "www.sina.com.cn"),
        ("https://item。taobao。com打不开", "item.taobao.com"), ("https://item.taobao。com", "item.taobao.com"),
        ("https://qq.xn--fiqs8s打不开", "qq.xn--fiqs8s"), ("https://腾讯。中国open", "xn--r70as2s.xn--fiqs8s"),
        ("https://淘宝网.com打不开", "xn--pbt173bpxm.com"), ("https://新浪.微博。谢谢", "xn--efvx5o.xn--9krt00a"),
        ("https://shop.invented.example打不开", "shop.invented.example"), ("https://www.shop.example", "www.shop.example"),
        ("https://www.shop.example打不开", "www.shop.example"), ("https://192.168.0.1打不开", "192.168.0.1"),
        ("https://nas.lan", "nas.lan"), ("https://oss.cn-north-1.invented.example", "oss.cn-north-1.invented.example"),
        ("**https://www.jd.com**", "www.jd.com"), ("“https://www.jd.com”", "www.jd.com"),
        ("https://www.jd.com[打不开]", "www.jd.com"), ("https://www.jd.com，找@小明", "www.jd.com"),
        ("https://www.jd.com www.taobao.com", "www.jd.com"), ("https://www.jd.com. Please check", "www.jd.com"),
        ("https://www.taobao.comhttps://www.jd.com", "www.taobao.com"),
        ("https://item.taobao.com.evil.invented/x", nil),
        ("https://[2001:DB8:0:0::1]打不开", "[2001:db8::1]"), ("https://www.jd.com:443打不开", "www.jd.com"),
    ])
    func `the host ends where the name does`(text: String, host: String?) {
        let address = host.map { "https://\($0)/" } ?? "https://item.taobao.com.evil.invented/x"
        #expect(link(text).address == address)
        if host == nil { #expect(link(text).company == nil) }
    }

    @Test(arguments: [
        "https://[gg:1]/", "https://[::1", "https://[1.2.3.4]/", "https://[fe80::1%25eth0]/", "https://xn--a.com/",
        "https://xn--taobao-.com/", "https://xn--.com/", "https://-a.com/", "https://a-.com/", "https://a..com/",
        "https://com/", "https://com.cn/", "https://localhost/", "https://intranet/x", "https://taobao/", "https://打不开",
        "https://item.tao\u{7}bao.com/x", "https://item.taobao\n.com/item.htm?id=1", "https://item.taobao .com/x",
        "https://item. taobao.com/x", "https://item.taobao. com/item.htm?id=1",
        "https://item.tao bao.com/item.htm?id=1",
        "https://item.taobao.co\nm/item.htm?id=1", "https://www.\ntaobao.com/x", "https:// www.taobao.com",
        "https://taobao.com!@打不开", "https://a_b.com/", "https://m。tb。cn/h。4Qx7", "https://a.c_d/", "https://a.cn\\\\b",
        "https://www.a~b.com/",
        "https://item.taobao.com:99999/",
        "https://item.taobao.com:80a/", "https://1.2.3.4.5/", "https://ta%20obao.com/", "https://www.ta❤bao.com/",
        "https://[gg:1]/https://www.jd.com/", "https://item.taobao.com/item.htm?id=64\u{7}01",
    ])
    func `what can be no host, or is torn, is no address`(text: String) {
        #expect(link(text).address == nil && link(text).host == nil, "\(link(text).address ?? "")")
    }

    @Test(arguments: [
        "https://https://", "http://https://", "https:https://", "HTTPS://Https://", "ｈｔｔｐｓ：／／https://",
        "https://http://https://", "https://www.https://", "ht\u{200b}tps://", "https://\u{200b}", "https:\u{2060}//",
        "https&#58;//", "https:&#x2F;&#x2F;", "看https://",
    ])
    func `of several schemes the inner one counts, and one that is spoilt is read`(scheme: String) {
        #expect(link("\(scheme)item.taobao.com/item.htm?id=7").page == "://item.taobao.com/item.htm?id=7")
    }

    @Test(arguments: [
        ("&amp;", "&"), ("&AMP;", "&"), ("&#38;", "&"), ("&#038;", "&"), ("&#x26;", "&"), ("&#X26;", "&"),
        ("&amp;amp;", "&"), ("&amp;#38;", "&"), ("＆amp；", "&"), ("＆", "&"),
    ])
    func `entities are read where a semicolon ends them`(entity: String, sign: String) {
        let page = "://item.taobao.com/item.htm?id=7&x=2"
        #expect(link("https://item.taobao.com/item.htm?x=2\(entity)id=7").page == page)
        #expect(link("https://item.taobao.com/item.htm?x&#61;2\(entity)id&equals;7").page == page)
    }

    @Test(arguments: [
        ("https://s.taobao.com/search?q=手机", nil, "taobao"), ("https://s.taobao.com/search?q=手机 打不开", nil, "taobao"),
        ("https://s.taobao.com/search?a=1&q=ケース", nil, "taobao"),
        ("https://s.taobao.com/search?q=iphone手机", nil, "taobao"),
        ("https://s.taobao.com/search?q=《手机》", nil, "taobao"), ("https://s.taobao.com/search?q=😀", nil, "taobao"),
        ("https://item.taobao.com/item.htm?id=1&spm=手机", "https://item.taobao.com/item.htm?id=1", "taobao"),
        ("https://item.taobao.com/item.htm?id=1#q=手机", "https://item.taobao.com/item.htm?id=1", "taobao"),
        ("https://www.taobao.com/搜索", "https://www.taobao.com/", "taobao"),
        ("https://v.douyin.com/abc/复制此链接", "https://v.douyin.com/abc/", "douyin"),
    ])
    func `what may be part of the page is never dropped without a mark`(
        text: String, address: String?, platform: String
    ) {
        let found = link(text)
        #expect(found.address == address)
        #expect(found.platform == platform)
        #expect(found.oddities == [.cutOff])
    }

    @Test(arguments: [
        ("https://a.cn/p?a=1&copy=2&lt=3&amp=4", "https://a.cn/p?a=1&amp=4&copy=2&lt=3"),
        ("&lt;a href=&quot;https://a.cn/p?a=1&quot;&gt;", "https://a.cn/p?a=1"),
        ("https://a.cn/x?a=1&nbsp;打不开", "https://a.cn/x?a=1"),
        ("https://a.cn/caf\u{e9}/\u{fc}ber?x=\u{f1}", "https://a.cn/caf%C3%A9/%C3%BCber?x=%C3%B1"),
        ("https://a.cn/cafe\u{301}", "https://a.cn/caf%C3%A9"), ("https://a.cn/caf%c3%a9打不开", "https://a.cn/caf%C3%A9"),
        ("https://ru.wikipedia.org/wiki/Москва", "https://ru.wikipedia.org/wiki/%D0%9C%D0%BE%D1%81%D0%BA%D0%B2%D0%B0"),
        ("https://a.cn/abc打不开", "https://a.cn/abc"), ("https://a.cn/abcを見て", "https://a.cn/abc"),
        ("https://a.cn/abc에서 안 돼요", "https://a.cn/abc"), ("https://a.cn/abc。谢谢", "https://a.cn/abc"),
        ("https://a.cn/abc？为什么", "https://a.cn/abc"), ("https://a.cn/abc～快看", "https://a.cn/abc"),
        ("https://a.cn/i.htm？id＝1＆x＝2", "https://a.cn/i.htm?id=1&x=2"),
        ("https://a.cn/％e4％bd％a0", "https://a.cn/%E4%BD%A0"),
        ("https://a.cn/x?q=卫衣&page=2", "https://a.cn/x?page=2&q=%E5%8D%AB%E8%A1%A3"),
        ("https://a.cn/x?q=iphone手&cat=2", "https://a.cn/x?cat=2&q=iphone%E6%89%8B"),
        ("https://m。tb。cn/i。htm", "https://m.tb.cn/i.htm"),
        ("https://a.cn/item。htm?id=1", "https://a.cn/item.htm?id=1"),
        ("https://a.cn/x?id=64%E2%80%8B01%EF%BB%BF", "https://a.cn/x?id=6401"),
        (
            "https://a.cn/%D9%85%DB%8C%E2%80%8C%D8%B4%D9%88%D8%AF",
            "https://a.cn/%D9%85%DB%8C%E2%80%8C%D8%B4%D9%88%D8%AF"
        ),
        ("https://a.cn/x?u={\"a\":\"b|c\"}&id=6", "https://a.cn/x?id=6&u=%7B%22a%22:%22b%7Cc%22%7D"),
        ("{\"u\":\"https://a.cn/x?id=6\"}", "https://a.cn/x?id=6"), ("https://a.cn/x|https://b.cn/", "https://a.cn/x"),
        ("https://a.cn/h.1https://b.cn/h.2", "https://a.cn/h.1"), ("https://a.cn/x\\n第二行", "https://a.cn/x"),
        ("https://a.cn/x,https://b.cn/y", "https://a.cn/x"), ("https://a.cn/a|b?c", "https://a.cn/a%7Cb?c"),
        ("https://a.cn/Hatfield–McCoy_feud", "https://a.cn/Hatfield%E2%80%93McCoy_feud"),
        ("https://a.cn\nhttps://b.cn", "https://a.cn/"), ("https://a.cn\\n第二行", "https://a.cn/"),
        ("https://a.cn/#/song?id=1", "https://a.cn/#/song?id=1"),
        ("https://a.cn/#!/g?b=1&utm_source=x", "https://a.cn/#!/g?b=1"),
        ("https://a.cn/#/", "https://a.cn/"), ("https://a.cn/#top", "https://a.cn/"),
        ("http://a.cn:443/", "http://a.cn/"),
        ("https://a.cn/#!/g#wechat_redirect", "https://a.cn/#!/g"),
        ("https://a.cn/x?utm_id=1?id=5", "https://a.cn/x?id=5"),
        ("https://a.cn/x?id=5?spm=1", "https://a.cn/x?id=5"), ("https://a.cn/b;jsessionid=9A/c", "https://a.cn/b/c"),
        ("https://a.cn/https://b.cn/?utm_id=1", "https://a.cn/https://b.cn/"),
        (
            "https://a.cn/go?u=https%3A%2F%2Fb.cn%2F%3Fid%3D1%26utm_id%3D9",
            "https://a.cn/go?u=https%3A%2F%2Fb.cn%2F%3Fid%3D1"
        ),
        ("https://a.cn/go?u=https%3a//b.cn/%3Fid%3D1", "https://a.cn/go?u=https%3A//b.cn/%3Fid%3D1"),
    ])
    func `path and query end where the address does, and have one form`(text: String, address: String) {
        #expect(link(text).address == address)
    }

    @Test func `an app is named by words, not by an address that is none`() {
        #expect(link("https://www.taobao .com/x 打不开").platform == nil)
        #expect(link("https://www.taobao .com/x 淘宝打不开").platform == "taobao")
    }

    @Test func `addresses within addresses take no more time than they are long`() {
        var nested = "http://a.cn/x?utm_id=1"
        for _ in 0..<40 { nested = "http://a.cn/?u=" + nested.replacing("%", with: "%25").replacing("?", with: "%3F") }
        #expect(link(nested).address != nil)
    }
}
