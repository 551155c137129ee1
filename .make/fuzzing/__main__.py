"""Sends odd requests to a live server, and says which of them it did not stand.

    python3 .make/fuzzing ADDRESS LOG FOLDER      tokens in OFFICER, SUPERVISOR, FILER, COMPANY; the server's process in SERVER
                                                  SEED=1  REQUESTS=20000  WORKERS=6  ONLY=number of one request

LOG is the server's log, and FOLDER gets the bytes of each request that failed. `.make/fuzz` starts the server and this.
A failure is: a 5xx but for 503 and 507 that say why and when to come again; a refusal that is no problem document; a connection
that is closed without an answer to a request that is HTTP; no answer within ten seconds, nor when it is sent again alone, since the
machine may be busy with something else; no answer within a minute; an error in the server's log; the end of the server.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import sys
import threading
import time
import urllib.parse

import building
import contract
import wire
import world

# What an answer may take, and what is waited for it.
SECONDS, PATIENCE = 10, 60
PROBLEM = {"type": str, "title": str, "status": int, "detail": str, "code": str, "request_id": str}


class Run:
    def __init__(self, address, log, folder):
        place = urllib.parse.urlsplit(address)
        root = pathlib.Path(__file__).parent.parent.parent
        self.address, self.log, self.folder = address, pathlib.Path(log), pathlib.Path(folder)
        self.seed = os.environ.get("SEED", "1")
        self.tokens = {name: os.environ[name.upper()] for name in ("officer", "supervisor", "filer", "company")}
        filings = [json.loads(line) for line in (root / "Config/demo/complaints.ndjson").read_text().splitlines()]
        self.world = world.World(place.hostname, place.port, self.tokens, filings)
        document = json.loads((root / "Config/openapi.json").read_text())
        self.builder = building.Builder(self.seed, contract.Contract(document, self.world), self.world)
        self.statuses, self.failures, self.numbers = collections.Counter(), [], {}
        self.unavailable, self.slowest, self.lock = collections.Counter(), [], threading.Lock()
        # Numbers of requests that were answered late.
        self.late = []
        self.folder.mkdir(parents=True, exist_ok=True)

    # MARK: One request

    def one(self, number, is_alone=False):
        try:
            request = self.builder.request(number)
        except (wire.NoAnswer, OSError) as error:
            return self.fail(number, None, f"what the request rests on was not answered: {error}")
        try:
            answer = self.world.send(request, PATIENCE)
        except ConnectionRefusedError:
            return self.fail(number, request, "nobody listens")
        except (wire.NoAnswer, OSError) as error:
            self.count(request, "closed" if request.is_broken else "none")
            if not request.is_broken or "hang" in str(error):
                self.fail(number, request, str(error))
            return
        except (ValueError, IndexError) as error:
            return self.fail(number, request, f"the answer is no HTTP: {error!r}")
        self.count(request, answer.status)
        with self.lock:
            self.numbers[answer.headers.get("x-request-id")] = number
            self.slowest = sorted([*self.slowest, (answer.seconds, number, request.operation)])[-5:]
        for fault in self.faults(request, answer):
            self.fail(number, request, fault, answer)
        if answer.seconds > SECONDS + request.wait:
            if is_alone:
                self.fail(number, request, f"answered after {answer.seconds:.0f} s, although it was sent alone", answer)
            else:
                self.late.append(number)

    def count(self, request, status):
        with self.lock:
            self.statuses[request.principal, str(status)] += 1

    def faults(self, request, answer):
        status, kind = answer.status, answer.headers.get("content-type", "")
        has_body = request.method != "HEAD" and status not in (204, 304)
        if request.is_broken and (status in (501, 505) or kind != "application/problem+json" and status < 500):
            return
        problem = {}
        if status >= 400 and has_body:
            if kind != "application/problem+json":
                yield f"{status} is no problem document, but {kind or 'nothing'}"
                return
            try:
                problem = json.loads(answer.body.decode())
                wrong = [name for name, type_ in PROBLEM.items() if not isinstance(problem.get(name), type_)]
                if wrong or problem["status"] != status:
                    yield f"{status}: the problem lacks {wrong}, or has another status"
            except ValueError as error:
                yield f"{status}: the problem cannot be read: {error}"
        elif has_body and kind.split(";")[0] == "application/json":
            try:
                json.loads(answer.body.decode())
            except ValueError as error:
                yield f"{status}: the JSON cannot be read: {error}"
        if "x-request-id" not in answer.headers:
            yield f"{status} without X-Request-Id"
        if status in (503, 507) and "retry-after" in answer.headers and (problem.get("detail") or not has_body):
            with self.lock:
                self.unavailable[problem.get("detail", "")] += 1
        elif status >= 500:
            yield f"{status}: {problem.get('code')}"

    def fail(self, number, request, fault, answer=None):
        with self.lock:
            self.failures.append((number, request and request.operation, fault))
            print(f"\nfuzz: seed {self.seed}, request {number}: {fault}")
            if request:
                file = self.folder / f"{self.seed}-{number}.http"
                file.write_bytes(request.bytes(f"{self.world.host}:{self.world.port}"))
                print(f"  as {request.principal}, {request.operation}; its bytes: {file}")
                if request.raw is None:
                    print("  " + request.curl(self.address, self.tokens)[:2000])
            if answer:
                print(f"  answer {answer.status}: {answer.body[:400].decode('utf-8', 'replace')}", flush=True)

    # MARK: All of them

    def all(self, count):
        rng = random.Random(self.seed)
        self.world.settle(rng)
        begun = time.monotonic()
        numbers = [int(os.environ["ONLY"])] if "ONLY" in os.environ else range(1, count + 1)
        with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("WORKERS", "6"))) as pool:
            for batch in batches(numbers, 500):
                list(pool.map(self.one, batch))
                late, self.late = self.late, []
                for number in late:
                    self.one(number, is_alone=True)
                print(f"fuzz: {batch[-1]} requests, {len(self.failures)} failures, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
                if not self.is_alive():
                    self.fail(batch[-1], None, "the server is gone")
                    break
        self.read_log()
        self.report(time.monotonic() - begun)

    def is_alive(self):
        try:
            os.kill(int(os.environ["SERVER"]), 0)
            return self.world.ask("anyone", "GET", "/livez").status == 200
        except (OSError, wire.NoAnswer):
            return False

    def read_log(self):
        """Errors that the server logged, but for those of 503 and 507, which were looked at as answers."""
        for line in self.log.read_text(errors="replace").splitlines():
            if not re.match(r"\S+ (error|critical) |Fatal|.*(Crash|SIG[A-Z]+)", line) or re.search(r"status=(503|507)\b", line):
                continue
            found = re.search(r"request_id=(\S+)", line)
            number = self.numbers.get(found[1]) if found else None
            if not any(failure[0] == number for failure in self.failures if number):
                self.fail(number or 0, None, "the log says: " + line[:400])
            else:
                print(f"fuzz: request {number}, log: {line[:400]}")

    def report(self, seconds):
        print(f"\nfuzz: seed {self.seed}, {sum(self.statuses.values())} requests in {seconds:.0f} s")
        columns = sorted({status for _, status in self.statuses})
        print("  " + "caller".ljust(12) + "".join(column.rjust(7) for column in columns))
        for who in sorted({who for who, _ in self.statuses}):
            print("  " + who.ljust(12) + "".join(str(self.statuses[who, column] or "–").rjust(7) for column in columns))
        for detail, times in self.unavailable.most_common():
            print(f"  503 or 507, {times} times: {detail}")
        for took, number, operation in self.slowest:
            print(f"  {took:.2f} s: request {number}, {operation}")
        print(f"fuzz: {len(self.failures)} failures")
        for (operation, fault), times in collections.Counter((o, f[:120]) for _, o, f in self.failures).most_common(40):
            print(f"  {times} × {operation}: {fault}")
        sys.exit(1 if self.failures else 0)


def batches(numbers, size):
    return (numbers[at : at + size] for at in range(0, len(numbers), size))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    Run(*sys.argv[1:]).all(int(os.environ.get("REQUESTS", "20000")))
