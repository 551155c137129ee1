import Casework
import Foundation

/// Random numbers that are the same for the same seed (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    /// One of the items, the first far more often than the last: half as likely at the second place, a third at the
    /// third, and so on.
    mutating func skewed<Item>(_ items: [Item]) -> Item {
        let weights = items.indices.map { 1 / Double($0 + 1) }
        var point = Double.random(in: 0..<weights.reduce(0, +), using: &self)
        for (item, weight) in zip(items, weights) {
            point -= weight
            if point < 0 { return item }
        }
        return items[items.count - 1]
    }

    mutating func id() -> UUID {
        var id = UUID().uuid
        withUnsafeMutableBytes(of: &id) { bytes in
            for index in bytes.indices { bytes[index] = UInt8.random(in: 0...255, using: &self) }
        }
        return UUID(uuid: id)
    }

    mutating func bytes(_ count: Int) -> Data { Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }) }
}

/// An invented complaint with everything that happened to it by the rules.
struct GeneratedStory {
    var complaint: Complaint
    var filing: Filing
    var channel: Channel
    /// What happened, each with the complaint after it; filing is the first.
    var steps: [(event: Event, state: Complaint)]

    private static let respondents = [
        "wechat", "taobao", "douyin", "weibo", "qq", "pinduoduo", "meituan", "kuaishou", "tmall", "xiaohongshu",
        "jd", "eleme", "baidu", "bilibili", "alipay", "zhihu", "didi", "netease_music",
    ]
    private static let targets = [
        "taobao", "douyin", "tmall", "pinduoduo", "jd", "weibo", "feishu", "kuaishou", "bilibili", "xianyu",
        "xiaohongshu", "dingtalk", "netease_music", "zhihu",
    ]
    private static let methods = ["wechat_pay", "alipay", "unionpay_quickpass", "unionpay_card"]
    private static let regions = [
        "CN-GD", "CN-ZJ", "CN-BJ", "CN-SH", "CN-JS", "CN-SC", "CN-SD", "CN-HB", "CN-HN", "CN-FJ", "CN-HA", "CN-SN",
    ]

    /// One story; the same for the same seed and number.
    init(seed: UInt64, number: Int, rules: Complaint.Rules, directory: Directory, officers: [UUID]) {
        var random = SeededRandom(seed: seed &* 1_000_003 &+ UInt64(number))
        let campaign = rules.campaign
        let kind: Campaign.Kind = random.chance(70) ? .blockedLink : random.chance(75) ? .refusedPayment : .other
        // Most come after the platforms were told to open, in September.
        let offset =
            random.chance(45) ? Int.random(in: 45...75, using: &random) : Int.random(in: 0...170, using: &random)
        let day = campaign.launchedOn + offset
        let platform = random.skewed(Self.respondents)
        let (target, scenario) = Self.target(kind, platform, campaign, directory, day, &random)
        filing = Filing(narrative: Self.narrative(kind, platform, target, directory, &random))
        filing.scene = kind == .other ? nil : random.skewed(campaign.scenes(of: kind).map(\.code))
        filing.manner =
            switch kind {
            case .blockedLink: random.skewed(campaign.blockKinds.map(\.code))
            case .refusedPayment: random.skewed(campaign.refusalKinds.map(\.code))
            case .other: nil
            }
        filing.region = random.chance(80) ? random.skewed(Self.regions) : nil
        filing.language = "zh-CN"
        channel = random.chance(85) ? .public : .officer
        let filed = Complaint.received(
            id: random.id(), kind: kind, category: campaign.category(given: nil, scenario: scenario, kind: kind),
            scenario: scenario, respondent: directory.party(platform: platform, on: day), target: target, on: day,
            under: rules)
        complaint = filed
        let event = Event(
            actor: Actor(channel == .public ? .complainant : .officer), action: "file",
            details: ["kind": kind.rawValue, "channel": channel.rawValue], effectiveOn: day)
        steps = [(event, filed)]
        live(rules, officers, &random)
    }

    private static func target(
        _ kind: Campaign.Kind, _ platform: String, _ campaign: Campaign, _ directory: Directory, _ day: Day,
        _ random: inout SeededRandom
    ) -> (Complaint.Target, scenario: String?) {
        switch kind {
        case .blockedLink:
            var code = random.skewed(targets)
            if code == platform { code = "feishu" }
            let company = directory.platform(code)?.company(on: day)
            let host = directory.platform(code)?.hosts.first
            return (Complaint.Target(platform: code, company: company, host: host), nil)
        case .refusedPayment:
            let method = directory.method(random.skewed(methods))
            return (Complaint.Target(company: method?.company, paymentMethod: method?.code), nil)
        case .other:
            let own = campaign.scenarios.filter { $0.category != "market_order" }.map(\.label.code)
            return (Complaint.Target(), random.skewed(own))
        }
    }

