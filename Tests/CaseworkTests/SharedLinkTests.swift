import Casework
import TestSupport
import Testing

struct SharedLinkTests {
    private func link(_ text: String) -> SharedLink {
        SharedLink(text, in: .shipped, excluding: "wechat", on: .on("2021-09-08"))
    }

    @Test(arguments: [
        ("看看 https://item.taobao.com/item.htm?id=1，很好", "taobao.com"),
        ("（http://ITEM.Taobao.com./x）", "taobao.com"),
        ("https://user:secret@item.taobao.com:443/x", "taobao.com"),
        ("https://ｉｔｅｍ．ｔａｏｂａｏ．ｃｏｍ/item.htm", "taobao.com"),
        ("https://腾讯.中国/", "xn--r70as2s.xn--fiqs8s"),
        ("https://192.168.0.1/a", "192.168.0.1"),
        ("https://shop.vidu.example/ao", "vidu.example"),
        ("https://a.b.com.cn/x", "b.com.cn"),
    ])
    func `the host of what was pasted is found`(text: String, host: String) {
        #expect(link(text).host == host)
    }

    @Test func `a notice page gives its target away, once`() {
        let page = "https://weixin110.qq.com/cgi-bin/mmspamsupport-bin/newredirectconfirmcgi?main_type=2&url="
        let wrapped = link(page + "https%3A%2F%2Fdetail.tmall.com%2Fitem.htm%3Fid%3D6")
        #expect(wrapped.platform == "tmall" && wrapped.wrappedBy == "weixin110.qq.com")
        #expect(link(page).host == nil)
    }

    @Test func `without a link, the one app that is named counts, the respondent aside`() {
        #expect(link("fu致这行话₤8YtR2wQz5Lk₤打开手机淘寳，冬季加厚棉被").platform == "taobao")
        #expect(link("微信里发的东西打不开").platform == nil)
        #expect(link("淘宝和京东都打不开").platform == nil, "two are named: nobody guesses")
        #expect(link("淘宝特价版打不开").platform == "taobao_deals")
    }

    @Test(arguments: [
        "ftp://taobao.com/x", "taobao://item?id=1", "http://", "https:///x", "https://%zz/", "http://[::bad",
    ])
    func `what is no web address has no host`(text: String) {
        #expect(link(text).host == nil)
    }

    @Test(arguments: [
        ("【卫衣】https://m.tb.cn/h.4Qx7aBc点击链接，再打开", "https://m.tb.cn/h.4Qx7aBc"),
        ("看（https://item.taobao.com/item.htm?id=1）。", "https://item.taobao.com/item.htm?id=1"),
        ("https://腾讯.中国打开就有", "https://xn--r70as2s.xn--fiqs8s/"),
        ("https://m.tb.cn。点击", "https://m.tb.cn/"),
        ("ＨＴＴＰＳ：／／ｍ．ｔｂ．ｃｎ／ｈ．４Ｑ", "https://m.tb.cn/h.4Q"),
        ("HTTPS://User:pw@Item.Taobao.com.:443/a/../b/./c%7e%2f?z=1&spm=a.b&id=2#top", nil),
        ("https://b23.tv/a_(b)", "https://b23.tv/a_(b)"),
        ("http://example.cn:80/?", "http://example.cn/"),
        ("http://example.cn:8080/a?b=2&a=1&utm_x=1", "http://example.cn:8080/a?a=1&b=2"),
        ("http://2130706433/x", "http://127.0.0.1/x"),
        ("https://example.cn/#!/goods/9", "https://example.cn/#!/goods/9"),
        ("https://www.bilibili.com/video/BV1?p=2&vd_source=x&from_spmid=y&share_medium=a", nil),
        (
            "https://detail.tmall.com/item.htm?activity_id=1&id=7&user_number_id=5",
            "https://detail.tmall.com/item.htm?id=7"
        ),
        ("https://detail.1688.com/offer/5.html?activity_id=1", "https://detail.1688.com/offer/5.html?activity_id=1"),
    ])
    func `the same page has the same text`(text: String, address: String?) {
        let known = [
            "HTTPS": "https://item.taobao.com/b/c~%2F?id=2&z=1", "https": "https://www.bilibili.com/video/BV1?p=2",
        ]
        #expect(link(text).address == address ?? known[String(text.prefix(5))])
    }

    @Test(arguments: [
        ("￥k3ZpXa81QmT￥", "k3ZpXa81QmT"), ("$8YtR2wQz5Lk$", "8YtR2wQz5Lk"), ("(jUr8cwFmdOz)", "jUr8cwFmdOz"),
        ("￥！Qk3ZpM8rT2xw！￥ 打开京东", "Qk3ZpM8rT2xw"), ("《8YtR2wQz5Lk《", "8YtR2wQz5Lk"),
        ("电话（13800000001）", nil), ("(information)", nil), ("#Double11Sale#", nil), ("价格￥12345678901￥", nil),
        ("新款(iPhone13Pro)", nil), ("6.94 abc:/ 复制 https://v.douyin.com/$8YtR2wQz5Lk$/", nil), ("￥99￥", nil),
        ("￥k3ZpXa81QmT€", nil), ("3.56 WzP:/ 复制打开抖音", nil),
    ])
    func `a passphrase is told from prose`(text: String, passphrase: String?) {
        #expect(link(text).passphrase == passphrase)
    }

