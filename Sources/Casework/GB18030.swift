import Foundation

/// The text that these bytes are in GB18030 (GB 18030-2005), which Excel in China writes where “CSV” is chosen.
///
/// The C library converts it.
///
/// - Returns: `nil` where the bytes are not GB18030, or this machine has no converter.
public func textInGB18030(_ bytes: [UInt8]) -> String? {
    guard let converter = iconv_open("UTF-8", "GB18030"), Int(bitPattern: converter) != -1 else { return nil }
    defer { iconv_close(converter) }
    var input = bytes.map { CChar(bitPattern: $0) }
    // Signs of two bytes have three in UTF-8, those of four at most four.
    var output = [CChar](repeating: 0, count: bytes.count * 3 / 2 + 4)
    let free = input.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output -> Int? in
            var (from, to) = (input.baseAddress, output.baseAddress)
            var (left, free) = (input.count, output.count)
            let isConverted = iconv(converter, &from, &left, &to, &free) >= 0 && left == 0
            return isConverted ? free : nil
        }
    }
    guard let free else { return nil }
    return String(validating: output.dropLast(free).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
