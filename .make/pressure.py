"""Makes a server's day hard, to see what others feel of it. Only Python's own library is needed.

    pressure.py attack HOST PORT CONNECTIONS SECONDS   a third each of slow headers, slow bodies and slow readers, from
                                                       several loopback addresses; prints what became of them
    pressure.py probe URL SECONDS BODIES               files about fifty complaints a second, one after another and each
                                                       on a connection of its own; prints statuses and times
    pressure.py recovery URL BODIES                    files one after another until ten in a row were taken in under
                                                       200 ms each; prints how long that took
"""

import http.client
import json
import random
import re
import select
import socket
import sys
import time
import urllib.parse
import uuid


def attack(host, port, count, seconds):
    """Each connection says a byte every two seconds, or reads nothing; whoever is thrown out comes again."""
    heads = {
        "headers": b"GET /v1/complaints HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        "body": b"POST /v1/complaints HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Idempotency-Key: \"" + b"a" * 20 + b"\"\r\nContent-Length: 100000\r\n\r\n{",
        "reader": b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 40,
    }
    kinds = list(heads)
    poller = select.epoll()
    open_, thrown, refused = {}, dict.fromkeys(kinds, 0), 0

    def come(number):
        nonlocal refused
        kind = kinds[number % 3]
        connection = socket.socket()
        try:
            if kind == "reader":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.bind((f"127.0.{1 + number % 8}.{1 + number // 8 % 250}", 0))
            connection.settimeout(1)
            connection.connect((host, port))
            connection.setblocking(False)
            connection.send(heads[kind])
        except OSError:
            refused += 1
            connection.close()
            return
        open_[connection.fileno()] = [connection, number, kind, time.monotonic() + random.uniform(0, 2)]
        # Of a reader only the end is waited for: it never takes what was sent.
        poller.register(connection.fileno(), select.EPOLLRDHUP if kind == "reader" else select.EPOLLIN | select.EPOLLRDHUP)

    def leave(descriptor):
        connection, number, kind, _ = open_.pop(descriptor)
        connection.close()
        thrown[kind] += 1
        return number

    for number in range(count):
        come(number)
    peak, end = len(open_), time.monotonic() + seconds
    print(f"attack: {peak} connections open", file=sys.stderr, flush=True)
    while time.monotonic() < end:
        gone = [leave(descriptor) for descriptor, _ in poller.poll(0.2) if descriptor in open_]
        now = time.monotonic()
        for descriptor, entry in list(open_.items()):
            if entry[2] != "reader" and entry[3] < now:
                entry[3] = now + 2
                try:
                    entry[0].send(b"a")
                except OSError:
                    gone.append(leave(descriptor))
        for number in gone:
            come(number)
        peak = max(peak, len(open_))
    print(json.dumps({"connections": peak, "thrown_out": thrown, "refused": refused, "open_at_the_end": len(open_)}))


def filings(url, path):
    """Files the bodies of a file one after another: status and milliseconds of each."""
    address = urllib.parse.urlsplit(url)
    with open(path, encoding="utf-8") as file:
        bodies = file.read().splitlines()
    while True:
        body = re.sub(r'"phone": "[^"]*"', f'"phone": "1{random.randrange(10**10):010}"', random.choice(bodies))
        begun = time.monotonic()
        try:
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
            headers = {"Content-Type": "application/json", "Idempotency-Key": f'"{uuid.uuid4()}"'}
            connection.request("POST", "/v1/complaints", body.encode(), headers)
            answer = connection.getresponse()
            answer.read()
            status = answer.status
            connection.close()
        except OSError:
            status = 0
        yield status, (time.monotonic() - begun) * 1000


def at(part, values):
    return round(sorted(values)[min(len(values) - 1, int(len(values) * part))], 1) if values else None


def probe(url, seconds, path):
    end, times = time.monotonic() + seconds, {}
    for status, took in filings(url, path):
        times.setdefault(status, []).append(took)
        if time.monotonic() > end:
            break
        time.sleep(max(0, 0.02 - took / 1000))
    for status, took in sorted(times.items()):
        print(f"status {status}: {len(took)}, p50 {at(0.5, took)} ms, p90 {at(0.9, took)} ms, p99 {at(0.99, took)} ms, longest {max(took):.0f} ms")


def recovery(url, path):
    begun, row = time.monotonic(), 0
    for status, took in filings(url, path):
        row = row + 1 if status == 201 and took < 200 else 0
        if row == 10 or time.monotonic() - begun > 60:
            break
    print(f"{time.monotonic() - begun:.1f}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["attack", host, port, count, seconds]:
            attack(host, int(port), int(count), float(seconds))
        case ["probe", url, seconds, path]:
            probe(url, float(seconds), path)
        case ["recovery", url, path]:
            recovery(url, path)
        case _:
            sys.exit(__doc__)
