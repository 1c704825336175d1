# SPDX-License-Identifier: ISC
"""Runs the machine under the counting plugin: bare-metal guests, and dom0 with a toolstack."""
import collections
import os
import re
import shutil
import struct
import subprocess
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.path.abspath(os.environ.get("B", os.path.join(TOP, "build")))
BENCH = os.path.join(TOP, "tests/bench")
IMAGES = {"plinth": (os.environ.get("PLINTH", f"{BUILD}/hyp/plinth"), "console=/pl011@9000000"),
          "xen": (f"{BUILD}/xen/boot/xen-4.17-arm64", "console=dtuart dtuart=/pl011@9000000")}
CPU = "cortex-a53,cntfrq=1000000000"
# One instruction is one ns of virtual time; idle time is jumped over; nothing comes from the host.
REPEATABLE = ["-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2026-01-01T00:00:00,clock=vm"]
SLICE = 1000
LIMITS = {"paths": 120, "system": 400}  # seconds; against hangs

FIELDS = "el0 el1 el2 el3 visits io sysreg isb barrier tlbi cache atomic memory"


class Counts(collections.namedtuple("Counts", FIELDS)):
    """Instructions by level, EL2's visits, device accesses and classes."""

    def __sub__(self, other):
        return Counts(*(a - b for a, b in zip(self, other)))

    @property
    def total(self):
        return self.el0 + self.el1 + self.el2 + self.el3


def marker(number):
    """The instruction movz xzr, #number."""
    return 0xd280001f | number << 5


def read_marks(path):
    """What the plugin wrote, in order: (marker or None at the end, Counts)."""
    with open(path, encoding="ascii") as file:
        rows = [line.split() for line in file]
    return [(None if row[0] == "end" else int(row[0]), Counts(*map(int, row[1:])))
            for row in rows if len(row) == 1 + len(Counts._fields)]


def plugin(folder, slice_=0, io=False, profile=None):
    text = f"{BUILD}/host/bench/count.so,out={folder}/counts"
    if slice_:
        text += f",slice={slice_}"
    if io:
        text += ",io=on"
    if profile:
        text += f",profile={profile}"
    return ["-plugin", text]


