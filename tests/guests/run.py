#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Boots test guests as the first domain under QEMU, on Plinth or on stock Xen, and counts verdicts.

run.py [--hv plinth|xen] [--domu] [--gic 2|3] [--smp N] [-v] [GUEST ...]

With --domu they run as guests of a Debian dom0 instead, created by vmctl (Plinth) or xl (stock Xen).

Without --gic or --smp each guest runs on every machine that its row in GUESTS names. A failure
prints the guest's output and leaves it in build/guests/log/. The status is 0 if nothing failed.
"""
import argparse
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.environ.get("B", os.path.join(TOP, "build"))
HYPERVISOR = {
    "plinth": (os.environ.get("PLINTH", f"{BUILD}/hyp/plinth"), "console=/pl011@9000000"),
    "xen": (os.environ.get("XEN", f"{BUILD}/xen/boot/xen-4.17-arm64"), "console=dtuart dtuart=/pl011@9000000"),
}
# What a hypervisor says when it has met its own end, whatever the guest's verdict is.
DISASTER = re.compile(r"Xen BUG|Assertion .* failed|Panic on CPU|PANIC|panic:|Hypervisor fault", re.I)
LIMIT = int(os.environ.get("LIMIT", "90"))  # seconds; a hard limit against hangs, no measure
STORM_BYTES = 32768  # about 120,000 mistakes: a line for each would be a hundred times more
KERNEL_AT = 0x50000000


class Run:
    """One boot: a guest, its arguments, the machine, and what must be seen."""

    def __init__(self, guest, smp=1, gic=3, args="", hv_args="", memory=64, cpu="cortex-a57", expect=None, only=None,
                 firmware_calls=None):
        self.guest, self.smp, self.gic, self.args = guest, smp, gic, args
        self.hv_args, self.memory, self.cpu, self.expect, self.only = hv_args, memory, cpu, expect, only
        self.firmware_calls = firmware_calls  # the most that the firmware may see on Plinth, in QEMU's log of exceptions

    def title(self):
        return " ".join([self.guest] + ([f"[{self.args}]"] if self.args else []) + [f"gic{self.gic} smp{self.smp}"]
                        + ([self.hv_args] if self.hv_args else []) + ([self.cpu] if self.cpu != "cortex-a57" else []))


def both(guest, smps=(1,), **more):
    """The guest on both GIC versions and each number of CPUs."""
    return [Run(guest, smp=n, gic=g, **more) for g in (2, 3) for n in smps]


MODELS = ("cortex-a35", "cortex-a53", "cortex-a57", "cortex-a72", "cortex-a76", "neoverse-n1", "a64fx", "max")

GUESTS = [
    *both("memmap", (1,)),
    *both("timer", (1, 2)),
    Run("abi"),
    *both("psci", (1, 4)),
    *both("sgi", (1, 2, 4)),
    *both("gicdist", (1, 2)),
    *both("gicprio", (1,)),
    *both("evtchn", (1, 2)),
    Run("fifo"),
    Run("grant"),
    Run("vcpuinfo", smp=2),
    *both("stage2", (2,)),
    *both("sysregs"),
    Run("sysregs", cpu="max"),
    *(Run("idregs", cpu=cpu) for cpu in MODELS),
    *both("inject"),
    Run("inject", cpu="cortex-a76"),
    Run("inject", cpu="max"),
    Run("fp", smp=2),
    Run("fp", smp=1, hv_args="dom0_max_vcpus=2"),
    # two vCPUs on one CPU, on each model that QEMU has with EL2
    *(Run("regs", hv_args="dom0_max_vcpus=2", cpu=cpu) for cpu in MODELS),
    *(Run("regs", gic=2, hv_args="dom0_max_vcpus=2", cpu=cpu) for cpu in ("cortex-a57", "cortex-a76", "max")),
    Run("regs", smp=2),
    *both("storm"),
    Run("pingpong", smp=2),
    Run("pingpong", smp=1, hv_args="dom0_max_vcpus=2"),
    *both("mmuoff"),
    *both("loadstore", (1, 2)),
    Run("sgitime", smp=2),
    Run("smccc", firmware_calls=4),  # at boot two questions, at the end SYSTEM_OFF, and one to spare
    Run("shutdown", args="reason=poweroff"),
    Run("shutdown", args="reason=reboot"),
    Run("shutdown", args="reason=poweroff by=psci"),
    Run("shutdown", args="reason=reboot by=psci"),
    Run("shutdown", args="by=watchdog"),
]


# As guests of a dom0: name of the run, then for each domain the image, its vCPUs, and more keys of its config.
# The verdict of the first counts, and those of others that give one.
DOMU = {
    "memmap": [("memmap", 1, {})],
    "timer": [("timer", 1, {})],
    "abi": [("abi", 1, {})],
    "privileges": [("privileges", 4, {})],
    "psci": [("psci", 4, {})],
    "sgi": [("sgi", 4, {})],
    "gicdist": [("gicdist", 2, {})],
    "gicprio": [("gicprio", 1, {})],
    "evtchn": [("evtchn", 2, {})],
    "fifo": [("fifo", 1, {})],
    "grant": [("grant", 1, {})],
    "vcpuinfo": [("vcpuinfo", 2, {})],
    "stage2": [("stage2", 2, {})],
    "sysregs": [("sysregs", 1, {})],
    "idregs": [("idregs", 1, {})],
    "inject": [("inject", 1, {})],
    "fp": [("fp", 2, {})],
    "regs": [("regs", 2, {"cpus": "0"})],
    "storm": [("storm", 1, {})],
    "mmuoff": [("mmuoff", 1, {})],
    "smccc": [("smccc", 1, {})],
    "loadstore": [("loadstore", 2, {"vuart": "sbsa_uart"})],
    "vuart": [("vuart", 1, {"vuart": "sbsa_uart"})],
    "watchdog": [("shutdown", 1, {"extra": "guest=shutdown by=watchdog"})],  # and on_watchdog destroys it
    # two domains on one CPU, which must not see each other
    "two-fp": [("fp", 2, {"cpus": "0"}), ("fp", 2, {"cpus": "0"})],
    "two-regs": [("regs", 2, {"cpus": "0"}), ("regs", 2, {"cpus": "0"})],
    "fp-and-regs": [("fp", 2, {"cpus": "0"}), ("regs", 2, {"cpus": "0"})],
    "timer-and-hog": [("timer", 1, {"cpus": "0"}), ("hog", 1, {"cpus": "0"})],
    "memmap-after": [("memmap", 1, {})],  # the memory of all of those, scrubbed
}


def domu_config(name, image, vcpus, keys):
    keys = {"name": name, "kernel": f"/try/{image}.img", "memory": 16, "vcpus": vcpus,
            "extra": f"guest={image}", **keys}
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())


def run_in_dom0(options):
    """One boot of dom0 for all of them, as they end: (group, output, why bad or None)."""
    chosen = {name: row for name, row in DOMU.items() if not options.guests or name in options.guests}
    tool = "vmctl" if options.hv == "plinth" else "xl"
    with tempfile.TemporaryDirectory() as folder:
        groups, images = [], set()
        for group, row in chosen.items():
            names = [f"{group}-{n}" if n else group for n in range(len(row))]
            groups.append("+".join(names))
            for name, (image, vcpus, keys) in zip(names, row):
                images.add(f"{BUILD}/guests/{image}.img")
                with open(f"{folder}/{name}.cfg", "w", encoding="utf-8") as file:
                    file.write(domu_config(name, image, vcpus, keys))
        files = [f"{folder}/{file}" for file in os.listdir(folder)]
        env = {**os.environ, "HV": options.hv, "TOOLS": "plinth" if tool == "vmctl" else "xl",
               "GIC": str(options.gic or 3), "SMP": str(options.smp or 2)}
        dom0 = [f"{TOP}/scripts/try-in-dom0.sh", "-t", str(LIMIT * len(groups) + 120),
                f"{TOP}/tests/guests/in-dom0.sh", *files, *sorted(images),
                "--", f"sh in-dom0.sh {tool} {LIMIT} {' '.join(groups)}"]
        rows, text = dict(zip(groups, chosen.values())), ""
        with subprocess.Popen(dom0, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as shell:
            for line in shell.stdout:
                text += line.decode(errors="replace").replace("\r", "")
                ended = re.search(r"^guests: end (\S+)\n", text, re.M)
                if ended and ended.group(1) in rows:
                    bad = domu_why_bad(rows.pop(ended.group(1)), text) or tolerated(options.hv, text)
                    yield ended.group(1), text, bad
                    text = ""
        for group in rows:
            yield group, text, "dom0 did not come to its end"


def domu_why_bad(row, text):
    trouble = re.search(r"^guests: .* (failed|still there).*", text, re.M)
    if trouble:
        return trouble.group(0)
    failed = re.search(r"VERDICT \w+ FAIL.*", text)
    if failed:
        return failed.group(0)
    for image, _, _ in row:
        if text.count(f"VERDICT {image} PASS") < sum(other == image for other, _, _ in row):
            return f"no verdict from {image}"
    return None


def command(run, hv):
    image, hv_args = HYPERVISOR[hv]
    kernel = f"{BUILD}/guests/{run.guest}.img"
    for file in (image, kernel):
        if not os.access(file, os.R_OK):
            sys.exit(f"run.py: {file} is missing: run make first")
    args = run.args.replace(",", ",,")
    return ["timeout", "-s", "KILL", str(LIMIT), "qemu-system-aarch64",
            "-M", f"virt,virtualization=on,gic-version={run.gic}", "-cpu", run.cpu, "-smp", str(run.smp),
            "-m", "512", "-display", "none", "-serial", "stdio", "-monitor", "none", "-nic", "none", "-no-reboot",
            "-kernel", image, "-append", f"{hv_args} dom0_mem={run.memory}M {run.hv_args}",
            "-device", f"guest-loader,addr={KERNEL_AT:#x},kernel={kernel},bootargs=guest={run.guest} {args}",
            *(["-d", "int", "-D", trace_file(run)] if run.firmware_calls else [])]


def trace_file(run):
    return f"{BUILD}/guests/{run.guest}.trace"


def why_traced_bad(run, hv):
    """What reached EL3, where the firmware is: QEMU plays it, and logs each call and each exception."""
    if not run.firmware_calls or hv != "plinth":
        return None
    with open(trace_file(run), encoding="utf-8", errors="replace") as file:
        lines = file.readlines()
    os.unlink(trace_file(run))
    calls = sum("handled as PSCI call" in line for line in lines)
    up = sum(re.search(r"from EL[01] to EL3", line) is not None for line in lines)
    trapped = sum(re.search(r"from EL1 to EL2", line) is not None for line in lines)
    if trapped < 1000:
        return f"QEMU's log has {trapped} exceptions of the guest, expected thousands"
    if up or not 0 < calls <= run.firmware_calls:
        return f"{calls} calls reached the firmware (allowed: {run.firmware_calls}), {up} exceptions of the guest went to EL3"
    return None


def tolerated(hv, output):
    """A guest that takes Plinth for stock Xen would let differences pass as notes."""
    return "a guest took Plinth for stock Xen" if hv == "plinth" and "stock Xen differs" in output else None


def why_bad(run, output, status):
    """None if the boot went as it should, else a sentence."""
    if DISASTER.search(output):
        return "the hypervisor broke: " + DISASTER.search(output).group(0)
    verdict = re.search(rf"VERDICT {run.guest} (PASS|FAIL).*", output)
    if not verdict:
        return "no verdict within the time limit" if status == 137 else f"no verdict, QEMU ended with {status}"
    if verdict.group(1) != "PASS":
        return verdict.group(0).strip()
    if status == 137:
        return "a PASS verdict, but the machine was still on at the time limit"
    if run.expect and not re.search(run.expect, output):
        return f"PASS, but the console does not show /{run.expect}/"
    storm = re.search("STORM BEGINS(.*)STORM ENDS", output, re.S)
    if storm and len(storm.group(1)) > STORM_BYTES:
        return f"the storm left {len(storm.group(1))} bytes on the console, at most {STORM_BYTES} are allowed"
    return None


def later(seconds, process):
    """Kills the process group in a while, if it is still there."""
    timer = threading.Timer(seconds, lambda: process.poll() is None and os.killpg(process.pid, signal.SIGKILL))
    timer.start()
    return timer


def boot(run, hv):
    began, lines, dead = time.monotonic(), [], None
    with subprocess.Popen(command(run, hv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True) as qemu:
        for line in qemu.stdout:
            lines.append(line.decode(errors="replace").replace("\r", ""))
            if DISASTER.search(lines[-1]):  # it will not end by itself; the next lines tell more
                dead = dead or later(1, qemu)
        status = qemu.wait()
    if status == -signal.SIGKILL:
        status = 137
    output = "".join(lines)
    return run, output, (why_bad(run, output, status) or tolerated(hv, output)
                         or why_traced_bad(run, hv)), time.monotonic() - began


def save(title, hv, output):
    folder = f"{BUILD}/guests/log"
    os.makedirs(folder, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9=.-]+", "-", f"{hv} {title}").strip("-")
    with open(f"{folder}/{name}.log", "w", encoding="utf-8") as file:
        file.write(output)
    return f"{folder}/{name}.log"


def domu_results(options):
    for group, output, bad in run_in_dom0(options):
        title = f"domU {group} gic{options.gic or 3}"
        yield title, output, bad, save(title, options.hv, output)


def dom0_results(options):
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for run, output, bad, seconds in pool.map(lambda r: boot(r, options.hv), choose(options)):
            yield f"{run.title()} ({seconds:.1f} s)", output, bad, save(run.title(), options.hv, output)


def choose(options):
    return [run for run in GUESTS
            if (not options.guests or run.guest in options.guests)
            and options.gic in (0, run.gic) and options.smp in (0, run.smp)
            and run.only in (None, options.hv)]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--hv", choices=HYPERVISOR, default="plinth")
    parser.add_argument("--domu", action="store_true", help="as guests of a Debian dom0")
    parser.add_argument("--gic", type=int, default=0)
    parser.add_argument("--smp", type=int, default=0)
    parser.add_argument("-j", "--jobs", type=int, default=1)
    parser.add_argument("-v", "--verbose", action="store_true", help="print every guest's output")
    parser.add_argument("guests", nargs="*")
    options = parser.parse_args()
    known = set(DOMU) if options.domu else {run.guest for run in GUESTS}
    if set(options.guests) - known:
        sys.exit(f"run.py: no guest {' '.join(set(options.guests) - known)}; there are: {' '.join(sorted(known))}")
    failed = passed = 0
    for title, output, bad, log in (domu_results if options.domu else dom0_results)(options):
        failed, passed = failed + bool(bad), passed + (not bad)
        print(f"{'FAIL' if bad else 'ok  '} {options.hv} {title}{': ' + bad if bad else ''}", flush=True)
        if options.verbose:
            print(output)
        elif bad:
            lines = [line for line in output.splitlines() if not line.startswith("ok ")]
            began = next((n for n, line in enumerate(lines) if re.match("not ok|FAIL|unexpected", line)), 0)
            print("    " + "\n    ".join(lines[max(began, len(lines) - 30):]) + f"\n    (all of it: {log})", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