    private static let openings = [
        "昨天下午", "朋友在群里", "我在聊天里", "同事给我", "家人一直说", "店铺客服", "这几天", "从上个月开始", "更新到最新版后", "在公司网络下",
    ]
    private static let troubles = [
        "链接点开只有白屏", "提示复制后用浏览器打开", "页面说已停止访问", "要先确认才能继续访问", "分享出去变成一串口令", "卡片变成了纯文字",
        "付款的时候找不到这种支付方式", "收银台把它折叠在最后", "退款退不回原来的钱包", "弹窗怎么也关不掉", "要求重新下载应用", "扫码以后没有反应",
    ]
    private static let wishes = [
        "希望尽快解决。", "请监管部门处理。", "别的应用都可以打开。", "已经联系客服，没有答复。", "请给一个明确的时间表。", "影响了我们小店的生意。", "老人完全不会操作。",
    ]
    private static let rarities = ["直播间的粉丝群", "校园社团报名", "医院挂号小程序", "春节红包页面", "二手房信息", "公益募捐链接"]

    private static func narrative(
        _ kind: Campaign.Kind, _ platform: String, _ target: Complaint.Target, _ directory: Directory,
        _ random: inout SeededRandom
    ) -> String {
        let who = directory.platform(platform)?.nameZh ?? platform
        let what =
            target.platform.flatMap { directory.platform($0)?.nameZh }
            ?? target.paymentMethod.flatMap { directory.method($0)?.nameZh } ?? "页面"
        var text = "\(random.skewed(openings))在\(who)里用\(what)，\(random.skewed(troubles))"
        if random.chance(40) { text += "，\(random.skewed(troubles))" }
        if random.chance(3) { text += "，涉及\(random.skewed(rarities))" }
        if random.chance(30) { text += "，订单号 \(Int.random(in: 100_000...999_999, using: &random))" }
        return text + "。" + random.skewed(wishes)
    }

    /// Lets officers work it: most are taken, many forwarded and answered, some closed; the rest waits.
    private mutating func live(_ rules: Complaint.Rules, _ officers: [UUID], _ random: inout SeededRandom) {
        var day = complaint.receivedOn
        func later(_ limit: Int, _ random: inout SeededRandom) -> Day {
            day + Int.random(in: 0...limit, using: &random)
        }
        if random.chance(8) { take(.setPriority(random.chance(30) ? .urgent : .high), on: day, rules) }
        guard random.chance(90) else { return }
        day = later(7, &random)
        if random.chance(10) {
            return take(.refuse(ground: random.skewed(rules.campaign.refusalGrounds.map(\.code))), on: day, rules)
        }
        if random.chance(6) { take(.requestInformation(gap: "facts_unclear"), on: day, rules) }
        if complaint.status == .needsInformation {
            guard random.chance(60) else { return }
            day = later(12, &random)
            take(.provideInformation, on: day, rules)
        }
        take(.accept(category: complaint.category ?? "user_rights", scenario: nil), on: day, rules)
        if !officers.isEmpty { take(.assign(to: random.skewed(officers)), on: day, rules) }
        guard random.chance(80) else { return }
        day = later(4, &random)
        take(.forward, on: day, rules)
        guard random.chance(78) else { return }
        day = later(16, &random)
        // A company rejects on a legal ground; where the campaign knows none, it does not.
        let ground = rules.campaign.justificationGrounds.first?.code
        let answer: Complaint.Answer = random.skewed(
            ground == nil ? [.accepted, .partial] : [.accepted, .partial, .rejected])
        take(.respond(answer, ground: answer == .rejected ? ground : nil), on: day, rules)
        guard random.chance(70) else { return }
        day = later(20, &random)
        take(.close(random.skewed([.explained, .enforced, .unsubstantiated])), on: day, rules)
    }

    private mutating func take(_ action: Complaint.Action, on day: Day, _ rules: Complaint.Rules) {
        let step = Step(sequence: steps.count + 1, action: action, actor: Actor(.supervisor), on: day)
        // The story is invented: a step that the rules refuse is left out of it.
        guard let event = try? complaint.apply(step, under: rules) else { return }
        steps.append((event, complaint))
    }
}