def run(command, limit, env=None):
    done = subprocess.run(["timeout", "-s", "KILL", str(limit), *command], stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
    return done.stdout.decode(errors="replace").replace("\r", ""), done.returncode


# ---- bare-metal paths ----
SETS = {"local": (1, 1), "pair": (1, 2), "smp": (2, 2)}  # CPUs of the machine, vCPUs

Paths = collections.namedtuple("Paths", "rounds numbers bad")


def run_paths(hv, set_, gic=3, profile=None):
    """rounds: {path: [Counts of each]}; numbers: {its first marker: path}; bad: None or what went wrong."""
    image, hv_args = IMAGES[hv]
    cpus, vcpus = SETS[set_]
    with tempfile.TemporaryDirectory() as folder:
        output, status = run(
            ["qemu-system-aarch64", "-M", f"virt,virtualization=on,gic-version={gic}", "-cpu", CPU, "-m", "512",
             "-smp", str(cpus), "-display", "none", "-serial", "stdio", "-monitor", "none", "-nic", "none",
             "-no-reboot", *REPEATABLE,
             *plugin(folder, slice_=SLICE if cpus > 1 else 0, io=gic == 2, profile=profile),
             "-kernel", image, "-append", f"{hv_args} dom0_mem=64M dom0_max_vcpus={vcpus}",
             "-device", f"guest-loader,addr=0x50000000,kernel={BUILD}/guests/bench/paths.img,"
                        f"bootargs=guest=paths set={set_}"], LIMITS["paths"])
        marks = read_marks(f"{folder}/counts") if os.path.exists(f"{folder}/counts") else []
    names = {int(number): name for number, name in re.findall(r"^path (\d+) (\S+)$", output, re.M)}
    rounds = collections.defaultdict(list)
    for (number, before), (after_number, after) in zip(marks, marks[1:]):
        if number in names and after_number == number + 1:
            rounds[names[number]].append(after - before)
    bad = None
    if "VERDICT paths PASS" not in output:
        bad = f"{hv} {set_} gic{gic}: the guest did not pass (status {status}): {output[-600:]}"
    return Paths(rounds, names, bad)


# ---- dom0 and a toolstack ----
DOM0_KERNEL, DOM0_INIT, GUEST_KERNEL, GUEST_INIT = 2, 4, 20, 22
COMMANDS = {"create-tiny": 6, "create": 8, "destroy": 10, "create-run": 12, "destroy-run": 14, "list": 16, "true": 18}
TOOL = {"plinth": "vmctl", "xen": "xl"}
CONFIG = """name = "{name}"
kernel = "{kernel}"
memory = {memory}
vcpus = 1
extra = "console=hvc0 {extra}"
"""


def pack(folder, out):
    """A cpio archive of the folder, the same for the same content."""
    with open(out, "wb") as file:
        subprocess.run("find . -exec touch -h -d @0 {} + && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc -R 0:0 --reproducible --quiet",
                       shell=True, cwd=folder, stdout=file, check=True)


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def prepare_images(folder):
    """The images of the tests, but dom0's kernel has a marker for its first instruction."""
    os.makedirs(f"{folder}/images/6.1")
    for name in ("6.1/dom0.cpio", "tools.cpio", "xen.cpio"):
        os.symlink(f"{BUILD}/images/{name}", f"{folder}/images/{name}")
    shutil.copy(f"{BUILD}/images/6.1/Image", f"{folder}/images/6.1/Image")
    with open(f"{folder}/images/6.1/Image", "r+b") as file:
        file.write(struct.pack("<I", marker(DOM0_KERNEL)))


def prepare_overlay(folder, hv, profiled):
    """What dom0 gets on top: programs, configs, the guest's additional archive, the script."""
    root, guest = f"{folder}/root", f"{folder}/guest"
    os.makedirs(f"{root}/bench")
    os.makedirs(guest)
    mark = f"{BUILD}/arm64/bench/mark"
    for file in (mark, f"{BUILD}/arm64/bench/memory", f"{BUILD}/guests/idle.img",
                 f"{BUILD}/arm64/libctrl.so.0"):
        shutil.copy(file, f"{root}/bench/")
    shutil.copy(f"{BENCH}/dom0/autorun", f"{root}/autorun")
    shutil.copy(mark, f"{guest}/mark")
    pack(guest, f"{folder}/guest.cpio")
    subprocess.run(["gzip", "-9n", f"{folder}/guest.cpio"], check=True)
    shutil.copy(f"{folder}/guest.cpio.gz", f"{root}/bench/guest-mark.cpio.gz")
    write(f"{root}/bench/tiny.cfg", CONFIG.format(name="tiny", kernel="/bench/idle.img", memory=8, extra=""))
    write(f"{root}/bench/guest.cfg",
          CONFIG.format(name="guest", kernel="/guests/Image", memory=256, extra=f"rdinit=/mark mark={GUEST_INIT}")
          + 'ramdisk = "/bench/domu.cpio.gz"\n')
    escaped = "".join(f"\\0{byte:03o}" for byte in struct.pack("<I", marker(GUEST_KERNEL)))
    write(f"{root}/bench/settings", f"TOOL={TOOL[hv]}\nPROFILED={int(profiled)}\nKERNEL_MARKER='{escaped}'\n")
    pack(root, f"{folder}/overlay.cpio")


def first(marks, number, after=0):
    """Index of the first mark of that number from an index on, or None."""
    return next((n for n in range(after, len(marks)) if marks[n][0] == number), None)


def system_results(marks, output):
    """From marks and console to {what: Counts} and {when: bytes}."""
    results = {}

    def interval(name, begin, end):
        if begin is not None and end is not None:
            results[name] = marks[end][1] - (marks[begin][1] if begin >= 0 else Counts(*[0] * len(Counts._fields)))

    interval("boot-kernel", -1, first(marks, DOM0_KERNEL))
    interval("boot-init", -1, first(marks, DOM0_INIT))
    for name, number in COMMANDS.items():
        begin = first(marks, number)
        if begin is not None:
            interval(name, begin, first(marks, number + 1, begin))
    begin = first(marks, COMMANDS["create-run"])
    if begin is not None:
        interval("create-to-kernel", begin, first(marks, GUEST_KERNEL, begin))
        interval("create-to-init", begin, first(marks, GUEST_INIT, begin))
    memory = [(int(free), sum(int(pair.split(":")[1]) for pair in domains.split()))
              for free, domains in re.findall(r"^memory: free (\d+) domains((?: \d+:\d+)*)$", output, re.M)]
    return results, dict(zip(("boot", "guest", "after"), memory))


def run_system(hv, profile=None, symbols=None):
    """results, memory, and None or what went wrong. profile: a file for it; symbols: one for dom0's kallsyms."""
    with tempfile.TemporaryDirectory() as folder:
        prepare_images(folder)
        prepare_overlay(folder, hv, profile is not None)
        more = []
        if symbols:
            with open(symbols, "wb") as file:
                file.truncate(16 << 20)
            more = ["-drive", f"file={symbols},format=raw,if=none,id=symbols",
                    "-device", "virtio-blk-pci,drive=symbols"]
        dom0_args = f"rdinit=/bench/mark mark={DOM0_INIT}" + (" norandmaps" if profile else "")
        env = {**os.environ, "HV": hv, "TOOLS": "plinth" if hv == "plinth" else "xl", "KERNEL": "6.1", "GIC": "3",
               "SMP": "1", "MEM": "2048", "CPU": CPU, "DOM0_MEM": "512M", "IMAGES": f"{folder}/images",
               "DOM0_ARGS": dom0_args, "INITRD": f"{folder}/overlay.cpio"}
        env.pop("HV_ARGS", None)
        output, status = run([f"{TOP}/scripts/run-qemu.sh", *REPEATABLE, *plugin(folder, profile=profile), *more],
                             LIMITS["system"], env)
        counts = f"{folder}/counts"
        results, memory = system_results(read_marks(counts) if os.path.exists(counts) else [], output)
    logs = f"{BUILD}/bench"
    os.makedirs(logs, exist_ok=True)
    with open(f"{logs}/{hv}.log", "w", encoding="utf-8") as file:
        file.write(output)
    bad = None
    if "bench: done" not in output:
        bad = f"{hv}: dom0 did not come to the end of its script (status {status}), see {logs}/{hv}.log"
    return results, memory, bad
