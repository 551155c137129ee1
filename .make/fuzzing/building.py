"""One request for each number: what is asked, by whom, and what is odd about it. The same seed gives the same choices."""

import random
import re
import urllib.parse

import files
import mutations
import wire

HEADERS = {
    "Accept": ["*/*", "application/json", "text/html", "text/csv;q=0.5, */*;q=0.1", "image/png", "", "a/b;q=nan", "*/*;q=1e400", "," * 500, "é", "text/html;q=-1"],
    "Accept-Language": ["zh-CN,zh;q=0.9", "vi", "xx", "", "*", "en;q=", "-", ";" * 300, "é"],
    "Range": ["bytes=0-0", "bytes=-1", "bytes=9999999999999999999-", "bytes=0-0,1-1" + ",2-2" * 200, "lines=1", "bytes=2-1"],
    "If-None-Match": ["*", '"1"', 'W/"1"', '"', '""', '"1", "2"', "1", '"' + "9" * 400 + '"', "é"],
    "If-Modified-Since": ["Tue, 01 Dec 2026 00:00:00 GMT", "yesterday", "Thu, 01 Jan 0000 00:00:00 GMT"],
    "If-Match": ["*", '"1"', '"0"', '"-1"', '"9223372036854775808"', 'W/"1"', '"1", "2", "3"', '""', "1", "", '"1' + "," * 300, "é", '" 1"'],
    "Idempotency-Key": ["x", "0" * 16, "0" * 32, '"' + "0" * 32 + '"', "0" * 255, "0" * 256, '"', '""', "", "é" * 20, "a b" * 12, '"\\"' * 10, "ключ" * 8],
    "Prefer": ["return=minimal", "respond-async, wait=100", "handling=strict"], "traceparent": ["00-" + "0" * 32 + "-" + "0" * 16 + "-00", "ff", "é", "00-" + "a" * 5000],
    "X-Forwarded-For": ["1.2.3.4", "::1, 1.2.3.4", "," * 300, "unknown", "é"], "X-Request-Id": ["a", "\t", "x" * 5000],
    "Content-Digest": ["sha-256=:AAAA:", "sha-256=::", "sha-256=:é:", "md5=:x:", "", ":" * 300], "Content-Encoding": ["gzip", "identity", "br"],
    "Content-Language": ["zh-CN"], "Expect": ["100-continue", "200-ok"], "Upgrade": ["websocket", "h2c"], "X-HTTP-Method-Override": ["DELETE"],
    "Tracking-Code": ["", "0", "X2VNP-EMEPR-FTEMW-M5GZF-R8X1C-8", "é" * 26, "I" * 26, "-" * 400], "Cookie": ["a=b; " * 400], "Origin": ["null", "https://evil.invalid"],
    "Authorization": ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer é", "Bearer " + "x" * 7000, "bearer rck_", "Bearer rfk_x", "Bearer rck_" + "é" * 40, "Bearer a b"],
}
TYPES = ["application/json; charset=utf-8", "application/json;charset=latin-1", "application/json; charset=\"utf-16\"", "text/plain", "application/xml", "", "json", "é",
         "application/json, text/plain", "application/problem+json", "APPLICATION/JSON", "multipart/form-data; boundary=x", "application/json;", "application/x-ndjson"]
PERCENTS = ["%", "%z", "%zz", "%0", "%00", "%ff", "%c0%80", "%ed%a0%80", "%25", "%2F", "%2e%2e", "%0d%0a", "%e2%80%ae", "%f0%9f%98%80", "+", "%2B", "%u1234"]
SEGMENTS = ["0", "-1", "2147483647", "2147483648", "9223372036854775808", "1.0", "01", "+1", "%EF%BC%91", "1e3", "a", "%20", "internet-2022", "INTERNET-2021", "IR21-0000001-9",
            "ir21-0000001-8", "IR21-9999999999-1", "00000000-0000-0000-0000-000000000000", "x" * 5000, "*", "null", "'", "%27%20OR%201=1", "f" * 64, "~", ":id", "{id}", ";a=b"]


