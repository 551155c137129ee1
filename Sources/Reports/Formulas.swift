extension Figures {
    /// How each figure is worked out.
    ///
    /// “Received” means: filed, and received by the end of the day; everything else is as it held at the end of the day.
    static let formulas = Terms.parsed(
        """
        *.what | What is counted | 统计项目 | Mục được đếm
        *.period | Complaints received in the period | 本期收到的投诉数 | Khiếu nại nhận trong kỳ
        *.previous | Complaints received in as many whole months before, where the period is whole calendar months; else in as many days directly before it | 本期为若干整月时，取此前相同月数内收到的投诉数；否则取此前相同天数内收到的投诉数 | Khiếu nại nhận trong số tháng tròn bằng kỳ này, liền trước, nếu kỳ là các tháng tròn; nếu không, trong số ngày bằng kỳ này, liền trước
        *.change | (period − before) ÷ before; n/a where before is 0 | （本期－上期）÷上期；上期为0时不适用 | (kỳ này − kỳ trước) ÷ kỳ trước; n/a nếu kỳ trước là 0
        *.last_year | Complaints received in the same months of the year before, to their last day, where the period is whole calendar months; else on the same days of the year before | 本期为若干整月时，取上年相同月份（至月末）收到的投诉数；否则取上年同一日期范围内收到的投诉数 | Khiếu nại nhận trong cùng các tháng năm trước, đến ngày cuối tháng, nếu kỳ là các tháng tròn; nếu không, trong cùng các ngày năm trước
        *.year_change | (period − year before) ÷ year before; n/a where that is 0 | （本期－上年同期）÷上年同期；为0时不适用 | (kỳ này − cùng kỳ) ÷ cùng kỳ; n/a nếu bằng 0
        *.cumulative | Complaints received since the campaign began | 行动开始以来收到的投诉数 | Khiếu nại nhận từ khi bắt đầu
        *.share | Number of the line ÷ sum of the lines; rounded by largest remainder, so that a table adds to 100.0 | 本行数量÷各行之和；按最大余数法取整，合计100.0 | Số của dòng ÷ tổng các dòng; làm tròn theo số dư lớn nhất, cộng đủ 100,0
        intake.week.week | The Monday of the week; weeks without a complaint are left out | 该周的星期一；无投诉的周不列 | Thứ Hai của tuần; tuần không có khiếu nại bị bỏ
        intake.week.count | Complaints received in the week | 该周收到的投诉数 | Khiếu nại nhận trong tuần
        handling.funnel.count | Complaints that were ever in the state; one that was closed may not have been forwarded | 曾处于该状态的投诉数；办结者未必曾转交 | Khiếu nại từng ở trạng thái này
        handling.funnel.share | Number ÷ complaints received | 数量÷收到的投诉数 | Số lượng ÷ số khiếu nại nhận
        handling.status.count | Complaints in this status at the end of the day | 日终处于该状态的投诉数 | Khiếu nại ở trạng thái này cuối ngày
        handling.refusal.count | Complaints that stand refused on this ground | 以该理由不予受理的投诉数 | Khiếu nại bị từ chối vì lý do này
        handling.outcome.count | Complaints that stand closed with this outcome | 以该结果办结的投诉数 | Khiếu nại kết thúc với kết quả này
        handling.confirmation.count | Endings of which a complainant said whether it is fixed, each ending and each complainant counted; the last word counts | 投诉人作出确认或否认的办结，按每次办结和每位投诉人计数，以最后一次为准 | Lần kết thúc được người khiếu nại xác nhận hoặc bác bỏ, tính theo từng lần và từng người; lời cuối được tính
        handling.rating.count | Endings that a complainant rated, each ending and each complainant counted; the last rating counts | 投诉人评分的办结，按每次办结和每位投诉人计数，以最后一次为准 | Lần kết thúc được chấm điểm, tính theo từng lần và từng người; điểm cuối được tính
        *.in_time | Runs of the limit that were met on or before the due day; a reopening starts another run, and a merged complaint brings its own | 在到期日或之前完成的办理时限（次）；重新受理另起一次，并入的投诉带来其原有时限 | Lượt thời hạn hoàn thành đúng hạn; mở lại là một lượt mới, khiếu nại được gộp mang theo lượt của nó
        *.late | Runs that were met after the due day, or ended after it was missed: what was missed stays missed | 到期日之后完成，或逾期后终止的办理时限（次）；已逾期的不因其后的处理而改变 | Lượt hoàn thành sau hạn, hoặc chấm dứt sau khi đã quá hạn; đã quá hạn thì không đổi lại được
        *.open | Runs that are owed and not past the due day | 尚在办理且未到期的办理时限（次） | Lượt đang chạy, chưa quá hạn
        companies.open | Runs of the company's reply that are owed and not past the due day | 企业答复时限中未到期者（次） | Lượt trả lời của doanh nghiệp đang chạy, chưa quá hạn
        *.overdue | Runs that are owed and past the due day | 已过到期日仍未完成的办理时限（次） | Lượt quá hạn chưa xong
        *.timely | In time ÷ (in time + late + open and late), counted by run; what is paused or not yet due does not count | 按时÷（按时＋逾时办理＋逾期未办），按次计；暂停及未到期者不计 | Đúng hạn ÷ (đúng hạn + trễ + quá hạn chưa xong), tính theo lượt; lượt tạm dừng hoặc chưa đến hạn không tính
        *.back_entered | Runs with a pause or more time that a supervisor entered after the fact | 由负责人事后补录暂停或延期的办理时限（次） | Lượt có tạm dừng hoặc gia hạn do người phụ trách nhập bổ sung sau
        steps.count | Cases that took the step | 完成该环节的案件数 | Số vụ đã qua bước này
        steps.median | Working days of the campaign's calendar, the first day not counted; the smallest number that half do not exceed | 按行动日历的工作日，起始日不计；半数不超过的最小值 | Ngày làm việc, không tính ngày đầu; số nhỏ nhất mà một nửa không vượt
        steps.p90 | As the median, for nine in ten | 同中位数，取九成 | Như trung vị, cho chín phần mười
        companies.growing | Yes where at least 10 came in the period and period − before > 2 × √(period + before) | 本期不少于10件且本期－上期＞2×√（本期＋上期）为“是” | Có nếu kỳ này ≥ 10 và tăng hơn 2 × √(kỳ này + kỳ trước)
        companies.line | Timely against 95 %; too few where fewer than 10 answers are decided | 及时率与95%比较；已决答复少于10件为“样本过少” | Tỷ lệ đúng hạn so với 95 %; quá ít nếu dưới 10
        *.accepted | Complaints ever accepted that are about the company now | 现归该企业且曾受理的投诉数 | Khiếu nại từng thụ lý về doanh nghiệp này
        *.closed | Complaints that stand closed | 已办结的投诉数 | Khiếu nại đã kết thúc
        companies.outcome.count | Complaints about the company that are closed with this outcome | 现归该企业并以该结果办结的投诉数 | Khiếu nại về doanh nghiệp này kết thúc với kết quả này
        *.barriers | Barriers of platforms that the company runs on the day; never added to complaints | 当日由该企业运营的平台的障碍数；不与投诉数相加 | Rào cản của nền tảng doanh nghiệp vận hành
        *.open_barriers | Those of them that are neither verified, dismissed nor justified | 其中未验证、未排除且无正当理由者 | Trong đó chưa kiểm chứng, chưa loại, không chính đáng
        *.complaints | Accepted complaints that attest the barrier | 证明该障碍的已受理投诉数 | Khiếu nại đã thụ lý về rào cản này
        *.before | The state at the end of the day before the period | 本期前一日日终的状态 | Trạng thái cuối ngày trước kỳ
        *.coverage | What the company or the verifier gave as opened, in percent; for groups the median of those stated | 企业或核验者给出的开放比例（%）；分组时取已给出者的中位数 | Phần đã mở (%); theo nhóm là trung vị
        *.stale | Yes where the latest observation is older than the campaign's limit at the end of the day | 最近一次观测超过行动规定天数为“是” | Có nếu quan sát gần nhất quá hạn
        observations.stale | Barriers whose latest observation is older than the campaign's limit | 最近观测已超过规定天数的障碍数 | Rào cản có quan sát đã cũ
        remediation.funnel.count | Barriers that were ever at the point, or are now where it says so; “under an undertaking”: the company undertook to remove it; “claimed”: the company said that it was gone | 曾到达该环节（或当前处于该状态）的障碍数；“作出承诺”指企业承诺解除，“称已整改”指企业声称已解除 | Rào cản từng tới điểm này (hoặc hiện ở trạng thái được nêu); cam kết là doanh nghiệp đã hứa gỡ bỏ, tự báo là doanh nghiệp nói đã gỡ
        remediation.funnel.share | Number ÷ barriers in the ledger | 数量÷台账内障碍数 | Số lượng ÷ số rào cản trong sổ
        *.ledger | Barriers in the ledger at the end of the day | 日终台账内的障碍数 | Rào cản trong sổ cuối ngày
        remediation.scene.open | Barriers that are neither verified, dismissed nor justified | 未验证、未排除且无正当理由的障碍数 | Rào cản chưa kiểm chứng, chưa loại, không chính đáng
        *.claimed | Barriers in the state “claimed”: the company says that they are gone, and nothing is verified yet; partly verified barriers do not count | 当前为“企业称已整改”的障碍数；部分验证者不计入 | Rào cản đang ở trạng thái tự báo đã sửa; không gồm rào cản đã kiểm chứng một phần
        *.verified | Barriers that stand verified | 当前已验证的障碍数 | Rào cản đã kiểm chứng
        *.verified_share | Verified ÷ in the ledger | 已验证÷台账内 | Đã kiểm chứng ÷ trong sổ
        *.claims | How often a barrier entered the state “claimed”, also from “partly verified” | 障碍进入“企业称已整改”状态的次数，含由部分验证再次进入 | Số lần rào cản chuyển sang trạng thái tự báo đã sửa, kể cả từ kiểm chứng một phần
        *.proved | Claims that were the last before the barrier was verified; “partly verified” is no proof | 障碍获得验证前最后一次声称的次数；部分验证不算证实 | Lần tự báo cuối cùng trước khi rào cản được kiểm chứng; kiểm chứng một phần chưa phải chứng minh
        *.false | Claims refuted by an observation that says blocked | 被“仍屏蔽”的观测推翻的声称次数 | Lần tự báo bị quan sát bác bỏ
        *.false_rate | Proved false ÷ claims | 不实÷声称次数 | Sai ÷ số lần tự báo
        *.unproved | Claims − proved − proved false, at least 0 | 声称－已证实－不实，不小于0 | Tự báo − chứng minh − sai, ít nhất 0
        *.gap | Working days from claim to proof; the smallest number that half of the proved do not exceed | 自声称至证实的工作日，取中位数 | Ngày làm việc từ báo đến chứng minh, trung vị
        waits.barriers | Barriers that wait for the company | 等待该企业的障碍数 | Rào cản đang chờ doanh nghiệp này
        waits.longest | Calendar days since the longest wait began | 最长等待的日历天数 | Số ngày lịch chờ lâu nhất
        *.first_open | Open barriers of the first company's platforms against the second's | 甲方平台对乙方未解除的障碍数 | Rào cản còn của A với B
        *.first_verified | Verified barriers of the first company's platforms against the second's | 甲方平台对乙方已验证的障碍数 | Rào cản đã kiểm chứng của A với B
        *.second_open | The same the other way round | 反向同前 | Ngược lại
        *.second_verified | The same the other way round | 反向同前 | Ngược lại
        observations.count | Barriers in the ledger whose latest observation by the end of the day has this result; “never observed” are those without one | 截至日终最近一次观测为该结果的台账内障碍数；从未观测者单列 | Rào cản trong sổ mà lần quan sát gần nhất đến cuối ngày cho kết quả này; chưa từng quan sát là một dòng riêng
        orders.count | Orders in this status at the end of the day, each counted once | 日终处于该状态的责令数，每份计一次 | Số lệnh ở trạng thái này cuối ngày, mỗi lệnh tính một lần
        orders.overdue | Orders not ended whose last due day is past | 未终结且最晚期限已过的责令数 | Lệnh chưa kết thúc đã quá hạn
        orders.ladder.count | Orders whose highest rung this is | 最高阶梯为此级的责令数 | Lệnh có bậc cao nhất là đây
        enforcement.count | Since the campaign began: orders issued; companies to which one was issued; orders that were ever breached, that ever had more than one rung, and that are complied with at the end of the day; complaints that are referred, and complaints that are closed with the outcome “enforced”, at the end of the day | 行动开始以来：发出的责令；被责令的企业；曾逾期的责令；曾升级（经历一级以上）的责令；当前已履行的责令；当前已移送的投诉；以依法处置办结的投诉 | Từ khi bắt đầu: lệnh đã ban hành; doanh nghiệp bị ra lệnh; lệnh từng bị vi phạm; lệnh từng qua hơn một bậc; lệnh hiện đã chấp hành; khiếu nại hiện đã chuyển cơ quan khác; khiếu nại kết thúc với kết quả xử lý theo luật
        overdue.days_late | Calendar days since the due day; at most 200 lines, the longest late first | 自到期日起的日历天数；最多200行，最久者在前 | Số ngày lịch từ hạn; tối đa 200 dòng
        """)

    /// How a figure is worked out, in words; `nil` for what only names a thing.
    static func formula(_ table: String, _ column: String) -> Words? {
        formulas["\(table).\(column)"] ?? formulas["*.\(column)"]
    }
}
