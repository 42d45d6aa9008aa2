"""hostile.py - maps and alerts that nobody would write, from a seed

SPDX-License-Identifier: MIT
"""
import csv
import os

from runner import SRCDIR

# Pieces of a JSON string as they stand between its quotes.  Bytes, since some
# are no text.
PIECES = [
    # every escape of JSON
    rb"\"", rb"\\", rb"\/", rb"\b", rb"\f", rb"\n", rb"\r", rb"\t",
    rb"\r\n", rb"\u0000", rb"\u001b[31m", rb"\u007f", rb"\u0085",
    rb"\u00a0", rb"\u2028", rb"\u2029", rb"\u202e", rb"\ufeff", rb"\uffff",
    # what CEF is made of, and what looks like it
    b"|", b"=", b"||", b"==", rb"\\|", rb"\\=", rb"\\n", rb"\\\\",
    b" cs1=x", b" msg=", b"=cs1=", b"|CEF:0|", b"CEF:0|a|b|c|d|e|9|",
    rb"\nCEF:0|a|b|c|d|e|9| act=x", rb" rt\\=1", b" externalId=forged",
    b"<14>Jan  1 00:00:00 h ", b" _cefVer=0.1", b" ad.x=1",
    # astral characters, as text and as surrogates; halves of such
    "\U0001f600".encode(), rb"\ud83d\ude00", rb"\ud800", rb"\udfff",
    rb"\udc00\ud800", rb"\ud800x", "\U0010ffff".encode(),
    # bytes that are no UTF-8: cut, overlong, surrogates, too high
    b"\xff", b"\xc3", b"\xc0\xaf", b"\xe2\x82", b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80", b"\xf0\x9f\x98", b"\x80\x80",
    # words
    b" ", b"  ", b"a", b"abc", "\u00e9\u4e2d".encode(), b"\x7f", b"'", b"0",
    rb"C:\\new\\r", b"https://x.example/?a=b&c=d#e", b"10.0.0.1",
]
# Values of their types, and near misses.
TYPED = [
    b"0", b"-0", b"-1", b"42", b"2147483647", b"2147483648", b"1.5", b"1e3",
    b"1E-7", b"-1.0", b"1e400", b"9223372036854775807",
    b"9223372036854775808", b"-9223372036854775809",
    b"123456789012345678901234567890", b"true", b"false", b"null",
    b'""', b"[]", b"{}", b'"5"', b'" 7 "', b'"0x10"', b'"007"',
    b'"192.0.2.7"', b'"::ffff:192.0.2.7"', b'"2001:DB8::1"', b'"fe80::1%e"',
    b'"192.0.2.300"', b'"00-0d-60-AF-1B-61"', b'"000d60af1b61"',
    b'"2024-02-29T23:59:60.1234567Z"', b'"0001-01-01T00:00:00Z"',
    b'"1700000000123"', b"1700000000", b'"9999-12-31T23:59:59.9999999Z"',
    b'"Low"', b'"very-high"', b"10", b"11", b'"HIGH|=\\\\"',
]
NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"]
HEADERS = ["deviceVendor", "deviceProduct", "deviceVersion",
           "deviceEventClassId", "name", "severity"]
TEXT_FILTERS = [
    "lower", "upper", "trim", "first", "last", "unique", "json", "count",
    'join("=|\\u000a")', 'join(" cs2=")', 'split("|", 1)', 'split("=")',
    "truncate(7)", "truncate(1)", "basename", "dirname", "host", "domain",
    'replace(/[=|]/, "\\\\$0")', 'replace(/\\s+/, "\\u000a")',
    "extract(/(.)=(.)/, 2)", 'default("\\\\=|")', "lookup(words)"]
TYPE_FILTERS = {
    "Integer": ["number", "count"], "Long": ["number", "count"],
    "Floating Point": ["number"], "Double": ["number"],
    "Time Stamp": ["time"], "IPv4 Address": ["ip4"], "IPv6 Address": ["ip6"],
    "IP Address": ["ip4", "ip6"], "MAC Address": ["mac"]}


def dictionary():
    with open(os.path.join(SRCDIR, "cef", "dictionary.csv")) as f:
        return list(csv.DictReader(f))


