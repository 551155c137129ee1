"""Compares what filers were acknowledged with what is stored, with nothing of Rectify but its tables and its HTTP answers.

    acknowledged.py LEDGER CASES KEYS [ADDRESS TOKEN FIRST]

LEDGER has one JSON object a line for each 201 that a filer got: reference, tracking_code, client_reference (may be null),
narrative_sha256. CASES and KEYS are connection strings of the two databases, for psql. With ADDRESS (of a server) and TOKEN
(of an officer), each acknowledgement from line FIRST on, counted from 0, is opened over HTTP too: by its tracking code, and
as the officer sees it, with narrative and name.

Prints one JSON object: how many were acknowledged and stored, and what is lost, doubled or wrong. A filer has a narrative of
its own for each filing, so that the same narrative in two complaints is one filing stored twice.
"""

import collections
import csv
import hashlib
import http.client
import io
import json
import subprocess
import sys
import threading
import time
import urllib.parse


class Busy(Exception):
    """The server asks to be asked again."""


STORED = """
    COPY (
        SELECT g.prefix, c.number, c.narrative, encode(c.tracking_hash, 'hex'), c.client_reference, c.filed_by, c.key_id,
               (SELECT count(*) FROM event e
                WHERE e.campaign_id = c.campaign_id AND e.case_id = c.id AND e.action = 'file')
        FROM complaint c JOIN campaign g ON g.id = c.campaign_id
    ) TO STDOUT (FORMAT csv)"""
KEYS = "COPY (SELECT id FROM case_key WHERE octet_length(wrapped) > 0) TO STDOUT (FORMAT csv)"


def patiently(ask, wait=0.5, tries=120):
    """What `ask` returns; a database or a server that is coming back is asked again, for a minute at least."""
    for left in reversed(range(tries)):
        try:
            return ask()
        except (OSError, subprocess.CalledProcessError, http.client.HTTPException, Busy):
            if not left:
                raise
            time.sleep(wait)


def rows(conninfo, query):
    command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", conninfo, "-c", query]
    answer = patiently(lambda: subprocess.run(command, check=True, stdout=subprocess.PIPE))
    return list(csv.reader(io.StringIO(answer.stdout.decode("utf-8"), newline="")))


def digest(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def number(reference):
    """`IR21-0000123-4`: prefix, number, and a check digit by Luhn's rule."""
    prefix, digits, check = reference.split("-")
    total = 0
    for place, letter in enumerate(reversed(digits)):
        value = int(letter) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    assert (total + int(check)) % 10 == 0, reference
    return prefix, int(digits)


def repeated(values):
    return sorted(str(value) for value, count in collections.Counter(values).items() if count > 1)


def compare(acknowledged, stored, keys):
    lost, wrong = [], []
    by_number = {(row[0], int(row[1])): row for row in stored}
    for entry in acknowledged:
        row = by_number.get(number(entry["reference"]))
        if row is None:
            lost.append(entry["reference"])
            continue
        _, _, narrative, tracking, client, _, key, filings = row
        faults = []
        if digest(narrative) != entry["narrative_sha256"]:
            faults.append("another narrative")
        if tracking != digest(entry["tracking_code"]):
            faults.append("another tracking code")
        if client != (entry["client_reference"] or ""):
            faults.append("another client_reference")
        if key not in keys:
            faults.append("its key is gone")
        if filings != "1":
            faults.append(f"{filings} filings in its history")
        wrong += [f"{entry['reference']}: {fault}" for fault in faults]
    doubled = repeated((row[0], row[1]) for row in stored)
    doubled += repeated(digest(row[2]) for row in stored)
    doubled += repeated((row[5], row[4]) for row in stored if row[4])
    # The same answer given twice to the same filing is no second one.
    once = {(entry["reference"], entry["narrative_sha256"]) for entry in acknowledged}
    doubled += repeated(reference for reference, _ in once) + repeated(narrative for _, narrative in once)
    doubled += repeated(code for code, _ in {(entry["tracking_code"], entry["reference"]) for entry in acknowledged})
    return lost, doubled, wrong


def opened(address, token, entries):
    """What does not open over HTTP as it was filed."""
    wrong, waiting, lock = [], collections.deque(entries), threading.Lock()

    def get(connection, path, headers):
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        if answer.status == 503:
            raise Busy(f"{path} answers 503")
        if answer.status != 200:
            raise ValueError(f"{path} answers {answer.status}")
        return json.loads(body)

    def unsealed(shown):
        if shown["is_sealed_unavailable"]:
            raise Busy("the keys cannot be reached")
        return shown

    def work():
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=60)
        while True:
            with lock:
                if not waiting:
                    return
                entry = waiting.popleft()
            reference, fault = entry["reference"], None
            code, officer = {"Tracking-Code": entry["tracking_code"]}, {"Authorization": f"Bearer {token}"}
            try:
                tracked = patiently(lambda: get(connection, "/v1/tracking", code))
                shown = patiently(lambda: unsealed(get(connection, f"/v1/complaints/{reference}", officer)))
                if tracked["reference"] != reference:
                    fault = "its tracking code opens " + tracked["reference"]
                elif digest(shown["narrative"]) != entry["narrative_sha256"]:
                    fault = "it opens to another narrative"
                elif not (shown.get("complainant") or {}).get("name"):
                    fault = "what is sealed does not open"
            except (OSError, ValueError, KeyError, http.client.HTTPException, Busy) as error:
                fault = f"it does not open: {error!r}"
            if fault:
                with lock:
                    wrong.append(f"{reference}: {fault}")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def main(ledger, cases, keys, address=None, token=None, first="0"):
    with open(ledger, encoding="utf-8") as lines:
        acknowledged = [json.loads(line) for line in lines]
    stored = rows(cases, STORED)
    lost, doubled, wrong = compare(acknowledged, stored, {row[0] for row in rows(keys, KEYS)})
    if address:
        wrong += opened(address, token, acknowledged[int(first):])
    print(json.dumps({
        "acknowledged": len(acknowledged), "stored": len(stored), "lost": lost, "doubled": doubled, "wrong": wrong,
    }))


if __name__ == "__main__":
    if len(sys.argv) not in (4, 7):
        sys.exit(__doc__)
    main(*sys.argv[1:])
