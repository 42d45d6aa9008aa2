"""script.py - what happens to a simulated tenant, and when

SPDX-License-Identifier: MIT

A script is a list of (seconds, action, arguments) and is played by a thread.
Actions on a store (place= says which):
    add     count=          new records
    late    count= age_s=   records that were created and updated so long
                            ago, and are seen only now
    update  pick= members=  one of the records changes; pick is any number
    alike   picks= members= several change in one moment, with one time
and on the simulation:
    fault, set              as of Sim
    call    function=       whatever a test wants
"""
import threading
import time

import alerts as made


def add(sim, place="alerts", count=1):
    sim.stores[place].add(count)


def late(sim, place="alerts", count=1, age_s=300):
    store = sim.stores[place]
    store.add(count, store.clock() - age_s * made.TICKS)


def update(sim, place="alerts", pick=0, members=None):
    alike(sim, place, [pick], members)


def alike(sim, place="alerts", picks=(), members=None):
    store = sim.stores[place]
    at = store.clock()
    for pick in set(p % max(1, len(store.by_id)) for p in picks):
        if store.by_id:
            store.update(list(store.by_id)[pick], at, **(members or {}))


def fault(sim, name=None, **options):
    del name                    # for the one who reads the script
    sim.fault(**options)


def set_(sim, **settings):
    sim.set(**settings)


def call(sim, function):
    function()


ACTIONS = {"add": add, "late": late, "update": update, "alike": alike,
           "fault": fault, "set": set_}


class Player:
    """Plays a script; .done is set at its end."""

    def __init__(self, sim, steps):
        self.sim, self.steps = sim, sorted(steps, key=lambda s: s[0])
        self.done = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        start = time.monotonic()
        try:
            for at, action, arguments in self.steps:
                if self.sim.halt.wait(max(0, start + at - time.monotonic())):
                    return
                if action == "call":    # may wait, so without the lock
                    call(self.sim, **arguments)
                    continue
                with self.sim.lock:
                    ACTIONS[action](self.sim, **arguments)
        except Exception as e:          # pylint: disable=broad-except
            self.error = e
            raise
        finally:
            self.done.set()
