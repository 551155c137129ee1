import Casework
public import Foundation
public import Postgres

/// Where an organisation is told what becomes of its filings.
public struct Webhook: Sendable {
    public let url: String
    public let createdAt: Date
    /// Messages on their way, and messages that were given up.
    public let pending: Int
    public let dead: Int
    fileprivate let keyID: UUID
}

/// One message to an organisation.
public struct WebhookDelivery: Sendable {
    public enum State: String, Sendable, CaseIterable, Codable, PostgresValue {
        /// To be sent, now or again.
        case pending
        /// Answered with 2xx.
        case delivered
        /// Given up; it can be sent anew.
        case dead
    }

    public let id: UUID
    public let campaign: String
    public let subject: String
    public let sequence: Int
    /// The place in the history of the case that goes on, where the complaint was merged and it is told of that; else 0.
    public let handledSequence: Int
    public let state: State
    public let attempts: Int
    public let nextAttemptAt: Date?
    public let lastStatus: Int?
    public let lastError: String?
    public let recordedAt: Date
    public let endedAt: Date?
}

/// A message that a sender has taken on for a minute.
public struct ClaimedDelivery: Sendable {
    public let id: UUID
    public let filer: UUID
    public let body: String
    /// This one included.
    public let attempts: Int
    public let url: String
    fileprivate let claim: UUID
    fileprivate let keyID: UUID
    fileprivate let sealedSecret: Data
}

/// What became of an attempt.
public enum DeliveryOutcome: Sendable, Equatable {
    case delivered(status: Int)
    case failed(status: Int?, String)
    /// Whoever is there does not want this message.
    case refused(status: Int, String)
}

extension CaseKeys {
    /// The secret that a message is signed with; `nil` where its key was erased.
    ///
    /// - Throws: `PostgresError`, or ``DamagedSeal`` where something was tampered with.
    public nonisolated func secret(of delivery: ClaimedDelivery) async throws -> Data? {
        try await key(delivery.keyID)?.openBytes(delivery.sealedSecret, field: .webhookSecret, of: delivery.filer)
    }

    /// A new secret, sealed for a filer, with the key of the one before where there is one.
    ///
    /// - Throws: `PostgresError`, or `CryptoKitError`.
    public func newSecret(of filer: UUID, after webhook: Webhook?) async throws -> (secret: Data, sealed: SealedSecret)
    {
        var known: CaseKey?
        if let webhook { known = try await key(webhook.keyID) }
        let key = if let known { known } else { try await take() }
        let secret = Data(randomBytes(32))
        let sealed = try key.seal(secret, field: .webhookSecret, of: filer)
        return (secret, SealedSecret(keyID: key.id, bytes: sealed))
    }
}

/// A secret that only the holder of the key-encryption key can read.
public struct SealedSecret: Sendable {
    let keyID: UUID
    let bytes: Data
}

// MARK: For the filer

extension Connection {
    /// Sets where a filer is told; what was set before is replaced, and what is on its way goes to the new address.
    public func setWebhook(_ url: String, _ secret: SealedSecret, of filer: UUID, at now: Date) throws {
        try run(
            """
            INSERT INTO webhook (filer_id, url, key_id, sealed_secret, created_at)
            VALUES (\(filer), \(url), \(secret.keyID), \(secret.bytes), \(now))
            ON CONFLICT (filer_id) DO UPDATE
            SET url = excluded.url, key_id = excluded.key_id, sealed_secret = excluded.sealed_secret
            """)
    }

    public func webhook(of filer: UUID) throws -> Webhook? {
        try first(
            """
            SELECT url, created_at, key_id,
                   (SELECT count(*) FROM webhook_delivery d WHERE d.filer_id = w.filer_id AND d.state = 'pending'),
                   (SELECT count(*) FROM webhook_delivery d WHERE d.filer_id = w.filer_id AND d.state = 'dead')
            FROM webhook w WHERE filer_id = \(filer)
            """
        ) { row in
            let (url, createdAt, keyID): (String, Date, UUID) = (try row.read(), try row.read(), try row.read())
            return Webhook(
                url: url, createdAt: createdAt, pending: try row.read(), dead: try row.read(), keyID: keyID)
        }
    }

    /// Ends the telling; what was on its way is given up by the worker.
    ///
    /// - Returns: Whether there was one.
    public func removeWebhook(of filer: UUID) throws -> Bool {
        try run("DELETE FROM webhook WHERE filer_id = \(filer)") == 1
    }