    @Test(
        arguments: [
            ("https://www.таоbао.com/item.htm?id=1", [.mixedScript, .lookAlike]),
            ("https://www.xn--b-7sbb8cct.com/", [.mixedScript, .lookAlike]),
            ("https://item.taobao.com.evil.cn/x", [.lookAlike]), ("https://evil-taobao.com/", [.lookAlike]),
            ("https://taoba0.com/", [.lookAlike]), ("https://taobao.com@evil.cn/", [.userInfo]),
            ("https://192.168.0.1:8080/", [.numericAddress, .port]), ("https://shop123456.taobao.com/", []),
            ("https://shop.changcheng.example/item/9", []), ("https://微博.com/", []),
        ] as [(String, Set<SharedLink.Oddity>)])
    func `what is odd about an address is seen`(text: String, oddities: Set<SharedLink.Oddity>) {
        #expect(link(text).oddities == oddities)
    }

    @Test func `a notice page without its target leaves the next address`() {
        let page = "https://weixin110.qq.com/cgi-bin/mmspamsupport-bin/newredirectconfirmcgi?midpagecode=1"
        let found = link("\(page) 原来是 https://item.taobao.com/item.htm?id=6")
        #expect(found.wrappedBy == "weixin110.qq.com" && found.platform == "taobao")
        let nested = link(
            "https://link.zhihu.com/?target=https%3A//c.pc.qq.com/middlem.html%3Fpfurl%3Dhttps%253A%252F%252Fb23.tv%252Fa"
        )
        #expect(nested.wrappedBy == "link.zhihu.com" && nested.address == "https://b23.tv/a")
    }
}

struct PublicSuffixTests {
    @Test(arguments: [
        ("item.taobao.com", "taobao.com"), ("m.tb.cn", "tb.cn"), ("news.sina.com.cn", "sina.com.cn"),
        ("h5.ele.me", "ele.me"), ("qq.xn--fiqs8s", "qq.xn--fiqs8s"), ("evil-taobao.com", "evil-taobao.com"),
        ("foo.sinaapp.com", "sinaapp.com"), ("a.b.ck", "a.b.ck"), ("x.www.ck", "www.ck"), ("10.0.0.1", "10.0.0.1"),
    ])
    func `what was registered is known by the list`(host: String, registered: String) {
        #expect(shippedSuffixes.registrable(host) == registered)
    }

    @Test func `customers of a host of sites have sites of their own`() {
        #expect(shippedSuffixes.site("a.foo.sinaapp.com") == "foo.sinaapp.com")
        #expect(shippedSuffixes.isSuffix("bj.cn") && shippedSuffixes.isSuffix("com.cn"))
    }

    @Test(arguments: [
        ("微博", "xn--9krt00a"), ("中国", "xn--fiqs8s"), ("中國", "xn--fiqz9s"), ("公司", "xn--55qx5d"),
        ("网络", "xn--io0a7i"), ("網絡", "xn--od0alg"), ("腾讯", "xn--r70as2s"), ("手机", "xn--kput3i"),
        ("商城", "xn--czru2d"), ("网址", "xn--ses554g"), ("集团", "xn--3bst00m"), ("香港", "xn--j6w193g"),
    ])
    func `a host in Chinese has its one form`(name: String, ascii: String) {
        let found = SharedLink("https://a.\(name)/", in: .shipped, excluding: nil, on: .on("2021-09-08"))
        #expect(found.address == "https://a.\(ascii)/")
    }
}

struct SpellingTests {
    private func platform(_ name: String) -> String? {
        Directory.shipped.party(named: name, on: .on("2021-09-08")).platform
    }

    @Test(arguments: [
        ("Wechta", "wechat"), ("pinduodou", "pinduoduo"), ("Taobaoo", "taobao"), ("xiaohongshu ", "xiaohongshu"),
        ("小红薯书", nil), ("微傅", nil), ("那个聊天软件", nil), ("那个淘宝软件", nil), ("Weixn", nil),
    ])
    func `a name that is nearly right is taken, a short one or a description is not`(name: String, code: String?) {
        #expect(platform(name) == code)
    }

    @Test func `an officer sees who may be meant`() {
        #expect(Directory.shipped.candidates(named: "那个淘宝软件").contains("taobao"))
        #expect(Directory.shipped.methodCandidates(named: "微信的支付") == ["wechat_pay"])
        #expect(Directory.shipped.method(named: "wechat payy")?.code == "wechat_pay")
    }
}
