import Foundation
import HTTPTypes
import Hummingbird
import Store

/// Which quotas a request uses up, and whose.
///
/// What a request says about itself counts for nothing until it is verified: a header is whatever its sender writes.
enum Quotas {
    /// The quotas of the network a request comes from, which hold whatever token it bears.
    static func ofNetwork(_ request: Request, _ context: Context, _ limits: RateLimits) -> [RatePolicy] {
        let path = context.endpointPath ?? ""
        var policies: [RatePolicy] = []
        // What bears a token is counted once it is known whose that is.
        if request.headers[.authorization] == nil { policies.append(limits.all) }
        if isSignIn(request, path) { policies.append(limits.signIn) }
        if request.headers[.trackingCode] != nil || path.hasPrefix("/v1/tracking") { policies.append(limits.tracking) }
        return policies
    }

    private static func isSignIn(_ request: Request, _ path: String) -> Bool {
        guard path.hasPrefix("/v1/session") else { return false }
        return request.headers[.authorization] == nil
            || request.method == .post && (path == "/v1/session" || path == "/v1/session/directory")
    }

    /// The quota of the network for filings, once it is known that no officer and no filer files.
    ///
    /// A company's key gives no right to file: such a filing is anyone's.
    static func ofFiling(_ request: Request, _ context: Context, _ limits: RateLimits) -> [RatePolicy] {
        switch context.caller {
        case .officer, .filer: []
        case .anyone, .company: Turnstile.isFiling(request.head) ? [limits.filing] : []
        }
    }

    /// The quotas of who was found to ask.
    static func ofCaller(_ request: Request, _ context: Context, _ limits: RateLimits) -> [RatePolicy] {
        var policies: [RatePolicy] = []
        if context.principal != nil { policies.append(limits.all) }
        if case .officer = context.caller { return policies }
        let path = context.endpointPath ?? ""
        if path.hasPrefix("/v1/campaigns/"), path.contains("/progress") || path.contains("/issues") {
            policies.append(limits.reports)
        }
        if path.hasPrefix("/campaigns/") { policies.append(limits.pages) }
        return policies
    }
}

extension Context {
    /// Who was found to ask, as quotas tell them apart; `nil` where that is nobody.
    var principal: String? {
        switch caller {
        case .anyone: nil
        case .officer(let officer): "officer \(officer.id)"
        case .company(let company): "company \(company.company)"
        case .filer(let filer): "filer \(filer.filer)"
        }
    }
}

extension RateLimits {
    /// Counts a request against several quotas.
    ///
    /// - Returns: The fields that tell of the last one.
    /// - Throws: ``Problem`` 429 where one is used up.
    func take(_ policies: [RatePolicy], by client: String, at now: Date) throws -> HTTPFields {
        var fields: HTTPFields = [:]
        for policy in policies where policy.quota > 0 {
            let state = take(policy, by: client, at: now)
            fields = policy.fields(state)
            guard state.isAllowed else { throw Problem.quotaExceeded(policy, fields) }
        }
        return fields
    }
}
