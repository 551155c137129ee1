"""Checks receipts (.tlog-proof) and consistency proofs with nothing of Rectify: only what Migrations/README.md says of them.

    receipts.py FOLDER KEY

KEY is name+hash+base64. Each proof is checked as it is, and again with one bit of what it proves turned.
"""

import base64
import hashlib
import json
import pathlib
import re
import sys

PREFIX = b"rectify event v1\n"


# Ed25519 (RFC 8032, section 5.1.7), since Python's own library has none.
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recovered(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recovered(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def add(a, b):
    one, two = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    three, four = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = two - one, four - three, four + three, two + one
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number, base):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, base)
        base, number = add(base, base), number >> 1
    return result


GY = 4 * pow(5, P - 2, P) % P
G = (recovered(GY, 0), GY, 1, recovered(GY, 0) * GY % P)


def signed(key, message, signature):
    a, r = point(key), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    left, right = times(s, G), add(r, times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


KNOWN = {}


def checkpoint(note, key):
    """Size and root of a signed checkpoint; None where it is none."""
    if note in KNOWN:
        return KNOWN[note]
    name, short, public = key.split("+", 2)
    public = base64.b64decode(public)
    assert hashlib.sha256(name.encode() + b"\n" + public).hexdigest()[:8] == short and public[0] == 1
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    good = False
    for line in signatures.splitlines():
        dash, who, data = line.split(" ")
        data = base64.b64decode(data)
        if dash == "—" and who == name and data[:4].hex() == short:
            good = signed(public[1:], text.encode(), data[4:])
    origin, size, root = text.split("\n")[:3]
    KNOWN[note] = (int(size), base64.b64decode(root)) if good and origin == name else None
    return KNOWN[note]


def included(leaf, index, size, root, proof):
    """RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    place, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            value = node(sibling, value)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            value = node(value, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and value == root


def consistent(first, first_root, size, root, proof):
    """RFC 9162, section 2.1.4.2."""
    if first == size:
        return first_root == root and not proof
    if not 0 < first < size or not proof:
        return False
    path = ([first_root] if first & (first - 1) == 0 else []) + proof
    place, last = first - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for value in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node(value, old), node(value, new)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            new = node(new, value)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first_root and new == root


def holds(extra, index, proof, known):
    entry = PREFIX + hashlib.sha256(extra).digest()
    return included(hashlib.sha256(b"\0" + entry).digest(), index, known[0], known[1], proof)


def main(folder, key):
    good = refused = follow = 0
    for file in sorted(pathlib.Path(folder).glob("*.tlog-proof")):
        head, _, note = file.read_text(encoding="utf-8").partition("\n\n")
        lines = head.split("\n")
        assert lines[0] == "c2sp.org/tlog-proof@v1"
        extra = base64.b64decode(re.fullmatch("extra (.+)", lines[1])[1])
        index = int(re.fullmatch("index ([0-9]+)", lines[2])[1])
        proof = [base64.b64decode(line) for line in lines[3:]]
        known = checkpoint(note, key)
        event = json.loads(extra[16:])
        canonical = json.dumps(event, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        if known and canonical == extra[16:] and holds(extra, index, proof, known):
            good += 1
        changed = bytearray(extra)
        changed[index % len(extra)] ^= 1 << index % 8
        refused += known is not None and not holds(bytes(changed), index, proof, known)
    for file in sorted(pathlib.Path(folder).glob("*.consistency")):
        first, second, hashes = file.read_text(encoding="utf-8").split("====\n")
        old, new = checkpoint(first, key), checkpoint(second, key)
        follow += bool(old and new) and consistent(*old, *new, [base64.b64decode(line) for line in hashes.split()])
    print(f"{good} receipts hold, {refused} changed ones do not; {follow} checkpoints follow")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
