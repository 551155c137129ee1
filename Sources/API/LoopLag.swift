import NIOCore
import NIOPosix
import Synchronization

/// Measures how late the event loops are: ten times a second each is asked to run something at a moment, and runs it
/// later where something else computes on it.
final class LoopLag: Sendable {
    private struct State {
        var all = Durations()
        var minute = 0
        var (longest, longestBefore): (Double, Double) = (0, 0)

        mutating func turn(to minute: Int) {
            guard minute != self.minute else { return }
            longestBefore = minute == self.minute + 1 ? longest : 0
            (self.minute, longest) = (minute, 0)
        }
    }

    private static let period: TimeAmount = .milliseconds(100)
    private let state = Mutex(State())

    /// - Parameter group: The loops; they are watched as long as this value lives.
    init(_ group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) {
        for loop in group.makeIterator() { watch(loop) }
    }

    private func watch(_ loop: any EventLoop) {
        let due = NIODeadline.now() + Self.period
        loop.scheduleTask(deadline: due) { [weak self] in
            guard let self else { return }
            note(Double((NIODeadline.now() - due).nanoseconds) / 1_000_000_000)
            watch(loop)
        }
    }

    private func note(_ seconds: Double) {
        let minute = Self.minute
        state.withLock { state in
            state.all.add(seconds)
            state.turn(to: minute)
            state.longest = max(state.longest, seconds)
        }
    }

    private static var minute: Int { Int(NIODeadline.now().uptimeNanoseconds / 60_000_000_000) }

    /// All measurements since the beginning.
    var durations: Durations { state.withLock { $0.all } }

    /// The longest of this minute and the one before, in seconds.
    var longest: Double {
        let minute = Self.minute
        return state.withLock { state in
            state.turn(to: minute)
            return max(state.longest, state.longestBefore)
        }
    }
}
