"""Files of evidence and of imports: right ones, made here byte by byte, and what may be wrong with them."""

import gzip
import json
import struct
import zlib

import mutations


def number(value, count):
    return value.to_bytes(count, "big")


def little(value, count):
    return value.to_bytes(count, "little")


# MARK: PNG


def chunk(name, body):
    return (name, body, len(body), zlib.crc32(name + body))


def packed(name, body, length, checksum):
    return number(length & 0xFFFFFFFF, 4) + name + body + number(checksum & 0xFFFFFFFF, 4)


def bomb(size):
    """Bytes that inflate to `size` MiB."""
    deflater = zlib.compressobj(9)
    return b"".join(deflater.compress(bytes(1 << 20)) for _ in range(size)) + deflater.flush()


def png(rng):
    width, height = rng.choice([(3, 2), (1, 1), (64, 64), (300, 1)])
    rows = b"".join(b"\0" + rng.randbytes(width * 3) for _ in range(height))
    chunks = [
        chunk(b"IHDR", number(width, 4) + number(height, 4) + bytes([8, 2, 0, 0, 0])),
        chunk(b"tEXt", b"Comment\0secret"), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""),
    ]
    extra = [
        (b"iCCP", b"p\0\0" + bomb(64)), (b"zTXt", b"k\0\0" + bomb(32)), (b"iTXt", b"k\0\1\0\0\0" + bomb(8)), (b"pHYs", b"\0" * 8),
        (b"gAMA", b"\0"), (b"tRNS", b"\0" * 500), (b"PLTE", b"\0" * 7), (b"eXIf", b"MM\0*\0\0\0\x08\xff\xff"), (b"acTL", b"\0" * 8),
        (b"cHRM", b""), (b"IDAT", bomb(64)), (b"IHDR", number(2**31, 4) * 2 + bytes(5)), (b"\0\0\0\0", b"x"), (b"sRGB", b"\0\0"),
    ]
    change = rng.randrange(9)
    place = rng.randrange(len(chunks))
    name, body, length, checksum = chunks[place]
    if change == 0:
        chunks.insert(place, chunk(*rng.choice(extra)))
    elif change == 1:
        chunks[place] = (name, body, rng.choice([0, length + 1, 2**31 - 1, 2**31, 2**32 - 1]), checksum)
    elif change == 2:
        chunks[place] = (name, body, length, checksum ^ 1)
    elif change == 3:
        del chunks[place]
    elif change == 4:
        chunks += [chunks[place]] * rng.choice([1, 2000])
    elif change == 5:
        rng.shuffle(chunks)
    elif change == 6:
        size = rng.choice([(0, 0), (2**31 - 1, 2**31 - 1), (7072, 7072), (50_000_000, 1), (2**32 - 1, 1)])
        head = number(size[0], 4) + number(size[1], 4) + bytes([rng.choice([8, 1, 16, 7]), rng.choice([2, 3, 6, 9]), 0, 0, 1])
        chunks[0] = chunk(b"IHDR", head)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed(*entry) for entry in chunks)


# MARK: JPEG and WebP


def segment(marker, body, length=None):
    return bytes([0xFF, marker]) + number((len(body) + 2 if length is None else length) & 0xFFFF, 2) + body


def exif(rng):
    order, value = rng.choice([(b"II", little), (b"MM", number)])
    entries = [(0x0112, 3, 1, rng.randint(0, 9)), (0x8825, 4, 1, rng.choice([8, 10, 26, 2**32 - 1]))]
    body = value(rng.choice([len(entries), 0, 65535]), 2)
    for tag, kind, count, content in entries:
        body += value(tag, 2) + value(rng.choice([kind, 0, 99]), 2) + value(rng.choice([count, 2**32 - 1]), 4) + value(content, 4)
    return b"Exif\0\0" + order + value(42, 2) + value(rng.choice([8, 0, 2**32 - 1]), 4) + body + value(rng.choice([0, 8]), 4)


