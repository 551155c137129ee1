import Casework

/// What the product's own codes are called, in three languages.
///
/// Those of a campaign (categories, grounds, scenes) come with it. The Chinese and Vietnamese here are ours.
enum Terms {
    private static let table = parsed(
        """
        status:received | Received | 已收到 | Đã nhận
        status:needs_information | Needs information | 待补充材料 | Cần bổ sung
        status:accepted | Accepted | 已受理 | Đã thụ lý
        status:forwarded | Forwarded to the company | 已转交企业 | Đã chuyển doanh nghiệp
        status:responded | Answered by the company | 企业已答复 | Doanh nghiệp đã trả lời
        status:closed | Closed | 已办结 | Đã kết thúc
        status:refused | Refused | 不予受理 | Từ chối
        status:withdrawn | Withdrawn | 已撤回 | Đã rút
        status:referred | Referred | 已移送 | Đã chuyển cơ quan khác
        status:duplicate | Duplicate | 重复 | Trùng lặp
        reached:received | Received | 收到 | Nhận
        reached:accepted | Ever accepted | 曾受理 | Từng thụ lý
        reached:forwarded | Ever forwarded | 曾转交企业 | Từng chuyển doanh nghiệp
        reached:responded | Ever answered by the company | 企业曾答复 | Doanh nghiệp từng trả lời
        reached:closed | Ever closed | 曾办结 | Từng kết thúc
        outcome:remediated | Remediated | 已整改 | Đã khắc phục
        outcome:explained | Explained | 已作出说明 | Đã giải thích
        outcome:justified_restriction | Justified restriction | 限制有正当理由 | Hạn chế chính đáng
        outcome:unsubstantiated | Not substantiated | 未查实 | Không xác minh được
        outcome:enforced | Enforced | 依法处置 | Đã xử lý theo luật
        confirmation:fixed | Fixed | 已解决 | Đã giải quyết
        confirmation:not_fixed | Not fixed | 未解决 | Chưa giải quyết
        rating:1 | 1 of 5 | 1分（满分5分） | 1 trên 5
        rating:2 | 2 of 5 | 2分（满分5分） | 2 trên 5
        rating:3 | 3 of 5 | 3分（满分5分） | 3 trên 5
        rating:4 | 4 of 5 | 4分（满分5分） | 4 trên 5
        rating:5 | 5 of 5 | 5分（满分5分） | 5 trên 5
        kind:blocked_link | Blocked link | 屏蔽链接 | Chặn liên kết
        kind:refused_payment | Refused payment | 拒绝支付方式 | Từ chối thanh toán
        kind:practice | Practice | 其他行为 | Hành vi khác
        kind:other | Other | 其他 | Khác
        channel:public | Public | 公众提交 | Công chúng
        channel:officer | Entered by an officer | 人员录入 | Cán bộ nhập
        channel:filer | Filed by an organisation | 机构代交 | Tổ chức nộp
        category:none | Not yet categorised | 未定类别 | Chưa phân loại
        scenario:none | No scenario | 未定情形 | Chưa rõ tình huống
        region:none | No region given | 未填地区 | Không ghi vùng
        deadline:acceptance | Decision on acceptance | 受理决定 | Quyết định thụ lý
        deadline:company_reply | Company's reply | 企业答复 | Doanh nghiệp trả lời
        deadline:answer | Answer to the complainant | 答复投诉人 | Trả lời người khiếu nại
        step:acceptance | Received to accepted | 收到至受理 | Nhận đến thụ lý
        step:forwarding | Accepted to forwarded | 受理至转交 | Thụ lý đến chuyển
        step:reply | Forwarded to answered | 转交至答复 | Chuyển đến trả lời
        step:closing | Received to closed | 收到至办结 | Nhận đến kết thúc
        step:confirmation | Barrier: recorded to confirmed | 障碍：登记至核实 | Rào cản: ghi nhận đến xác nhận
        step:ordering | Barrier: confirmed to ordered | 障碍：核实至责令 | Rào cản: xác nhận đến ra lệnh
        step:claim | Barrier: ordered to claimed | 障碍：责令至企业称已整改 | Rào cản: ra lệnh đến báo đã sửa
        step:proof | Barrier: claimed to verified | 障碍：称已整改至验证 | Rào cản: báo đã sửa đến kiểm chứng
        remediation:alleged | Alleged | 线索 | Bị tố
        remediation:confirmed | Confirmed | 已核实 | Đã xác nhận
        remediation:ordered | Ordered | 已责令 | Đã ra lệnh
        remediation:committed | Committed | 已承诺 | Đã cam kết
        remediation:in_progress | In progress | 整改中 | Đang khắc phục
        remediation:pending_counterparty | Waiting for the other side | 等待对方 | Chờ bên kia
        remediation:claimed | Claimed | 企业称已整改 | Tự báo đã sửa
        remediation:partially_verified | Partly verified | 部分验证 | Kiểm chứng một phần
        remediation:verified | Verified | 已验证 | Đã kiểm chứng
        remediation:dismissed | Dismissed | 已排除 | Đã loại
        remediation:justified | Justified | 有正当理由 | Chính đáng
        observed:unobserved | Never observed | 未观测 | Chưa quan sát
        observed:blocked | Blocked | 被屏蔽 | Bị chặn
        observed:extra_step | Extra step | 需额外操作 | Phải thêm bước
        observed:partly_open | Partly open | 部分开放 | Mở một phần
        observed:open | Open | 开放 | Mở
        answer:yes | Yes | 是 | Có
        answer:no | No | 否 | Không
        line:kept | Kept | 达标 | Đạt
        line:below | Below 95 % | 低于95% | Dưới 95 %
        line:too_few | Too few answers | 样本过少 | Quá ít
        funnel:ledger | In the ledger | 台账内 | Trong sổ
        funnel:confirmed | Ever confirmed | 曾核实 | Từng xác nhận
        funnel:ordered | Ever under an order | 曾责令 | Từng bị ra lệnh
        funnel:committed | Ever under an undertaking | 企业曾作出承诺 | Doanh nghiệp từng cam kết
        funnel:claimed | Ever claimed | 企业曾称已整改 | Từng báo đã sửa
        funnel:verified | Ever verified | 曾验证 | Từng kiểm chứng
        funnel:verified_now | Verified now | 当前已验证 | Hiện đã kiểm chứng
        funnel:regressed | Came back after proof | 验证后复发 | Tái diễn sau kiểm chứng
        funnel:justified_now | Justified now | 当前有正当理由 | Hiện chính đáng
        funnel:dismissed_now | Dismissed now | 当前已排除 | Hiện đã loại
        order:issued | Issued | 已发出 | Đã ban hành
        order:served | Served | 已送达 | Đã tống đạt
        order:acknowledged | Acknowledged | 已签收 | Đã xác nhận nhận
        order:breached | Breached | 逾期未改 | Vi phạm
        order:complied | Complied with | 已履行 | Đã chấp hành
        order:rescinded | Rescinded | 已撤销 | Đã hủy
        enforcement:orders | Orders issued | 发出责令 | Lệnh đã ban hành
        enforcement:companies | Companies under an order | 被责令企业 | Doanh nghiệp bị ra lệnh
        enforcement:breached | Orders ever breached | 曾逾期的责令 | Lệnh từng bị vi phạm
        enforcement:escalated | Orders escalated | 升级处置的责令 | Lệnh đã nâng bậc
        enforcement:complied | Orders complied with | 已履行的责令 | Lệnh đã chấp hành
        enforcement:referred | Complaints referred | 移送的投诉 | Khiếu nại chuyển cơ quan khác
        enforcement:enforced | Complaints closed by enforcement | 依法处置办结的投诉 | Khiếu nại xử lý theo luật
        """)

    static func word(_ code: String) -> Words {
        table[code] ?? Words(en: String(code.drop { $0 != ":" }.dropFirst()), zh: code)
    }

    /// A region by its code of ISO 3166-2; unknown ones are called by their code.
    static func region(_ code: String) -> Words {
        Region.name(of: code).map { Words(en: $0.en, zh: $0.zh) } ?? Words(en: code, zh: code)
    }

    /// Lines of `code | English | Chinese | Vietnamese`; where the last is left out it is as the English.
    static func parsed(_ text: String) -> [String: Words] {
        text.split(separator: "\n").reduce(into: [:]) { words, line in
            let parts = line.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmed }
            guard parts.count >= 3 else { return }
            words[parts[0]] = Words(en: parts[1], zh: parts[2], vi: parts.count > 3 ? parts[3] : nil)
        }
    }
}

extension Substring {
    var trimmed: String {
        let spaces: Set<Character> = [" ", "\n", "\t"]
        return String(drop { spaces.contains($0) }.reversed().drop { spaces.contains($0) }.reversed())
    }
}
