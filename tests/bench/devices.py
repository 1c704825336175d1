# SPDX-License-Identifier: ISC
"""The group "devices": consoles."""
import collections
import statistics

import machine
import report
from machine import BUILD, HVS

LIMIT = 900  # seconds; against hangs
CONSOLE_LINE, CONSOLE_BULK, CONSOLE_KIB = 34, 36, 256  # of guests/writer.c

# lines: [Counts of each]; bulk: Counts; bad.
Console = collections.namedtuple("Console", "lines bulk bad")


def run_console(hv):
    dom0 = machine.Dom0("console", hv, "console", files={"writer.img": f"{BUILD}/guests/bench/writer.img"},
                        texts={"writer.cfg": machine.config("writer", "/bench/writer.img", 8)})
    marks, output, bad = dom0.run(LIMIT)
    bulk = marks.span(CONSOLE_BULK, CONSOLE_BULK + 1)
    if not bad and not bulk:
        bad = "the guest did not come to its end"
    return Console(marks.spans(CONSOLE_LINE, CONSOLE_LINE + 1), bulk, bad)


def jobs():
    return {("console", hv): (run_console, hv) for hv in HVS}


def console_table(results, judge):
    lines, bulk = ([], [])
    for hv in HVS:
        result = results["console", hv]
        lines.append(statistics.median_low(c.total for c in result.lines) if result.lines else None)
        bulk.append(result.bulk and round(result.bulk.total / CONSOLE_KIB))
    rows = []
    for title, (mine, other) in (("a line of 64 bytes, until the daemon has taken it", lines),
                                 (f"a KiB of {CONSOLE_KIB} that the guest writes without a pause", bulk)):
        rows.append([title, report.number(mine), report.number(other), report.ratio(mine, other)])
        judge.before(title, mine, 0.05)
    return report.table(["Instructions, all levels", "plinth-consoled", "xenconsoled 4.17", "ratio"], rows)


def tables(results, judge):
    return {"console": console_table(results, judge)}
