import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Postgres
import Store

/// Files that show something, for the complainant by tracking code and for officers.
struct EvidenceRoutes {
    let service: Service
    /// Files in one list, those of merged complaints included.
    private static let listLimit = 200

    var routes: [Route] {
        [
            Route(.post, "/v1/complaints/:reference/evidence", add),
            Route(.get, "/v1/complaints/:reference/evidence", list),
            Route(.get, "/v1/complaints/:reference/evidence/:sha256", download),
        ]
    }

    /// Someone who may see the files of a complaint, and the complaint.
    private struct Access {
        let record: ComplaintRecord
        let actor: Actor
    }

    /// By the tracking code, where one is sent, else by the officer's token.
    private func access(_ request: Request, _ context: Context) async throws -> Access {
        let reference = try context.reference()
        guard let code = request.headers[.trackingCode] else {
            guard context.token != nil else {
                throw Problem(
                    .unauthorized, "unauthenticated", "No code and no token",
                    "A complainant sends the header Tracking-Code, an officer Authorization: Bearer ….",
                    headers: [.wwwAuthenticate: "Bearer"])
            }
            let officer = try context.officer(for: .read)
            let record = try await service.databases.work.transaction(.readOnly) { db in try db.found(reference) }
            guard record.dataState == .active else { throw Refusal.dataNotUsable(record.dataState) }
            return Access(record: record, actor: officer.actor)
        }
        // Another complaint's code tells nothing about this one.
        guard let record = try await service.complaint(trackedBy: code), record.reference == reference else {
            throw Problem.foreignTrackingCode
        }
        return Access(record: record, actor: Actor(.complainant))
    }

    @Sendable func add(_ request: Request, context: Context) async throws -> Response {
        let access = try await access(request, context)
        return try await Upload.reading(request, in: service.uploads) { upload in
            let file = try await service.databases.compute.run {
                try EvidenceFile(upload.bytes, named: upload.name, mediaType: upload.mediaType)
            }
            // What an officer adds is usually no answer of the complainant's.
            let answersRequest = upload.answersRequest ?? (access.actor.kind == .complainant)
            return try await keep(file, upload.capturedOn, answersRequest: answersRequest, access)
        }
    }

    private func keep(
        _ file: EvidenceFile, _ capturedOn: Day?, answersRequest: Bool, _ access: Access
    ) async throws -> Response {
        let (record, now) = (access.record, service.now())
        let book = try await service.references.book()
        if let capturedOn, let zone = book.campaign(record.campaign)?.campaign.zone(), capturedOn > Day(now, in: zone) {
            let fault = Fault(pointer: "#/captured_on", code: "in_the_future", detail: "has not come yet")
            throw InvalidDocument(faults: [fault])
        }
        guard let key = try await service.keys.key(of: record) else {
            throw Refusal.invalid(field: "file", reason: "cannot be sealed: the key of this complaint was erased")
        }
        let sealed = try await service.databases.compute.run {
            try SealedEvidence(file, capturedOn: capturedOn, with: key, of: record.complaint.id)
        }
        var terms = ActionTerms()
        terms.file = (sealed, service.evidenceQuota)
        do {
            _ = try await service.databases.work.transaction(as: access.actor.standing) { [terms] db in
                try db.keep(
                    sealed.action, answersRequest: answersRequest, on: record.reference, by: access.actor, terms,
                    book: book, at: now, key: key)
            }
        } catch EvidenceError.known {
            // Sent before: what is there is told again, and is what was asked for since.
            if answersRequest {
                try await service.databases.work.transaction(as: access.actor.standing) { db in
                    try db.answerRequest(on: record.reference, by: access.actor, book: book, at: now)
                }
            }
            return try await describe(sealed, access, isNew: false)
        }
        return try await describe(sealed, access, isNew: true)
    }

    private func describe(_ sealed: SealedEvidence, _ access: Access, isNew: Bool) async throws -> Response {
        let own = try await files(access).first { file in
            file.sha256 == sealed.sha256 && file.isComplainants == (access.actor.kind == .complainant)
        }
        guard let own else { throw Problem.notFound("file") }
        let body = try await bodies([own], access.record)[0]
        return try .json(body, status: isNew ? .created : .ok, headers: [.location: body.`self`])
    }

    /// What officers add is theirs: a complainant sees the own files only.
    private func files(_ access: Access) async throws -> [EvidenceRecord] {
        let all = try await service.databases.work.transaction(.readOnly) { db in try db.evidence(of: access.record) }
        return all.filter { access.actor.kind == .officer || $0.isComplainants }
    }