def jpeg(rng):
    frame = [8] + list(number(rng.choice([3, 0, 65535]), 2)) + list(number(rng.choice([4, 65535]), 2)) + [1, 1, 0x11, 0]
    parts = [
        segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"), segment(0xE1, exif(rng)), segment(0xC0, bytes(frame)),
        segment(0xDA, bytes([1, 1, 0, 0, 63, 0])) + b"\x12\xff\x00\x34\xff\xd1\x56",
    ]
    odd = [
        segment(0xE2, b"ICC_PROFILE\0\1\1" + bomb(1)), segment(0xFE, b"x" * 60000), segment(0xE1, b"", 0), segment(0xE1, b"", 1),
        segment(0xC4, b"", 65535), b"\xff" * 500, segment(0xC0, b"\x08"), b"\xff\xd8", b"\xff\xd9", b"\x00", segment(0xEE, b"Adobe"),
    ]
    if rng.random() < 0.5:
        parts.insert(rng.randrange(len(parts) + 1), rng.choice(odd))
    if rng.random() < 0.2:
        parts += parts * rng.choice([1, 500])
    return b"\xff\xd8" + b"".join(parts) + rng.choice([b"\xff\xd9", b"", b"\xff", b"\xff\xd9" + b"tail" * 100])


def part(name, body, length=None):
    return name + little((len(body) if length is None else length) & 0xFFFFFFFF, 4) + body + bytes(len(body) % 2)


def webp(rng):
    width, height = rng.choice([(5, 6), (1, 1), (16384, 16384)])
    parts = [
        part(b"VP8X", bytes([0x0C, 0, 0, 0]) + little(width - 1, 3) + little(height - 1, 3)),
        part(b"VP8L", b"\x2f" + little((width - 1) | (height - 1) << 14, 4) + b"\1\2"), part(b"EXIF", exif(rng)[6:]),
    ]
    if rng.random() < 0.5:
        odd = [part(b"ICCP", bomb(4)), part(b"VP8 ", b""), part(b"VP8L", b"\x2f"), part(b"ANIM", b"\0" * 6), part(b"ANMF", b"\0" * 16),
               part(b"XXXX", b"", 2**32 - 1), part(b"VP8X", b""), part(b"ALPH", b"\1")]
        parts.insert(rng.randrange(len(parts) + 1), rng.choice(odd))
    if rng.random() < 0.3:
        rng.shuffle(parts)
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + little(rng.choice([len(body), len(body), 0, 2**32 - 1]), 4) + body


# MARK: Other files


def mp4(rng):
    def box(name, body=b"", size=None):
        return number((len(body) + 8 if size is None else size) & 0xFFFFFFFF, 4) + name + body

    nested = b""
    for _ in range(rng.choice([0, 1, 3000])):
        nested = box(b"moov", nested)
    boxes = [box(b"ftyp", b"isom\0\0\0\0"), box(b"moov", nested), box(b"mdat", b"\0\0\0\1")]
    if rng.random() < 0.6:
        sizes = [0, 1, 7, 8, 2**31, 2**32 - 1]
        boxes.insert(rng.randrange(4), box(b"mdat", rng.choice([b"", b"\xff" * 8, number(16, 8)]), rng.choice(sizes)))
    return b"".join(boxes)


def pdf(rng):
    head, tail = rng.choice([b"%PDF-1.4\n", b"%PDF-", b"%PDF-9.9\n", b"\0%PDF-1.4\n"]), rng.choice([b"%%EOF\n", b"%%EOF", b""])
    return head + rng.choice([b"1 0 obj\n<<>>\nendobj\ntrailer\n", b"<<" * 5000, bomb(2)]) + tail


def har(rng):
    entry = {"request": {"url": "https://item.taobao.com/", "headers": []}, "response": {"status": 200}}
    whole = {"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": [entry] * rng.choice([1, 500])}}
    return mutations.document(mutations.mutated(rng, whole, rng.choice([0, 1, 2])), rng)


def words(rng):
    text = "一条链接打不开。\n" * rng.choice([1, 200]) + rng.choice(mutations.SIGNS)
    return text.encode("utf-8", "surrogatepass")


