# SPDX-License-Identifier: ISC
"""The group "system": boots, the making of one guest at a time, loads in dom0 and in a guest, memory."""
import collections

import machine
import report
from machine import BUILD, HVS

LIMIT = 1800  # seconds; against hangs
LOAD_ROUNDS = 3  # of dom0/load.c
MIB = 1 << 20
MACHINE_MEMORY = 2048 * MIB
TOLERANCE = 0.05  # where a timer's tick falls makes a short command dearer or cheaper
COMMANDS = {"create-tiny": 6, "create": 8, "destroy": 10, "create-run": 12, "destroy-run": 14, "list": 16, "true": 18}

# counts: {what: Counts}; memory: {when: see memory_lines()}; stack: bytes at boot, and later; bad: None or what went wrong.
System = collections.namedtuple("System", "counts memory stack bad")
Loads = collections.namedtuple("Loads", "boot dom0 guest bad")


class Row:
    """Of the table: title, key of the counts, the most that Plinth may take: a count, or a share of stock Xen's."""

    def __init__(self, title, key, most=None, share=None):
        self.title, self.key, self.most, self.share = title, key, most, share


ROWS = [
    Row("reset to dom0's first instruction", "boot-kernel", most=3000000),
    Row("reset to dom0's init", "boot-init", share=1.0),
    Row("create 256 MiB Debian, to the guest's first instruction", "create-to-kernel", share=0.25),
    Row("create 256 MiB Debian, left paused, to the command's end", "create", share=0.25),
    Row("create 256 MiB Debian, to the guest's init", "create-to-init"),
    Row("create 256 MiB Debian, to the guest's prompt", "create-to-prompt"),
    Row("destroy it, paused", "destroy"),
    Row("destroy it, running", "destroy-run"),
    Row("create 8 MiB bare-metal guest, left paused", "create-tiny", most=5000000),
    Row("list", "list"),
    Row("for comparison: fork, exec and wait for busybox true", "true"),
]

# (title, first marker in dom0/load.c, the most percent that Plinth may add to the bare machine's)
LOADS = [("CPU: arithmetic and memory", 64, 3), ("system calls", 66, 3), ("fork, exit and wait", 68, 3),
         ("work with a timer's signal every 20 us", 70, None), ("sleeps of 100 us", 72, None)]


# ---- runs ----
def from_marks(marks):
    """{what: Counts}"""
    found = {"boot-kernel": marks.since_reset(machine.DOM0_KERNEL), "boot-init": marks.since_reset(machine.DOM0_INIT)}
    for name, number in COMMANDS.items():
        found[name] = marks.span(number, number + 1)
    for name, number in (("kernel", machine.GUEST_KERNEL), ("init", machine.GUEST_INIT),
                         ("prompt", machine.GUEST_PROMPT)):
        found[f"create-to-{name}"] = marks.span(COMMANDS["create-run"], number)
    return {name: counts for name, counts in found.items() if counts}


def run(hv, profile=None, symbols=None):
    """profile: a file for it; symbols: one for dom0's kallsyms."""
    guest = {"extra": f"rdinit=/mark mark={machine.GUEST_INIT} ENV=/prompt", "ramdisk": '"/bench/domu.cpio.gz"'}
    dom0 = machine.Dom0("system", hv, "system", files={"idle.img": f"{BUILD}/guests/idle.img"},
                        texts={"tiny.cfg": machine.config("tiny", "/bench/idle.img", 8),
                               "guest.cfg": machine.config("guest", "/guests/Image", 256, **guest)},
                        guest={"prompt": f"{machine.BENCH}/dom0/prompt"})
    dom0.profile = profile
    if profile:
        dom0.dom0_args = " norandmaps"
    if symbols:
        with open(symbols, "wb") as file:
            file.truncate(16 << 20)
        dom0.more = ["-drive", f"file={symbols},format=raw,if=none,id=symbols", "-device", "virtio-blk-pci,drive=symbols"]
    marks, output, bad = dom0.run(LIMIT)
    stacks = [counts.stack for _, counts in marks.rows] or [None]
    return System(from_marks(marks), machine.memory_lines(output), (stacks[0], max(stacks[1:], default=None)), bad)


def run_loads(hv):
    """In dom0 (or on the bare machine, hv "none"), then in a guest."""
    load = f"{BUILD}/arm64/bench/load"
    config = machine.config("load", "/guests/Image", 256, "nokaslr rdinit=/load", ramdisk='"/bench/domu.cpio.gz"')
    dom0 = machine.Dom0("loads", hv, "loads", files={"load": load}, texts={"load.cfg": config}, guest={"load": load},
                        memory=512 if hv == "none" else 2048)
    dom0.dom0_args = " nokaslr"  # which changes what a system call takes, and whose device tree has a seed differs
    marks, _, bad = dom0.run(LIMIT)
    dom0_loads, guest_loads = ({number: middle(marks.spans(number, number + 1)[n:n + LOAD_ROUNDS]) for _, number, _ in LOADS}
                               for n in (0, LOAD_ROUNDS))
    if not bad and None in [*dom0_loads.values(), *(guest_loads.values() if hv != "none" else ())]:
        bad = "a load did not come to its end"
    return Loads(marks.since_reset(machine.DOM0_INIT), dom0_loads, guest_loads, bad)


