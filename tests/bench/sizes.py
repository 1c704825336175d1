# SPDX-License-Identifier: ISC
"""The group "sizes": images, programs, lines of code."""
import collections
import glob
import os
import re
import struct
import subprocess
import tempfile

import machine
import report
from machine import BUILD, TOP

CROSS = os.environ.get("CROSS", "aarch64-linux-gnu-")
XEN = f"{BUILD}/xen"
MOST_IMAGE_KIB = 200
ROOMS = ("include/public", "hypervisor", "libctrl", "tools/base", "tools/daemon", "tools/config", "tools/device", "tools/clients",
         "tools/guest", "tools/xl-like", "tools/console", "tools/monitor",
         "tools/store", "tests", "scripts")
# (title, ours, stock Xen's): what a command, and what each daemon, needs of its own.
PROGRAMS = [
    ("the command", [f"{BUILD}/arm64/vmctl"], [f"{XEN}/usr/lib/xen-4.17/bin/xl"]),
    ("its libraries", [f"{BUILD}/arm64/libctrl.so.0"], [f"{XEN}/usr/lib/**/libxen*.so.*", f"{XEN}/usr/lib/**/libxlutil.so.*"]),
    ("the store daemon", [f"{BUILD}/arm64/plinth-stored"], [f"{XEN}/usr/lib/xen-4.17/bin/xenstored"]),
    ("the console daemon and its client", [f"{BUILD}/arm64/plinth-consoled", f"{BUILD}/arm64/plinth-console"],
     [f"{XEN}/usr/lib/xen-4.17/bin/xenconsoled", f"{XEN}/usr/lib/xen-4.17/bin/xenconsole"]),
    ("the daemon that acts when guests end", [f"{BUILD}/arm64/plinth-monitord"], []),
]

# image: {hv: (bytes of the file, in memory)}; parts: {section: bytes}; programs: [(ours, stock's) bytes]; lines: {room: (files,
# lines)}; bad.
Sizes = collections.namedtuple("Sizes", "image parts programs lines bad")


def image_sizes(path):
    """Of the file, and in memory: the Image header has it at offset 16."""
    with open(path, "rb") as file:
        header = file.read(24)
    return os.path.getsize(path), struct.unpack_from("<Q", header, 16)[0]


def sections():
    text = subprocess.run([f"{CROSS}size", os.environ.get("PLINTH_ELF", f"{BUILD}/hyp/plinth.elf")], check=True,
                          capture_output=True, text=True).stdout
    return dict(zip(("text", "data", "bss"), map(int, text.splitlines()[1].split()[:3])))


def stripped_size(patterns):
    """Without what a debugger needs; links count once."""
    files = {os.path.realpath(name) for pattern in patterns for name in glob.glob(pattern, recursive=True)}
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in files:
            subprocess.run([f"{CROSS}strip", "-o", f"{folder}/stripped", name], check=True)
            total += os.path.getsize(f"{folder}/stripped")
    return total if files else None


def code_lines(text, comment):
    """Lines that are neither empty nor comment."""
    return sum(1 for line in re.sub(comment, "", text, flags=re.S | re.M).splitlines() if line.strip())


COMMENTS = {".c": r"/\*.*?\*/|//[^\n]*", ".h": r"/\*.*?\*/|//[^\n]*", ".S": r"/\*.*?\*/|//[^\n]*",
            ".py": r"^\s*#[^\n]*|^\s*\"\"\".*?\"\"\"", ".sh": r"^\s*#[^\n]*"}


def count_room(room):
    files = lines = 0
    for folder, _, names in os.walk(f"{TOP}/{room}"):
        for name in names:
            comment = COMMENTS.get(os.path.splitext(name)[1])
            if comment:
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                    lines += code_lines(file.read(), comment)
                files += 1
    return files, lines


def run():
    image = {hv: image_sizes(machine.IMAGES[hv][0]) for hv in machine.HVS}
    programs = [(stripped_size(ours), stripped_size(theirs)) for _, ours, theirs in PROGRAMS]
    return Sizes(image, sections(), programs, {room: count_room(room) for room in ROOMS}, None)


def jobs():
    return {("all",): (run,)}


def sizes_table(sizes, judge):
    rows = []
    for n, title in enumerate(("hypervisor, file", "hypervisor, in memory (image_size of its header)")):
        mine, other = (sizes.image[hv][n] for hv in machine.HVS)
        rows.append([title, report.number(mine), report.number(other), report.ratio(mine, other),
                     judge.target(title, mine / 1024, MOST_IMAGE_KIB, " KiB")])
        judge.before(title, mine)
    rows.extend([f"of these: {name}", report.number(value), "", "", ""] for name, value in sizes.parts.items())
    for (title, _, _), (mine, other) in zip(PROGRAMS, sizes.programs):
        rows.append([title, report.number(mine), report.number(other), report.ratio(mine, other), ""])
    return report.table(["Bytes", "Plinth", "Xen 4.17", "ratio", "target"], rows)


def lines_table(sizes):
    return report.table(["Code", "files", "lines"], [[f"{room}/", report.number(files), report.number(lines)]
                                                     for room, (files, lines) in sizes.lines.items()])


def tables(results, judge):
    sizes = results["all",]
    return {"sizes": sizes_table(sizes, judge), "lines": lines_table(sizes)}