KINDS = [
    (png, "image/png", "png"), (png, "image/png", "png"), (jpeg, "image/jpeg", "jpg"), (jpeg, "image/jpeg", "jpg"), (webp, "image/webp", "webp"),
    (mp4, "video/mp4", "mp4"), (pdf, "application/pdf", "pdf"), (har, "application/json", "har"), (words, "text/plain", "txt"),
]


def evidence(rng):
    """Bytes, what they are said to be, and a name."""
    make, kind, suffix = rng.choice(KINDS)
    data = make(rng)
    if rng.random() < 0.25:
        data = rng.choice([lambda: data[: rng.randint(0, len(data))], lambda: mutations.flipped(rng, data), lambda: data * 2,
                           lambda: gzip.compress(data), lambda: data + bytes(rng.choice([1, 1 << 20]))])()
    name = "file." + suffix
    if rng.random() < 0.15:
        name = rng.choice(["", "x", "a/../b." + suffix, "x" * 300 + "." + suffix, "截图." + suffix, "a\u202egnp." + suffix, ".", "x.exe", "a\0." + suffix])
    if rng.random() < 0.1:
        kind = rng.choice(["image/gif", "text/html", "", "image/png; charset=x", "*/*", "application/octet-stream", "IMAGE/PNG"])
    return data, kind, name


def form(rng, data, kind, name):
    """multipart/form-data: its content type and bytes, often odd."""
    boundary = rng.choice(["x", "----WebKitFormBoundary7MA4YWxk", "a" * 70, "a'()+_,-./:=?"])
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    head = f'Content-Disposition: form-data; name="file"; filename="{quoted}"\r\nContent-Type: {kind}'
    parts = [(head.encode("utf-8", "surrogatepass"), data)]
    if rng.random() < 0.5:
        day = rng.choice(mutations.DAYS + ["2021-09-16"] * 20).encode()
        parts.append((b'Content-Disposition: form-data; name="captured_on"', day))
    if rng.random() < 0.3:
        parts.append((b'Content-Disposition: form-data; name="answers_request"', rng.choice([b"true", b"false", b"", b"\xff"])))
    if rng.random() < 0.3:
        odd = [
            (b"", b""), (b"Content-Disposition: form-data", b"x"), (b'Content-Disposition: form-data; name="file"', b"x"), parts[0],
            (b'Content-Disposition: form-data; name="\0"', b"x"), (b"no colon", b"x"), (b'Content-Disposition: form-data; name="file', b"x"),
            (b'Content-Disposition: form-data; name="extra"', b"x"), (b"A: b\r\n" * 5000 + b"C: d", b"x"),
            (b"Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''%E6%88%AA%zz", b"x"),
        ]
        parts.insert(rng.randrange(len(parts) + 1), rng.choice(odd))
    if rng.random() < 0.05:
        parts *= 200
    mark = b"--" + boundary.encode()
    body = b"".join(mark + b"\r\n" + top + b"\r\n\r\n" + content + b"\r\n" for top, content in parts) + mark + b"--\r\n"
    if rng.random() < 0.25:
        at = rng.randint(0, min(len(body), 400))
        body = rng.choice([body[:at], body[: -rng.randint(1, 8)], body.replace(b"\r\n", b"\n"), b"preamble\r\n" + body, body + b"epilogue", mark + b"--",
                           body[:at] + mark + body[at:], mark * 3000, b""])
    type_ = rng.choice([f"multipart/form-data; boundary={boundary}", f'multipart/form-data; boundary="{boundary}"'] * 5 + [
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 71, 'multipart/form-data; boundary="',
        "multipart/mixed; boundary=" + boundary, "multipart/form-data; boundary=é", f"multipart/form-data; boundary={boundary}; boundary=y",
    ])
    return type_, body


# MARK: Lines


