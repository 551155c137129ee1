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

extension Error {
    /// Whether this says that a file is not there, and not only that it could not be reached.
    var isNoSuchFile: Bool {
        let error = self as NSError
        if let cause = error.userInfo[NSUnderlyingErrorKey] as? POSIXError { return cause.code == .ENOENT }
        return (self as? CocoaError)?.code == .fileReadNoSuchFile
    }
}
