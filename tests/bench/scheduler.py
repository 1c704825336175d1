# SPDX-License-Identifier: ISC
"""The group "scheduler": who gets how much of busy CPUs, and how late a sleeper is woken among busy guests."""
import collections
import re

import machine
import report
from machine import BUILD, HVS

LIMIT = 1800  # seconds; against hangs
WHILE = 2  # seconds of virtual time that each scene is watched
SHIFT = 3  # one instruction is 8 ns: busy seconds are affordable

DOM0 = "dom0"  # it watches, and needs a little for that

# shares: {scene: {name: share of one CPU}}; late: {busy guests: (middle, p99, worst) in ns}; bad.
Sched = collections.namedtuple("Sched", "shares late bad")


def read_shares(output):
    times = collections.defaultdict(list)
    for scene, at, domains in re.findall(r"^times: (\S+) at (\d+)((?: \d+:\d+)*)$", output, re.M):
        times[scene].append((int(at), {int(d): int(t) for d, t in (pair.split(":") for pair in domains.split())}))
    shares = collections.defaultdict(dict)
    scenes = re.findall(r"^scene: (\S+) (\S+) (\d+)$", output, re.M)
    for scene, name, domid in [*scenes, *((scene, DOM0, "0") for scene in times)]:
        seen = [(at, domains[int(domid)]) for at, domains in times[scene] if int(domid) in domains]
        if len(seen) == 2:
            (begin, before), (end, after) = seen
            shares[scene][name] = (after - before) / (end - begin)
    return dict(shares)


def run(hv):
    hog, sleeper = (machine.config(name, f"/bench/{name}.img", 8) for name in ("hog", "sleeper"))
    dom0 = machine.Dom0("sched", hv, "sched", smp=2, shift=SHIFT,
                        files={"hog.img": f"{BUILD}/guests/hog.img", "sleeper.img": f"{BUILD}/guests/bench/sleeper.img"},
                        texts={"hog.cfg": hog, "sleeper.cfg": sleeper + 'cpus = "1"\n'})
    dom0.settings["WHILE"] = WHILE
    _, output, bad = dom0.run(LIMIT)
    late = {int(hogs): tuple(map(int, figures)) for hogs, *figures in
            re.findall(r"^late: (\d+) middle (\d+) p99 (\d+) worst (\d+)$", output, re.M)}
    return Sched(read_shares(output), late, bad)


def jobs():
    return {(hv,): (run, hv) for hv in HVS}


# ---- tables ----
def quotient(shares, scene, name, other):
    names = shares.get(scene, {})
    return names[name] / names[other] if name in names and names.get(other) else None


def percent(value):
    return None if value is None else 100 * value


def figures(result):
    """(title, value, unit, least and most for Plinth)"""
    shares = result.shares
    yield "two weights, 512 and 256: the heavier's time by the lighter's", quotient(shares, "weights", "heavy", "light"), \
        "", (1.9, 2.1)
    for cap in (25, 50, 75):
        yield f"a cap of {cap} %: the guest's share of a CPU", percent(shares.get("caps", {}).get(f"capped{cap}")), \
            " %", (cap * 0.95, cap * 1.05)
    eight = [share for name, share in shares.get("eight", {}).items() if name != DOM0]
    dom0 = shares.get("eight", {}).get(DOM0)
    yield "8 busy vCPUs on 2 CPUs: most time by least", max(eight) / min(eight) if len(eight) == 8 and min(eight) else None, \
        "", (1, 1.1)
    yield "the same: what all of them and dom0 got of 2 CPUs", \
        percent((sum(eight) + dom0) / 2) if len(eight) == 8 and dom0 else None, " %", (98, 100.1)


def sched_table(results, judge):
    rows = []
    for mine, other in zip(*(figures(results[hv,]) for hv in HVS)):
        title, value, unit, (least, most) = mine
        cells = [report.number(None if v is None else round(v, 2)) + unit for v in (value, other[1])]
        rows.append([title, *cells, judge.target(title, value, most, unit, least)])
    return report.table(["Share of CPU time", "Plinth", "Xen 4.17, credit2", "target"], rows)


def wakeup_table(results):
    rows = []
    for hogs in sorted(set().union(*(results[hv,].late for hv in HVS))):
        pair = [results[hv,].late.get(hogs, (None,) * 3) for hv in HVS]
        rows.append([f"among {hogs} busy guest{'s' * (hogs != 1)}" if hogs else "on an idle CPU"] +
                    [" / ".join(report.number(None if p[n] is None else p[n] / 1000) for p in pair) for n in range(3)])
    return report.table(["Microseconds late, Plinth / Xen", "median", "99th percentile", "worst"], rows)


def tables(results, judge):
    return {"sched": sched_table(results, judge), "wakeup": wakeup_table(results)}