MAPPINGS = [
    {"columns": {"编号": "client_reference", "平台": "respondent.name", "链接": "blocked_link.text", "描述": "narrative"},
     "constants": {"campaign": "internet-2021", "kind": "blocked_link", "blocked_link.scene": "group", "blocked_link.block": "interstitial_hard"}},
    {"columns": {"ref": "client_reference", "who": "respondent.name", "day": "received_on", "story": "narrative", "agree": "consent.publish_narrative",
                 "phone": "complainant.phone", "where": "environment.region"},
     "constants": {"campaign": "internet-2021", "kind": "other", "complainant.kind": "individual"}},
]


def ndjson(rng, filings, reference):
    lines = []
    for index in range(rng.choice([1, 3, 30])):
        filing = json.loads(json.dumps(rng.choice(filings))) | {"client_reference": f"{reference}-{index}"}
        line = mutations.document(mutations.mutated(rng, filing, rng.choice([0, 0, 1, 2])), rng)
        lines.append(mutations.odd_bytes(rng, line) if rng.random() < 0.05 else line)
    data = rng.choice([b"\n", b"\n", b"\r\n", b"\n\n \n"]).join(lines) + rng.choice([b"\n", b""])
    if rng.random() < 0.25:
        data = rng.choice([
            lambda: b"\xef\xbb\xbf" + data, lambda: b"{}\n" * 3000, lambda: b"\n" * 50000, lambda: b"x" * 2_000_000, lambda: b'{"a":"' + b"x" * 262_144 + b'"}',
            lambda: mutations.odd_bytes(rng, data), lambda: data + b"\xff\xfe", lambda: data.replace(b"\n", b"\r"), lambda: b"\0" * 1000, lambda: b"",
            lambda: data + data, lambda: (b'{"client_reference":"a","client_reference":"b"}\n' * 10), lambda: b"[" * 200_000 + b"\n" + data,
        ])()
    return data


def csv(rng, mapping, reference):
    columns = list(mapping["columns"]) or ["a"]
    many = rng.choice([0, 0, 0, 1, 1000, 20000])
    header = columns + [f"c{n}" for n in range(many)]
    if rng.random() < 0.15:
        header = rng.choice([header[1:], header + header[:1], [name + "\u200b" for name in header], [""] * 3, header[::-1], [name.upper() for name in header]])
    rows = [header]
    for index in range(rng.choice([1, 5, 40])):
        row = []
        for name in header:
            member = mapping["columns"].get(name, "")
            value = {"client_reference": f"{reference}-{index}", "respondent.name": "微信", "narrative": "群里的链接打不开", "received_on": "2021/9/16",
                     "blocked_link.text": "https://item.taobao.com/item.htm?id=1", "complainant.phone": "13800000001"}.get(member, "是" if "agree" in name else "")
            if member and rng.random() < 0.2:
                value = rng.choice(mutations.DAYS + mutations.TEXTS + mutations.SIGNS + ["1.38E+10", "44455", "2021-9-16 0:00", "9" * 400])
            row.append(value)
        rows.append(row if rng.random() < 0.9 else row[:-1])
    data = "\r\n".join(",".join(quoted(rng, cell) for cell in row) for row in rows) + rng.choice(["\r\n", "", "\n\n"])
    encoding = rng.choice(["utf-8"] * 6 + ["utf-8-sig", "gb18030", "gb18030", "utf-16", "utf-16-be"])
    bytes_ = data.encode(encoding, "surrogatepass" if encoding.startswith("utf-8") else "replace")
    if rng.random() < 0.2:
        bytes_ = rng.choice([
            lambda: mutations.flipped(rng, bytes_), lambda: bytes_[: rng.randint(0, len(bytes_))], lambda: bytes_.replace(b"\r\n", b"\r"), lambda: bytes_ + b'"',
            lambda: b"a" * 400_000, lambda: bytes_ + b'"' + b"x\n" * 200_000, lambda: b"," * 200_000 + b"\n" + bytes_, lambda: b"", lambda: bytes_ + b"\0,\0\n",
        ])()
    return bytes_


def quoted(rng, cell):
    if any(sign in cell for sign in ',"\r\n') or rng.random() < 0.2:
        return '"' + cell.replace('"', '""') + '"' if rng.random() < 0.95 else '"' + cell
    return cell