class Builder:
    """Makes requests. `request` may ask the server for what a request rests on, such as an import to send lines to."""

    def __init__(self, seed, contract, world):
        self.seed, self.contract, self.world = seed, contract, world
        heavy = {"post-v1-complaints": 6, "post-v1-complaint-batches": 3, "post-v1-complaints-reference-evidence": 14, "post-v1-imports-id-lines": 12,
                 "post-v1-imports-dry-run": 8, "post-v1-imports": 3, "get-v1-complaints": 8, "post-v1-campaigns-campaign-probe-results": 4, "post-v1-bulk-actions": 4,
                 "get-v1-campaigns-campaign-progress": 3, "get-v1-campaigns-campaign-barriers": 2, "get-openapi-json": 0.3, "get-docs": 0.3}
        heavy |= {operation.id: 0.2 for operation in contract.operations if operation.path.startswith("/v1/session") and operation.bodies}
        self.weights = [heavy.get(operation.id, 1) for operation in contract.operations]

    def request(self, number):
        rng = random.Random(f"{self.seed}:{number}")
        if rng.random() < 0.03:
            return self.wrong_http(rng)
        operation = rng.choices(self.contract.operations, self.weights)[0]
        request = wire.Request(operation.method, "", [], operation=operation.id)
        request.principal = self.principal(rng, operation)
        if request.principal in self.world.tokens:
            request.headers.append(("Authorization", "Bearer " + self.world.tokens[request.principal]))
        values = {}
        if operation.bodies:
            self.add_body(rng, operation, request, values)
            # Lines are read one by one, by a debug build perhaps a hundred in a second; a password takes it some seconds.
            is_password = operation.path.startswith("/v1/session")
            request.wait = 30 if is_password else min(60, (request.body.count(b"\n") + len(request.body) // 1000) // 20)
        path = self.path(rng, operation, request, values)
        query = self.query(rng, operation, values)
        request.target = path + ("?" + query if query else "")
        request.wait += 31 if "wait=" in query else 0
        self.add_headers(rng, operation, request)
        # The parser takes no head of more than 80 KiB.
        request.is_broken = len(request.target) + sum(len(value) for _, value in request.headers) > 75_000
        # Not of a session: its end would make the rest of the requests anonymous.
        if rng.random() < 0.03 and not path.startswith("/v1/session"):
            request.method = rng.choice(["HEAD", "OPTIONS", "PATCH", "PUT", "DELETE", "TRACE", "QUERY", "POST", "GET"])
            if request.method == "HEAD" and request.body:
                request.method = "PATCH"
        if rng.random() < 0.05 and request.body:
            request.framing = "chunked"
        return request

    def principal(self, rng, operation):
        everyone = ["anyone", "officer", "supervisor", "filer", "company"]
        if operation.id == "delete-v1-session":
            return "anyone"
        if rng.random() < 0.15:
            return rng.choice(everyone)
        kind = rng.choice(operation.who)
        return {"officer": rng.choice(["officer", "supervisor", "supervisor"]), "tracking": "anyone"}.get(kind, kind)

    # MARK: The address

    def path(self, rng, operation, request, values):
        def segment(match):
            name = match[1]
            if rng.random() < 0.06:
                return rng.choice(SEGMENTS)
            value = urllib.parse.quote(values.get(name) or self.world.segment(name, rng), safe="")
            if rng.random() < 0.04:
                at = rng.randint(0, len(value))
                value = value[:at] + rng.choice(PERCENTS) + value[at:]
            # Closing the campaign would end most of what the other requests reach.
            return "internet-2022" if operation.id == "post-v1-campaigns-campaign-closure" else value

        tracked = "tracking" in operation.who and request.principal == "anyone"
        if tracked and "reference" not in values:
            values["reference"], code = rng.choice(self.world.codes)
            request.headers.append(("Tracking-Code", code))
        return re.sub(r"\{(\w+)\}", segment, operation.path)

    def query(self, rng, operation, values):
        pairs = []
        for parameter in operation.having("query"):
            name = parameter["name"]
            if name in values:
                pairs.append((name, values[name]))
            elif parameter.get("required") and rng.random() < 0.97 or rng.random() < 0.2:
                value = self.contract.sample(rng, parameter["schema"], name)
                pairs.append((name, self.odd_parameter(rng, value) if rng.random() < 0.4 else str(value)))
        if rng.random() < 0.04:
            pairs.append((rng.choice(["extra", "", "page_size[]", "cursor", "a" * 3000]), rng.choice(["", "1"])))
        if pairs and rng.random() < 0.05:
            pairs.append(rng.choice(pairs))
        text = "&".join(quoted(name) + "=" + quoted(value) for name, value in pairs)
        if text and rng.random() < 0.1:
            at = rng.randint(0, len(text))
            text = text[:at] + rng.choice(PERCENTS + ["&", "&&", "=", ";", "?", "%" * 300, "a" * 17000]) + text[at:]
        return text

    def odd_parameter(self, rng, value):
        text = str(value)
        return rng.choice([
            lambda: mutations.odd_text(rng, text, True), lambda: rng.choice(mutations.DAYS), lambda: rng.choice(mutations.TEXTS),
            lambda: str(rng.choice(mutations.NUMBERS)), lambda: "!" + text, lambda: text + "," + text, lambda: ",".join([text] * 100),
            lambda: mutations.flipped(rng, (rng.choice(self.world.cursors or ["a"])).encode()).decode("latin-1"),
            lambda: rng.choice(self.world.cursors or ["a"]), lambda: " ".join("淘宝打不开链接ab"[n % 9] * 2 for n in range(rng.choice([2, 30, 66]))),
        ])()

    # MARK: Headers

    def add_headers(self, rng, operation, request):
        for parameter in operation.having("header"):
            name = parameter["name"]
            if any(name == known for known, _ in request.headers):
                continue
            if name == "If-Match" and rng.random() < 0.85:
                request.headers.append((name, "*"))
            elif name == "Idempotency-Key" and rng.random() < 0.9:
                request.headers.append((name, self.world.uuid(rng)))
            elif name in HEADERS and rng.random() < 0.6:
                request.headers.append((name, rng.choice(HEADERS[name])))
        for _ in range(rng.choice([0, 0, 0, 0, 0, 1, 1, 4])):
            name = rng.choice(list(HEADERS))
            if rng.random() < 0.3:
                request.headers = [entry for entry in request.headers if entry[0] != name]
            request.headers.append((name, rng.choice(HEADERS[name])))

    # MARK: The body

    def add_body(self, rng, operation, request, values):
        if operation.id == "post-v1-complaints-reference-evidence":
            return self.add_evidence(rng, request, values)
        if operation.id == "post-v1-imports-id-lines":
            return self.add_lines(rng, request, values)
        if operation.id == "post-v1-imports-dry-run":
            return self.add_dry_run(rng, request, values)
        kind = rng.choice(list(operation.bodies))
        if kind == "application/x-ndjson":
            item = operation.bodies[kind]["x-itemSchema"]
            count = rng.choice([1, 3, 40, 2001])
            few = [mutations.mutated(rng, self.contract.sample(rng, item), rng.choice([0, 1, 2])) for _ in range(min(count, 3))]
            request.body = b"\n".join(mutations.document(few[n % len(few)], rng) for n in range(count))
        else:
            request.body = self.json_body(rng, operation, operation.bodies[kind])
        request.body = mutations.odd_bytes(rng, request.body) if rng.random() < 0.1 else request.body
        request.headers.append(("Content-Type", rng.choice(TYPES) if rng.random() < 0.06 else kind))

    def json_body(self, rng, operation, said):
        if operation.id == "post-v1-complaints" and rng.random() < 0.6:
            value = dict(rng.choice(self.world.filings))
            value["client_reference"] = self.world.uuid(rng)
        elif operation.id == "post-v1-complaint-batches" and rng.random() < 0.6:
            value = {"items": [rng.choice(self.world.filings) for _ in range(rng.choice([1, 2, 5, 100]))], "atomic": rng.random() < 0.5}
        else:
            value = said["example"] if "example" in said and rng.random() < 0.3 else self.contract.sample(rng, said["schema"])
        links = operation.id != "put-v1-filer-webhook"
        return mutations.document(mutations.mutated(rng, value, rng.choice([0, 1, 1, 1, 2, 4]), links), rng)

    def add_evidence(self, rng, request, values):
        data, kind, name = files.evidence(rng)
        if rng.random() < 0.5:
            kind, data = files.form(rng, data, kind, name)
        else:
            disposition = rng.choice([f'attachment; filename="{name}"'] * 6 + [
                "attachment", 'attachment; filename="', "attachment; filename*=UTF-8''%E6%88%AA.png", "attachment; filename*=latin-1''x", ";=;", "filename=x.png", "é"])
            request.headers.append(("Content-Disposition", disposition.replace("\0", "%00")))
        request.headers.append(("Content-Type", kind))
        request.body = data
        # A complaint takes twenty files: now and then a fresh one.
        if rng.random() < 0.2 and request.principal == "anyone":
            filed = self.world.filed("anyone", self.world.filings[0], rng)
            values["reference"] = filed["reference"]
            request.headers.append(("Tracking-Code", filed["tracking_code"]))

    def add_lines(self, rng, request, values):
        """Begins an import, since lines are only taken where the import stands."""
        mapping = rng.choice(files.MAPPINGS) if rng.random() < 0.5 else None
        begin = {"campaign": "internet-2021"} | ({"format": "csv", "mapping": mapping} if mapping else {})
        if mapping and rng.random() < 0.3:
            odd = mutations.mutated(rng, mapping, 1)
            begun = self.world.ask("filer", "POST", "/v1/imports", mutations.document(begin | {"mapping": odd}))
        else:
            begun = None
        if begun is None or begun.status != 201:
            begun = self.world.ask("filer", "POST", "/v1/imports", begin)
        values["id"], values["after"] = begun.json()["id"], rng.choice(["0"] * 12 + ["1", "-1", "2147483648", "a"])
        reference = self.world.uuid(rng)
        request.body = files.csv(rng, mapping, reference) if mapping else files.ndjson(rng, self.world.filings, reference)
        request.headers.append(("Content-Type", ("text/csv" if mapping else "application/x-ndjson") if rng.random() < 0.97 else rng.choice(TYPES)))

    def add_dry_run(self, rng, request, values):
        mapping = rng.choice(files.MAPPINGS) if rng.random() < 0.5 else None
        values["campaign"], values["format"] = "internet-2021", "csv" if mapping else "ndjson"
        if mapping:
            odd = mutations.mutated(rng, mapping, rng.choice([0, 0, 1]))
            values["mapping"] = mutations.document(odd, rng)
        reference = self.world.uuid(rng)
        request.body = files.csv(rng, mapping, reference) if mapping else files.ndjson(rng, self.world.filings, reference)
        request.headers.append(("Content-Type", "text/csv" if mapping else "application/x-ndjson"))

    # MARK: What is no HTTP

    def wrong_http(self, rng):
        """The server may close the connection or refuse, and has to live on."""
        host = b"Host: x\r\n"
        long = rng.choice([8000, 90_000, 300_000])
        raw = rng.choice([
            b"GET /livez HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + host + host + b"\r\n", b"GET /livez HTTP/2.0\r\n" + host + b"\r\n",
            b"GET /livez HTTP/1.0\r\n\r\n", b"GET http://x/livez HTTP/1.1\r\n" + host + b"\r\n", b"OPTIONS * HTTP/1.1\r\n" + host + b"\r\n",
            b"CONNECT x:1 HTTP/1.1\r\n" + host + b"\r\n", b"FOO /livez HTTP/1.1\r\n" + host + b"\r\n", b"\r\n\r\nGET /livez HTTP/1.1\r\n" + host + b"\r\n",
            b"GET /livez\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0" * 100, b"GET",
            b"GET /%s HTTP/1.1\r\n" % (b"a" * long) + host + b"\r\n", b"GET /livez HTTP/1.1\r\n" + host + b"X: %s\r\n\r\n" % (b"a" * long),
            b"GET /livez HTTP/1.1\r\n" + host + b"X: a\r\n" * 2000 + b"\r\n", b"GET /livez HTTP/1.1\r\n" + host + b"X : a\r\n\r\n",
            b"GET /livez HTTP/1.1\r\n" + host + b"X: a\r\n b\r\n\r\n", b"GET /livez HTTP/1.1\r\n" + host + b"X: \0\r\n\r\n", b"GET /livez HTTP/1.1\n" + b"Host: x\n\n",
            b"POST /v1/complaints HTTP/1.1\r\n" + host + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}{}{}",
            b"POST /v1/complaints HTTP/1.1\r\n" + host + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"POST /v1/complaints HTTP/1.1\r\n" + host + b"Transfer-Encoding: gzip\r\n\r\n{}", b"POST /v1/complaints HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\n",
            b"POST /v1/complaints HTTP/1.1\r\n" + host + b"Content-Length: 99999999999999999999\r\n\r\n{}",
            b"POST /v1/complaints HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            b"POST /v1/complaints HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
            b"POST /v1/complaints HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: a\r\n\r\n",
            b"GET /v1/\xe4\xb8\xad\xff HTTP/1.1\r\n" + host + b"\r\n", b"GET /v1/complaints?text=\xff\xfe HTTP/1.1\r\n" + host + b"\r\n",
            b"GET /livez HTTP/1.1\r\n" + host + b"X: \xff\xfe\r\n\r\n", b"GET /livez HTTP/1.1\r\n" + host + b"X: \x7f\r\n\r\n", b"GET //livez HTTP/1.1\r\n" + host + b"\r\n", b"GET livez HTTP/1.1\r\n" + host + b"\r\n",
        ])
        method = raw.split(b" ")[0].decode("latin-1")
        return wire.Request(method if method.isalpha() else "GET", "", [], is_broken=True, raw=raw, operation="no-http")


def quoted(value):
    data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    return urllib.parse.quote(data, safe="")