    /// What a filer was told, newest first.
    public func deliveries(
        to filer: UUID, _ state: WebhookDelivery.State?, after position: (Date, UUID)?, limit: Int
    ) throws -> [WebhookDelivery] {
        let below: SQL = position.map { "AND (d.recorded_at, d.id) < (\($0.0), \($0.1))" } ?? ""
        let only: SQL = state.map { "AND d.state = \($0)" } ?? ""
        return try all(
            """
            SELECT d.id, c.code, d.subject, d.sequence, d.handled_sequence, d.state, d.attempts, d.next_attempt_at, d.last_status,
                   d.last_error, d.recorded_at, d.ended_at
            FROM webhook_delivery d JOIN campaign c ON c.id = d.campaign_id
            WHERE d.filer_id = \(filer) \(only) \(below)
            ORDER BY d.recorded_at DESC, d.id DESC LIMIT \(limit)
            """
        ) { row in
            WebhookDelivery(
                id: try row.read(), campaign: try row.read(), subject: try row.read(), sequence: try row.read(),
                handledSequence: try row.read(), state: try row.read(), attempts: try row.read(),
                nextAttemptAt: try row.read(),
                lastStatus: try row.read(), lastError: try row.read(), recordedAt: try row.read(),
                endedAt: try row.read())
        }
    }

    /// Sends messages anew that have ended: those named, or all that were given up.
    ///
    /// - Returns: How many, 1000 at the most.
    public func replay(_ deliveries: [UUID]?, to filer: UUID, at now: Date) throws -> Int {
        let which: SQL = deliveries.map { "id = ANY(\($0)) AND state <> 'pending'" } ?? "state = 'dead'"
        return try run(
            """
            UPDATE webhook_delivery
            SET state = 'pending', attempts = 0, next_attempt_at = \(now), ended_at = NULL
            WHERE id = ANY(ARRAY(
                SELECT id FROM webhook_delivery WHERE filer_id = \(filer) AND \(which)
                ORDER BY recorded_at, id LIMIT 1000 FOR UPDATE))
            """)
    }
}

// MARK: For the sender

/// Whether the filer of the webhook `w` has a key that could set one: who lost every right is told nothing any more.
let hasWebhookKey: SQL = """
    EXISTS (SELECT FROM filer_key k WHERE k.filer_id = w.filer_id AND 'webhook' = ANY(k.scopes)
            AND k.revoked_at IS NULL AND k.expires_at > now())
    """

extension Connection {
    /// Filers with messages that are due, those that are attended to already left out.
    public func filersToTell(except busy: [UUID], limit: Int) throws -> [UUID] {
        try all(
            """
            SELECT w.filer_id FROM webhook w
            WHERE w.filer_id <> ALL(\(busy)) AND \(hasWebhookKey) AND EXISTS (
                SELECT FROM webhook_delivery d
                WHERE d.filer_id = w.filer_id AND d.state = 'pending' AND d.next_attempt_at <= clock_timestamp())
            ORDER BY random() LIMIT \(limit)
            """
        ) { row in try row.read() }
    }

    /// Takes messages of a filer on: no other sender touches them for a minute, and whoever dies has lost an attempt.
    public func claimDeliveries(to filer: UUID, limit: Int) throws -> [ClaimedDelivery] {
        try all(
            """
            UPDATE webhook_delivery d
            SET attempts = attempts + 1, next_attempt_at = clock_timestamp() + interval '1 minute',
                claim = gen_random_uuid()
            FROM webhook w
            WHERE w.filer_id = d.filer_id AND d.id = ANY(ARRAY(
                SELECT id FROM webhook_delivery
                WHERE filer_id = \(filer) AND state = 'pending' AND next_attempt_at <= clock_timestamp()
                ORDER BY next_attempt_at LIMIT \(limit) FOR UPDATE SKIP LOCKED))
            RETURNING d.id, d.filer_id, d.body, d.attempts, w.url, d.claim, w.key_id, w.sealed_secret
            """
        ) { row in
            ClaimedDelivery(
                id: try row.read(), filer: try row.read(), body: try row.read(), attempts: try row.read(),
                url: try row.read(), claim: try row.read(), keyID: try row.read(), sealedSecret: try row.read())
        }
    }

    /// Notes what became of an attempt, unless another sender has taken the message on since.
    ///
    /// - Parameters:
    ///   - delivery: The attempt.
    ///   - outcome: What became of it.
    ///   - wait: Milliseconds until the next, where it failed; `nil` gives it up.
    /// - Throws: `PostgresError`.
    public func end(_ delivery: ClaimedDelivery, _ outcome: DeliveryOutcome, wait: Int?) throws {
        let (status, error): (Int?, String?) =
            switch outcome {
            case .delivered(let status): (status, nil)
            case .failed(let status, let why): (status, why)
            case .refused(let status, let why): (status, why)
            }
        var state = WebhookDelivery.State.dead
        if case .delivered = outcome { state = .delivered } else if wait != nil { state = .pending }
        try run(
            """
            UPDATE webhook_delivery
            SET state = \(state), last_status = \(status), last_error = \(error),
                next_attempt_at = clock_timestamp() + \(state == .pending ? wait : nil) * interval '1 millisecond',
                ended_at = CASE WHEN \(state == .pending) THEN NULL ELSE clock_timestamp() END
            WHERE id = \(delivery.id) AND claim = \(delivery.claim) AND state = 'pending'
            """)
    }
}
