import Casework
import Foundation
import NIOCore
import Reports
import Store

/// Reports and issues as the bytes that are sent: each is rendered once for each form and language.
struct Renderings {
    /// A form and a language, and of a CSV its table.
    struct Form: Hashable {
        let kind: MediaKind
        var language = Language.en
        var table: String?
        var isForExcel = false
    }

    /// What is rendered; a subject never changes.
    enum Subject: Hashable {
        case report(campaign: String, edition: ProgressReport.Edition, period: ReportPeriod, knownAt: String)
        /// A page says which issue corrects it.
        case issue(campaign: String, number: Int, isPublic: Bool, correctedBy: Int?)
    }

    private struct Key: Hashable {
        let subject: Subject
        let form: Form
    }

    private let compute: ComputePool
    /// Issues, up to so many bytes.
    private let issues = Remembered<Key, ByteBuffer>(upTo: 32 << 20) { $0.readableBytes }
    /// Reports, of which there are new ones all the time, so that they push out no issue.
    private let reports = Remembered<Key, ByteBuffer>(upTo: 8 << 20) { $0.readableBytes }

    init(_ compute: ComputePool) {
        self.compute = compute
    }

    /// - Parameters:
    ///   - subject: What is rendered.
    ///   - form: How.
    ///   - load: Finds what it is rendered from; `nil` where there is none.
    ///   - write: Renders it, on a thread for computing.
    /// - Returns: The bytes, or `nil` where there is none.
    /// - Throws: `ComputePool.Busy`, or what `load` and `write` throw.
    func bytes<Source: Sendable>(
        of subject: Subject, as form: Form, from load: @escaping @Sendable () async throws -> Source?,
        _ write: @escaping @Sendable (Source) throws -> String
    ) async throws -> ByteBuffer? {
        let kept = if case .issue = subject { issues } else { reports }
        return try await kept.value(Key(subject: subject, form: form)) { [compute] in
            guard let source = try await load() else { return nil }
            return try await compute.run { ByteBuffer(string: try write(source)) }
        }
    }
}
