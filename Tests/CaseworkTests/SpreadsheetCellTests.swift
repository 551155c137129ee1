import Casework
import Testing

/// What cells of spreadsheets say.
struct SpreadsheetCellTests {
    @Test(arguments: ["TRUE", "true", "True", "ＴＲＵＥ", " TRUE ", "\u{3000}是", "是\u{200B}", "Yes", "y", "真"])
    func `this is true`(text: String) {
        #expect(SpreadsheetCell(text).truth == true)
    }

    @Test(arguments: ["FALSE", "false", "fALSE", "ｆａｌｓｅ", "否", "否 ", "NO", "n", "假"])
    func `this is false`(text: String) {
        #expect(SpreadsheetCell(text).truth == false)
    }

    @Test(arguments: ["maybe", "1", "0", "不是", "是否", "true false", "TRUE.", "x", ""])
    func `this is no truth`(text: String) {
        #expect(SpreadsheetCell(text).truth == nil)
    }

    @Test(arguments: [
        "2021-09-01", "2021/9/1", "2021-9-1", "2021.9.1", "2021/09/01", "2021年9月1日", "2021年09月01日", "2021年9月1号",
        "2021年9月1", "2021 年 9 月 1 日", "２０２１／９／１", "２０２１年９月１日", "2021。9。1", "2021–9–1", "20210901", " 2021/9/1 ",
        "2021/9/1 0:00", "2021/9/1 0:00:00", "2021-09-01 00:00:00.000", "2021-09-01T00:00:00",
        "2021-09-01T00:00:00+08:00",
        "2021-09-01T00:00:00Z", "2021年9月1日 0:00", "2021年9月1日0:00:00", "2021/9/1\u{200B}", "2021\u{A0}/ 9 / 1",
    ])
    func `this can only be the first of September 2021`(text: String) {
        #expect(SpreadsheetCell(text).day?.description == "2021-09-01")
    }

    @Test(arguments: [
        "9/1/2021", "01/09/21", "1.9.2021", "21-9-1", "21年9月1日", "44440", "44440.5", "2021/9", "2021", "2021/13/1",
        "2021/2/30",
        "2021/9/1 14:30", "2021-9-10:00", "2021/9-1", "1-Sep-21", "September 1, 2021", "2021年9月10:00", "2021/9/1/2",
        "202191",
        "4.44E+04", "昨天",
    ])
    func `this could be another day, or is none`(text: String) {
        let cell = SpreadsheetCell(text)
        #expect(cell.day == nil && cell.whyNoDay.contains("2021-09-01"))
    }

    @Test(arguments: ["1.38E+10", "1.23457E+11", "1E+11", "1.5e3", "１．３８Ｅ＋１０", " 1.38E+10 ", "-1.2E-05", "1,38E+10"])
    func `this lost its digits`(text: String) {
        #expect(SpreadsheetCell(text).isPowerOfTen)
    }

    @Test(arguments: ["138E", "2E5", "E+10", "13800000001", "8.0.1", "1.38E+10 and more", "wechat", "", "12.3E+4x"])
    func `this is as it was written`(text: String) {
        #expect(!SpreadsheetCell(text).isPowerOfTen)
    }

    @Test func `GB18030 is read as a whole or not at all`() {
        let bytes: [UInt8] = [0xB1, 0xE0, 0xBA, 0xC5, 0x2C, 0xC1, 0xB4, 0xBD, 0xD3, 0x81, 0x30, 0x84, 0x32]
        #expect(textInGB18030(bytes) == "编号,链接\u{A0}")
        #expect(textInGB18030([]) == "" && textInGB18030(Array("abc".utf8)) == "abc")
        #expect(textInGB18030(bytes + [0xB1]) == nil && textInGB18030([0xFF, 0x41]) == nil)
    }
}
