public import Casework

/// An order as the letter that goes to the company.
///
/// The words are a template's, in Markdown; what stands between `{{` and `}}` in it is filled in. What people wrote, such as
/// the basis, is shown as they wrote it and read as nothing else.
public struct OrderLetter: Sendable {
    /// The template names something a letter does not have.
    public struct UnknownField: Error, Equatable, CustomStringConvertible {
        public let name: String
        public var description: String { "the template of the letter names “\(name)”, which a letter does not have" }
    }

    private let fields: [String: String]
    /// What has to stand over a letter whose order no longer holds.
    private let notice: String?

    /// - Parameters:
    ///   - order: What is ordered.
    ///   - barriers: The barriers it is about.
    ///   - campaign: In which campaign.
    ///   - directory: The names of companies and platforms.
    ///   - isChinese: Whether names are to be Chinese, else English.
    public init(_ order: Order, barriers: [Barrier], campaign: Campaign, directory: Directory, isChinese: Bool) {
        func label(_ code: String, in labels: [Label]) -> String {
            labels.first { $0.code == code }.map { isChinese ? $0.zh : $0.en } ?? code
        }
        func platform(_ code: String) -> String {
            directory.platform(code).map { isChinese ? $0.nameZh : $0.nameEn } ?? code
        }
        func company(_ code: String) -> String {
            directory.company(code).map { isChinese ? $0.nameZh : $0.nameEn } ?? code
        }
        func words(_ target: Barrier.Target) -> String {
            switch target {
            case .platform(let code): platform(code)
            case .company(let code): company(code)
            case .host(let host): host
            case .method(let code): directory.method(code).map { isChinese ? $0.nameZh : $0.nameEn } ?? code
            case .scenario(let code): label(code, in: campaign.scenarios.map(\.label))
            }
        }
        let lines = order.items.map { item in
            let barrier = barriers.first { $0.number == item.barrier }
            let scenes = barrier?.kind == .refusedPayment ? campaign.paymentScenes : campaign.linkScenes
            let parts = barrier.map { barrier in
                let arrow = "\(platform(barrier.respondentPlatform)) → \(words(barrier.target))"
                let scene = label(barrier.scene, in: scenes)
                return markdown(isChinese ? "\(arrow)（\(scene)）" : "\(arrow) (\(scene))")
            }
            return isChinese
                ? "- 第 \(item.barrier) 号：\(parts ?? "")，限 \(item.deadline.dueOn) 前完成"
                : "- No. \(item.barrier): \(parts ?? ""), to be removed by \(item.deadline.dueOn)"
        }
        switch order.status {
        case .rescinded:
            notice =
                isChinese
                ? "**本令已于 \(order.endedOn ?? order.changedOn) 撤销。**"
                : "**Rescinded on \(order.endedOn ?? order.changedOn).**"
        case .complied:
            notice = isChinese ? "**本令已履行完毕。**" : "**Complied with on \(order.endedOn ?? order.changedOn).**"
        default: notice = nil
        }
        let texts = [
            "campaign": isChinese ? campaign.name.zh : campaign.name.en, "number": String(order.number),
            "prefix": campaign.prefix, "company": company(order.company), "issued_on": order.issuedOn.description,
            "due_on": order.dueOn.description, "rung": label(order.rung, in: campaign.ladder),
            "basis": order.rungs.last?.basis ?? (isChinese ? "本次专项整治行动的要求" : "the rules of the campaign"),
            "count": String(order.items.count),
        ]
        fields = texts.mapValues { markdown($0) }.merging(["barriers": lines.joined(separator: "\n")]) { $1 }
    }

    /// The letter.
    ///
    /// - Parameter template: Text with fields such as `{{company}}`.
    /// - Returns: The text with the fields filled in.
    /// - Throws: ``UnknownField``.
    public func text(template: String) throws(UnknownField) -> String {
        var text = notice.map { $0 + "\n\n" } ?? ""
        var rest = template[...]
        while let opening = rest.firstRange(of: "{{"), let closing = rest.firstRange(of: "}}") {
            let name = String(rest[opening.upperBound..<closing.lowerBound])
            guard let value = fields[name] else { throw UnknownField(name: name) }
            text += rest[..<opening.lowerBound] + value
            rest = rest[closing.upperBound...]
        }
        return text + rest
    }
}
