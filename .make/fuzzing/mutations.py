"""Ways to make a good value odd: JSON, text, bytes, days."""

import gzip
import json

NUMBERS = [0, -1, 1, 2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 10**30, 1.5, 0.1, 1e16, -0.0]
RAW = [
    "1e400", "-1e400", "1e-400", "1e99999999999", "01", "+1", ".5", "1.", "0x10", "NaN", "Infinity", "-", "1_000", "'x'",
    "nul", "True", "undefined", '"\\u"', '"\\uD800"', '"\\uDC00\\uD800"', '"\\x41"', '"\\ud83d\\u0000"', '"\t"', '"\n"',
    "9" * 5000, "0." + "9" * 5000, "// c\n1", "/* c */1", "[1,]", '{"a":1,}', "{1:2}", "[", "{", '"', "]", "1 2",
]
DAYS = [
    "0001-01-01", "0000-01-01", "9999-12-31", "10000-01-01", "-0001-01-01", "+2021-01-01", "2021-02-29", "2024-02-29",
    "1900-02-29", "2000-02-29", "2021-13-01", "2021-00-10", "2021-04-31", "2021-1-1", "20210916", "2021/09/16",
    "2021-09-16T00:00:00Z", "2021-09-16T24:00:00Z", "2021-09-16T23:59:60Z", "2021-09-16+08:00", "2021-09-16T00:00:00+14:00",
    "2021-09-16T00:00:00.123456789+99:99", "2021-W37-4", "2021-259", "2021-09", "2021", "1582-10-10", "1970-01-01",
    "1969-12-31", "2038-01-19", "2262-04-12", "294277-01-10", "4714-11-24", "infinity", "-infinity", "today", "now",
    "２０２１-０９-１６", "2021-09-16 ", " 2021-09-16", "2021‐09‐16", "٢٠٢١-٠٩-١٦",
]
SIGNS = [
    "\0", "\x01", "\x08", "\x1b[31m", "\x1f", "\x7f", "\x85", "\x9b31m", "\xa0", "\xad", "\u0301", "\u0301" * 300, "\u061c",
    "\u115f", "\u180e", "\u200b", "\u200d", "\u200e", "\u2028", "\u2029", "\u202e", "\u2066", "\u2069", "\u3000", "\ufe0f",
    "\ufeff", "\ufffd", "\ufffe", "\uffff", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U000e0041", "\U0010ffff",
    "\U000f0000", "\ud800", "\udfff", "\ud83d", "ﬀ", "ß", "İ", "ı", "ǆ", "ﷺ", "각", "ᄀ" * 50, "e\u0301", "\r\n", "\r", "\n", "\t",
    "\r\nX-Injected: 1\r\n\r\n", "\\", '"', "'", "`", "%", "%00", "%s%n", "{{x}}", "${x}", "<script>", "]]>", "--", "';--",
    "' OR 1=1 --", "../../etc/passwd", "=cmd|' /C calc'!A0", "+1", "-1", "@a", "，", "。", "！", "*", "?", "|", "&", ",", "!",
]
TEXTS = [
    "", " ", "\u3000", "\u200b", "null", "true", "0", "-1", "none", "me", "*", "!", ",", "!,", ",,", "a,b", "!received,closed",
    "wechat", "WECHAT", "internet-2021", "internet-2022", "IR21-0000001-8", "platform:", ":", "platform:taobao", "host:.",
    "host:a..b", "5wd", "0wd", "-5wd", "99999999999wd", "10d", "999999999d", "wd", "5 wd", "5.5d", "5wd5d", "10D",
    "zh-CN", "i-klingon", "x-" * 30, "en-US-x-twain", "a@b", "a@" + "b" * 300, "1" * 400, "+8613800000001", "+0", "０１２",
    "CN-GD", "CN-", "XX", "99999999-9999-9999-9999-999999999999",
]
# Addresses that a reader of links understands. Not for webhooks: a message may be sent there.
LINKS = [
    "https://item.taobao.com/item.htm?id=1", "https://[::1]/", "http://1.2.3.4:99999/", "https://xn--/", "https://xn--a.xn--b/",
    "https://" + "a." * 200 + "cn/", "https://例え.テスト/", "https://a@b@c/", "https://a:b@taobao.com/%zz", "javascript:alert(1)",
    "https://weixin110.qq.com/cgi-bin/mmspamsupport-bin/newredirectconfirmcgi?url=" + "https%3A%2F%2F" * 30,
    "https://m.tb.cn/h.4Qx7aBc?" + "a=1&" * 500, "￥k3ZpXa81QmT￥" * 50, "https://taobao.com:/#?", "//taobao.com", "https:///",
    "https://0x7f.1/", "https://2130706433/", "https://tao\u200bbao.com/", "https://ｔａｏｂａｏ.com/", "https://taobao.com\u202e/",
]


class Raw(str):
    """Written into the document as it is."""


class Pairs(list):
    """An object as a list of its members, so that a name can be in it twice."""


def written(value, is_ascii=False):
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Pairs):
        return "{" + ",".join(written(str(k), is_ascii) + ":" + written(v, is_ascii) for k, v in value) + "}"
    if isinstance(value, dict):
        return written(Pairs(value.items()), is_ascii)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(written(item, is_ascii) for item in value) + "]"
    return json.dumps(value, ensure_ascii=is_ascii)


def document(value, rng=None):
    """The bytes; a lone surrogate becomes an escape, or bytes that are no UTF-8."""
    return written(value, rng is not None and rng.random() < 0.2).encode("utf-8", "surrogatepass")


