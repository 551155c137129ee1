"""What is in the server when the requests begin: cases in many states, and the names that lead to them."""

import contextlib
import json
import threading
import uuid

import wire

# Operations that hash a password.
PASSWORDS = ("post-v1-session", "put-v1-session-password", "v1-session-second-factor", "v1-session-second-factor-removal")


class World:
    def __init__(self, host, port, tokens, filings):
        self.host, self.port, self.tokens, self.filings = host, port, tokens, filings
        self.references, self.codes, self.cursors, self.digests, self.imports = [], [], [], [], []
        self.lock = threading.Lock()

    # MARK: Asking

    def send(self, request, seconds=10):
        data = request.bytes(f"{self.host}:{self.port}")
        # One password at a time: the server hashes them one after another.
        with self.lock if request.operation.endswith(PASSWORDS) else contextlib.nullcontext():
            return self.exchange(request, data, seconds)

    def exchange(self, request, data, seconds):
        return wire.Exchange(self.host, self.port, seconds + request.wait).run(data, request.method)

    def ask(self, who, method, path, body=None, **headers):
        """A plain request; its answer, whatever it is."""
        fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
        if who in self.tokens:
            fields.append(("Authorization", "Bearer " + self.tokens[who]))
        data = b""
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            fields.append(("Content-Type", headers.get("Content_Type", "application/json")))
        fields = [field for index, field in enumerate(fields) if field[0] not in [name for name, _ in fields[index + 1 :]]]
        return self.send(wire.Request(method, path, fields, data, who), 30)

    def done(self, *arguments, **headers):
        """The body of an answer that has to say yes: without it the requests to come would reach little."""
        answer = self.ask(*arguments, **headers)
        if answer.status >= 300:
            raise SystemExit(f"fuzz: {arguments[:3]} was answered {answer.status}: {answer.body[:500].decode()}")
        return answer.json() if answer.body else None

    def filed(self, who, filing, rng):
        keep = filing if who != "anyone" else {k: v for k, v in filing.items() if k not in ("received_on", "client_reference")}
        return self.done(who, "POST", "/v1/complaints", keep, Idempotency_Key=self.uuid(rng))

    # MARK: Words for parameters and members, by name

    def uuid(self, rng):
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))

    def words(self, name, rng):
        known = {
            "campaign": ["internet-2021"], "reference": self.references, "references": self.references, "of": self.references, "other": self.references,
            "to": self.references, "with": self.references, "platform": ["wechat", "taobao", "douyin"], "company": ["tencent", "alibaba"],
            "respondent_platform": ["wechat", "taobao"], "target": ["platform:taobao", "method:wechat_pay", "platform:douyin"], "target_platform": ["taobao"],
            "method": ["wechat_pay", "alipay"], "officer": ["officer", "supervisor", "me"], "office": ["centre"], "cursor": self.cursors, "sha256": self.digests,
            "id": self.imports, "url": ["https://hooks.invalid/rectify"], "figure": ["handling.status.count", "status.count"], "row": ["status:received"],
            "language": ["en", "zh-CN", "vi"], "due": ["5wd", "10d", "2027-01-29"], "name": ["late", "wechat-late"],
        }.get(name)
        return rng.choice(known) if known else None

    def segment(self, name, rng):
        if name in ("number", "request", "sequence"):
            return str(rng.choice([1, 2, 3, rng.randint(1, 12), rng.randint(1, 40)]))
        return str(self.words(name, rng) or self.uuid(rng))

    # MARK: The beginning

    def settle(self, rng):
        """Files complaints as each kind of caller, works some of them, and makes one of everything that has a number."""
        for index, filing in enumerate(self.filings):
            who = ["supervisor", "officer", "filer", "anyone"][index % 4]
            answer = self.filed(who, filing, rng)
            self.references.append(answer["reference"])
            if who == "anyone":
                self.codes.append((answer["reference"], answer["tracking_code"]))
        for index, reference in enumerate(self.references[:60]):
            self.work(index, f"/v1/complaints/{reference}")
        self.prove()
        for path in ["/v1/complaints?campaign=internet-2021&", "/v1/campaigns/internet-2021/barriers?", "/v1/events?campaign=internet-2021&",
                     f"/v1/complaints/{self.references[0]}/events?", "/v1/complaints?campaign=internet-2021&sort=due&"]:
            found = self.done("supervisor", "GET", path + "page_size=1")
            self.cursors += [found["next"]] if found.get("next") else []

    def work(self, index, path):
        steps = ["acceptance", "forwarding", "response", "closure"][: index % 6]
        bodies = {"acceptance": {"category": "market_order"}, "response": {"answer": "partial"}, "closure": {"outcome": "explained"}}
        for step in steps:
            # Some are of a kind or a state that does not allow it, which is as well.
            self.ask("supervisor", "POST", f"{path}/{step}", bodies.get(step, {}), If_Match="*")
        self.ask("officer", "POST", path + "/unsealings", {"fields": ["phone"], "reason": "the link has to be seen again"})

    def prove(self):
        """The ledger, an order, an issue, a file, an import, a request of the person concerned, a saved filter, a disposal."""
        campaign = "/v1/campaigns/internet-2021"
        for number in range(1, 9):
            self.ask("officer", "POST", f"{campaign}/barriers/{number}/confirmation", {}, If_Match="*")
        order = {"company": "tencent", "due": "5wd", "basis": "Order 20, article 5", "barriers": [{"number": 1}]}
        self.ask("supervisor", "POST", campaign + "/orders", order, Idempotency_Key="0123456789abcdef0123456789abcdef")
        self.done("supervisor", "POST", campaign + "/issues", {"as_of": "2021-10-31"})
        self.done("officer", "PUT", "/v1/filters/late", {"query": {"campaign": "internet-2021", "overdue": "true"}})
        self.ask("supervisor", "POST", campaign + "/disposals", {"as_of": "2026-01-22"})
        reference, code = self.codes[0]
        self.done("anyone", "POST", "/v1/tracking/rights-requests", {"kind": "restriction"}, Tracking_Code=code)
        found = self.done("anyone", "POST", f"/v1/complaints/{reference}/evidence", "hello world\n".encode(), Tracking_Code=code,
                          Content_Type="text/plain", Content_Disposition='attachment; filename="notes.txt"')
        self.digests.append(found["sha256"])
        self.imports.append(self.done("filer", "POST", "/v1/imports", {"campaign": "internet-2021"})["id"])
