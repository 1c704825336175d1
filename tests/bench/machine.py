# SPDX-License-Identifier: ISC
"""Runs QEMU machines under the counting plugin: what is booted, what dom0 gets on top, and what comes back."""
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
HVS = ("plinth", "xen")
TOOL = {"plinth": "vmctl", "xen": "xl"}
IMAGES = {"plinth": (os.environ.get("PLINTH", f"{BUILD}/hyp/plinth"), "console=/pl011@9000000"),
          "xen": (f"{BUILD}/xen/boot/xen-4.17-arm64", "console=dtuart dtuart=/pl011@9000000")}
CPU = "cortex-a53,cntfrq=1000000000"
SLICE = 1000
STACK_SIZES = {"plinth": 16384, "xen": 32768}  # the aligned area at whose upper end a CPU's EL2 stack begins

# Markers below 32 belong to dom0 and its guests, the others to guests/paths.c.
DOM0_KERNEL, DOM0_INIT, GUEST_KERNEL, GUEST_INIT, GUEST_PROMPT = 2, 4, 20, 22, 24

FIELDS = "el0 el1 el2 el3 visits io gich sysreg isb barrier tlbi cache atomic memory stack"


def repeatable(shift=0):
    """One instruction is 2^shift ns of virtual time; idle time is jumped over; nothing comes from the host."""
    return ["-icount", f"shift={shift},sleep=off", "-seed", "1", "-rtc", "base=2026-01-01T00:00:00,clock=vm"]


class Counts(collections.namedtuple("Counts", FIELDS)):
    """Instructions by level, EL2's visits, device accesses and classes; and the deepest EL2 stack since the last marker."""

    def __sub__(self, other):
        return Counts(*(a - b for a, b in zip(self[:-1], other)), self.stack)

    @property
    def total(self):
        return self.el0 + self.el1 + self.el2 + self.el3


NOTHING = Counts(*[0] * len(Counts._fields))


class Marks:
    """What the plugin wrote, in order: (marker or None at the end, Counts)."""

    def __init__(self, rows=()):
        self.rows = list(rows)

    @classmethod
    def read(cls, path):
        if not os.path.exists(path):
            return cls()
        with open(path, encoding="ascii") as file:
            rows = [line.split() for line in file]
        return cls((None if row[0] == "end" else int(row[0]), Counts(*map(int, row[1:])))
                   for row in rows if len(row) == 1 + len(Counts._fields))

    def first(self, number, after=0):
        """Index of the first mark of that number from an index on, or None."""
        return next((n for n in range(after, len(self.rows)) if self.rows[n][0] == number), None)

    def since_reset(self, number):
        found = self.first(number)
        return None if found is None else self.rows[found][1]

    def spans_of_each(self, begin, end):
        """For each mark `begin`: Counts to the next `end`, or None if the next `begin` comes first."""
        found, start = [], None
        for number, counts in self.rows:
            if number == begin:
                found.append(None)
                start = counts
            elif number == end and start is not None:
                found[-1] = counts - start
                start = None
        return found

    def spans(self, begin, end):
        return [counts for counts in self.spans_of_each(begin, end) if counts]

    def span(self, begin, end):
        return next(iter(self.spans(begin, end)), None)


def marker(number):
    """The instruction movz xzr, #number."""
    return 0xd280001f | number << 5


def plugin(folder, slice_=0, io=False, profile=None, stack=0):
    text = f"{BUILD}/host/bench/count.so,out={folder}/counts"
    if slice_:
        text += f",slice={slice_}"
    if io:
        text += ",io=on"
    if profile:
        text += f",profile={profile}"
    if stack:
        text += f",stack={stack}"
    return ["-plugin", text]


