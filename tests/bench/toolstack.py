# SPDX-License-Identifier: ISC
"""The group "toolstack": what the n-th tiny guest costs, in instructions and memory, and what the daemons take."""
import collections
import re
import statistics

import machine
import report
from machine import BUILD, HVS

LIMIT = 1800  # seconds; against hangs
LEVELS = {"plinth": (1, 10, 50, 100, 200, 500), "xen": (1, 10, 50, 100)}
MEMORY = 5120  # MiB of the machine
CREATE, DESTROY, LIST, FIRST_INSTRUCTION = 6, 10, 12, 30
MOST_FIRST, MOST_GROWTH, MOST_DAEMONS_KIB, MOST_BEYOND_KIB = 5000000, 1.2, 8192, 64

# creates, starts: [Counts of the n-th], to the command's end and to the guest's first instruction (None: it came later); destroys, lists: {level:
# Counts}; memory: see memory_lines(); daemons: {level: {name: (RSS KiB, PSS KiB) of all of that name}}; bad.
Curve = collections.namedtuple("Curve", "creates starts destroys lists memory daemons bad")


def read_daemons(output):
    daemons = collections.defaultdict(lambda: collections.defaultdict(lambda: (0, 0)))
    for level, name, rss, pss in re.findall(r"^daemon: (\d+) (\S+) rss (\d+) pss (\d+)$", output, re.M):
        sums = daemons[int(level)][name]
        daemons[int(level)][name] = sums[0] + int(rss), sums[1] + int(pss)
    return {level: dict(names) for level, names in daemons.items()}


def run(hv):
    levels = LEVELS[hv]
    dom0 = machine.Dom0("toolstack", hv, "toolstack", files={"tiny.img": f"{BUILD}/guests/bench/tiny.img"},
                        texts={"tiny.cfg": machine.config("tiny", "/bench/tiny.img", 8)}, memory=MEMORY)
    dom0.settings["LEVELS"] = f"'{' '.join(map(str, levels))}'"
    marks, output, bad = dom0.run(LIMIT)
    creates = marks.spans(CREATE, CREATE + 1)
    if not bad and len(creates) != levels[-1]:
        bad = f"{len(creates)} guests were made instead of {levels[-1]}"
    return Curve(creates, marks.spans_of_each(CREATE, FIRST_INSTRUCTION), dict(zip(levels, marks.spans(DESTROY, DESTROY + 1))),
                 dict(zip(levels, marks.spans(LIST, LIST + 1))), machine.memory_lines(output), read_daemons(output), bad)


def jobs():
    return {(hv,): (run, hv) for hv in HVS}


# ---- tables ----
def around(counts, n):
    """The n-th: the middle one of five, since the kernel's ticks fall into some; the first stands for itself."""
    if n > len(counts):
        return None
    near = [c.total for c in (counts[:1] if n == 1 else counts[max(0, n - 3):n + 2]) if c]
    return statistics.median_low(near) if near else None


def growth_target(judge, title, value, first):
    growth = value / first if value is not None and first else None
    return judge.target(title, growth, MOST_GROWTH, " times the first")


def curve_table(results, judge):
    ours, theirs = (results[hv,] for hv in HVS)
    rows, first = [], around(ours.starts, 1)
    for n in LEVELS["plinth"]:
        title = f"create guest {n}, to its first instruction"
        mine, other = (around(curve.starts, n) for curve in (ours, theirs))
        target = judge.target(title, mine, MOST_FIRST) if n == 1 else growth_target(judge, title, mine, first)
        rows.append([title, report.number(mine), report.number(other), report.ratio(mine, other), target])
        judge.before(title, mine, 0.05)
    for what, key in (("create guest {}, to the command's end", "creates"), ("destroy guest {}", "destroys"),
                      ("list {} guests", "lists")):
        for n in LEVELS["plinth"]:
            pair = [around(curve.creates, n) if key == "creates" else getattr(curve, key).get(n) for curve in (ours, theirs)]
            mine, other = (value.total if hasattr(value, "total") else value for value in pair)
            rows.append([what.format(n), report.number(mine), report.number(other), report.ratio(mine, other), ""])
            judge.before(what.format(n), mine, 0.05)
    return report.table(["Instructions, all levels", "Plinth, vmctl", "Xen 4.17, xl", "ratio", "target"], rows)


def beyond(curve, level):
    """Bytes of the hypervisor's memory that each guest takes beyond its own, on average up to the level."""
    if str(level) not in curve.memory or "0" not in curve.memory:
        return None
    (free, have, domains), (free2, have2, domains2) = curve.memory["0"], curve.memory[str(level)]
    return (free - free2 - (have2 - have)) // (domains2 - domains)


def daemon_rows(results, judge):
    for level in (1, 16):
        sums = []
        for hv in HVS:
            names = results[hv,].daemons.get(level, {})
            sums.append(tuple(map(sum, zip(*names.values()))) or (None, None))
            detail = ", ".join(f"{name} {rss:,}" for name, (rss, _) in names.items())
            yield [f"daemons with {level} guest{'s' * (level > 1)}, RSS: {detail}",
                   *("" if other != hv else f"{report.number(sums[-1][0])} KiB" for other in HVS), "",
                   judge.target(f"daemons with {level} guests, RSS", sums[-1][0], MOST_DAEMONS_KIB, " KiB")
                   if hv == "plinth" and level == 16 else ""]
        yield [f"the same, PSS", *(f"{report.number(pss)} KiB" for _, pss in sums), report.ratio(*(pss for _, pss in sums)), ""]


def guests_memory_table(results, judge):
    rows = []
    for level in (1, 100, 500):
        title = f"a guest of 8 MiB, beyond its own, mean of {level}"
        mine, other = (beyond(results[hv,], level) for hv in HVS)
        rows.append([title, report.kib(mine), report.kib(other), report.ratio(mine, other),
                     judge.target(title, None if mine is None else mine / 1024, MOST_BEYOND_KIB, " KiB")])
        judge.before(title, None if mine is None else mine // 1024)
    rows.extend(daemon_rows(results, judge))
    return report.table(["Memory", "Plinth", "Xen 4.17", "ratio", "target"], rows)


def tables(results, judge):
    return {"curve": curve_table(results, judge), "guests_memory": guests_memory_table(results, judge)}
