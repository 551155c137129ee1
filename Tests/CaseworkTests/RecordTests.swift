import Casework
import Testing

/// How a stream is cut into records.
struct RecordTests {
    private func records(_ text: String, in pieces: Int, isCSV: Bool = true) -> [String] {
        var reader = RecordReader(isCSV: isCSV)
        var records: [Record] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            records += reader.records(in: bytes[start..<min(start + pieces, bytes.count)])
        }
        if let last = reader.last() { records.append(last) }
        return records.map { $0.bytes.map { String(decoding: $0, as: UTF8.self) } ?? "(too long)" }
    }

    @Test func `records are found however the bytes are cut`() {
        let text = "a,\"b\nc\"\r\n\n  \nd,\"e\"\"\n\"\nf"
        for size in 1...text.utf8.count {
            #expect(records(text, in: size) == ["a,\"b\nc\"\r", "d,\"e\"\"\n\"", "f"], "pieces of \(size)")
        }
        #expect(records("a\"b\nc\n", in: 2, isCSV: false) == ["a\"b", "c"], "lines know no quotation marks")
    }

    @Test func `a stray mark takes no neighbour with it, and one that never ends only its own record`() {
        #expect(records("1,5\" screen\n2,ok\n3,6\" tv\n", in: 7) == ["1,5\" screen", "2,ok", "3,6\" tv"])
        let open = "a,\"" + String(repeating: "x", count: RecordReader.limit) + "\n"
        for size in [1, 4096, 100_000, open.utf8.count] {
            #expect(records(open + "b,c\nd,e\n", in: size) == ["(too long)", "b,c", "d,e"], "pieces of \(size)")
        }
    }

    @Test func `fields are as RFC 4180 has them`() {
        #expect(csvFields(Array("a,\"b\"\"c\",,\"\"".utf8)) == ["a", "b\"c", "", ""])
        #expect(csvFields(Array("a,b\"c".utf8)) == nil && csvFields(Array("\"a\"b".utf8)) == nil)
        #expect(csvFields(Array("x\r".utf8)) == ["x"])
    }

    @Test(arguments: [
        ",,,,", " , ,", "\"\",\"\"", "\" \",\t,", "\u{3000},\u{3000}", "\u{A0},\u{2003}", "\u{200B},\u{FEFF}",
        "\"\n\",", "\r", ",\r", " ",
    ])
    func `a row of empty cells is no record, in whatever way they are empty`(row: String) {
        #expect(records("a,b\n\(row)\nc,d\n\(row)", in: 3) == ["a,b", "c,d"])
    }

    @Test(arguments: [",,,,iOS,", "\"\"\"\",", "\",\"", "0,", "\u{3000},。"])
    func `a row with one filled cell is a record`(row: String) {
        #expect(records("\(row)\n", in: 2) == [row])
    }

    @Test func `emptied rows are none in GB18030 either, and commas in lines of JSON are something`() {
        var reader = RecordReader(isCSV: true)
        #expect(reader.records(in: [0xA1, 0xA1, 0x2C, 0xA1, 0xA1, 0x0A]).isEmpty)
        #expect(reader.records(in: [0xB1, 0xE0, 0x2C, 0xA1, 0xA1, 0x0A]).count == 1)
        #expect(records(",,\n\u{A0} \n{}\n", in: 4, isCSV: false) == [",,", "{}"])
    }

    @Test func `a byte-order mark is no text where the file begins, and text everywhere else`() {
        let mark = "\u{FEFF}"
        for size in 1...4 {
            #expect(records(mark + "\"a\nb\",c\n\(mark)d,e\n", in: size) == ["\"a\nb\",c", mark + "d,e"])
            #expect(records("\n\(mark)a", in: size) == [mark + "a"], "after a blank line it does not begin the file")
            #expect(records("，a", in: size) == ["，a"], "another sign begins like the mark")
        }
        #expect(records(mark, in: 2).isEmpty && records(mark + "\na", in: 2) == ["a"])
        var rest = RecordReader(isCSV: false, isBeginning: false)
        #expect(rest.records(in: Array((mark + "a\n").utf8)).first?.bytes?.count == 4)
    }

    @Test func `each record knows its lines in the file, as an editor counts them`() {
        var reader = RecordReader(isCSV: true)
        let text = "\u{FEFF}\n\nname,text\r\n,\n1,\"a\nb\n\"\n\"\n\",\n2,c"
        let lines = reader.records(in: Array(text.utf8)).map(\.lines) + [reader.last()].compactMap { $0?.lines }
        #expect(lines == [3...3, 5...7, 10...10])
    }
}