def run(command, limit, env=None):
    done = subprocess.run(["timeout", "-s", "KILL", str(limit), *command], stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
    return done.stdout.decode(errors="replace").replace("\r", ""), done.returncode


def keep_log(name, output):
    logs = f"{BUILD}/bench"
    os.makedirs(logs, exist_ok=True)
    with open(f"{logs}/{name}.log", "w", encoding="utf-8") as file:
        file.write(output)
    return f"{logs}/{name}.log"


# ---- archives and files for dom0 ----
def pack(folder, out):
    """A cpio archive of the folder, the same for the same content."""
    with open(out, "wb") as file:
        subprocess.run("find . -exec touch -h -d @0 {} + && find . -mindepth 1 | LC_ALL=C sort | "
                       "cpio -o -H newc -R 0:0 --reproducible --quiet",
                       shell=True, cwd=folder, stdout=file, check=True)


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def config(name, kernel, memory, extra="", **more):
    """A guest's config; more: keys and values as they are written."""
    keys = {"name": f'"{name}"', "kernel": f'"{kernel}"', "memory": memory, "vcpus": 1,
            "extra": f'"console=hvc0 {extra}"', **more}
    return "".join(f"{key} = {value}\n" for key, value in keys.items())


def set_marker(image, number):
    """A kernel's first instruction, which is there for EFI only, becomes a marker."""
    with open(image, "r+b") as file:
        file.write(struct.pack("<I", marker(number)))


def marker_as_octal(number):
    return "".join(f"\\0{byte:03o}" for byte in struct.pack("<I", marker(number)))


class Dom0:
    """A machine with Linux as dom0 (or alone, hv "none"): what it gets on top, and its run.

    files: {path below /bench: what it is copied from}; texts: {the same: content}; script: what dom0's init runs,
    after dom0/setup; guest: {path in an archive for guests, /bench/guest.cpio.gz: what it is copied from}.
    """

    PROGRAMS = ("mark", "domains")

    def __init__(self, name, hv, script, files=(), texts=(), guest=(), smp=1, memory=2048, shift=0):
        self.name, self.hv, self.script = name, hv, script
        self.files, self.texts, self.guest = dict(files), dict(texts), dict(guest)
        self.smp, self.memory, self.shift = smp, memory, shift
        self.profile, self.more, self.settings = None, [], {}
        self.dom0_args = self.xen_args = ""

    def prepare_images(self, folder):
        """The images of the tests, but dom0's kernel has a marker for its first instruction."""
        os.makedirs(f"{folder}/images/6.1")
        for name in ("6.1/dom0.cpio", "tools.cpio", "xen.cpio"):
            os.symlink(f"{BUILD}/images/{name}", f"{folder}/images/{name}")
        shutil.copy(f"{BUILD}/images/6.1/Image", f"{folder}/images/6.1/Image")
        set_marker(f"{folder}/images/6.1/Image", DOM0_KERNEL)

    def prepare_guest(self, folder, out):
        os.makedirs(f"{folder}/guest")
        for path, source in {"mark": f"{BUILD}/arm64/bench/mark", **self.guest}.items():
            shutil.copy(source, f"{folder}/guest/{path}")
        pack(f"{folder}/guest", f"{folder}/guest.cpio")
        subprocess.run(["gzip", "-9n", f"{folder}/guest.cpio"], check=True)
        shutil.move(f"{folder}/guest.cpio.gz", out)

    def prepare_overlay(self, folder):
        root = f"{folder}/root"
        os.makedirs(f"{root}/bench")
        for name in self.PROGRAMS:
            shutil.copy(f"{BUILD}/arm64/bench/{name}", f"{root}/bench/")
        shutil.copy(f"{BUILD}/arm64/libctrl.so.0", f"{root}/bench/")
        for path, source in self.files.items():
            shutil.copy(source, f"{root}/bench/{path}")
        for path, text in self.texts.items():
            write(f"{root}/bench/{path}", text)
        self.prepare_guest(folder, f"{root}/bench/guest-more.cpio.gz")
        shutil.copy(f"{BENCH}/dom0/setup", f"{root}/autorun")
        shutil.copy(f"{BENCH}/dom0/{self.script}", f"{root}/bench/script")
        settings = {"TOOL": TOOL.get(self.hv, "none"), "KERNEL_MARKER": f"'{marker_as_octal(GUEST_KERNEL)}'",
                    "PROFILED": int(self.profile is not None), **self.settings}
        write(f"{root}/bench/settings", "".join(f"{key}={value}\n" for key, value in settings.items()))
        pack(root, f"{folder}/overlay.cpio")

    def environment(self, folder):
        env = {**os.environ, "HV": self.hv, "TOOLS": "xl" if self.hv == "xen" else "plinth", "KERNEL": "6.1",
               "GIC": "3", "SMP": str(self.smp), "MEM": str(self.memory), "CPU": CPU, "DOM0_MEM": "512M",
               "IMAGES": f"{folder}/images", "INITRD": f"{folder}/overlay.cpio",
               "DOM0_ARGS": f"rdinit=/bench/mark mark={DOM0_INIT}{self.dom0_args}"}
        env.pop("HV_ARGS", None)
        if self.hv == "xen":
            env["HV_ARGS"] = f"dom0_max_vcpus={self.smp}{self.xen_args}"
        return env

    def run(self, limit):
        """(Marks, output, None or what went wrong)."""
        with tempfile.TemporaryDirectory() as folder:
            self.prepare_images(folder)
            self.prepare_overlay(folder)
            options = plugin(folder, slice_=SLICE if self.smp > 1 else 0, profile=self.profile,
                             stack=STACK_SIZES.get(self.hv, 0))
            output, status = run([f"{TOP}/scripts/run-qemu.sh", *repeatable(self.shift), *options, *self.more], limit,
                                 self.environment(folder))
            marks = Marks.read(f"{folder}/counts")
        log = keep_log(f"{self.name}-{self.hv}", output)
        bad = None
        if "bench: done" not in output:
            bad = f"dom0 did not come to the end of its script (status {status}), see {os.path.relpath(log)}"
        return marks, output, bad


def memory_lines(output):
    """Of dom0's `domains memory NAME`: {NAME: (free bytes, bytes of all domains, number of domains)}."""
    rows = re.findall(r"^memory: (\S+) free (\d+) domains (\d+) have (\d+)$", output, re.M)
    return {name: (int(free), int(bytes_), int(count)) for name, free, count, bytes_ in rows}
