"""odata.py - the part of OData's $filter that the alert APIs take

SPDX-License-Identifier: MIT

compile_filter(text, properties, entity) gives a function of an alerts.Record,
or raises FilterError with Microsoft's kind of message.
"""
import collections
import re
from datetime import datetime, timezone

TICKS = 10_000_000
TOKEN = re.compile(r"\s*(?:(?P<paren>[()])|(?P<str>'(?:[^']|'')*')"
                   r"|(?P<time>\d{4}-\d\d-\d\dT[0-9:.]+Z)"
                   r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*))")
TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)"
                  r"(?:\.(\d{1,7}))?Z$")

# is_time, and how to get it from a Record
Property = collections.namedtuple("Property", "is_time get")
COMPARE = {
    "eq": lambda get, v: lambda x: get(x) == v,
    "ne": lambda get, v: lambda x: get(x) != v,
    "gt": lambda get, v: lambda x: get(x) > v,
    "ge": lambda get, v: lambda x: get(x) >= v,
    "lt": lambda get, v: lambda x: get(x) < v,
    "le": lambda get, v: lambda x: get(x) <= v,
}


class FilterError(Exception):
    pass


def ticks(text):
    """2026-01-02T03:04:05.1234567Z to ticks since 1970."""
    m = TIME.match(text)
    if m is None:
        raise FilterError("Invalid filter clause: the time '%s' is not "
                          "valid." % text)
    part = (m.group(7) or "").ljust(7, "0")
    try:
        at = datetime(*(int(m.group(k)) for k in range(1, 7)),
                      tzinfo=timezone.utc)
    except ValueError as e:
        raise FilterError("Invalid filter clause: %s" % e) from None
    return int(at.timestamp()) * TICKS + int(part)


class Parser:
    def __init__(self, text, properties, entity):
        self.properties, self.entity = properties, entity
        self.tokens, at = [], 0
        text = text.rstrip()
        while at < len(text):
            m = TOKEN.match(text, at)
            if m is None:
                raise FilterError("Invalid filter clause: Syntax error at "
                                  "position %d in '%s'." % (at, text))
            self.tokens.append((m.lastgroup, m.group(m.lastgroup)))
            at = m.end()
        self.at = 0

    def next(self, what):
        if self.at == len(self.tokens):
            raise FilterError("Invalid filter clause: %s expected." % what)
        self.at += 1
        return self.tokens[self.at - 1]

    def have(self, text):
        if (self.at < len(self.tokens)
                and self.tokens[self.at][1] == text):
            self.at += 1
            return True
        return False

    def any_of(self):
        left = self.all_of()
        while self.have("or"):
            a, b = left, self.all_of()
            left = lambda x, a=a, b=b: a(x) or b(x)     # noqa: E731
        return left

    def all_of(self):
        left = self.term()
        while self.have("and"):
            a, b = left, self.term()
            left = lambda x, a=a, b=b: a(x) and b(x)    # noqa: E731
        return left

    def term(self):
        if self.have("("):
            inner = self.any_of()
            if self.next("')'")[1] != ")":
                raise FilterError("Invalid filter clause: ')' expected.")
            return inner
        _, name = self.next("a property")
        if name not in self.properties:
            raise FilterError(
                "Could not find a property named '%s' on type "
                "'microsoft.graph.security.%s'." % (name, self.entity))
        is_time, get = self.properties[name]
        _, op = self.next("an operator")
        if op not in COMPARE:
            raise FilterError("Invalid filter clause: '%s' is no operator."
                              % op)
        kind, value = self.next("a literal")
        if is_time != (kind == "time") or kind not in ("time", "str", "word"):
            raise FilterError(
                "Invalid filter clause: A binary operator with incompatible "
                "types was detected at '%s'." % name)
        if is_time:
            value = ticks(value)
        elif kind == "str":
            value = value[1:-1].replace("''", "'")
        elif value == "null":
            value = None
        else:
            raise FilterError("Invalid filter clause: '%s' must be quoted."
                              % value)
        return COMPARE[op](get, value)


def compile_filter(text, properties, entity):
    if not text:
        return lambda x: True
    p = Parser(text, properties, entity)
    out = p.any_of()
    if p.at != len(p.tokens):
        raise FilterError("Invalid filter clause: Syntax error at '%s'."
                          % p.tokens[p.at][1])
    return out
