"""ledger.py - what a simulation was asked for, and what it served

SPDX-License-Identifier: MIT
"""
import collections
import json
import threading
import time


class Answer:
    """The records of one answer: (id, version) each, in their order."""
    __slots__ = ("place", "tenant", "records", "is_whole", "time")

    def __init__(self, place, tenant, records):
        self.place, self.tenant, self.records = place, tenant, records
        self.is_whole = False       # until its last byte was written
        self.time = time.time()


class Ledger:
    """A JSON lines file, rows and answers in memory, and counters."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.file = open(path, "a", encoding="utf-8")
        self.rows = []
        self.answers = []
        self.ids = collections.defaultdict(collections.Counter)

    def serve(self, place, tenant, records):
        """An answer that is about to be written."""
        answer = Answer(place, tenant, [(r.id, r.version) for r in records])
        with self.lock:
            self.answers.append(answer)
        return answer

    def write(self, answer=None, **row):
        row = {"time": round(time.time(), 3), **row}
        with self.lock:
            if answer is not None:
                answer.is_whole = bool(row.get("whole"))
                for ident, _ in answer.records:
                    self.ids[answer.place][ident] += 1
            self.rows.append(row)
            if self.file.closed:
                return
            if answer is not None:
                row = {**row, "ids": [r[0] for r in answer.records],
                       "versions": [r[1] for r in answer.records]}
            self.file.write(json.dumps(row) + "\n")
            self.file.flush()

    def select(self, **wanted):
        with self.lock:
            return [r for r in self.rows
                    if all(r.get(k) == v for k, v in wanted.items())]

    def answered(self, place, tenant=None):
        """The answers of a place, in the order of their beginning."""
        with self.lock:
            return [a for a in self.answers if a.place == place
                    and tenant in (None, a.tenant)]

    def close(self):
        with self.lock:
            self.file.close()
