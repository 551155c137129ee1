import Foundation

extension Campaign {
    /// Reads a campaign file, and checks that its parts fit each other.
    init(reading reader: ObjectReader) {
        func labels(_ name: String, isRequired: Bool = true) -> [Label] {
            let labels = reader.objects(name, limit: 500).map { reader in
                defer { reader.finish() }
                return Label(reading: reader)
            }
            if labels.isEmpty, isRequired { reader.fault(name, "missing", "needs at least one entry") }
            for (index, label) in labels.enumerated() where labels[..<index].contains(where: { $0.code == label.code })
            {
                reader.faults.add("\(reader.place(name))/\(index)/code", "duplicate", "“\(label.code)” stands twice")
            }
            return labels
        }
        func pairs(_ name: String) -> [String: String] {
            guard let pairs = reader.object(name) else { return [:] }
            defer { pairs.finish() }
            return Dictionary(uniqueKeysWithValues: pairs.names.map { ($0, pairs.requiredText($0, limit: 60)) })
        }
        if !reader.has("campaign") { reader.fault("campaign", "missing", "is required") }
        let head =
            reader.object("campaign") ?? ObjectReader(.object([:]), at: reader.place("campaign"), faults: FaultList())
        let name = head.object("name") ?? ObjectReader(.object([:]), at: head.place("name"), faults: reader.faults)
        let code = head.requiredName("code")
        self.init(
            code: code, prefix: head.requiredText("prefix", limit: 8),
            name: Label(
                code: code, zh: name.requiredText("zh", limit: 200), en: name.requiredText("en", limit: 200),
                vi: name.requiredText("vi", limit: 200), official: true),
            authority: head.requiredName("authority"), timeZone: head.requiredText("time_zone", limit: 60),
            calendarRegion: head.requiredText("calendar_region", limit: 10),
            launchedOn: head.requiredDay("launched_on"), plannedEndOn: head.day("planned_end_on"),
            categories: labels("categories"), scenarios: [], linkScenes: labels("link_scenes"),
            paymentScenes: labels("payment_scenes"), blockKinds: labels("block_kinds"),
            refusalKinds: labels("refusal_kinds"), refusalGrounds: labels("refusal_grounds"),
            informationGaps: labels("information_gaps"), justificationGrounds: labels("justification_grounds"),
            referralAgencies: labels("referral_agencies"), ladder: labels("ladder"),
            rules: reader.objects("deadline_rules").map(DeadlineRule.init(reading:)), deadlines: pairs("deadlines"),
            quorum: Quorum(reading: reader.object("quorum"), in: reader),
            reopenDays: reader.int("reopen_days", in: 0...3650) ?? 90,
            silentAfterDays: reader.int("silent_after_days", in: 1...365) ?? 15,
            onePersonUnseals: reader.bool("one_person_unseals"),
            retention: reader.has("retention")
                ? reader.objects("retention", limit: 50).map(RetentionRule.init(reading:)) : nil,
            standardTests: labels("standard_tests", isRequired: false), categoryOfKind: pairs("category_of_kind"))
        for child in [head, name] { child.finish() }
        readScenarios(reader)
        checkParts(reader, head)
        reader.finish()
    }

    private mutating func readScenarios(_ reader: ObjectReader) {
        scenarios = reader.objects("scenarios", limit: 500).map { scenario in
            defer { scenario.finish() }
            let category = scenario.requiredText("category", limit: 60)
            if !categories.contains(where: { $0.code == category }) {
                scenario.fault("category", "unknown_code", "“\(category)” is no category of this campaign")
            }
            return Scenario(label: Label(reading: scenario), category: category)
        }
    }

    private func checkParts(_ reader: ObjectReader, _ head: ObjectReader) {
        if TimeZone(identifier: timeZone) == nil {
            head.fault("time_zone", "unknown_code", "“\(timeZone)” is no time zone, such as Asia/Shanghai")
        }
        if prefix.wholeMatch(of: /[A-Z][A-Z0-9]{1,7}/) == nil {
            head.fault("prefix", "bad_code", "has to be a capital letter and one to seven capitals or digits")
        }
        for purpose in Deadline.Purpose.ofComplaints where rule(for: purpose, on: launchedOn) == nil {
            reader.faults.add(
                "\(reader.place("deadlines"))/\(purpose.rawValue)", "unknown_code",
                "has to name a rule that is in force on \(launchedOn)")
        }
        for (kind, category) in categoryOfKind where !categories.contains(where: { $0.code == category }) {
            reader.faults.add(
                "\(reader.place("category_of_kind"))/\(kind)", "unknown_code", "“\(category)” is no category")
        }
    }
}

extension Campaign.Quorum {
    fileprivate init(reading reader: ObjectReader?, in parent: ObjectReader) {
        guard let reader else {
            parent.fault("quorum", "missing", "is required, with observations and stale_after_days")
            self.init()
            return
        }
        self.init(
            observations: reader.requiredInt("observations", in: 1...20),
            proofs: reader.int("proofs", in: 0...20) ?? 1, independentBy: reader.differences("independent_by"),
            staleAfterDays: reader.requiredInt("stale_after_days", in: 1...365),
            reviewAfterComplaints: reader.int("review_after_complaints", in: 1...1000) ?? 3)
        if proofs > observations {
            reader.fault("proofs", "out_of_range", "may not be more than observations, which is \(observations)")
        }
        reader.finish()
    }
}

extension ObjectReader {
    /// What tells observations apart; left out, everything that can.
    fileprivate func differences(_ name: String) -> [Campaign.Quorum.Difference] {
        guard has(name) else { return Campaign.Quorum.Difference.allCases }
        let known = Campaign.Quorum.Difference.allCases.map(\.rawValue)
        let texts = texts(name, limit: known.count)
        for (index, text) in texts.enumerated() where !known.contains(text) {
            faults.add(
                "\(place(name))/\(index)", "unknown_code",
                "“\(text)” is not known; known: \(known.joined(separator: ", "))")
        }
        if texts.isEmpty { fault(name, "missing", "has to name at least one of \(known.joined(separator: ", "))") }
        return texts.compactMap(Campaign.Quorum.Difference.init)
    }
}
