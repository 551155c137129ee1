import Foundation
import Testing

@testable import Store

/// What officers sign in with.
struct PasswordTests {
    @Test func `a password is kept by scrypt at the cost OWASP names, and salted (G92)`() throws {
        let hash = try PasswordHash(of: "correct horse battery")
        #expect(hash.text.hasPrefix("$scrypt$ln=15,r=8,p=3$"))
        #expect(try PasswordHash(of: "correct horse battery") != hash, "each has a salt of its own")
        #expect(hash.matches("correct horse battery") && !hash.matches("correct horse batterY"))
        #expect(PasswordHash.nobodys.text.hasPrefix("$scrypt$ln=15,r=8,p=3$"), "a name that nobody has costs as much")
        #expect(!PasswordHash.nobodys.matches("") && !PasswordHash(text: "$scrypt$ln=40,r=8,p=1$AA$AA").matches("x"))
        #expect(try PasswordHash(of: "pa\u{0308}sswo\u{0308}rter-ö").matches("pässwörter-ö"), "however it is typed")
    }

    /// From RFC 7914, section 12.
    @Test func `scrypt is scrypt`() {
        let kept = "/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI"
        #expect(PasswordHash(text: "$scrypt$ln=10,r=8,p=16$TmFDbA$\(kept)").matches("password"))
    }

    @Test(arguments: [
        ("short", false), ("aaaaaaaaaaaaaaaa", false), ("zhang-zhang", false), ("zhang1234567", false),
        ("password1234", false), ("123456789012", false), ("qwertyuiop12", false), ("rectify12345", false),
        ("tall trees fall", true), ("the password of 1234 trees", true), ("北京的秋天是最好的季节呢", true), ("北京的秋天", false),
    ])
    func `length counts, and nothing else is asked for`(password: String, isGood: Bool) {
        #expect((PasswordHash.fault(in: password, of: "zhang") == nil) == isGood, "\(password)")
    }

    /// From RFC 6238, appendix B, cut to six digits.
    @Test(arguments: [
        (59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"),
        (2_000_000_000, "279037"), (20_000_000_000, "353130"),
    ])
    func `codes are those of RFC 6238`(second: Int, code: String) {
        let factor = OneTimeCode(secret: Data("12345678901234567890".utf8))
        let moment = Date(timeIntervalSince1970: Double(second))
        #expect(factor.code(at: OneTimeCode.step(of: moment)) == code)
        #expect(factor.step(of: code, at: moment) == second / 30)
        #expect(factor.step(of: code, at: moment + 30) != nil && factor.step(of: code, at: moment - 30) != nil)
        #expect(factor.step(of: code, at: moment + 90) == nil && factor.step(of: "", at: moment) == nil)
        #expect(factor.secretText == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    }
}
