import Foundation
import HTTPTypes
import NIOHTTP1

/// What RFC 9112 asks of a request's head beyond what the parser sees to, and how the head is read on.
struct RequestHeadRules {
    /// The head in one form, whatever the client wrote: target in origin-form or `*`, one `Host`, and `Connection: close`
    /// alone where no other request is read after this one.
    private(set) var head: HTTPRequestHead
    /// Whether the connection ends with the answer (RFC 9112, 9.3).
    ///
    /// Always for HTTP/1.0: `keep-alive` is an offer there, which a server need not accept.
    let isLast: Bool

    var isHTTP10: Bool { head.version == .http1_0 }

    /// - Throws: ``Problem`` 400, 417 or 501.
    init(_ head: HTTPRequestHead) throws(Problem) {
        self.head = head
        let options = head.headers[canonicalForm: "connection"].map { $0.lowercased() }
        // The parser stops behind a request that could change the protocol; it is answered, and nothing after it.
        isLast = head.version == .http1_0 || options.contains("close") || options.contains("upgrade")
        try checkFields()
        try checkFraming()
        try readExpectation()
        try readTarget()
        if isLast { self.head.headers.replaceOrAdd(name: "Connection", value: "close") }
    }

    private func checkFields() throws(Problem) {
        for (name, value) in head.headers {
            // A folded line (obs-fold) reaches this place with its line break (RFC 9112, 5.2).
            guard value.utf8.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }) else {
                throw .malformed("The field \(name.prefix(60)) holds a control character or goes on in another line.")
            }
        }
    }

    /// The framing of a body can be read in one way only (RFC 9112, 6.1 and 6.3).
    private func checkFraming() throws(Problem) {
        let codings = head.headers[canonicalForm: "transfer-encoding"].map { $0.lowercased() }
        guard codings.isEmpty || head.version != .http1_0 else {
            throw .malformed("HTTP/1.0 knows no Transfer-Encoding; send Content-Length.")
        }
        guard codings.isEmpty || !head.headers.contains(name: "content-length") else {
            throw .malformed("Transfer-Encoding and Content-Length exclude each other; send one of them.")
        }
        // Otherwise the end of the body cannot be known.
        guard codings.isEmpty || codings.last == "chunked" else {
            throw .malformed("Transfer-Encoding has to end with “chunked”.")
        }
        guard codings.allSatisfy({ $0 == "chunked" }) else {
            throw Problem(
                .notImplemented, "transfer-coding-unknown", "Not in this transfer coding",
                "Of Transfer-Encoding only “chunked” is understood.", headers: [.connection: "close"])
        }
        guard codings.count <= 1 else { throw .malformed("The body is “chunked” more than once.") }
        guard head.headers["content-length"].count <= 1 else {
            throw .malformed("Content-Length comes more than once.")
        }
    }

    /// RFC 9110, 10.1.1: HTTP/1.0 has no expectations, and there is one kind of them.
    private mutating func readExpectation() throws(Problem) {
        let expectations = head.headers[canonicalForm: "expect"]
        guard head.version != .http1_0 else { return head.headers.remove(name: "Expect") }
        guard expectations.allSatisfy({ $0.lowercased() == "100-continue" }) else {
            throw Problem(
                .expectationFailed, "expectation-unknown", "This cannot be expected",
                "Of Expect only “100-continue” is understood.", headers: [.connection: "close"])
        }
        if !expectations.isEmpty { head.headers.replaceOrAdd(name: "Expect", value: "100-continue") }
    }

    // MARK: Target and host

    /// RFC 9112, 3.2.
    private mutating func readTarget() throws(Problem) {
        let hosts = head.headers["host"]
        guard hosts.count <= 1 else { throw .malformed("Host comes more than once; send one.") }
        guard head.version == .http1_0 || !hosts.isEmpty else {
            throw Problem(
                .badRequest, "host-missing", "No host is named", "Send the header Host.",
                headers: [.connection: "close"])
        }
        if let host = hosts.first, !Self.isAuthority(host) {
            throw .malformed("Host has to be a host, with a port if need be, such as example.org:8080.")
        }
        let target = head.uri
        guard target.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "#") }) else {
            throw .malformed("The request target holds a character that an address cannot have.")
        }
        guard head.method != .CONNECT else { throw .methodUnknown }
        if target.hasPrefix("/") { return }
        if target == "*" {
            guard head.method == .OPTIONS else { throw .malformed("The request target * is for OPTIONS alone.") }
            return
        }
        try readAbsoluteForm(target)
    }

    /// What an absolute target names wins over `Host` (RFC 9112, 3.2.2).
    private mutating func readAbsoluteForm(_ target: String) throws(Problem) {
        guard let scheme = ["http://", "https://"].first(where: { target.lowercased().hasPrefix($0) }) else {
            throw .malformed("The request target has to begin with a slash, or to be a whole http address.")
        }
        let rest = target.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard Self.isAuthority(String(authority)) else {
            throw .malformed("The request target names no host, or something that cannot be one.")
        }
        let path = rest.dropFirst(authority.count)
        if path.isEmpty, head.method == .OPTIONS {
            head.uri = "*"
        } else {
            head.uri = path.hasPrefix("/") ? String(path) : "/" + path
        }
        head.headers.replaceOrAdd(name: "Host", value: String(authority))
    }

    /// `uri-host [ ":" port ]` (RFC 9110, 7.2), with a host, as an http address needs one (4.2.1).
    private static func isAuthority(_ text: String) -> Bool {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return false }
            let address = String(text[text.index(after: text.startIndex)..<end])
            return address.contains(":") && addressBytes(address) != nil && isPort(text[text.index(after: end)...])
        }
        let host = text.prefix { $0 != ":" }
        // reg-name (RFC 3986, 3.2.2).
        return host.wholeMatch(of: /(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+/) != nil
            && isPort(text[host.endIndex...])
    }

    private static func isPort(_ text: Substring) -> Bool {
        guard !text.isEmpty else { return true }
        guard text.first == ":", text.count <= 6, text.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else {
            return false
        }
        return text.count == 1 || Int(text.dropFirst()) ?? .max <= 65_535
    }
}

