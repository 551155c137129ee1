import Foundation
import HTTPTypes
import Synchronization

/// How much of one thing one client may do: so many at once, and again as time passes.
public struct RatePolicy: Sendable, Hashable {
    public let name: String
    public let quota: Int
    /// Seconds in which the quota comes back whole.
    public let window: Int

    /// - Parameters:
    ///   - name: What clients are told.
    ///   - quota: 0 is no limit.
    ///   - window: In seconds.
    public init(_ name: String, quota: Int, window: Int = 60) {
        self.name = name
        self.quota = quota
        self.window = window
    }
}

/// Counts by the generic cell rate algorithm: one moment for each client tells all.
public final class RateLimits: Sendable {
    /// Filings of no officer and no filer, by network.
    public let filing: RatePolicy
    /// Questions with a tracking code, by network, whatever token is sent.
    public let tracking: RatePolicy
    /// Reports and issues read by no officer, by company, filer or network.
    public let reports: RatePolicy
    /// The public pages of campaigns, by network; they are made once a minute.
    public let pages: RatePolicy
    /// Attempts to sign in, by network, whatever token is sent.
    public let signIn: RatePolicy
    /// Tokens and keys that turned out to be nobody's, by network.
    let strangers = RatePolicy("unknown-tokens", quota: 600)
    /// The same for one name, and by machines from which that officer has not signed in yet: guessing takes years.
    let guessing = RatePolicy("sign-in-of-one", quota: 10, window: 900)
    /// Searches for a telephone number or mail address, by officer: nobody tries whole lists of them.
    let searching = RatePolicy("contact-searches", quota: 30, window: 3600)
    /// Requests of any kind, by officer, company or filer, else by network.
    public let all: RatePolicy
    /// When the quota of a client would be whole again.
    private let whole = Mutex<[String: Double]>([:])
    /// Clients remembered at the most; beyond that those whose quota is whole are forgotten, and if that is not enough,
    /// all.
    private static let remembered = 200_000

    public init(
        filing: Int = 0, tracking: Int = 0, reports: Int = 0, pages: Int = 0, signIn: Int = 0, all: Int = 0
    ) {
        self.filing = RatePolicy("filing", quota: filing)
        self.tracking = RatePolicy("tracking", quota: tracking)
        self.reports = RatePolicy("reports", quota: reports)
        self.pages = RatePolicy("pages", quota: pages)
        self.signIn = RatePolicy("sign-in", quota: signIn)
        self.all = RatePolicy("all", quota: all)
    }

    struct State: Equatable {
        let isAllowed: Bool
        let remaining: Int
        /// Seconds until one more is allowed where none is, else until the quota is whole.
        let seconds: Int
    }

    /// Undoes a ``take(_:by:at:)`` that was allowed, for what turned out to be nothing that is counted.
    func giveBack(_ policy: RatePolicy, by client: String) {
        guard policy.quota > 0 else { return }
        whole.withLock { $0["\(policy.name)|\(client)"]? -= Double(policy.window) / Double(policy.quota) }
    }

    func take(_ policy: RatePolicy, by client: String, at now: Date) -> State {
        guard policy.quota > 0 else { return State(isAllowed: true, remaining: .max, seconds: 0) }
        let (moment, window) = (now.timeIntervalSince1970, Double(policy.window))
        let step = window / Double(policy.quota)
        return whole.withLock { whole in
            if whole.count > Self.remembered {
                whole = whole.filter { $0.value > moment }
                if whole.count > Self.remembered { whole.removeAll() }
            }
            let key = "\(policy.name)|\(client)"
            let next = max(whole[key] ?? 0, moment) + step
            guard next - moment <= window else {
                return State(
                    isAllowed: false, remaining: 0, seconds: max(1, Int((next - moment - window).rounded(.up))))
            }
            whole[key] = next
            return State(
                isAllowed: true, remaining: Int((window - (next - moment)) / step),
                seconds: Int((next - moment).rounded(.up)))
        }
    }
}

extension RatePolicy {
    /// The fields of draft-ietf-httpapi-ratelimit-headers.
    func fields(_ state: RateLimits.State) -> HTTPFields {
        var fields: HTTPFields = [
            .rateLimitPolicy: "\"\(name)\";q=\(quota);w=\(window)",
            .rateLimit: "\"\(name)\";r=\(state.remaining);t=\(state.seconds)",
        ]
        if !state.isAllowed { fields[.retryAfter] = String(state.seconds) }
        return fields
    }
}

extension HTTPField.Name {
    static let rateLimit = Self("RateLimit").unsafelyUnwrapped
    static let rateLimitPolicy = Self("RateLimit-Policy").unsafelyUnwrapped
}

/// The network an address belongs to: /24 of IPv4, /48 of IPv6.
///
/// Nothing finer is looked at or kept.
func networkPrefix(of address: String) -> String {
    if let mapped = address.firstRange(of: "::ffff:"), mapped.lowerBound == address.startIndex {
        return networkPrefix(of: String(address[mapped.upperBound...]))
    }
    guard address.contains(":") else {
        return address.split(separator: ".").prefix(3).joined(separator: ".") + ".0/24"
    }
    let groups = address.split(separator: ":", omittingEmptySubsequences: false)
    let gap = groups.firstIndex(of: "")
    let known = gap.map { groups[..<$0] } ?? groups[...]
    return (known.prefix(3).map(String.init) + ["0", "0", "0"]).prefix(3).joined(separator: ":") + "::/48"
}
