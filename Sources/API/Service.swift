import Casework
import Crypto
public import Foundation
public import Store
public import Transparency

/// What the routes work with.
public struct Service: Sendable {
    let databases: Databases
    let references: ReferenceCache
    let keys: CaseKeys
    let intaker: Intaker
    let importer: Importer
    let publicReports: PublicReports
    let renderings: Renderings
    /// Single complaints with their parts.
    let complaints: ReadLane<Reference, ComplaintParts>
    let signIn: SignIn
    /// The authority's own directory of people; `nil` where it has none.
    let directory: PeopleDirectory?
    let cursor: Cursor
    /// The templates of letters, by language.
    let letters: [String: String]
    /// The OpenAPI document.
    let contract: Data
    let limits: RateLimits
    let metrics = Metrics()
    let loops = LoopLag()
    /// How full the disks are that the server writes to.
    public let disks = DiskGauge()
    /// Whether it is about to stop: nothing new should be sent here.
    public let departure = Departure()
    /// Requests under way, at the most, and how many there are.
    let requestsAtOnce: Int
    let requests = UnderWay()
    /// Connections to all listeners.
    public let connections: ConnectionLedger
    /// Filings among them, at the most, and how many there are.
    let filingsAtOnce: Int
    let filings = UnderWay()
    /// What files may take.
    let evidenceQuota: EvidenceQuota
    let uploads = UploadRoom()
    let proxies: TrustedProxies
    /// Networks beside the public internet that webhooks may lead to.
    let webhookNetworks: NetworkList
    /// What the log's signatures are checked with; `nil` where nothing is signed.
    let logKey: NoteVerifier?
    /// Whether it is spoken to by TLS alone.
    let isEncrypted: Bool
    /// The time, as a value to be given: rules have no clock of their own.
    let now: @Sendable () -> Date

    public init(
        databases: Databases, references: ReferenceCache, keys: CaseKeys, letters: [String: String] = [:],
        contract: Data = Data("{}".utf8), limits: RateLimits = RateLimits(), requestsAtOnce: Int = 1024,
        filingsAtOnce: Int = 128, connections: ConnectionLedger = ConnectionLedger(),
        evidenceQuota: EvidenceQuota = EvidenceQuota(bytesOfAll: 10 << 30), proxies: TrustedProxies = TrustedProxies(),
        imports: ImportLimits = ImportLimits(), filerQuota: Int = .max,
        webhookNetworks: NetworkList = NetworkList(), isEncrypted: Bool = false,
        logKey: NoteVerifier? = nil, sessions: SignIn.Limits = SignIn.Limits(),
        directory: PeopleDirectory? = nil,
        now: @escaping @Sendable () -> Date = Date.init
    ) {
        self.databases = databases
        self.references = references
        self.keys = keys
        self.intaker = Intaker(databases, keys: keys, filerQuota: filerQuota)
        self.importer = Importer(databases, intaker: intaker, limits: imports, filerQuota: filerQuota)
        publicReports = PublicReports(databases, references, now: now)
        renderings = Renderings(databases.compute)
        complaints = ReadLane(databases.reads) { db, references in
            let parts = try db.parts(of: Array(try db.complaints(references).values))
            return Dictionary(uniqueKeysWithValues: parts.map { ($0.record.reference, $0) })
        }
        signIn = SignIn(databases, keys.named, limits: sessions)
        self.directory = directory
        self.letters = letters
        self.contract = contract
        self.limits = limits
        self.requestsAtOnce = requestsAtOnce
        self.filingsAtOnce = filingsAtOnce
        self.connections = connections
        self.evidenceQuota = evidenceQuota
        self.proxies = proxies
        self.webhookNetworks = webhookNetworks
        self.isEncrypted = isEncrypted
        self.logKey = logKey
        self.cursor = Cursor(key: keys.named.cursor)
        self.now = now
    }
}