extension Problem {
    /// A request that does not have the form of HTTP; nothing after it on the connection can be read.
    static func malformed(_ detail: String) -> Problem {
        Problem(.badRequest, "malformed-request", "This is no request of HTTP", detail, headers: [.connection: "close"])
    }

    static let methodUnknown = Problem(
        .notImplemented, "method-unknown", "No such method",
        "The method is not one that is known here; names of methods are in capitals.", headers: [.connection: "close"])

    /// What the parser of HTTP refused.
    ///
    /// - Parameters:
    ///   - error: Of the parser.
    ///   - line: The beginning of the request line as it came; empty where that is not known.
    ///   - length: Bytes of the request line that came.
    init(_ error: HTTPParserError, line: [UInt8], length: Int) {
        switch error {
        case .headerOverflow where length > Self.addressLimit:
            self = .addressTooLong
            headers[.connection] = "close"
        case .headerOverflow:
            self = Problem(
                .requestHeaderFieldsTooLarge, "head-too-large", "The head is too large",
                "All header fields together may have 80 KiB, and there may be 1000 of them.",
                headers: [.connection: "close"])
        case .invalidVersion:
            self = Problem(
                HTTPResponse.Status(code: 505, reasonPhrase: "HTTP Version Not Supported"), "version-unknown",
                "Not in this version of HTTP", "HTTP/1.1 is spoken here, and HTTP/1.0.", headers: [.connection: "close"]
            )
        case .invalidMethod where Self.beginsWithToken(line): self = .methodUnknown
        case .invalidContentLength, .unexpectedContentLength:
            self = .malformed("Content-Length has to be one whole number, and without Transfer-Encoding.")
        case .invalidHeaderToken:
            self = .malformed("A header field has a name or value that it cannot have, or a blank before its colon.")
        case .invalidURL, .invalidHost, .invalidPort, .invalidPath, .invalidQueryString, .invalidFragment:
            self = .malformed("The request target is no address.")
        case .invalidChunkSize: self = .malformed("The size of a chunk is no hexadecimal number.")
        case .invalidEOFState: self = .malformed("It ended before its end.")
        default: self = .malformed("Its request line, a header field or the framing of its body is wrong.")
        }
    }

    /// Whether a line begins with what could be a method (RFC 9110, 5.6.2), and a blank.
    private static func beginsWithToken(_ line: [UInt8]) -> Bool {
        let token = line.prefix { $0 != 0x20 }
        return !token.isEmpty && token.count < line.count
            && token.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
    }
}
