import Casework
import Crypto
import Foundation

/// What tells whether two filings under one reference of a filer say the same.
///
/// It is made with a key, because what filings say can be guessed: a digest without one would let a guess be checked. A filing is
/// compared as it was understood, not as it was written: its members in any order, default values written or left out, a telephone
/// number, region or link in any spelling.
struct ReferenceDigest: Sendable, Equatable {
    /// The first byte of what is stored, which says what was digested.
    ///
    /// Digests of 32 bytes have no mark. They were made of the document as it was written and cannot be compared with a filing
    /// that was understood: what comes under such a reference counts as known until the worker has written a digest of the
    /// narrative, which is all of the old filing that is still there as it was sent.
    private enum Mark {
        static let narrative: UInt8 = 1
        static let filing: UInt8 = 2
    }

    private let filing: Data
    private let narrative: Data
    private let receivedOn: Day
    private let namesReceivedOn: Bool

    /// - Returns: `nil` where no reference of the filer came with it.
    init?(of intake: Intake, key: SymmetricKey) {
        guard let filer = intake.filedBy, intake.filing.clientReference != nil else { return nil }
        filing = Self.code(Mark.filing, filer, intake.statement.canonicalText, key)
        narrative = Self.stored(ofNarrative: intake.filing.narrative, filer: filer, key: key)
        (receivedOn, namesReceivedOn) = (intake.complaint.receivedOn, intake.namesReceivedOn)
    }

    /// What is kept: the digest, and the day of receipt that the filing had.
    ///
    /// The day is no part of the digest, since it may be left out: then it is the day on which the filing was sent, and the same
    /// sent again on another day is the same.
    var stored: Data { filing + Self.bytes(of: receivedOn) }

    /// What the worker writes for a filing that has no digest of its own kind.
    static func stored(ofNarrative narrative: String, filer: UUID, key: SymmetricKey) -> Data {
        code(Mark.narrative, filer, narrative.wording, key)
    }

    /// Whether a filing that left this digest says the same; `nil` is one of which nothing is known any more, and says the same.
    func isSame(as stored: Data?) -> Bool {
        switch stored?.first {
        case Mark.narrative where stored?.count == narrative.count: stored == narrative
        case Mark.filing where stored?.count == self.stored.count:
            stored?.prefix(filing.count) == filing
                && (!namesReceivedOn || stored?.suffix(4) == Self.bytes(of: receivedOn))
        default: true
        }
    }

    private static func code(_ mark: UInt8, _ filer: UUID, _ text: String, _ key: SymmetricKey) -> Data {
        Data([mark]) + Data(HMAC<SHA256>.authenticationCode(for: Data("\(filer)|\(text)".utf8), using: key))
    }

    private static func bytes(of day: Day) -> Data {
        withUnsafeBytes(of: Int32(clamping: day.number).bigEndian) { Data($0) }
    }
}

extension Intake {
    /// What the filing says, in one form.
    ///
    /// The day of receipt and the filer's reference are left out: both are compared by themselves. A link is its page
    /// (``SharedLink/page``): who shared it, and from where, is not what is complained of. Names are compared as
    /// they were given, since what the registry makes of them changes with the registry.
    var statement: JSON {
        let identity = sealed.identity
        let link = linkPage ?? sealed.linkText?.wording
        let respondent: [String: JSON] =
            if let name = filing.respondentName {
                ["name": .string(name.wording.folded)]
            } else if let platform = complaint.respondent.platform {
                ["platform": .string(platform)]
            } else {
                ["company": .text(complaint.respondent.company)]
            }
        let members: [String: JSON] = [
            "campaign": .string(campaign), "kind": .string(complaint.kind.rawValue),
            "category": .text(complaint.category), "scenario": .text(complaint.scenario),
            "respondent": .object(respondent), "narrative": .string(filing.narrative.wording),
            "remedy_sought": .text(filing.remedySought?.wording), "scene": .text(filing.scene),
            "manner": .text(filing.manner), "link": .text(link), "passphrase": .text(sealed.passphrase),
            "control_text": .text(sealed.controlText?.wording), "merchant": .text(filing.merchant?.wording.folded),
            "method": .text(filing.methodName?.wording.folded), "language": .text(filing.language?.folded),
            "occurred_on": .text(filing.occurredOn?.description),
            "app_version": .text(filing.appVersion?.wording.folded),
            "os": .text(filing.os?.wording.folded), "region": .text(filing.region),
            "account_type": .text(filing.accountType?.wording.folded),
            "complainant": .text(filing.complainantKind), "age_band": .text(filing.ageBand),
            "name": .text(identity?.name?.wording.folded), "phone": .text(identity?.phoneKey ?? identity?.phone),
            "email": .text(identity?.emailKey ?? identity?.email), "disclose_identity": .bool(filing.disclosesIdentity),
            "publish_narrative": .bool(filing.publishesNarrative),
            "privacy_notice": .text(filing.privacyNotice?.wording),
        ]
        return .object(members)
    }
}

extension JSON {
    fileprivate static func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}
