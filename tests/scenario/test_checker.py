"""the judge of the schedules and of the failures: it sees what is wrong

SPDX-License-Identifier: MIT

What was served is put together by hand, and so is what came of it.
"""
import pytest
from alerts import Store
from checker import Checker
from ledger import Ledger


class World:
    """Five records, one of them updated twice; all of it was served."""

    def __init__(self, folder):
        self.store = Store(count=5)
        self.ledger = Ledger(str(folder / "ledger.jsonl"))
        self.checker = Checker(self.store, self.ledger, "alerts",
                               self.translate)
        self.texts = {}
        self.serve()
        self.moved = self.store.records[2].id
        self.store.update(self.moved)
        self.serve()
        self.store.update(self.moved, status="another")
        self.serve()
        self.all = [self.line(r) for r in self.store.records]
        self.versions = [self.line(r) for r in sorted(
            self.store.versions(), key=lambda r: r.version)
            if r.id == self.moved]

    def serve(self):
        self.ledger.write(self.ledger.serve("alerts", None,
                                            self.store.records))

    def line(self, r):
        out = b"CEF:0|M|x|2|a|n|5| externalId=%s end=%d cs1=%s" % (
            r.id.encode(), r.updated,
            str(r.template.alert.get("status")).encode())
        self.texts[r.json()] = out
        return out

    def translate(self, text):
        for r in self.store.versions():
            self.line(r)
        return [self.texts.get(x, b"CEF:0|" + x)
                for x in text.split(b"\n")[:-1]]

    def check(self, lines, updates="changed"):
        return self.checker.check([b"<13>host " + x for x in lines], updates)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.mark.parametrize("updates", ["first", "changed", "all"])
def test_what_came_as_it_should_is_good(world, updates):
    report = world.check(world.all, updates)
    assert report.is_good and report.delivered == 5, report


def test_an_older_version_is_enough_where_updates_are_not_asked_for(world):
    world.all[2] = world.versions[0]
    assert world.check(world.all, "first").is_good
    report = world.check(world.all, "changed")
    assert world.moved in report.lost[0], report


def test_an_update_that_moves_only_marked_fields_is_not_demanded(world):
    world.store.update(world.moved)
    world.serve()
    assert world.check(world.all, "changed").is_good
    assert world.check(world.all, "all").lost


def test_one_line_less_is_lost(world):
    report = world.check(world.all[:-1])
    assert len(report.lost) == 1 and not report.is_good


def test_a_line_of_nothing_is_invented(world):
    report = world.check(world.all + [b"CEF:0|M|x|2|a|n|5| externalId=zz"])
    assert len(report.invented) == 1 and not report.is_good


def test_one_byte_makes_a_line_altered(world):
    world.all[1] = world.all[1].replace(b"cs1=", b"cs1= ")
    report = world.check(world.all)
    assert len(report.altered) == 1 and not report.is_good


def test_what_was_never_served_is_no_alert_that_could_have_come(world):
    new, = world.store.add(1)
    report = world.check(world.all + [world.line(world.store.by_id[new])])
    assert report.altered and not report.is_good


def test_lines_against_the_order_of_the_pages_are_seen(world):
    # the last answer, which holds all five, is not followed by another
    report = world.check([world.all[2], world.all[0]])
    assert report.disordered, report


def test_the_old_version_after_the_new_one_is_a_loss(world):
    report = world.check(world.all + [world.versions[0]])
    assert any("came after" in x for x in report.lost), report


def test_a_repeat_without_a_cause_is_seen(world):
    report = world.check(world.all + [world.all[4]])
    assert len(report.repeated) == 1 and report.duplicates == 1
    assert not report.is_good


def test_a_kill_allows_a_repeat_of_what_was_not_on_disk(world):
    ids = [r.id for r in world.store.records]
    world.checker.disturbed([(ids[0], world.store.by_id[ids[0]].updated)])
    world.serve()
    report = world.check(world.all + [world.all[4]])
    assert report.is_good and report.duplicates == 1
    assert report.allowed >= 4
    report = world.check(world.all + [world.all[4]] * 2)
    assert len(report.repeated) == 1, report
    report = world.check(world.all + [world.all[0]])
    assert len(report.repeated) == 1, report


def test_a_kill_before_an_alert_was_served_allows_nothing(tmp_path):
    world = World(tmp_path)
    world.checker.disturbances = [(0.0, {})]
    report = world.check(world.all + [world.all[4]])
    assert len(report.repeated) == 1 and report.allowed == 0, report


def test_updates_that_were_not_asked_for_are_repeats(world):
    first = [world.versions[0]] + world.all
    assert world.check(first, "first").repeated
    report = world.check(first, "changed")
    assert not report.repeated, report
    report = world.check([world.versions[1]] + first, "changed")
    assert report.repeated, report      # only "end" differs
    report = world.check(
        [world.versions[0], world.versions[1]] + world.all, "all")
    assert not report.repeated, report
