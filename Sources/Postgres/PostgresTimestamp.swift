public import Foundation

/// A moment travels as `timestamptz` in UTC, whole microseconds, as the server keeps it.
extension Date: PostgresValue {
    public static var postgresType: PostgresType { .timestamptz }

    /// Reads `2026-03-04 09:10:11.123456+00`, the only form a connection in UTC and ISO style is sent.
    public init?(postgresText: String) {
        let text = Array(postgresText.utf8)
        guard text.count >= 22, text[text.count - 3] == UInt8(ascii: "+"),
            let year = number(text[0..<4]), let month = number(text[5..<7]), let day = number(text[8..<10]),
            let hour = number(text[11..<13]), let minute = number(text[14..<16]), let second = number(text[17..<19])
        else { return nil }
        var micros = 0
        let fraction = text[19..<(text.count - 3)].dropFirst()
        if !fraction.isEmpty {
            guard fraction.count <= 6, let digits = number(fraction) else { return nil }
            micros = (fraction.count..<6).reduce(digits) { value, _ in value * 10 }
        }
        let seconds = days(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second
        self.init(microsecondsSince1970: seconds * 1_000_000 + micros)
    }

    public var postgresText: String {
        let micros = microsecondsSince1970
        let (secondsSince1970, fraction) = micros.flooredDivision(by: 1_000_000)
        let (dayNumber, secondOfDay) = secondsSince1970.flooredDivision(by: 86_400)
        let (year, month, day) = civil(fromDays: dayNumber)
        let (hour, minute, second) = (secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60)
        var text: [UInt8] = []
        text.reserveCapacity(32)
        for (value, width, after) in [
            (year, 4, "-"), (month, 2, "-"), (day, 2, " "), (hour, 2, ":"), (minute, 2, ":"), (second, 2, "."),
            (fraction, 6, "+00"),
        ] as [(Int, Int, StaticString)] {
            text.append(value, width: width)
            after.withUTF8Buffer { text.append(contentsOf: $0) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whole microseconds since 1970 in UTC, the server's resolution.
    public var microsecondsSince1970: Int { Int((timeIntervalSince1970 * 1_000_000).rounded()) }

    public init(microsecondsSince1970 micros: Int) {
        self.init(timeIntervalSince1970: Double(micros) / 1_000_000)
    }
}

private func number(_ digits: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value
}

extension [UInt8] {
    /// A number in so many digits, or more where it needs more.
    fileprivate mutating func append(_ value: Int, width: Int) {
        let digits = String(value).utf8
        for _ in 0..<Swift.max(0, width - digits.count) { append(UInt8(ascii: "0")) }
        append(contentsOf: digits)
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
private func days(year: Int, month: Int, day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

private func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
}

extension Int {
    fileprivate func flooredDivision(by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