def middle(rounds):
    """The middle one of the rounds, or None where some are missing."""
    return sorted(rounds, key=lambda c: c.total)[LOAD_ROUNDS // 2] if len(rounds) == LOAD_ROUNDS else None


def jobs():
    todo = {(hv,): (run, hv) for hv in HVS}
    todo.update({("loads", hv): (run_loads, hv) for hv in ("none", *HVS)})
    return todo


# ---- tables ----
def system_table(results, judge):
    rows, bare = [], results["loads", "none"].boot
    for row in ROWS:
        mine, other = (results[hv,].counts[row.key].total if row.key in results[hv,].counts else None for hv in HVS)
        share = mine / other if mine is not None and other else None
        target = judge.target(row.title, mine, row.most) if row.share is None else \
            judge.target(row.title, share, row.share, " of Xen's")
        rows.append([row.title, report.number(mine), report.number(other), report.ratio(mine, other), target])
        judge.before(row.title, mine, TOLERANCE)
        if row.key == "boot-init":
            rows.append(["the same kernel on the bare machine: reset to init", report.number(bare.total if bare else None),
                         "", "", ""])
    return report.table(["Instructions, all levels", "Plinth, vmctl", "Xen 4.17, xl", "ratio", "target"], rows)


def levels_table(results):
    rows = []
    for row in ROWS:
        pair = [results[hv,].counts.get(row.key) for hv in HVS]
        rows.append([row.title] + [" / ".join(report.number(getattr(c, name) if c else None) for c in pair)
                                   for name in ("el0", "el1", "el2", "visits")])
    return report.table(["Plinth / Xen", "EL0", "EL1", "EL2", "visits of EL2"], rows)


def over_bare(results, hv, where, number):
    """By how many percent the load takes more than on the bare machine, or None."""
    bare, counts = results["loads", "none"].dom0.get(number), getattr(results["loads", hv], where).get(number)
    return 100 * (counts.total / bare.total - 1) if bare and counts else None


def loads_table(results, judge):
    rows = []
    for title, number, most in LOADS:
        bare = results["loads", "none"].dom0.get(number)
        over = {(where, hv): over_bare(results, hv, where, number) for where in ("dom0", "guest") for hv in HVS}
        worst = max((over[where, "plinth"] for where in ("dom0", "guest") if over[where, "plinth"] is not None), default=None)
        rows.append([title, report.number(bare.total if bare else None),
                     *("-" if value is None else f"{value:+.2f} %" for value in over.values()),
                     judge.target(f"{title}, over the bare machine", worst, most, " %")])
    return report.table(["Instructions, all levels", "bare machine", "dom0, Plinth", "dom0, Xen", "guest, Plinth",
                         "guest, Xen", "target"], rows)


def memory_figures(memory):
    """Bytes that the hypervisor has taken, and those that a guest of 256 MiB takes beyond its own."""
    if "boot" not in memory or "guest" not in memory:
        return None, None
    (free, domains, _), (free2, domains2, _) = memory["boot"], memory["guest"]
    return MACHINE_MEMORY - free - domains, (free - free2) - (domains2 - domains)


# (title, bytes of the unit, its name, the most)
MEMORY = [("taken by the hypervisor, of 2 GiB, dom0 up", MIB, " MiB", 4),
          ("a guest of 256 MiB, beyond its own", 1024, " KiB", 64)]
STACKS = ["deepest EL2 stack, boot", "deepest EL2 stack, dom0 and guests run"]


def memory_table(results, judge):
    rows = []
    figures = zip(*(memory_figures(results[hv,].memory) for hv in HVS))
    for (title, unit, unit_name, most), (mine, other) in zip(MEMORY, figures):
        share = None if mine is None else mine / unit
        rows.append([title, report.kib(mine), report.kib(other), report.ratio(mine, other),
                     judge.target(title, share, most, unit_name)])
        judge.before(title, None if mine is None else mine // 1024)
    for title, mine, other in zip(STACKS, *(results[hv,].stack for hv in HVS)):
        rows.append([title, f"{report.number(mine)} bytes", f"{report.number(other)} bytes", report.ratio(mine, other), ""])
    return report.table(["Memory", "Plinth", "Xen 4.17", "ratio", "target"], rows)


def tables(results, judge):
    return {"system": system_table(results, judge), "levels": levels_table(results), "loads": loads_table(results, judge),
            "memory": memory_table(results, judge)}
