"""HTTP as bytes: what is sent is exactly what a test says, however wrong it is."""

import dataclasses
import json
import select
import shlex
import socket
import time


@dataclasses.dataclass
class Request:
    method: str
    target: str
    headers: list  # of (name, value), each str or bytes
    body: bytes = b""
    principal: str = "anyone"
    operation: str = ""
    # How the body is sent: "length", "chunked", or "none" where a header already says it, rightly or wrongly.
    framing: str = "length"
    version: str = "HTTP/1.1"
    # HTTP itself is broken: the server may close the connection, or refuse in any words.
    is_broken: bool = False
    # Sent as it is in place of everything above.
    raw: bytes | None = None
    # Seconds that the request itself asks the server to wait.
    wait: int = 0

    def bytes(self, host):
        if self.raw is not None:
            return self.raw
        lines = [encoded(self.method) + b" " + encoded(self.target) + b" " + encoded(self.version)]
        names = {encoded(name).lower() for name, _ in self.headers}
        if b"host" not in names and not self.is_broken:
            lines.append(b"Host: " + host.encode())
        lines += [encoded(name) + b": " + encoded(value) for name, value in self.headers]
        body = self.body
        if self.framing == "chunked":
            lines.append(b"Transfer-Encoding: chunked")
            size = max(1, len(body) // 3)
            parts = [body[at : at + size] for at in range(0, len(body), size)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        elif self.framing == "length" and (body or self.method not in ("GET", "HEAD", "DELETE")):
            lines.append(b"Content-Length: %d" % len(body))
        return b"\r\n".join(lines) + b"\r\n\r\n" + body

    def curl(self, address, secrets):
        """The request as a command; tokens stay names. What curl cannot send is in the file beside it."""
        def plain(value):
            text = encoded(value).decode("utf-8", "backslashreplace")
            for name, secret in secrets.items():
                text = text.replace(secret, "$" + name.upper())
            return text

        parts = ["curl", "-i", "--path-as-is", "-X", shlex.quote(self.method), '"' + address + plain(self.target) + '"']
        for name, value in self.headers:
            parts += ["-H", '"' + plain(name) + ": " + plain(value).replace('"', '\\"') + '"']
        if self.body:
            short = self.body[:600].decode("utf-8", "backslashreplace")
            more = f" # … {len(self.body)} bytes in all" if len(self.body) > 600 else ""
            parts += ["--data-binary", shlex.quote(short) + more]
        return " ".join(parts)


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict  # by lower-case name
    body: bytes
    seconds: float

    def json(self):
        return json.loads(self.body)


class NoAnswer(Exception):
    """The connection ended, or time was up, before a whole answer came."""


def encoded(value):
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")


class Exchange:
    """One request on a connection of its own. It is read while it is sent, since a server may refuse a body early."""

    def __init__(self, host, port, seconds):
        self.end = time.monotonic() + seconds
        self.begun = time.monotonic()
        self.received = b""
        self.is_over = False
        self.connection = socket.create_connection((host, port), timeout=seconds)
        self.connection.setblocking(False)

    def run(self, data, method):
        try:
            rest = memoryview(data)
            while True:
                answer = self.parsed(method)
                if answer:
                    return answer
                if self.is_over:
                    after = time.monotonic() - self.begun
                    raise NoAnswer(f"closed after {after:.1f} s and {len(self.received)} bytes: {self.received[:120]!r}")
                left = self.end - time.monotonic()
                if left <= 0:
                    raise NoAnswer("hang: no whole answer in time")
                wants = [self.connection] if rest else []
                readable, writable, _ = select.select([self.connection], wants, [], min(left, 1))
                if readable:
                    self.read()
                elif writable:
                    try:
                        rest = rest[self.connection.send(rest[:65536]) :]
                    except (BrokenPipeError, ConnectionResetError):
                        rest = rest[:0]
        finally:
            self.connection.close()

    def read(self):
        try:
            piece = self.connection.recv(262144)
        except (ConnectionResetError, TimeoutError):
            piece = b""
        self.received += piece
        self.is_over = not piece

    def parsed(self, method):
        """The answer, once all of it is there; interim answers are passed over."""
        while True:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return None
            lines = self.received[:end].split(b"\r\n")
            status = int(lines[0].split(b" ")[1])
            if status >= 200:
                break
            self.received = self.received[end + 4 :]
        headers = {}
        for line in lines[1:]:
            name, value = line.split(b":", 1)
            headers[name.decode("ascii").lower()] = value.strip().decode("utf-8", "replace")
        body = self.received[end + 4 :]
        seconds = time.monotonic() - self.begun
        if method == "HEAD" or status in (204, 304):
            return Answer(status, headers, b"", seconds)
        if "content-length" in headers:
            length = int(headers["content-length"])
            return Answer(status, headers, body[:length], seconds) if len(body) >= length else None
        if headers.get("transfer-encoding") == "chunked":
            whole = dechunked(body)
            return Answer(status, headers, whole, seconds) if whole is not None else None
        return Answer(status, headers, body, seconds) if self.is_over else None


def dechunked(data):
    parts, at = [], 0
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        size = int(data[at:end].split(b";")[0], 16)
        at = end + 2
        if size == 0:
            return b"".join(parts) if data.find(b"\r\n", at) >= 0 else None
        if len(data) < at + size + 2:
            return None
        parts.append(data[at : at + size])
        at += size + 2
