/// What each table and each figure means: its name, and how it is worked out.
///
/// `table.column` is the code of a figure; `*.column` is meant where a table has none of its own. Raising
/// ``ProgressReport/currentFigures`` goes with every change here that changes a number.
public enum Figures {
    static let titles = Terms.parsed(
        """
        intake.total | Intake | 收到的投诉 | Tiếp nhận
        intake.category | Intake by category | 按类别 | Theo loại
        intake.scenario | Intake by scenario | 按情形 | Theo tình huống
        intake.kind | Intake by kind | 按性质 | Theo tính chất
        intake.region | Intake by region | 按地区 | Theo vùng
        intake.channel | Intake by channel | 按渠道 | Theo kênh
        intake.week | Intake by week | 按周 | Theo tuần
        handling.funnel | How far complaints have come | 办理进度 | Tiến độ xử lý
        handling.status | Complaints by status | 按状态 | Theo trạng thái
        handling.refusal | Refusals by ground | 不予受理的理由 | Lý do từ chối
        handling.outcome | Closures by outcome | 办结结果 | Kết quả
        handling.confirmation | Whether complainants say that it is fixed | 投诉人对办结的确认 | Người khiếu nại xác nhận
        handling.rating | How complainants rate the handling | 投诉人对办理的评分 | Người khiếu nại chấm điểm
        timeliness | Timeliness | 时限履行 | Đúng hạn
        steps | How long the steps took, of those done | 已完成环节的用时 | Thời gian của các bước đã xong
        companies | Companies | 企业 | Doanh nghiệp
        companies.outcome | Outcomes by company | 各企业办结结果 | Kết quả theo doanh nghiệp
        barriers.links | Blocked links | 屏蔽链接台账 | Liên kết bị chặn
        barriers.payments | Refused payment methods | 拒绝支付方式台账 | Phương thức thanh toán bị từ chối
        barriers.practices | Practices | 其他行为台账 | Hành vi khác
        remediation.funnel | How far barriers have come | 整改进度 | Tiến độ khắc phục
        remediation.scene | Remediation by scene | 按场景的整改情况 | Khắc phục theo bối cảnh
        claims | Claimed and proved | 企业声称与验证 | Tự báo và kiểm chứng
        waits | Who is waited for | 等待对方 | Đang chờ ai
        reciprocity | Pairs of companies | 企业之间的相互屏蔽 | Các cặp doanh nghiệp
        observations | What is seen | 观测情况 | Quan sát
        orders | Orders | 责令 | Lệnh
        orders.ladder | Rungs of the orders | 责令的阶梯 | Bậc của lệnh
        justified | Justified restrictions | 有正当理由的限制 | Hạn chế chính đáng
        enforcement | Enforcement | 处置措施 | Cưỡng chế
        overdue | Overdue | 逾期清单 | Quá hạn
        annex | Annex: not yet rectified | 附件：尚未整改 | Phụ lục: chưa khắc phục
        *.what | Item | 项目 | Mục
        *.period | Period | 本期 | Kỳ này
        *.previous | Before | 上期 | Kỳ trước
        *.change | Change | 环比 | Thay đổi
        *.last_year | Year before | 上年同期 | Cùng kỳ năm trước
        *.year_change | On the year | 同比 | So cùng kỳ
        *.cumulative | All | 累计 | Lũy kế
        *.count | Number | 数量 | Số lượng
        *.share | Share | 占比 | Tỷ lệ
        *.week | Week of | 周（周一） | Tuần từ
        *.in_time | In time | 按时 | Đúng hạn
        *.late | Late | 逾时办理 | Trễ hạn
        *.open | Open in time | 未到期 | Chưa đến hạn
        remediation.scene.open | Open | 未解除 | Còn
        orders.overdue | Overdue | 逾期 | Quá hạn
        *.overdue | Open and late | 逾期未办 | Quá hạn chưa xong
        *.back_entered | Entered after the fact | 事后补录 | Nhập bổ sung
        *.timely | Timely | 及时率 | Tỷ lệ đúng hạn
        *.median | Median, working days | 中位数（工作日） | Trung vị, ngày làm việc
        *.p90 | 90 % within, working days | 九成以内（工作日） | 90 % trong, ngày làm việc
        *.company | Company | 企业 | Doanh nghiệp
        *.growing | Fast-growing | 增长较快 | Tăng nhanh
        *.accepted | Ever accepted | 曾受理 | Từng thụ lý
        *.closed | Closed | 已办结 | Đã kết thúc
        *.line | 95 % line | 95%线 | Mức 95 %
        *.barriers | Barriers | 障碍 | Rào cản
        *.open_barriers | Barriers open | 未解除障碍 | Rào cản còn
        *.number | No. | 编号 | Số
        *.respondent | Respondent | 被投诉平台 | Bên bị khiếu nại
        *.target | Target | 对象 | Đối tượng
        *.scene | Scene | 场景 | Bối cảnh
        *.remediation | Remediation | 整改状态 | Khắc phục
        *.before | At the period's start | 期初状态 | Đầu kỳ
        *.coverage | Coverage | 覆盖率 | Độ phủ
        *.awaited | Waiting for | 等待 | Đang chờ
        *.observed | Observed | 观测 | Quan sát
        *.observed_on | Observed on | 观测日 | Ngày quan sát
        *.stale | Stale | 已过时 | Đã cũ
        *.episode | Episode | 次数 | Lần
        *.complaints | Accepted complaints | 已受理投诉 | Khiếu nại đã thụ lý
        *.kind | Kind | 性质 | Tính chất
        *.ledger | In the ledger | 台账内 | Trong sổ
        *.claimed | Claimed | 称已整改 | Tự báo
        *.verified | Verified | 已验证 | Đã kiểm chứng
        *.verified_share | Verified share | 验证率 | Tỷ lệ kiểm chứng
        *.claims | Claims | 声称次数 | Lần tự báo
        *.proved | Proved | 已证实 | Được chứng minh
        *.false | Proved false | 不实 | Sai sự thật
        *.false_rate | False claims | 不实率 | Tỷ lệ sai
        *.unproved | Not proved | 未证实 | Chưa chứng minh
        *.gap | Median to proof, working days | 证实中位用时（工作日） | Trung vị đến chứng minh, ngày làm việc
        *.waiting | Who waits | 等待方 | Bên chờ
        *.longest | Longest, days | 最长（天） | Lâu nhất, ngày
        *.first | First | 甲方 | Bên A
        *.second | Second | 乙方 | Bên B
        *.first_open | First bars, open | 甲对乙：未解除 | A chặn B: còn
        *.first_verified | First bars, verified | 甲对乙：已验证 | A chặn B: đã kiểm chứng
        *.second_open | Second bars, open | 乙对甲：未解除 | B chặn A: còn
        *.second_verified | Second bars, verified | 乙对甲：已验证 | B chặn A: đã kiểm chứng
        *.ground | Ground | 理由 | Lý do
        *.until | Until | 期限 | Đến
        *.complaint | Complaint | 投诉编号 | Khiếu nại
        *.due | Due | 到期日 | Hạn
        *.days_late | Days late | 逾期天数 | Số ngày trễ
        *.serial | No. | 序号 | STT
        *.app | Application | 应用名称 | Ứng dụng
        *.operator | Developer | 应用开发者 | Nhà phát triển
        *.source | Where | 应用来源 | Nguồn
        *.version | Version | 应用版本 | Phiên bản
        *.problem | Problem | 所涉问题 | Vấn đề
        *.state | State | 状态 | Trạng thái
        """)

    static func title(_ table: String, _ column: String? = nil) -> Words {
        guard let column else { return titles[table] ?? Words(en: table, zh: table) }
        return titles["\(table).\(column)"] ?? titles["*.\(column)"] ?? Words(en: column, zh: column)
    }
}
