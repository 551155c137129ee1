import Casework
import TestSupport
import Testing

struct RedactionTests {
    @Test(arguments: [
        ("我叫张小禾，电话13812345678，请回电。", "我叫…，电话…，请回电。"),
        ("打 +86 138-1234-5678 或 a.b@example.cn", "打 … 或 …"),
        ("座机010-12345678，身份证11010519491231002X。", "座机…，身份证…。"),
        ("订单号640012345678，金额138元", "订单号640012345678，金额138元"),
    ])
    func `a story is passed on without who tells it`(text: String, told: String) {
        #expect(redacted(text, of: ["张小禾"]) == told)
    }

    @Test(arguments: realityTable("redaction")) func `numbers are hidden, and the rest stays`(row: RealityRow) {
        let told = redacted(row["narrative"], of: [])
        let plain = told.folded.filter { $0.isLetter || $0.isNumber || $0 == "@" || $0 == "." }
        for value in row.values("hidden") { #expect(!plain.contains(value.lowercased()), "\(told)") }
        for value in row.values("kept") { #expect(told.contains(value), "\(told)") }
    }

    @Test(arguments: [
        "138 0000 0001", "138-0000-0001", "138.0000.0001", "138·0000·0001", "138/0000/0001", "138，0000，0001",
        "(138)00000001",
        "+86-13800000001", "+86 (0)138 0000 0001", "0086 13800000001", "8613800000001", "1 3 8 0 0 0 0 0 0 0 1",
        "①③⑧⓪⓪⓪⓪⓪⓪⓪①", "138\u{200B}0000\u{200B}0001", "1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣1️⃣", "一三八零零零零零零零一", "幺三八〇〇〇〇〇〇〇一",
        "010-12345678", "（010）1234 5678", "01012345678", "010-12345678-801", "+86 10 12345678", "0755—2612 3456",
        "1380-0000001", "13 800 000 001", "138 ---- 0000 ---- 0001", "138……0000……0001", "一三八0000零零零1", "138零零零零0001",
        "一 三 八 零 零 零 零 零 零 零 一", "壹叁捌零零零零零零零壹", "幺三八洞洞洞洞洞洞洞幺", "١٣٨٠٠٠٠٠٠٠١",
        "010-62 34 56 78", "0755-261 23 45", "零一零六二三四五六七八", "0 1 0 6 2 3 4 5 6 7 8",
        "1 1 0 1 0 5 1 9 0 0 0 1 0 1 0 0 1 X", "11010519900101001 X", "110105-19900101-0018",
        "+852 5123 4567", "00852 51234567", "110105 19000101 001X", "１１０１０５１９０００１０１００１Ｘ", "test@qq。com",
    ])
    func `a number is hidden however its digits are parted`(number: String) {
        #expect(redacted("请回电\(number)，谢谢", of: []).filter { $0 != "(" && $0 != ")" } == "请回电…，谢谢")
    }

    @Test(arguments: [
        "2021-09-10 10:05 打不开", "2021.09.11 又打不开", "iOS 15 2021-09-10 9:30", "版本8.0.14.1920", "IP 139.168.100.20",
        "Chrome 139.0.4577.63", "订单号13800000001", "价格13800000001元", "运费¥13800000001", "打了12315和95588", "客服400-810-0000",
        "https://item.taobao.com/item.htm?id=13800000001", "编号 20210910123456789012", "2021年9月10日",
        "QQ 8.8.50", "微信 8.0.14", "二〇二一年九月十日", "Office 15.0.4420.1017", "iOS 13.5 2021-09-10", "订单号 13-2021-00001",
        "金额13 800 000 001元", "微信（iphone12）", "微信（Android）", "微信：android_11", "编号123456789012345",
        "六一和十一都是八点到九点，二〇二一年九月一日",
    ])
    func `what a company needs stays`(text: String) {
        #expect(redacted(text, of: []) == text)
    }

    @Test(arguments: [
        ("我是张 小禾", ["张小禾"], "我是…"), ("我是張小禾", ["張小禾"], "我是…"), ("我是LI NA。", ["Li Na"], "我是…。"),
        ("Android 上打不开", ["An"], "Android 上打不开"), ("号码+852 5123-4567", ["+852 51234567"], "号码…"),
        ("我是Nguye\u{302}\u{303}n An", ["Nguyễn An"], "我是…"), ("看https://t.cn/a，张小禾", ["张小禾"], "看https://t.cn/a，…"),
        ("号码 1380-000-0001", ["13800000001"], "号码 …"),
        ("写信到 USER@例子。中国", ["user@例子.中国"], "写信到 …"),
    ])
    func `what is known of the filer is hidden in any form`(text: String, known: [String], told: String) {
        #expect(redacted(text, of: known).replacing(/\+…/, with: "…") == told)
    }

    @Test(arguments: [
        ("写信到user@example.cn打不开", "写信到…打不开"), ("a.b+c@mail.example.com.cn，谢谢", "…，谢谢"),
        ("信箱user@例子.中国。", "信箱…。"), ("微信号test_user_01，QQ号123456789", "微信号…，QQ号…"),
        ("加微信（test_user_01）", "加微信（…）"), ("wechat: test_user", "wechat: …"), ("QQ（123456789）打不开", "QQ（…）打不开"),
        ("我的邮箱是张三@example.cn。", "我的邮箱是…。"), ("银行卡号：6222 0000 0000 0000 000，谢谢", "银行卡号：…，谢谢"),
        ("身份证110105900101001没用", "身份证…没用"), ("抖音号test_user1没了", "抖音号…没了"),
        ("@微信 打不开，9.9@淘宝", "@微信 打不开，9.9@淘宝"), ("信箱user@example.cn。1个月没人理", "信箱…。1个月没人理"),
        ("信箱user@example.cn5次", "信箱…5次"), ("我用Android，手机13800000001", "我用Android，手机…"),
        ("订单留的手机13800000001", "订单留的手机…"), ("手机13800000001元旦打不通", "手机…元旦打不通"),
        ("打不开https://t.cn/abc，13800000001", "打不开https://t.cn/abc，…"),
        ("打不开https://t.cn/abc,13800000001", "打不开https://t.cn/abc,…"),
    ])
    func `addresses and accounts are hidden, and what stands beside them stays`(text: String, told: String) {
        #expect(redacted(text, of: []) == told)
    }

    @Test(arguments: [
        "a", "1 ", "1", "一 ", "13 800 ", "138....", "张@", "@", "a@", "a.", "（", "https://", "https://a ", "a@a.",
        "qq10000 ", "+86", "\u{200B}", "138-",
    ])
    func `a long story of one sign is read`(sign: String) {
        let story = String(repeating: sign, count: 20_000 / sign.unicodeScalars.count)
        #expect(!redacted(story, of: ["张小禾", "13800000001", "user@example.cn"]).isEmpty)
    }
}
