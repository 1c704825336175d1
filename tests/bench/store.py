# SPDX-License-Identifier: ISC
"""The group "store": what operations of the store cost, by its socket, with the nodes of more and more guests in it."""
import collections

import machine
import report
from machine import BUILD, HVS

LIMIT = 1800  # seconds; against hangs
LEVELS = (1, 10, 500)
ROUNDS = 100  # of dom0/store.c
FIRST_MARKER = 40
OPERATIONS = ("read", "write", "list of a directory", "transaction of a read and two writes",
              "write to a watched node, and its event")

# counts: {(operation, level): Counts of all rounds}; bad.
Store = collections.namedtuple("Store", "counts bad")


def run(hv):
    dom0 = machine.Dom0("store", hv, "store", files={"storebench": f"{BUILD}/arm64/bench/store"})
    dom0.settings["LEVELS"] = f"'{' '.join(map(str, LEVELS))}'"
    marks, _, bad = dom0.run(LIMIT)
    counts = {}
    for n, operation in enumerate(OPERATIONS):
        spans = marks.spans(FIRST_MARKER + 2 * n, FIRST_MARKER + 2 * n + 1)
        counts.update({(operation, level): span for level, span in zip(LEVELS, spans)})
    if not bad and len(counts) != len(OPERATIONS) * len(LEVELS):
        bad = "not all operations were measured"
    return Store(counts, bad)


def jobs():
    return {(hv,): (run, hv) for hv in HVS}


def tables(results, judge):
    rows = []
    for operation in OPERATIONS:
        for level in LEVELS:
            title = f"{operation}, {level} guest{'s' * (level > 1)}"
            mine, other = (results[hv,].counts.get((operation, level)) for hv in HVS)
            mine, other = (c and round(c.total / ROUNDS) for c in (mine, other))
            rows.append([title, report.number(mine), report.number(other), report.ratio(mine, other)])
            judge.before(title, mine, 0.05)
    return {"store": report.table(["Instructions of one operation, all levels", "plinth-stored", "xenstored 4.17", "ratio"],
                                  rows)}
