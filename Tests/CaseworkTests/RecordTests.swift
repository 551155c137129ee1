import Casework
import Testing

/// How a stream is cut into records.
struct RecordTests {
    private func records(_ text: String, in pieces: Int, isCSV: Bool = true) -> [String] {
        var reader = RecordReader(isCSV: isCSV)
        var records: [RecordReader.Record] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            records += reader.records(in: bytes[start..<min(start + pieces, bytes.count)])
        }
        if let last = reader.last() { records.append(last) }
        return records.map { record in
            if case .bytes(let bytes) = record { String(decoding: bytes, as: UTF8.self) } else { "(too long)" }
        }
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
        let open = "a,\"" + String(repeating: "x", count: RecordEnds.limit) + "\n"
        for size in [1, 4096, 100_000, open.utf8.count] {
            #expect(records(open + "b,c\nd,e\n", in: size) == ["(too long)", "b,c", "d,e"], "pieces of \(size)")
        }
    }

    @Test func `fields are as RFC 4180 has them`() {
        #expect(csvFields(Array("a,\"b\"\"c\",,\"\"".utf8)) == ["a", "b\"c", "", ""])
        #expect(csvFields(Array("a,b\"c".utf8)) == nil && csvFields(Array("\"a\"b".utf8)) == nil)
        #expect(csvFields(Array("x\r".utf8)) == ["x"])
    }
}
