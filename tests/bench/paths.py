# SPDX-License-Identifier: ISC
"""The group "paths": what a guest asks of the hypervisor, one operation at a time, in instructions at EL2."""
import collections
import re
import statistics
import tempfile

import machine
import report
from machine import BUILD, HVS

LIMIT, LIMIT_DOM0 = 300, 1800  # seconds; against hangs
SETS = {"local": (1, 1), "pair": (1, 2), "smp": (2, 2)}  # CPUs of the machine, vCPUs
DOMAINS = "domains"  # two guests below a dom0
FOREIGN_MAP, FOREIGN_UNMAP = 26, 28  # the first markers of dom0/foreign.c


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
    Path("event to a sleeping vCPU, same CPU", "pair", "evtchn-send-blocked"),
    Path("WFI, another vCPU's turn, woken by the timer", "pair", "wfi-block-wake"),
    Path("event ping-pong, one CPU", "pair", "evtchn-pingpong", 2500),
    Path("SGI to a sleeping vCPU on another CPU", "smp", "sgi-to-asleep"),
    Path("SGI to a running vCPU on another CPU", "smp", "sgi-to-running"),
    Path("SGI round trip, both asleep", "smp", "sgi-round-asleep", 4000),
    Path("SGI round trip, sender spins", "smp", "sgi-round-wake"),
    Path("SGI round trip, both spin", "smp", "sgi-round-running"),
    Path("event ping-pong, two CPUs", "smp", "evtchn-pingpong-smp"),
    Path("event to a blocked domain", DOMAINS, "evtchn-send-domain"),
    Path("event ping-pong between two domains, one CPU", DOMAINS, "evtchn-pingpong-domains", 2500),
    Path("foreign map of one page", DOMAINS, "foreign-map"),
    Path("foreign unmap of one page", DOMAINS, "foreign-unmap"),
]
TOLERANCE = {"smp": 0.1}  # where the slices of two CPUs fall
CLASSES = ("visits", "sysreg", "isb", "barrier", "tlbi", "atomic", "memory")
CLASS_TITLES = ("visits", "mrs/msr", "isb", "dsb, dmb", "tlbi, at", "atomics", "memory")

# rounds: {path: [Counts of each]}; numbers: {its first marker: path}; bad: None or what went wrong.
Paths = collections.namedtuple("Paths", "rounds numbers bad")


def read_rounds(marks, output):
    names = {int(number): name for number, name in re.findall(r"^path (\d+) (\S+)$", output, re.M)}
    return {name: marks.spans(number, number + 1) for number, name in names.items()}, names


def run(hv, set_, gic=3, profile=None):
    """The guest as first domain."""
    image, hv_args = machine.IMAGES[hv]
    cpus, vcpus = SETS[set_]
    with tempfile.TemporaryDirectory() as folder:
        output, status = machine.run(
            ["qemu-system-aarch64", "-M", f"virt,virtualization=on,gic-version={gic}", "-cpu", machine.CPU, "-m", "512",
             "-smp", str(cpus), "-display", "none", "-serial", "stdio", "-monitor", "none", "-nic", "none",
             "-no-reboot", *machine.repeatable(),
             *machine.plugin(folder, slice_=machine.SLICE if cpus > 1 else 0, io=gic == 2, profile=profile),
             "-kernel", image, "-append", f"{hv_args} dom0_mem=64M dom0_max_vcpus={vcpus}",
             "-device", f"guest-loader,addr=0x50000000,kernel={BUILD}/guests/bench/paths.img,"
                        f"bootargs=guest=paths set={set_}"], LIMIT)
        rounds, names = read_rounds(machine.Marks.read(f"{folder}/counts"), output)
    bad = None
    if "VERDICT paths PASS" not in output:
        bad = f"the guest did not pass (status {status}): {output[-600:]}"
    return Paths(rounds, names, bad)


def run_domains(hv):
    """Two of the guests below dom0, and dom0 that maps a page of one."""
    dom0 = machine.Dom0("paths", hv, "paths", files={"paths.img": f"{BUILD}/guests/bench/paths.img",
                                                     "foreign": f"{BUILD}/arm64/bench/foreign"},
                        texts={f"{role}.cfg": machine.config(role, "/bench/paths.img", 8, f"set={role} peer={peer}")
                               for role, peer in (("server", 2), ("client", 1))})
    dom0.xen_args = " xsm=dummy"  # by default guests may not talk to each other
    marks, output, bad = dom0.run(LIMIT_DOM0)
    rounds, names = read_rounds(marks, output)
    rounds.update({"foreign-map": marks.spans(FOREIGN_MAP, FOREIGN_MAP + 1)[-9:],
                   "foreign-unmap": marks.spans(FOREIGN_UNMAP, FOREIGN_UNMAP + 1)[-9:]})
    return Paths(rounds, names, bad)


def jobs():
    todo = {(hv, DOMAINS, 3): (run_domains, hv) for hv in HVS}
    todo.update({(hv, set_, gic): (run, hv, set_, gic) for hv in HVS for set_ in SETS for gic in (3, 2)})
    return todo


# ---- tables ----
def median_round(rounds):
    """The round whose EL2 count is the median: one that happened, so that its classes add up."""
    return sorted(rounds, key=lambda c: c.el2)[len(rounds) // 2] if rounds else None


def middle(rounds, share):
    """Median EL2 count of one operation, or None."""
    return round(statistics.median_low([c.el2 for c in rounds]) / share) if rounds else None


def rows_of(results, gic):
    for path in PATHS:
        if ("plinth", path.set_, gic) not in results:
            continue
        ours, theirs = (results[hv, path.set_, gic].rounds.get(path.name) for hv in HVS)
        if gic == 2 and not ours and not theirs:
            continue
        yield path, ours, theirs, middle(ours, path.share), middle(theirs, path.share)


def paths_table(results, judge):
    rows = []
    for path, _, _, mine, other in rows_of(results, 3):
        rows.append([path.title, report.number(mine), report.number(other), report.ratio(mine, other),
                     judge.target(path.title, mine, path.target)])
        judge.before(path.title, mine, TOLERANCE.get(path.set_, 0.01))
    return report.table(["EL2 instructions per operation, GICv3", "Plinth", "Xen 4.17", "ratio", "target"], rows)


def classes_table(results):
    rows = []
    for path, ours, theirs, _, _ in rows_of(results, 3):
        pair = [median_round(ours), median_round(theirs)]
        rows.append([path.title] + [
            " / ".join(report.number(round(getattr(c, name) / path.share, 1) if c else None) for c in pair)
            for name in CLASSES])
    return report.table(["Plinth / Xen", *CLASS_TITLES], rows)


def gicv2_table(results, judge):
    rows = []
    for path, ours, theirs, mine, other in rows_of(results, 2):
        pair = [median_round(ours), median_round(theirs)]
        rows.append([path.title, report.number(mine), report.number(other), report.ratio(mine, other)] + [
            " / ".join(report.number(round(getattr(c, name) / path.share, 1) if c else None) for c in pair)
            for name in ("io", "gich")])
        judge.before(path.title + " (GICv2)", mine, TOLERANCE.get(path.set_, 0.01))
    return report.table(["EL2 instructions per operation, GICv2", "Plinth", "Xen 4.17", "ratio",
                         "device accesses, Plinth / Xen", "of these, GICH"], rows)


def tables(results, judge):
    return {"paths": paths_table(results, judge), "classes": classes_table(results),
            "gicv2": gicv2_table(results, judge)}
