import Casework
import TestSupport
import Testing

struct ContactTests {
    @Test(arguments: realityTable("contacts")) func `a contact is taken or refused as typed`(row: RealityRow) {
        let isPhone = row["kind"] == "phone"
        let key = isPhone ? Identity(phone: row["typed"]).phoneKey : Identity(email: row["typed"]).emailKey
        #expect((key != nil) == (row["expected"] == "taken"))
        if !row["canonical"].isEmpty {
            let other = row["canonical"]
            #expect(key == (isPhone ? Identity(phone: other).phoneKey : Identity(email: other).emailKey))
        }
    }

    @Test(arguments: realityTable("contact-pairs")) func `two contacts are one person's or two's`(row: RealityRow) {
        let keys = ["first", "second"].map { column in
            row["kind"] == "phone" ? Identity(phone: row[column]).phoneKey : Identity(email: row[column]).emailKey
        }
        #expect((keys[0] == keys[1]) == (row["same"] == "yes"))
    }

    @Test(arguments: [
        // Mobile numbers of the mainland.
        ("13800000001", "+8613800000001"), ("138 0000 0001", "+8613800000001"), ("138-0000-0001", "+8613800000001"),
        ("１３８－００００－０００１", "+8613800000001"), ("+8613800000001", "+8613800000001"),
        ("86-13800000001", "+8613800000001"), ("008613800000001", "+8613800000001"),
        ("+86 (0)138 0000 0001", "+8613800000001"), ("(+86)13800000001", "+8613800000001"),
        ("+0086 13800000001", "+8613800000001"), ("013800000001", "+8613800000001"),
        ("手机：13800000001", "+8613800000001"), ("tel:+86-138-0000-0001", "+8613800000001"),
        ("\u{202A}13800000001\u{202C}", "+8613800000001"), ("'13800000001", "+8613800000001"),
        ("13800000001.0", "+8613800000001"), ("138.0000.0001", "+8613800000001"),
        // Telephones with an area code.
        ("010-12345678", "+861012345678"), ("（010）12345678", "+861012345678"), ("01012345678", "+861012345678"),
        ("+86 10 1234 5678", "+861012345678"), ("+86 010 12345678", "+861012345678"), ("10-12345678", "+861012345678"),
        ("0755-26123456", "+8675526123456"), ("0391-1234567", "+863911234567"), ("86 755 26123456", "+8675526123456"),
        // Numbers without an area.
        ("400-810-0000", "+864008100000"), ("95588", "+8695588"),
        // Numbers of other countries.
        ("+852 5123 4567", "+85251234567"), ("00852 51234567", "+85251234567"),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("+886 0912 345 678", "+886912345678"), ("+81 10 1234 5674", "+811012345674"),
        ("+1 (202) 555-0123", "+12025550123"),
    ])
    func `a telephone number has one form`(typed: String, form: String) {
        let number = Telephone(typed)
        #expect(number?.e164 == form && number?.innerNumber == nil)
    }

    @Test func `an extension of one digit is no eighth digit`() {
        #expect(Telephone("0310-1234567-8")?.key == "03101234567-8")
        #expect(Telephone("0310-12345678")?.key == "031012345678")
        #expect(Telephone("+39 (0)6 12345678") == Telephone("+39 06 12345678"))
    }

    @Test(arguments: ["010-12345678-801", "（010）12345678转801", "+86 10 12345678 ext. 801", "01012345678,801"])
    func `an extension belongs to the number`(typed: String) {
        #expect(Telephone(typed)?.e164 == "+861012345678" && Telephone(typed)?.innerNumber == "801")
        #expect(Telephone(typed)?.key != Telephone("010-12345678")?.key)
    }

    @Test(arguments: [
        "1.38E+10", "1.38e10", "１．３８Ｅ＋１０", "1,38E+10", "1.38×10^10", "138E8", "12", "62345678", "1234567890123456",
        "13800000001/13900000002", "13800000001、13900000002", "+8612", "852 5123 4567", "没有", "1380000000", "x",
    ])
    func `what is no one number is refused`(typed: String) {
        #expect(Telephone(typed) == nil)
    }

    @Test(arguments: [
        ("User@Example.CN", "user@example.cn"), ("ｕｓｅｒ＠ｅｘａｍｐｌｅ．ｃｎ", "user@example.cn"),
        ("user@example。cn", "user@example.cn"), (" user@example.cn ", "user@example.cn"),
        ("mailto:user@example.cn", "user@example.cn"), ("us\u{200B}er@example.cn", "user@example.cn"),
        ("小禾@例子.中国", "小禾@xn--fsqu00a.xn--fiqs8s"), ("user@xn--fsqu00a.xn--fiqs8s", "user@xn--fsqu00a.xn--fiqs8s"),
        ("user@例子。中国", "user@xn--fsqu00a.xn--fiqs8s"), ("a.b+c@mail.example.cn", "a.b+c@mail.example.cn"),
    ])
    func `a mail address has one form`(typed: String, form: String) {
        #expect(MailAddress(typed)?.description == form)
    }

    @Test(arguments: [
        "user@@example.cn", "user@", "@example.cn", "user", "user@localhost", "us er@example.cn", "a@b.cn;c@d.cn",
        ".user@example.cn", "us..er@example.cn", "user@-example.cn", "user@example..cn", "user@192.168.0.1",
        "user@exa_mple.cn",
    ])
    func `what can be no mail address is refused`(typed: String) {
        #expect(MailAddress(typed) == nil)
    }

    @Test(
        arguments: [
            ("cn-gd", "CN-GD"), ("ＣＮ－ＧＤ", "CN-GD"), (" CN - GD ", "CN-GD"), ("CN_GD", "CN-GD"), ("广东", "CN-GD"),
            ("CN GD", "CN-GD"), ("cn/gd", "CN-GD"), ("CNGD", "CN-GD"), ("cn.gd", "CN-GD"), ("中国广东省", "CN-GD"),
            ("China, Guangdong", "CN-GD"),
            ("广东省", "CN-GD"), ("廣東", "CN-GD"), ("Guangdong", "CN-GD"), ("guangdong province", "CN-GD"),
            ("广西壮族自治区", "CN-GX"), ("内蒙古自治区", "CN-NM"), ("Inner Mongolia", "CN-NM"), ("上海市", "CN-SH"), ("陕西", "CN-SN"),
            ("Shanxi", "CN-SX"), ("香港特别行政区", "CN-HK"), ("HK", "CN-HK"), ("\u{2F84}", nil), ("CN", nil), ("中国", nil),
            ("CN-XX", nil), ("GD", nil), ("深圳", nil), ("US-CA", nil), ("", nil), ("44", nil),
        ] as [(String, String?)])
    func `a region has one code, or is none`(typed: String, code: String?) {
        #expect(Region(typed, of: Campaign.shipped.countries)?.description == code)
    }
}
