extension EvidenceFile {
    /// What is taken, by the form of its bytes.
    ///
    /// The database has these names.
    public enum Kind: String, Sendable, CaseIterable, Codable {
        case png
        case jpeg
        case webp
        case pdf
        case mp4
        /// What a browser recorded of its requests: HTTP Archive, JSON.
        case har
        case text

        /// The registered media type, which answers give.
        public var mediaType: String {
            switch self {
            case .png: "image/png"
            case .jpeg: "image/jpeg"
            case .webp: "image/webp"
            case .pdf: "application/pdf"
            case .mp4: "video/mp4"
            case .har: "application/json"
            case .text: "text/plain"
            }
        }

        /// How names of such files end, the usual ending first.
        ///
        /// Windows saves a JPEG from a web page as `.jfif`.
        public var extensions: [String] {
            switch self {
            case .png: ["png", "apng"]
            case .jpeg: ["jpg", "jpeg", "jfif", "jpe", "jif", "jfi", "pjpeg", "pjp"]
            case .mp4: ["mp4", "m4v"]
            case .text: ["txt", "log"]
            default: [rawValue]
            }
        }

        /// Names that browsers, desktops and mail programs use for the media type, or used before it was registered.
        private var otherMediaTypes: Set<String> {
            switch self {
            case .png: ["image/x-png", "image/apng", "image/vnd.mozilla.apng"]
            case .jpeg: ["image/jpg", "image/pjpeg", "image/pjp", "image/jfif", "image/x-jpeg", "image/x-jpg"]
            case .webp: ["image/x-webp"]
            case .pdf: ["application/x-pdf", "application/acrobat", "text/pdf", "text/x-pdf"]
            case .mp4: ["application/mp4", "video/x-mp4", "video/x-m4v", "video/m4v"]
            case .har: ["application/har+json", "application/x-har+json", "text/json"]
            case .text: ["text/x-log", "text/log"]
            }
        }

        /// Whether a sender may call such a file so, in any case, with or without parameters behind a semicolon.
        ///
        /// A type that is blank or general, as browsers send for what they do not know, fits every kind.
        func isCalled(_ mediaType: String) -> Bool {
            let essence = mediaType.unicodeScalars.prefix { $0 != ";" }.filter { !$0.properties.isWhitespace }
            let name = String(String.UnicodeScalarView(essence)).lowercased()
            return ["", "application/octet-stream", "binary/octet-stream"].contains(name) || name == self.mediaType
                || otherMediaTypes.contains(name)
        }
    }
}
