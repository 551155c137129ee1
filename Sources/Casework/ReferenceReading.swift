/// The shapes of the files under `Config/`, entity by entity. What is wrong goes into the reader's faults.

extension ObjectReader {
    /// A code of ours: lower-case letters, digits and signs.
    func requiredName(_ name: String) -> String {
        let text = requiredText(name, limit: 60)
        if !text.isEmpty, !text.utf8.allSatisfy(Self.isPartOfCode) {
            fault(name, "bad_code", "may hold lower-case letters, digits, “_” and “-” only")
        }
        return text
    }

    private static func isPartOfCode(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    func host(_ host: String, at place: String) -> String {
        let isFine = !host.isEmpty && host.utf8.allSatisfy { Self.isPartOfCode($0) || $0 == UInt8(ascii: ".") }
        if !isFine { faults.add(place, "bad_host", "has to be a domain in lower-case A-labels, such as xn--fiqs8s") }
        return host
    }

    fileprivate func bilingualName() -> (zh: String, en: String) {
        let reader = object("name")
        defer { reader?.finish() }
        if reader == nil { fault("name", "missing", "is required, with zh and en") }
        return (reader?.requiredText("zh", limit: 200) ?? "", reader?.requiredText("en", limit: 200) ?? "")
    }
}

extension Registry.Company {
    init(reading reader: ObjectReader) {
        let names = reader.bilingualName()
        self.init(
            code: reader.requiredName("code"), nameZh: names.zh, nameEn: names.en,
            parent: reader.text("parent", limit: 60), uscc: reader.text("uscc", limit: 18),
            aliases: reader.texts("aliases"))
        if let uscc, !SocialCreditCode.isValid(uscc) {
            reader.fault(
                "uscc", "bad_uscc", "is no unified social credit code: length, letters or check digit are wrong")
        }
        reader.finish()
    }
}

extension Registry.Platform {
    init(reading reader: ObjectReader) {
        let names = reader.bilingualName()
        self.init(
            code: reader.requiredName("code"), nameZh: names.zh, nameEn: names.en, aliases: reader.texts("aliases"),
            hosts: reader.texts("hosts").enumerated().map { reader.host($1, at: "\(reader.place("hosts"))/\($0)") },
            ownership: reader.objects("ownership").map(Registry.Ownership.init(reading:)))
        if ownership.isEmpty { reader.fault("ownership", "missing", "has to name the owner") }
        reader.finish()
    }
}

extension Registry.Ownership {
    init(reading reader: ObjectReader) {
        self.init(company: reader.requiredName("company"), from: reader.day("from"), to: reader.day("to"))
        if let from, let to, to <= from { reader.fault("to", "out_of_range", "has to be after “from”") }
        reader.finish()
    }
}

extension Registry.SharedHost {
    init(reading reader: ObjectReader) {
        self.init(
            host: reader.host(reader.requiredText("host", limit: 253), at: reader.place("host")),
            company: reader.text("company", limit: 60))
        reader.finish()
    }
}

extension Registry.Interstitial {
    init(reading reader: ObjectReader) {
        self.init(
            host: reader.host(reader.requiredText("host", limit: 253), at: reader.place("host")),
            pathPrefix: reader.requiredText("path_prefix", limit: 200),
            parameter: reader.text("parameter", limit: 60), platform: reader.text("platform", limit: 60))
        reader.finish()
    }
}

extension Registry.LinkRule {
    init(reading reader: ObjectReader) {
        self.init(
            code: reader.requiredName("code"), places: reader.texts("places", limit: 100),
            dropped: reader.texts("dropped", limit: 500), kept: reader.texts("kept", limit: 500))
        for (index, place) in places.enumerated() {
            _ = reader.host(String(place.prefix { $0 != "/" }), at: "\(reader.place("places"))/\(index)")
        }
        for (list, names) in [("dropped", dropped), ("kept", kept)] {
            for (index, name) in names.enumerated() where !Self.isPattern(name) {
                reader.faults.add(
                    "\(reader.place(list))/\(index)", "bad_name",
                    "has to be a parameter's name in visible ASCII, with “*” only at its ends, such as utm_*")
            }
        }
        if dropped.isEmpty && kept.isEmpty {
            reader.fault("dropped", "missing", "has to name parameters, unless “kept” does")
        }
        reader.finish()
    }

    private static func isPattern(_ name: String) -> Bool {
        let inner = name.dropFirst(name.hasPrefix("*") ? 1 : 0).dropLast(name.hasSuffix("*") ? 1 : 0)
        return !inner.isEmpty && inner.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"*?&#%".utf8.contains($0) }
    }
}

extension Registry.PaymentMethod {
    init(reading reader: ObjectReader) {
        let names = reader.bilingualName()
        self.init(
            code: reader.requiredName("code"), nameZh: names.zh, nameEn: names.en, aliases: reader.texts("aliases"),
            company: reader.requiredName("company"), kind: reader.requiredCode("kind") ?? .wallet)
        reader.finish()
    }
}

extension WorkingCalendar {
    init(reading reader: ObjectReader) {
        let year = reader.requiredInt("year", in: 1949...2200)
        func days(_ name: String) -> Set<Day> {
            var days: Set<Day> = []
            for (index, text) in reader.texts(name, limit: 366).enumerated() {
                let place = "\(reader.place(name))/\(index)"
                guard let day = Day(text) else {
                    reader.faults.add(place, "no_date", "has to be a date that exists, such as 2021-10-01")
                    continue
                }
                // The notice for one year may take a day of the year before into its first holiday.
                if day.year != year && day.year != year - 1 {
                    reader.faults.add(place, "out_of_range", "lies outside \(year)")
                }
                days.insert(day)
            }
            return days
        }
        self.init(
            region: reader.requiredText("region", limit: 10), years: [year], holidays: days("holidays"),
            workdays: days("workdays"))
        for day in holidays.intersection(workdays) {
            reader.fault("workdays", "contradiction", "\(day) is a holiday as well")
        }
        for day in workdays where day.weekday <= 5 {
            reader.fault("workdays", "out_of_range", "\(day) is a weekday, which is worked anyway")
        }
        reader.finish()
    }
}

extension DeadlineRule {
    init(reading reader: ObjectReader) {
        self.init(
            code: reader.requiredName("code"), limit: reader.requiredInt("limit", in: 1...3660),
            unit: reader.requiredCode("unit") ?? .calendarDays,
            rollsIfNonworking: reader.bool("roll_if_nonworking") ?? false,
            basis: reader.requiredText("basis", limit: 500), effectiveFrom: reader.requiredDay("effective_from"),
            effectiveTo: reader.day("effective_to"))
        reader.finish()
    }
}

extension Label {
    init(reading reader: ObjectReader) {
        self.init(
            code: reader.requiredName("code"), zh: reader.requiredText("zh", limit: 200),
            en: reader.requiredText("en", limit: 200), vi: reader.requiredText("vi", limit: 200),
            official: reader.bool("official") ?? false)
    }
}
