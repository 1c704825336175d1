#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Counts what Plinth and stock Xen 4.17 need for the same work, prints the tables and writes docs/benchmarks.md.

bench.py [--out FILE] [paths|system ...]

The status is 0 if everything was measured, even where a figure misses its target or is worse than in the old FILE:
those are named at the end.
"""
import argparse
import concurrent.futures
import os
import statistics
import sys

import machine
import report

MIB = 1 << 20
MACHINE_MEMORY = 2048 * MIB
HVS = ("plinth", "xen")
SYSTEM_TOLERANCE = 0.05  # where a timer's tick falls makes a short command dearer or cheaper


class Path:
    """A row of the first table: its name there, what runs it, and the most EL2 instructions that it may take."""

    def __init__(self, title, set_, name, target=None, share=1):
        self.title, self.set_, self.name, self.target, self.share = title, set_, name, target, share


PATHS = [
    Path("null hypercall (xen_version)", "local", "null-hypercall", 100),
    Path("PSCI_VERSION", "local", "psci-version"),
    Path("bad hypercall", "local", "bad-hypercall"),
    Path("GIC distributor read", "local", "gicd-read", 160),
    Path("GIC redistributor read", "local", "gicr-read"),
    Path("ID register read", "local", "id-register"),
    Path("access to an unmapped address", "local", "unmapped"),
    Path("SGI to itself", "local", "sgi-self", 200),
    Path("event to itself", "local", "evtchn-self"),
    Path("virtual timer, guest busy", "local", "timer-busy", 160),
    Path("virtual timer, guest in WFI", "local", "timer-asleep"),
    Path("yield, nobody else", "local", "yield-alone"),
    Path("grant map and unmap", "local", "grant-map-unmap"),
    Path("grant copy, 4 KiB", "local", "grant-copy-4k"),
    Path("switch between two vCPUs (yield)", "pair", "vm-switch-twice", 700, share=2),
    Path("event ping-pong, one CPU", "pair", "evtchn-pingpong", 2500),
    Path("SGI round trip, both asleep", "smp", "sgi-round-asleep", 4000),
    Path("SGI round trip, sender spins", "smp", "sgi-round-wake"),
    Path("SGI round trip, both spin", "smp", "sgi-round-running"),
    Path("event ping-pong, two CPUs", "smp", "evtchn-pingpong-smp"),
]
CLASSES = ("visits", "sysreg", "isb", "barrier", "tlbi", "atomic", "memory")
CLASS_TITLES = ("visits", "mrs/msr", "isb", "dsb, dmb", "tlbi, at", "atomics", "memory")

# (title, key, the most that Plinth may take of stock Xen's)
SYSTEM = [
    ("reset to dom0's first instruction", "boot-kernel", None),
    ("reset to dom0's init", "boot-init", 1.0),
    ("create 256 MiB Debian, to the guest's first instruction", "create-to-kernel", 0.25),
    ("create 256 MiB Debian, left paused, to the command's end", "create", 0.25),
    ("create 256 MiB Debian, to the guest's init", "create-to-init", None),
    ("destroy it, running", "destroy-run", None),
    ("create 8 MiB bare-metal guest, left paused", "create-tiny", None),
    ("list", "list", None),
    ("for comparison: fork, exec and wait for busybox true", "true", None),
]


def median_round(rounds):
    """The round whose EL2 count is the median: one that happened, so that its classes add up."""
    return sorted(rounds, key=lambda c: c.el2)[len(rounds) // 2] if rounds else None


def middle(rounds, share):
    """Median EL2 count of one operation, or None."""
    return round(statistics.median_low([c.el2 for c in rounds]) / share) if rounds else None


def measure(parts):
    """All boots, two at a time: {(part, hv, set, gic): result}."""
    jobs = {}
    with concurrent.futures.ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        for hv in HVS:
            if "system" in parts:
                jobs["system", hv] = pool.submit(machine.run_system, hv)
        for hv in HVS:
            for set_ in machine.SETS:
                if "paths" in parts:
                    jobs["paths", hv, set_, 3] = pool.submit(machine.run_paths, hv, set_)
            if "paths" in parts:
                jobs["paths", hv, "local", 2] = pool.submit(machine.run_paths, hv, "local", 2)
        for n, key in enumerate(jobs):
            jobs[key].result()
            print(f"bench: {n + 1} of {len(jobs)} boots done: {' '.join(map(str, key))}", file=sys.stderr, flush=True)
    return {key: job.result() for key, job in jobs.items()}


class Judge:
    """Collects what a reader must not overlook."""

    def __init__(self, old):
        self.old, self.misses, self.worse, self.broken = old, [], [], []

    def target(self, title, value, most, unit=""):
        """The text for the column: the target, and whether it is reached."""
        if most is None:
            return ""
        if value is None or value > most:
            self.misses.append(f"{title}: {'not measured' if value is None else report.number(value)}{unit}, "
                               f"target {report.number(most)}{unit}")
            return f"{report.number(most)}{unit} **missed**"
        return f"{report.number(most)}{unit}"

    def before(self, title, value, tolerance=0.01):
        """The tolerance is what another layout of the memory or of the image may do."""
        old = self.old.get(title)
        if value is not None and old is not None and value > old * (1 + tolerance) + 1:
            self.worse.append(f"{title}: {report.number(value)}, was {report.number(old)}")


def path_rows(results, judge, gic):
    for path in PATHS:
        key = "paths", "plinth", path.set_, gic
        if key not in results:
            continue
        ours = results[key].rounds.get(path.name)
        theirs = results["paths", "xen", path.set_, gic].rounds.get(path.name)
        if gic == 2 and not ours and not theirs:
            continue
        yield path, ours, theirs, middle(ours, path.share), middle(theirs, path.share)


def paths_table(results, judge):
    rows = []
    for path, _, _, mine, other in path_rows(results, judge, 3):
        rows.append([path.title, report.number(mine), report.number(other), report.ratio(mine, other),
                     judge.target(path.title, mine, path.target)])
        judge.before(path.title, mine)
    return report.table(["EL2 instructions per operation, GICv3", "Plinth", "Xen 4.17", "ratio", "target"], rows)


def classes_table(results, judge):
    rows = []
    for path, ours, theirs, _, _ in path_rows(results, judge, 3):
        pair = [median_round(ours), median_round(theirs)]
        rows.append([path.title] + [
            " / ".join(report.number(round(getattr(c, name) / path.share, 1) if c else None) for c in pair)
            for name in CLASSES])
    return report.table(["Plinth / Xen", *CLASS_TITLES], rows)


def gicv2_table(results, judge):
    rows = []
    for path, ours, theirs, mine, other in path_rows(results, judge, 2):
        io = [median_round(r).io if r else None for r in (ours, theirs)]
        rows.append([path.title, report.number(mine), report.number(other), report.ratio(mine, other),
                     *map(report.number, io)])
        judge.before(path.title + " (GICv2)", mine)
    return report.table(["EL2 instructions per operation, GICv2", "Plinth", "Xen 4.17", "ratio",
                         "device accesses, Plinth", "Xen"], rows)


def system_table(results, judge):
    rows = []
    ours, theirs = results["system", "plinth"][0], results["system", "xen"][0]
    for title, key, most in SYSTEM:
        mine, other = (r[key].total if key in r else None for r in (ours, theirs))
        share = mine / other if mine is not None and other else None
        rows.append([title, report.number(mine), report.number(other), report.ratio(mine, other),
                     judge.target(title, share, most, " of Xen's")])
        judge.before(title, mine, SYSTEM_TOLERANCE)
    return report.table(["Instructions, all levels", "Plinth, vmctl", "Xen 4.17, xl", "ratio", "target"], rows)


def levels_table(results):
    rows = []
    for title, key, _ in SYSTEM:
        pair = [results["system", hv][0].get(key) for hv in HVS]
        rows.append([title] + [" / ".join(report.number(getattr(c, name) if c else None) for c in pair)
                               for name in ("el0", "el1", "el2", "visits")])
    return report.table(["Plinth / Xen", "EL0", "EL1", "EL2", "visits of EL2"], rows)


def memory_figures(memory):
    """Bytes that the hypervisor has taken, and those that a guest of 256 MiB takes beyond its own."""
    if "boot" not in memory or "guest" not in memory:
        return None, None
    (free, domains), (free2, domains2) = memory["boot"], memory["guest"]
    return MACHINE_MEMORY - free - domains, (free - free2) - (domains2 - domains)


# (title, bytes of the unit, its name, the most)
MEMORY = [("taken by the hypervisor, of 2 GiB, dom0 up", MIB, " MiB", 8),
          ("a guest of 256 MiB, beyond its own", 1024, " KiB", 64)]


def memory_table(results, judge):
    rows = []
    figures = zip(*(memory_figures(results["system", hv][1]) for hv in HVS))
    for (title, unit, unit_name, most), (mine, other) in zip(MEMORY, figures):
        share = None if mine is None else mine / unit
        rows.append([title, report.kib(mine), report.kib(other), report.ratio(mine, other),
                     judge.target(title, share, most, unit_name)])
        judge.before(title, None if mine is None else mine // 1024)
    return report.table(["Memory", "Plinth", "Xen 4.17", "ratio", "target"], rows)


def collect_broken(results, judge):
    for key, result in results.items():
        if result[-1]:
            judge.broken.append(f"{' '.join(map(str, key))}: {result[-1]}")


def build_tables(parts, results, judge):
    tables = {}
    if "system" in parts:
        tables.update(system=system_table(results, judge), levels=levels_table(results),
                      memory=memory_table(results, judge))
    if "paths" in parts:
        tables.update(paths=paths_table(results, judge), classes=classes_table(results, judge),
                      gicv2=gicv2_table(results, judge))
    return tables


def shout(heading, lines):
    for line in lines:
        print(f"*** {heading}: {line}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--out", default=f"{machine.TOP}/docs/benchmarks.md")
    parser.add_argument("parts", nargs="*", choices=["paths", "system", []], metavar="paths|system")
    options = parser.parse_args()
    parts = options.parts or ["paths", "system"]
    judge = Judge(report.read_old(options.out))
    results = measure(parts)
    tables = build_tables(parts, results, judge)
    collect_broken(results, judge)
    for name, text in tables.items():
        print(f"\n{text}")
    if len(parts) == 2 and not judge.broken:
        report.write(options.out, tables)
        print(f"\nbench: written to {os.path.relpath(options.out)}")
    print()
    shout("TARGET MISSED", judge.misses)
    shout("WORSE THAN BEFORE", judge.worse)
    shout("NOT MEASURED", judge.broken)
    sys.exit(1 if judge.broken else 0)


if __name__ == "__main__":
    main()
