import Foundation

/// One file of the log: its timeline, and its number among the segments of 16 MiB.
struct LogSegment: Comparable {
    static let size = 1 << 24

    let timeline: Int
    let number: Int

    /// - Returns: `nil` for what is no whole segment, such as the history of a timeline.
    init?(_ name: String) {
        guard name.count == 24, let timeline = Int(name.prefix(8), radix: 16),
            let high = Int(name.dropFirst(8).prefix(8), radix: 16), let low = Int(name.suffix(8), radix: 16)
        else { return nil }
        (self.timeline, number) = (timeline, high << 8 | low)
    }

    init(timeline: Int, number: Int) {
        (self.timeline, self.number) = (timeline, number)
    }

    /// The segment that holds a place.
    init(timeline: Int, _ place: LogPlace) {
        self.init(timeline: timeline, number: place.byte >> 24)
    }

    var name: String {
        [timeline, number >> 8, number & 0xFF].map {
            let digits = String($0, radix: 16, uppercase: true)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    static func < (one: LogSegment, other: LogSegment) -> Bool {
        (one.timeline, one.number) < (other.timeline, other.number)
    }
}

/// A place in the log, such as `0/2000028`.
struct LogPlace: Comparable {
    let byte: Int

    init?(_ text: String) {
        let parts = text.split(separator: "/").compactMap { Int($0, radix: 16) }
        guard parts.count == 2 else { return nil }
        byte = parts[0] << 32 | parts[1]
    }

    static func < (one: LogPlace, other: LogPlace) -> Bool { one.byte < other.byte }
}

/// How a cluster came to its timeline: each recovery begins a new one, which leaves the one before at a place.
struct TimelineHistory {
    /// The timelines in order, each with the place where the next begins; the last has none.
    let timelines: [(timeline: Int, end: LogSegment?)]
    private let ends: [Int: LogPlace]

    /// - Parameters:
    ///   - timeline: The newest.
    ///   - text: Of its history file: a line for each timeline before it.
    init(timeline: Int, _ text: String) {
        let lines = text.split(separator: "\n").compactMap { line -> (Int, LogPlace)? in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 2, let number = Int(words[0]), let place = LogPlace(String(words[1])) else {
                return nil
            }
            return (number, place)
        }
        // A recovery to before an earlier one leaves that one's timeline sooner than it was begun: the earliest place counts.
        var clamped: [(Int, LogPlace)] = []
        for (number, place) in lines.reversed() {
            clamped.append((number, min(place, clamped.last?.1 ?? place)))
        }
        clamped.reverse()
        ends = Dictionary(clamped) { $1 }
        timelines = clamped.map { ($0.0, LogSegment(timeline: $0.0, $0.1)) } + [(timeline, nil)]
    }

    /// The segment with which a timeline begins.
    func begin(of timeline: Int) -> LogSegment? {
        guard let index = timelines.firstIndex(where: { $0.timeline == timeline }), index > 0,
            let end = timelines[index - 1].end
        else { return nil }
        return LogSegment(timeline: timeline, number: end.number)
    }

    /// Whether the newest timeline goes on from what a backup holds up to a place.
    func goesOn(from timeline: Int, _ place: LogPlace) -> Bool {
        if timelines.last?.timeline == timeline { return true }
        return ends[timeline].map { $0 >= place } ?? false
    }
}
