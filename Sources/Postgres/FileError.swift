public import Foundation

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

/// A file or folder that is there and cannot be read.
public struct UnreadableFile: Error, CustomStringConvertible {
    let path: String
    /// Why, in the system's words.
    public let reason: String

    public var description: String { "\(path) cannot be read: \(reason)" }
}

extension URL {
    /// The text of this file, as UTF-8.
    ///
    /// - Returns: `nil` where there is no such file; a file that is there and cannot be read is an error.
    /// - Throws: ``UnreadableFile``.
    public func textIfThere() throws(UnreadableFile) -> String? {
        try ifThere { try String(contentsOf: self, encoding: .utf8) }
    }

    /// The names of what is in this folder.
    ///
    /// - Returns: `nil` where there is no such folder; one that is there and cannot be read is an error.
    /// - Throws: ``UnreadableFile``.
    public func namesIfThere() throws(UnreadableFile) -> [String]? {
        try ifThere { try FileManager.default.contentsOfDirectory(atPath: plainPath) }
    }

    private func ifThere<Value>(_ read: () throws -> Value) throws(UnreadableFile) -> Value? {
        do {
            return try read()
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile {
            return nil
        } catch {
            throw UnreadableFile(path: plainPath, reason: error.systemReason)
        }
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