    private func bodies(_ files: [EvidenceRecord], _ record: ComplaintRecord) async throws -> [EvidenceBody] {
        let names = try await service.keys.names(of: files, record)
        let campaign = try await service.references.book().campaign(record.campaign)?.campaign
        return zip(files, names).map { file, name in
            var isStale = false
            if let campaign, let capturedOn = file.capturedOn {
                isStale = Day(file.recordedAt, in: campaign.zone()) - capturedOn > campaign.quorum.staleAfterDays
            }
            return EvidenceBody(
                sha256: file.sha256, name: name, kind: file.kind, bytes: file.bytes,
                strippedBytes: file.strippedBytes, sentBy: file.isComplainants ? .complainant : .officer,
                capturedOn: file.capturedOn, isStale: isStale, recordedAt: file.recordedAt,
                link: "/v1/complaints/\(record.reference)/evidence/\(file.sha256)")
        }
    }

    @Sendable func list(_ request: Request, context: Context) async throws -> Response {
        let access = try await access(request, context)
        var items = try await bodies(try await files(access), access.record)
        // An officer has one case with those merged into it, whose files stay at their own addresses.
        if access.actor.kind == .officer {
            let others = try await service.databases.work.transaction(.readOnly) { db in
                try db.merged(into: access.record).dropFirst().filter { $0.dataState == .active }
            }
            for record in others where items.count < Self.listLimit {
                items += try await bodies(try await files(Access(record: record, actor: access.actor)), record)
            }
        }
        return try .json(
            Page(items: Array(items.prefix(Self.listLimit))), headers: [.referrerPolicy: "no-referrer"])
    }

    /// Sends a file, part by part, as something to be saved and never shown.
    ///
    /// An image comes without what a camera wrote beside it, unless the original is asked for.
    @Sendable func download(_ request: Request, context: Context) async throws -> Response {
        let access = try await access(request, context)
        let query = try ObjectReader(query: request)
        let wanted = query.code("rendition", as: SealedField.Rendition.self)
        query.finish()
        try query.faults.finish()
        let digest = context.segment("sha256") ?? ""
        guard let file = try await files(access).first(where: { $0.sha256 == digest.lowercased() }) else {
            throw Problem.notFound("file \(digest.prefix(64))")
        }
        let rendition = wanted ?? (file.strippedBytes == nil ? .original : .stripped)
        guard rendition == .original || file.strippedBytes != nil else {
            throw Problem.notFound("rendition without notes: the file is no image")
        }
        guard let name = try await service.keys.names(of: [file], access.record)[0] else {
            throw Problem(
                HTTPResponse.Status(code: 410), "erased", "It was erased", "The file cannot be opened any more.")
        }
        let length = rendition == .stripped ? file.strippedBytes ?? 0 : file.bytes
        return Response(
            status: .ok, headers: Self.headers(file, name, rendition),
            body: ResponseBody(contentLength: length) { writer in
                var position = 0
                while true {
                    // Parts are opened away from the thread that sends them.
                    let part = try await withTaskExecutorPreference(globalConcurrentExecutor) { [position] in
                        try await self.part(position, of: file, rendition, access.record).map { ByteBuffer(bytes: $0) }
                    }
                    guard let part else { break }
                    try await writer.write(part)
                    position += 1
                }
                try await writer.finish(nil)
            })
    }

    private func part(
        _ position: Int, of file: EvidenceRecord, _ rendition: SealedField.Rendition, _ record: ComplaintRecord
    ) async throws -> Data? {
        let sealed = try await service.databases.work.transaction(.readOnly) { db in
            try db.evidencePart(position, of: file, rendition, record)
        }
        guard let sealed else { return nil }
        return try await service.keys.open(part: sealed, position, of: file, rendition, record)
    }

    private static func headers(
        _ file: EvidenceRecord, _ name: String, _ rendition: SealedField.Rendition
    ) -> HTTPFields {
        var safe = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")
        safe.formIntersection(CharacterSet(charactersIn: "\u{21}"..."\u{7E}"))
        let encoded = name.addingPercentEncoding(withAllowedCharacters: safe) ?? "file"
        var headers: HTTPFields = [
            // Said to be nothing in particular, so that no browser draws or runs it.
            .contentType: "application/octet-stream",
            .contentDisposition:
                "attachment; filename=\"evidence.\(file.kind.extensions[0])\"; filename*=UTF-8''\(encoded)",
            .contentSecurityPolicy: "sandbox; default-src 'none'", .referrerPolicy: "no-referrer",
            .cacheControl: "no-store",
        ]
        if rendition == .original {
            headers[.contentDigest] = "sha-256=:\(file.digest.base64EncodedString()):"
        }
        return headers
    }
}
