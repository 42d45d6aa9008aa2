"""cef.py - reads a CEF line as the standard says, and no other way

SPDX-License-Identifier: MIT
"""
import re

SYSLOG = re.compile(r"<(\d{1,3})>([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) "
                    r"(\S+) (CEF:.*)", re.S)
RFC5424 = re.compile(r"<(\d{1,3})>1 (\S+) (\S+) cefwd - - - (CEF:.*)", re.S)
# C0, DEL, C1, and what else Unicode calls the end of a line
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
HEADER = ("version", "vendor", "product", "device_version", "class_id",
          "name", "severity")
# a key stands after a blank, and an "=" follows it
PAIR = re.compile(r" ([A-Za-z0-9_.]+)=((?:\\[\\=nr]|[^\\=\n\r])*?)"
                  r"(?=(?: [A-Za-z0-9_.]+=)|\Z)")


class Event:
    """One line: header fields as members, .ext the extension."""

    def __init__(self, line):
        text = line.decode("utf-8", "strict")
        m = SYSLOG.fullmatch(text) or RFC5424.fullmatch(text)
        self.pri, self.stamp, self.host = None, None, None
        if m is not None:
            self.pri, self.stamp, self.host = (int(m.group(1)), m.group(2),
                                               m.group(3))
            text = m.group(4)
        assert text.startswith("CEF:"), text[:200]
        m = CONTROL.search(text)
        assert m is None, "U+%04X at %d" % (ord(m.group()), m.start())
        fields = split_header(text[len("CEF:"):])
        for name, value in zip(HEADER, fields):
            setattr(self, name, value)
        self.ext = read_extension(fields[7])

    @property
    def id(self):
        return self.ext.get("externalId")


def split_header(text):
    """The seven header fields unescaped, and the raw extension."""
    out, field, i = [], "", 0
    while len(out) < 7:
        assert i < len(text), "too few pipes: %r" % text[:200]
        c = text[i]
        if c == "\\":
            assert text[i + 1] in "\\|", "bad escape in header: %r" % text
            field += text[i + 1]
            i += 2
            continue
        if c == "|":
            out.append(field)
            field = ""
        else:
            field += c
        i += 1
    return out + [text[i:]]


def read_extension(text):
    """key=value pairs, in their order, a blank before each; anything that is
    none is a fault."""
    assert not text or text[0] == " ", "no blank behind the seventh pipe"
    out, at = {}, 0
    while at < len(text):
        m = PAIR.match(text, at)
        assert m is not None, "not a pair: %r" % text[at:at + 200]
        key, value = m.groups()
        assert key not in out, "twice: " + key
        assert value, "empty: " + key
        assert value.strip(" ") == value, "outer blanks: " + key
        out[key] = re.sub(r"\\(.)", lambda e: {"n": "\n", "r": "\r"}.get(
            e.group(1), e.group(1)), value)
        at = m.end()
    return out


def events(lines):
    return [Event(line) for line in lines]


def ids(lines):
    """externalIds in order, with repeats; own events have none."""
    return [e.id for e in events(lines) if e.id is not None]
