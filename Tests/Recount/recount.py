"""Counts every figure of the progress report anew, from plain CSV exports of the database, the slow and simple way.

    recount.py FOLDER KNOWN_AT AS_OF[/FROM] ...

FOLDER holds one CSV a table, as COPY ... TO STDOUT (FORMAT csv, HEADER) writes it. Prints one JSON object: for each pair of
days the tables of the report, each a list of rows of plain values. It shares no code with the product, only the written
meaning of the figures, so that the two can be held against each other. Only Python's own library is needed.
"""

import collections
import csv
import datetime
import json
import pathlib
import sys

DAY = datetime.timedelta(days=1)


def read(folder, name):
    with open(pathlib.Path(folder) / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def day(text):
    return datetime.date.fromisoformat(text) if text else None


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def known(rows, at):
    """What was recorded by then and not yet taken back, in the order in which it took effect."""
    rows = [r for r in rows if moment(r["recorded_at"]) <= at and not (r["retracted_at"] and moment(r["retracted_at"]) <= at)]
    return sorted(rows, key=lambda r: (r.get("effective_from") or r.get("observed_on"), int(r["sequence"])))


def grouped(rows, *names):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[tuple(row[n] for n in names)].append(row)
    return groups


def largest_remainder(counts):
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    tenths = [c * 1000 // total for c in counts]
    order = sorted(range(len(counts)), key=lambda i: (-(counts[i] * 1000 % total), i))
    for i in order[: 1000 - sum(tenths)]:
        tenths[i] += 1
    return tenths


def share(part, whole):
    return [part, whole, (part * 2000 + whole) // (whole * 2) if whole else None]


def change(before, now):
    if before == 0:
        return [before, now, None]
    twice = (now - before) * 2000
    rounded = abs(twice) + before
    return [before, now, (rounded // (before * 2)) * (1 if twice >= 0 else -1)]


def percentile(values, percent):
    values = sorted(values)
    return values[-(-len(values) * percent // 100) - 1] if values else None


STATUSES = "received needs_information accepted forwarded responded closed refused withdrawn referred duplicate".split()
OUTCOMES = "remediated explained justified_restriction unsubstantiated enforced".split()
COUNTED = {"accepted", "forwarded", "responded", "closed"}
RESTING = {"verified", "dismissed", "justified"}


class Recount:
    def __init__(self, folder, known_at, as_of, begin):
        self.at, self.day = moment(known_at), as_of
        self.begin = begin or as_of.replace(day=1)
        # Whole months are compared with as many whole ones, and with the same of the year before; else days with days.
        before = self.begin - ((as_of - self.begin).days + 1) * DAY
        last_year = (self.year_before(self.begin), self.year_before(as_of))
        if self.begin.day == 1 and (as_of + DAY).day == 1:
            months = (as_of.year - self.begin.year) * 12 + as_of.month - self.begin.month + 1
            number = self.begin.year * 12 + self.begin.month - 1 - months
            before = datetime.date(number // 12, number % 12 + 1, 1)
            last_year = (last_year[0], self.year_before(as_of + DAY) - DAY)
        self.periods = {
            "period": (self.begin, as_of),
            "previous": (before, self.begin - DAY),
            "last_year": last_year,
        }
        self.campaign = json.loads((pathlib.Path(folder) / "campaign.json").read_text(encoding="utf-8"))
        region = self.campaign["calendar_region"]
        self.calendar = {day(r["day"]): r["is_working"] for r in read(folder, "calendar_day") if r["region"] == region}
        self.owners = grouped(read(folder, "platform_ownership"), "platform")
        self.methods = {r["code"]: r["company"] for r in read(folder, "payment_method")}
        self.load_complaints(folder)
        self.load_barriers(folder)
        self.load_orders(folder)

    @staticmethod
    def year_before(value):
        try:
            return value.replace(year=value.year - 1)
        except ValueError:
            return value.replace(year=value.year - 1, day=28)

    def working_days(self, start, end):
        count = 0
        while start < end:
            start += DAY
            special = self.calendar.get(start)
            if special == "t" or (special is None and start.isoweekday() <= 5):
                count += 1
        return count

    def owner(self, platform):
        for row in self.owners[(platform,)]:
            begin, end = day(row["valid_from"]), day(row["valid_to"])
            if (begin is None or begin <= self.day) and (end is None or self.day < end):
                return row["company"]
        return None

    # What held at the end of the day.

    def load_complaints(self, folder):
        states = grouped(known(read(folder, "complaint_interval"), self.at), "complaint_id")
        terms = grouped(known(read(folder, "deadline_interval"), self.at), "complaint_id")
        ties = grouped(known(read(folder, "complaint_barrier_interval"), self.at), "complaint_id", "barrier_id")
        said = [r for r in known(read(folder, "verdict_interval"), self.at) if day(r["effective_from"]) <= self.day]
        self.verdicts = [rows[-1] for rows in grouped(said, "complaint_id", "ending", "complainant_id").values()]
        self.complaints = []
        linked = collections.defaultdict(list)
        for (complaint, barrier), rows in ties.items():
            rows = [r for r in rows if day(r["effective_from"]) <= self.day]
            if rows and rows[-1]["is_linked"] == "t":
                linked[complaint].append(barrier)
        for row in read(folder, "complaint"):
            seen = [s for s in states[(row["id"],)] if day(s["effective_from"]) <= self.day]
            if not seen:
                continue
            case = dict(row, seen=seen, held=seen[-1], received=day(row["received_on"]), barriers=linked[row["id"]])
            runs = {}
            for term in terms[(row["id"],)]:
                if day(term["effective_from"]) <= self.day:
                    runs[(term["purpose"], term["origin_id"], term["run"])] = term
            case["runs"] = list(runs.values())
            case["first"] = {}
            for state in seen:
                case["first"].setdefault(state["status"], day(state["effective_from"]))
            self.complaints.append(case)

    def load_barriers(self, folder):
        states = grouped(known(read(folder, "barrier_interval"), self.at), "barrier_id")
        looks = grouped(known(read(folder, "observation"), self.at), "barrier_id")
        reasons = [
            r for r in read(folder, "event")
            if r["action"] == "justify" and moment(r["recorded_at"]) <= self.at and day(r["effective_on"]) <= self.day
        ]
        reasons = grouped(sorted(reasons, key=lambda r: (r["effective_on"], int(r["sequence"]))), "case_id")
        self.barriers = []
        attests = collections.Counter(b for c in self.complaints if c["held"]["status"] in COUNTED for b in c["barriers"])
        for row in read(folder, "barrier"):
            seen = [s for s in states[(row["id"],)] if day(s["effective_from"]) <= self.day]
            if not seen:
                continue
            eve = [s for s in seen if day(s["effective_from"]) < self.begin]
            looked = [o for o in looks[(row["id"],)] if day(o["observed_on"]) <= self.day]
            last = looked[-1] if looked else None
            self.barriers.append(dict(
                row, seen=seen, held=seen[-1], before=eve[-1]["remediation"] if eve else None, company=self.owner(row["respondent_platform"]),
                observed={"blocked": "blocked", "extra_step": "extra_step", "partly_open": "partly_open", "open": "open"}[last["result"]] if last else "unobserved",
                observed_on=last["observed_on"] if last else None, complaints=attests[row["id"]], reasons=reasons[(row["id"],)],
                version=next((o["app_version"] for o in reversed(looked) if o["app_version"]), None)))
        self.barriers.sort(key=lambda b: (b["kind"], b["respondent_platform"], b["target_key"], b["scene"]))

    def load_orders(self, folder):
        states = grouped(known(read(folder, "order_interval"), self.at), "order_id")
        self.orders = []
        for row in read(folder, "rectification_order"):
            seen = [s for s in states[(row["id"],)] if day(s["effective_from"]) <= self.day]
            if seen:
                self.orders.append(dict(row, seen=seen, held=seen[-1]))

    # Tables.

    def received(self, cases, name):
        begin, end = self.periods[name]
        return sum(begin <= c["received"] <= end for c in cases)

    def dimension(self, prefix, value, order):
        groups = collections.defaultdict(list)
        for case in self.complaints:
            groups[value(case) or "none"].append(case)
        keys = [k for k in order if k in groups] + sorted(k for k in groups if k not in order)
        tenths = largest_remainder([len(groups[k]) for k in keys])
        rows = []
        for key, tenth in zip(keys, tenths):
            now, before, year = (self.received(groups[key], n) for n in ("period", "previous", "last_year"))
            rows.append([f"{prefix}:{key}", now, before, change(before, now), year, len(groups[key]),
                         [len(groups[key]), len(self.complaints), tenth if self.complaints else None]])
        return rows

    def shared(self, prefix, counter, order):
        keys = [k for k in order if counter[k]] + sorted(k for k in counter if counter[k] and k not in order)
        tenths = largest_remainder([counter[k] for k in keys])
        total = sum(counter[k] for k in keys)
        return [[f"{prefix}:{k}", counter[k], [counter[k], total, t]] for k, t in zip(keys, tenths)]

    def bins(self, purpose, company=None):
        """In time, late, owed in time, owed and late, entered after the fact: of all runs, or of those one company owes."""
        met = late = running = overdue = back_entered = 0
        for term in (t for case in self.complaints for t in case["runs"]):
            if term["purpose"] != purpose or (company is not None and term["company"] != company) or term["state"] == "suspended":
                continue
            is_missed = bool(term["missed_from"])
            met += term["state"] == "met" and not is_missed
            late += term["state"] in ("met", "void") and is_missed
            if term["state"] == "running":
                is_late = is_missed or day(term["due_on"]) < self.day
                running, overdue = running + (not is_late), overdue + is_late
            back_entered += int(term["back_entered"]) > 0
        return met, late, running, overdue, back_entered

    def claims(self, barrier):
        found, was = [], None
        for state in barrier["seen"]:
            now = state["remediation"]
            if now == "claimed" and was != "claimed":
                found.append([day(state["effective_from"]), None])
            if now == "verified" and was != "verified" and found:
                found[-1][1] = day(state["effective_from"])
            was = now
        return found

    def tables(self):
        all_, c = self.complaints, collections.Counter
        now, before, year = (self.received(all_, n) for n in ("period", "previous", "last_year"))
        result = {"intake.total": [["status:received", now, before, change(before, now), year, change(year, now), len(all_)]]}
        campaign = self.campaign
        result["intake.category"] = self.dimension("category", lambda x: x["held"]["category"], campaign["categories"] + ["none"])
        result["intake.scenario"] = self.dimension("scenario", lambda x: x["held"]["scenario"], campaign["scenarios"] + ["none"])
        result["intake.kind"] = self.dimension("kind", lambda x: x["kind"], ["blocked_link", "refused_payment", "other"])
        regions = sorted({x["region"] for x in all_ if x["region"]})
        result["intake.region"] = self.dimension("region", lambda x: x["region"], regions + ["none"])
        result["intake.channel"] = self.dimension("channel", lambda x: x["channel"], ["public", "officer", "filer"])
        weeks = c(x["received"] - (x["received"].isoweekday() - 1) * DAY for x in all_)
        result["intake.week"] = [[w.isoformat(), n] for w, n in sorted(weeks.items())]
        steps = [("received", len(all_))] + [(s, sum(s in x["first"] for x in all_)) for s in ("accepted", "forwarded", "responded", "closed")]
        result["handling.funnel"] = [[f"reached:{s}", n, share(n, len(all_))] for s, n in steps]
        result["handling.status"] = self.shared("status", c(x["held"]["status"] for x in all_), STATUSES)
        grounds = c(x["held"]["refusal_ground"] for x in all_ if x["held"]["status"] == "refused" and x["held"]["refusal_ground"])
        result["handling.refusal"] = self.shared("ground", grounds, campaign["refusal_grounds"])
        result["handling.outcome"] = self.shared("outcome", c(x["held"]["outcome"] for x in all_ if x["held"]["outcome"]), OUTCOMES)
        fixed = c({"t": "fixed", "f": "not_fixed"}[v["is_fixed"]] for v in self.verdicts if v["is_fixed"])
        result["handling.confirmation"] = self.shared("confirmation", fixed, ["fixed", "not_fixed"])
        result["handling.rating"] = self.shared("rating", c(v["rating"] for v in self.verdicts if v["rating"]), list("12345"))
        result["timeliness"] = []
        for purpose in ("acceptance", "company_reply", "answer"):
            met, late, running, overdue, back_entered = self.bins(purpose)
            result["timeliness"].append([f"deadline:{purpose}", met, late, running, overdue, share(met, met + late + overdue), back_entered])
        result["steps"] = self.steps()
        result["companies"], result["companies.outcome"] = self.companies()
        for kind, code in (("blocked_link", "links"), ("refused_payment", "payments"), ("practice", "practices")):
            result[f"barriers.{code}"] = [self.barrier(b) for b in self.barriers if b["kind"] == kind]
        result.update(self.remediation())
        result.update(self.enforcement())
        result["overdue"] = self.overdue()
        result["annex"] = [
            [i + 1, f"platform:{b['respondent_platform']}", b["company"] and f"company:{b['company']}", f"scene:{b['scene']}", b["version"],
             self.target(b), f"remediation:{b['held']['remediation']}"]
            for i, b in enumerate(b for b in self.barriers if b["held"]["remediation"] not in RESTING | {"alleged"})]
        return {code: rows for code, rows in result.items() if rows}

    def steps(self):
        lengths = collections.defaultdict(list)
        for case in self.complaints:
            first = case["first"]
            for step, begin, end in (("acceptance", case["received"], first.get("accepted")), ("forwarding", first.get("accepted"), first.get("forwarded")),
                                     ("reply", first.get("forwarded"), first.get("responded")), ("closing", case["received"], first.get("closed"))):
                if begin and end and begin <= end:
                    lengths[step].append(self.working_days(begin, end))
        for barrier in self.barriers:
            def first_day(test):
                return next((day(s["effective_from"]) for s in barrier["seen"] if test(s)), None)
            confirmed, ordered = first_day(lambda s: s["remediation"] == "confirmed"), first_day(lambda s: s["has_standing_order"] == "t")
            claimed, verified = first_day(lambda s: s["remediation"] == "claimed"), first_day(lambda s: s["remediation"] == "verified")
            for step, begin, end in (("confirmation", first_day(lambda s: True), confirmed), ("ordering", confirmed, ordered), ("claim", ordered, claimed), ("proof", claimed, verified)):
                if begin and end and begin <= end:
                    lengths[step].append(self.working_days(begin, end))
        names = ("acceptance", "forwarding", "reply", "closing", "confirmation", "ordering", "claim", "proof")
        return [[f"step:{n}", len(lengths[n]), percentile(lengths[n], 50), percentile(lengths[n], 90)] for n in names]

    def companies(self):
        groups = collections.defaultdict(list)
        for case in self.complaints:
            if case["held"]["respondent_company"]:
                groups[case["held"]["respondent_company"]].append(case)
        owing = {t["company"] for case in self.complaints for t in case["runs"] if t["purpose"] == "company_reply" and t["company"]
                 and (t["state"] == "running" or t["state"] == "met" or (t["state"] == "void" and t["missed_from"]) or
                      (int(t["back_entered"]) and t["state"] != "suspended"))}
        codes = set(groups) | {b["company"] for b in self.barriers if b["company"]} | owing
        rows, outcomes = [], []
        for code in codes:
            own, barriers = groups[code], [b for b in self.barriers if b["company"] == code]
            now, before = self.received(own, "period"), self.received(own, "previous")
            met, late, running, overdue, _ = self.bins("company_reply", code)
            decided = met + late + overdue
            growing = now >= 10 and now > before and (now - before) ** 2 > 4 * (now + before)
            line = "too_few" if decided < 10 else "below" if met * 1000 < decided * 950 else "kept"
            rows.append([f"company:{code}", now, before, "answer:yes" if growing else "answer:no", len(own), sum("accepted" in x["first"] for x in own),
                         sum(x["held"]["status"] == "closed" for x in own), met, late, running, overdue, share(met, decided), f"line:{line}", len(barriers),
                         sum(b["held"]["remediation"] not in RESTING for b in barriers)])
        for code in sorted(groups):
            counter = collections.Counter(x["held"]["outcome"] for x in groups[code] if x["held"]["outcome"])
            outcomes += [[f"company:{code}"] + row for row in self.shared("outcome", counter, OUTCOMES)]
        return sorted(rows, key=lambda r: (-r[4], r[0])), outcomes

    @staticmethod
    def target(barrier):
        return barrier["target_key"]

    def barrier(self, b):
        held = b["held"]
        stale = b["observed_on"] is not None and (self.day - day(b["observed_on"])).days > self.campaign["stale_after_days"]
        return [int(b["number"]), f"platform:{b['respondent_platform']}", self.target(b), f"scene:{b['scene']}", f"remediation:{held['remediation']}",
                b["before"] and f"remediation:{b['before']}", int(held["coverage"]) if held["coverage"] else None,
                f"company:{held['awaited_company']}" if held["awaited_company"] else None, f"observed:{b['observed']}", b["observed_on"],
                "answer:yes" if stale else "answer:no", int(held["episode"]), b["complaints"]]

    def remediation(self):
        all_ = self.barriers
        def ever(states):
            return sum(any(s["remediation"] in states for s in b["seen"]) for b in all_)
        def now(state):
            return sum(b["held"]["remediation"] == state for b in all_)
        points = [("ledger", len(all_)), ("confirmed", ever({"confirmed"})), ("ordered", sum(any(s["has_standing_order"] == "t" for s in b["seen"]) for b in all_)),
                  ("committed", ever({"committed"})), ("claimed", sum(bool(self.claims(b)) for b in all_)), ("verified", ever({"verified"})),
                  ("verified_now", now("verified")), ("regressed", sum(int(b["held"]["episode"]) > 1 for b in all_)), ("justified_now", now("justified")), ("dismissed_now", now("dismissed"))]
        tables = {"remediation.funnel": [[f"funnel:{n}", v, share(v, len(all_))] for n, v in points]}
        tables["remediation.scene"] = []
        for (kind, scene), own in sorted(grouped(all_, "kind", "scene").items()):
            verified, stated = sum(b["held"]["remediation"] == "verified" for b in own), [int(b["held"]["coverage"]) for b in own if b["held"]["coverage"]]
            tables["remediation.scene"].append([f"kind:{kind}", f"scene:{scene}", len(own), sum(b["held"]["remediation"] not in RESTING for b in own),
                sum(b["held"]["remediation"] == "claimed" for b in own), verified, share(verified, len(own)), percentile(stated, 50)])
        tables["claims"] = []
        claimed = collections.defaultdict(list)
        for b in all_:
            if self.claims(b):
                claimed[b["company"] or ""].append(b)
        for code in sorted(claimed):
            made = [claim for b in claimed[code] for claim in self.claims(b)]
            gaps = [self.working_days(begin, end) for begin, end in made if end]
            refuted = sum(int(b["held"]["false_claims"]) for b in claimed[code])
            tables["claims"].append([f"company:{code}" if code else None, len(made), len(gaps), refuted, share(refuted, len(made)), max(0, len(made) - len(gaps) - refuted), percentile(gaps, 50)])
        tables["waits"] = []
        waiting = collections.defaultdict(list)
        for b in all_:
            if b["held"]["awaited_company"]:
                waiting[(b["held"]["awaited_company"], b["company"] or "")].append(b)
        for (awaited, company), own in sorted(waiting.items()):
            longest = 0
            for b in own:
                begin = None
                for state in reversed(b["seen"]):
                    if state["awaited_company"] != awaited:
                        break
                    begin = day(state["effective_from"])
                longest = max(longest, (self.day - begin).days)
            tables["waits"].append([f"company:{awaited}", f"company:{company}" if company else None, len(own), longest])
        pairs = collections.defaultdict(lambda: [0, 0, 0, 0])
        for b in all_:
            kind, _, code = b["target_key"].partition(":")
            other = {"platform": self.owner(code), "company": code, "method": self.methods.get(code)}.get(kind)
            if not b["company"] or not other or other == b["company"]:
                continue
            side = 0 if b["company"] < other else 2
            counts = pairs[tuple(sorted((b["company"], other)))]
            counts[side] += b["held"]["remediation"] not in RESTING
            counts[side + 1] += b["held"]["remediation"] == "verified"
        tables["reciprocity"] = [[f"company:{a}", f"company:{b}"] + counts for (a, b), counts in sorted(pairs.items())]
        seen = grouped(all_, "observed")
        names = [n for n in ("unobserved", "blocked", "extra_step", "partly_open", "open") if (n,) in seen]
        tenths = largest_remainder([len(seen[(n,)]) for n in names])
        def stale(b):
            return b["observed_on"] is not None and (self.day - day(b["observed_on"])).days > self.campaign["stale_after_days"]
        tables["observations"] = [[f"observed:{n}", len(seen[(n,)]), [len(seen[(n,)]), len(all_), t], sum(map(stale, seen[(n,)]))] for n, t in zip(names, tenths)]
        tables["justified"] = []
        for b in all_:
            if b["held"]["remediation"] == "justified":
                reason = json.loads(b["reasons"][-1]["details"]) if b["reasons"] else {}
                tables["justified"].append([int(b["number"]), f"platform:{b['respondent_platform']}", self.target(b), f"scene:{b['scene']}",
                    f"justification:{reason['ground']}" if reason.get("ground") else None, reason.get("until")])
        return tables

    def enforcement(self):
        orders, statuses = self.orders, ("issued", "served", "acknowledged", "breached", "complied", "rescinded")
        held = collections.Counter(o["held"]["status"] for o in orders)
        late = collections.Counter(o["held"]["status"] for o in orders if o["held"]["status"] not in ("complied", "rescinded") and day(o["held"]["due_on"]) < self.day)
        tables = {"orders": [], "orders.ladder": []}
        if orders:
            tables["orders"] = [[f"order:{s}", held[s], late[s]] for s in statuses]
            rungs = collections.Counter(o["held"]["rung"] for o in orders)
            tables["orders.ladder"] = [[f"rung:{r}", rungs[r]] for r in self.campaign["ladder"]]
        points = [("orders", len(orders)), ("companies", len({o["company"] for o in orders})), ("breached", sum(any(s["status"] == "breached" for s in o["seen"]) for o in orders)),
                  ("escalated", sum(len({s["rung"] for s in o["seen"]}) > 1 for o in orders)), ("complied", held["complied"]),
                  ("referred", sum(c["held"]["status"] == "referred" for c in self.complaints)), ("enforced", sum(c["held"]["outcome"] == "enforced" for c in self.complaints))]
        tables["enforcement"] = [[f"enforcement:{n}", v] for n, v in points]
        return tables

    def overdue(self):
        lines = []
        for case in self.complaints:
            for term in case["runs"]:
                # A calendar loaded after the run was missed may have moved its due day; the day it was missed tells.
                due = day(term["due_on"])
                if term["missed_from"]:
                    due = min(due, day(term["missed_from"]) - DAY)
                if term["state"] == "running" and due < self.day:
                    company = term["company"] or case["held"]["respondent_company"]
                    lines.append((due.isoformat(), int(case["number"]), term["purpose"], f"company:{company}" if company else ""))
        return [[self.reference(number), f"deadline:{purpose}", company or None, due, (self.day - day(due)).days] for due, number, purpose, company in sorted(lines)[:200]]

    def reference(self, number):
        digits = f"{number:07}"
        total = 0
        for index, digit in enumerate(reversed(digits)):
            value = int(digit) * (2 if index % 2 == 0 else 1)
            total += value - 9 if value > 9 else value
        return f"{self.campaign['prefix']}-{digits}-{(10 - total % 10) % 10}"


if __name__ == "__main__":
    folder, known_at, *days = sys.argv[1:]
    result = {}
    for text in days:
        as_of, _, begin = text.partition("/")
        result[text] = Recount(folder, known_at, day(as_of), day(begin)).tables()
    json.dump(result, sys.stdout, ensure_ascii=False)