def slots(container, found):
    keys = range(len(container)) if isinstance(container, list) else list(container)
    for key in keys:
        found.append((container, key))
        if isinstance(container[key], (dict, list)) and not isinstance(container[key], Pairs):
            slots(container[key], found)
    return found


def mutated(rng, value, count, links=True):
    """The value with as many odd places."""
    root = [json.loads(json.dumps(value))]
    for _ in range(count):
        container, key = rng.choice(slots(root, []))
        replace(rng, container, key, links)
    return root[0]


def replace(rng, container, key, links):
    old = container[key]
    choice = rng.random()
    if isinstance(old, str) and choice < 0.6:
        container[key] = odd_text(rng, old, links)
    elif isinstance(old, (dict, list)) and choice < 0.7:
        container[key] = odd_dict(rng, old) if isinstance(old, dict) else odd_list(rng, old)
    elif isinstance(container, dict) and choice < 0.75:
        del container[key]
    else:
        container[key] = odd_value(rng, old)


def odd_value(rng, old):
    depth = rng.choice([2, 31, 32, 33, 200, 20000])
    return rng.choice([
        lambda: rng.choice(NUMBERS), lambda: rng.choice(NUMBERS), lambda: Raw(rng.choice(RAW)), lambda: None,
        lambda: rng.random() < 0.5, lambda: rng.choice(TEXTS), lambda: rng.choice(DAYS), lambda: rng.choice(SIGNS),
        lambda: [], lambda: {}, lambda: [old], lambda: {"a": old}, lambda: [old] * rng.choice([2, 101, 1000]),
        lambda: Raw("[" * depth + "]" * depth), lambda: Raw('{"a":' * depth + "1" + "}" * depth),
    ])()


def odd_text(rng, old, links):
    at = rng.randint(0, len(old))
    looks_like_day = len(old) == 10 and old[4:5] == "-"
    if looks_like_day and rng.random() < 0.8:
        return rng.choice(DAYS)
    return rng.choice([
        lambda: old[:at] + rng.choice(SIGNS) + old[at:], lambda: old[:at] + rng.choice(SIGNS) + old[at:],
        lambda: rng.choice(SIGNS) + old, lambda: old + rng.choice(SIGNS), lambda: old[:at], lambda: old.upper(),
        lambda: rng.choice(TEXTS), lambda: rng.choice(LINKS) if links else rng.choice(TEXTS),
        lambda: (old or "a") * rng.choice([2, 50, 1000, 20000 // max(1, len(old)) + 1]),
        lambda: rng.choice(["长", "x", "\U0001f600", "\u0301", " ", "\u3042"]) * rng.choice([60, 61, 200, 201, 2001, 20000, 20001]),
        lambda: "".join(chr(rng.choice([rng.randint(0, 0x7F), rng.randint(0x80, 0xD7FF), rng.randint(0xE000, 0x10FFFF)]))
                        for _ in range(rng.randint(1, 60))),
    ])()


def odd_dict(rng, old):
    names = list(old)
    members = list(old.items())
    if not members:
        return {rng.choice(["a", "", "\0", "__proto__", "x" * 5000]): 1}
    name, value = rng.choice(members)
    return rng.choice([
        lambda: old | {rng.choice(["extra", "", "\0", "a.b", "é", "e\u0301", "\ud800", "x" * 5000]): value},
        lambda: {rng.choice(names) + rng.choice(["", " ", "\0", "_", "\u200b"]): value},
        lambda: {k.upper(): v for k, v in members}, lambda: list(old.values()), lambda: Pairs(members + [(name, value)]),
        lambda: Pairs(members + [(name, rng.choice(NUMBERS))]), lambda: Pairs([("e\u0301", 1), ("é", 1)] + members),
        lambda: old | {str(n): n for n in range(rng.choice([50, 5000]))}, lambda: dict(zip(names, reversed(old.values()))),
    ])()


def odd_list(rng, old):
    item = rng.choice(old) if old else 1
    return rng.choice([
        lambda: [], lambda: old + old, lambda: old + [item] * rng.choice([100, 201, 2001]), lambda: [[item]],
        lambda: old + [None], lambda: old + [rng.choice(NUMBERS)], lambda: {"0": item}, lambda: old[::-1],
    ])()


def odd_bytes(rng, data):
    """What is no longer the same document: cut off, flipped, in another encoding, with something around it."""
    at = rng.randint(0, len(data))
    broken = rng.choice([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe4\xb8", b"\0", b"\x00" * 500])
    return rng.choice([
        lambda: data[:at], lambda: data[at:], lambda: data[:at] + broken + data[at:], lambda: b"\xef\xbb\xbf" + data,
        lambda: data.decode("utf-8", "replace").encode("utf-16"), lambda: data.decode("utf-8", "replace").encode("utf-32-le"),
        lambda: data.decode("utf-8", "replace").encode("gb18030", "replace"), lambda: gzip.compress(data), lambda: b"",
        lambda: data + data, lambda: data + b"," + data, lambda: b"[" + data + b"]", lambda: data + b"\0",
        lambda: b" " * 300_000 + data, lambda: data + b"\n" * 100, lambda: flipped(rng, data),
    ])()


def flipped(rng, data, count=None):
    changed = bytearray(data)
    for _ in range(count or rng.choice([1, 1, 3, 20])):
        if changed:
            changed[rng.randrange(len(changed))] = rng.choice([0, 0xFF, rng.randrange(256), 0x22, 0x7B])
    return bytes(changed)
