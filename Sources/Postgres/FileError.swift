import Foundation

extension Error {
    /// Why a file could not be read, written or made, in the system's own words.
    ///
    /// What Foundation says by itself is its domain and a number.
    public var systemReason: String {
        let cause = (self as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
        guard let cause = cause as? POSIXError else { return localizedDescription }
        return String(cString: strerror(cause.code.rawValue))
    }
}