class Alerts:
    """JSON texts of alerts, one line each."""

    def __init__(self, rng):
        self.rng = rng

    def string(self):
        rng = self.rng
        body = b"".join(rng.choices(PIECES, k=rng.choice([0, 1, 2, 3, 5, 9])))
        if body and rng.random() < 0.01:
            body = body * (65536 // len(body) + 1)
        elif body and rng.random() < 0.05:
            body = body * rng.randint(2, 1500 // len(body) + 2)
        return b'"' + body + b'"'

    def value(self, depth=0):
        rng = self.rng
        kind = rng.random()
        if kind < 0.55 or depth > 3:
            return self.string()
        if kind < 0.8:
            return rng.choice(TYPED)
        if kind < 0.9:
            return b"[" + b",".join(self.value(depth + 1) for _ in range(
                rng.randint(0, 4))) + b"]"
        return self.object(depth + 1)

    def object(self, depth):
        rng = self.rng
        names = rng.sample(NAMES, rng.randint(0, 4))
        members = [b'"%s":%s' % (n.encode(), self.value(depth))
                   for n in names]
        if rng.random() < 0.2:
            # a name that a path or an explained path must carry
            members.append(self.string().replace(rb"\u0000", b"") + b":1")
        return b"{" + b",".join(members) + b"}"

    def alert(self):
        rng = self.rng
        members = [b'"%s":%s' % (n.encode(), self.value())
                   for n in NAMES if rng.random() < 0.9]
        members += [b'"id":' + self.string(),
                    b'"list":[' + b",".join(
                        self.value(1) for _ in range(rng.randint(0, 5)))
                    + b"]"]
        rng.shuffle(members)
        return b"{" + b",".join(members) + b"}"


class Maps:
    """Maps that compile: any fields of the dictionary, of any values."""

    def __init__(self, rng):
        self.rng = rng
        rows = [r for r in dictionary() if r["direction"] != "header"]
        self.types = {r["key"]: r["type"] for r in rows}
        self.v1 = {r["key"] for r in rows if r["version"] == "1.2"}
        self.labels = {k + "Label": k for k in self.types
                       if k + "Label" in self.types}
        self.plain = [k for k in self.types if k not in self.labels]

    def path(self, at):
        rng = self.rng
        return rng.choice([
            "%s.%s", "%s.%s", "%s.%s", "%s['%s']", "%s.list[*].%s", "%s..%s", "%s.%s[*]",
            "%s.%s[0]", "%s.%s.a", "%s.list[?@.%s]"]) % (
                rng.choice(["$", at]), rng.choice(NAMES + ["id", "list"]))

    def operand(self, at):
        rng = self.rng
        kind = rng.random()
        if kind < 0.6:
            return self.path(at)
        if kind < 0.75:
            return "%s ?? %s" % (self.path(at), self.path(at))
        if kind < 0.9:
            return '"%s{%s}%s"' % (
                rng.choice(["", "a=", "\\\\|", " cs1=x ", "\\u000a"]),
                self.path(at), rng.choice(["", "|", "\\\\", " b=c", "\\n"]))
        return "(%s ?? %s)" % (self.path(at), self.path(at))

    def text(self, at):
        out = self.operand(at)
        for f in self.rng.choices(TEXT_FILTERS,
                                  k=self.rng.choice([0, 0, 0, 1, 2])):
            out += " | " + f
        return out

    def expression(self, key, at):
        filters = TYPE_FILTERS.get(self.types.get(key, "String"))
        if filters is None:
            return self.text(at)
        out = self.path(at)
        if self.rng.random() < 0.6:
            out += " | " + self.rng.choice(filters)
        return out

    def event(self, name, with_each):
        rng = self.rng
        at = "@" if with_each else "$"
        lines = ["[event %s]" % name]
        if with_each:
            lines.append("each = $.%s[*]" % rng.choice(["list", "list", "a"]))
            if rng.random() < 0.5:
                lines.append("key = @.a")
        if rng.random() < 0.2:
            lines.append("when = $.a != 'x' || %s.b" % at)
        # severity is held against its words: no constant text there
        lines += ["%s = %s" % (h, self.path(at) if h == "severity"
                               else self.text(at)) for h in HEADERS]
        fields = []
        for key in rng.sample(self.plain, rng.randint(1, 25)):
            mark = rng.choice(["", "", "", "!"])
            fields.append("%s%s = %s" % (key, mark,
                                         self.expression(key, at)))
            if key + "Label" in self.labels:
                fields.append("%sLabel = %s" % (key, rng.choice(
                    ['"L %s"' % key, self.text(at)])))
        rng.shuffle(fields)
        return lines + fields

    def map(self):
        rng = self.rng
        lines = ["custom-keys = ContosoRisk"]
        for i in range(rng.randint(1, 3)):
            lines += self.event("e%d" % i, rng.random() < 0.4)
            if rng.random() < 0.5:
                lines.append("ContosoRisk = " + self.text("$"))
        lines += ["[lookup words]", 'abc, "=" = "a|b\\\\c=d"', "a = $.b",
                  "* = @"]
        return "\n".join(lines) + "\n"
