# SPDX-License-Identifier: ISC
"""The group "store": what operations of the store cost, by its socket with the nodes of more and more guests in it, and by a ring."""
import collections
import re

import machine
import report
from machine import BUILD, HVS

LIMIT = 1800  # seconds; against hangs
LEVELS = (1, 10, 500)
ROUNDS = 100  # of dom0/store.c
FIRST_MARKER = 40
TOGETHER = 50
CLIENTS = 8
MOST = 1 / 3  # of what xenstored takes: three times as many in a second
BY_RING = 5  # the first ones: a ring's device takes one request at a time
# (title, how many of it in a round)
OPERATIONS = (("read", 1), ("write", 1), ("list of a directory", 1), ("transaction of a read and two writes", 1),
              ("write to a watched node, and its event", 1), (f"a read of {TOGETHER} sent at once", TOGETHER),
              (f"a write of {TOGETHER} sent at once", TOGETHER), ("transaction, its requests sent at once", 1),
              (f"a read by each of {CLIENTS} clients", CLIENTS), (f"a write by each of {CLIENTS} clients", CLIENTS))

# {way: how many operations it has}, in the order in which they are measured.
WAYS = {"by a ring": BY_RING}
WAYS.update({f"{level} guest{'s' * (level > 1)}": len(OPERATIONS) for level in LEVELS})

# counts: {(operation, way): Counts of all rounds}; own: the same of what the daemon itself ran, in instructions (one is a
# nanosecond); bad.
Store = collections.namedtuple("Store", "counts own bad")


def ways_of(n):
    """Of the n-th operation."""
    return [way for way, how_many in WAYS.items() if n < how_many]


def run(hv):
    dom0 = machine.Dom0("store", hv, "store", files={"storebench": f"{BUILD}/arm64/bench/store"})
    dom0.settings["LEVELS"] = f"'{' '.join(map(str, LEVELS))}'"
    marks, output, bad = dom0.run(LIMIT)
    counts, own = {}, {}
    for n, (operation, _) in enumerate(OPERATIONS):
        spans = marks.spans(FIRST_MARKER + 2 * n, FIRST_MARKER + 2 * n + 1)
        counts.update({(operation, way): span for way, span in zip(ways_of(n), spans)})
        times = re.findall(rf"^daemon: {n} (\d+)", output, re.M)
        own.update({(operation, way): int(time) for way, time in zip(list(WAYS)[1:], times)})
    if not bad and len(counts) != sum(WAYS.values()):
        bad = "not all operations were measured"
    return Store(counts, own, bad)


def jobs():
    return {(hv,): (run, hv) for hv in HVS}


def each_of(value, each):
    return value and round(value / ROUNDS / each)


def tables(results, judge):
    rows = []
    for n, (operation, each) in enumerate(OPERATIONS):
        for way in ways_of(n):
            title = f"{operation}, {way}"
            counts = (results[hv,].counts.get((operation, way)) for hv in HVS)
            mine, other = (each_of(c and c.total, each) for c in counts)
            own, others = (each_of(results[hv,].own.get((operation, way)), each) for hv in HVS)
            by_ring = way == list(WAYS)[0]
            target = "" if by_ring else judge.target(title, own / others if own and others else None, MOST, " of Xen's")
            rows.append([title, report.number(mine), report.number(other), report.ratio(mine, other), report.number(own),
                         report.number(others), report.ratio(own, others), target])
            judge.before(title, mine, 0.05)
    return {"store": report.table(["Instructions of one operation, all levels", "plinth-stored", "xenstored 4.17", "ratio",
                                   "the daemon's own", "xenstored's own", "ratio", "target"], rows)}
