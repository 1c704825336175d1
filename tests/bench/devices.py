# SPDX-License-Identifier: ISC
"""The group "devices": consoles, disks and networks of guests."""
import collections
import re
import statistics

import machine
import report
from machine import BUILD, HVS

LIMIT = 1800  # seconds; against hangs
MIB = 1 << 20
CONSOLE_LINE, CONSOLE_BULK, CONSOLE_KIB = 34, 36, 256  # of guests/writer.c

# (title, first marker, which of the spans between it and the next, how many of the unit): see dom0/transfer.c
TRANSFERS = [
    ("disk: a MiB written, 64 KiB at a time", 40, 0, 8),
    ("disk: a MiB read, 64 KiB at a time", 42, 0, 8),
    ("disk: a random 4 KiB written", 44, 0, 256),
    ("disk: a random 4 KiB read", 46, 0, 256),
    ("network: a MiB by TCP to dom0", 50, 0, 8),
    ("network: a byte to dom0 and back", 52, 0, 200),
    ("network: a MiB by TCP to another guest", 50, 1, 8),
    ("network: a byte to another guest and back", 52, 1, 200),
]

# lines: [Counts of each]; bulk: Counts; micros: virtual time of bulk; bad.
Console = collections.namedtuple("Console", "lines bulk micros bad")
# counts: {title: Counts of all}; bad.
Transfers = collections.namedtuple("Transfers", "counts bad")


def run_console(hv):
    dom0 = machine.Dom0("console", hv, "console", files={"writer.img": f"{BUILD}/guests/bench/writer.img"},
                        texts={"writer.cfg": machine.config("writer", "/bench/writer.img", 8)})
    marks, output, bad = dom0.run(LIMIT)
    micros = re.search(r"^writer: \d+ KiB in (\d+) us", output, re.M)
    bulk = marks.span(CONSOLE_BULK, CONSOLE_BULK + 1)
    if not bad and not (bulk and micros):
        bad = "the guest did not come to its end"
    return Console(marks.spans(CONSOLE_LINE, CONSOLE_LINE + 1), bulk, micros and int(micros[1]), bad)


def transfer_config(name, **more):
    return machine.config(name, "/guests/Image", 128, f"rdinit=/init ENV=/work role={name}",
                          ramdisk='"/bench/domu.cpio.gz"', vif='[ "bridge=br0" ]', **more)


def run_transfers(hv):
    transfer = f"{BUILD}/arm64/bench/transfer"
    dom0 = machine.Dom0("devices", hv, "devices", files={"transfer": transfer},
                        texts={"left.cfg": transfer_config("left", disk='[ "/bench/left.img,raw,xvda,rw" ]'),
                               "right.cfg": transfer_config("right")},
                        guest={"transfer": transfer, "work": f"{machine.BENCH}/dom0/guest-work"})
    marks, _, bad = dom0.run(LIMIT)
    counts = {}
    for title, number, which, _ in TRANSFERS:
        spans = marks.spans(number, number + 1)
        if which < len(spans):
            counts[title] = spans[which]
    if not bad and len(counts) != len(TRANSFERS):
        bad = "not all transfers came to their end"
    return Transfers(counts, bad)


def jobs():
    todo = {("transfers", hv): (run_transfers, hv) for hv in HVS}
    todo.update({("console", hv): (run_console, hv) for hv in HVS})
    return todo


# ---- tables ----
def console_table(results, judge):
    lines, bulk, rate = [], [], []
    for hv in HVS:
        result = results["console", hv]
        lines.append(statistics.median_low(c.total for c in result.lines) if result.lines else None)
        bulk.append(result.bulk and round(result.bulk.total / CONSOLE_KIB))
        rate.append(result.micros and round(CONSOLE_KIB * 1000000 / result.micros))
    rows = []
    for title, (mine, other) in (("a line of 64 bytes, until the daemon has taken it", lines),
                                 (f"a KiB of {CONSOLE_KIB} that the guest writes without a pause", bulk)):
        rows.append([title, report.number(mine), report.number(other), report.ratio(mine, other)])
        judge.before(title, mine, 0.05)
    rows.append(["KiB that the daemon takes in a second of virtual time, its limits included", *map(report.number, rate),
                 report.ratio(*rate)])
    return report.table(["Instructions, all levels", "plinth-consoled", "xenconsoled 4.17", "ratio"], rows)


def transfers_table(results, judge):
    rows = []
    for title, _, _, units in TRANSFERS:
        pair = [results["transfers", hv].counts.get(title) for hv in HVS]
        mine, other = (c and round(c.total / units) for c in pair)
        el2 = " / ".join(report.number(c and round(c.el2 / units)) for c in pair)
        rows.append([title, report.number(mine), report.number(other), report.ratio(mine, other), el2,
                     judge.target(title, mine / other if mine and other else None, 1.0, " of Xen's")])
        judge.before(title, mine, 0.05)
    return report.table(["Instructions, all levels", "Plinth, vmctl", "Xen 4.17, xl", "ratio", "at EL2, Plinth / Xen",
                         "target"], rows)


def tables(results, judge):
    return {"console": console_table(results, judge), "transfers": transfers_table(results, judge)}
