#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""What the counts are spent in: instructions by function, between the same markers that bench.py uses.

profile.py [paths|create] [--hv plinth|xen] [--gic 2|3] [--top N] [NAME ...]

paths: each path, EL2 by function (Plinth; stock Xen has no symbols: by address, in blocks of 64 bytes).
create: the boot up to dom0's kernel, and vmctl's commands; EL2 and dom0's kernel by function.
NAME chooses some of them.
"""
import argparse
import bisect
import collections
import os
import subprocess
import tempfile

import machine
import paths
import system


class Symbols:
    """Addresses to names; what lies outside all of them has none."""

    def __init__(self, rows):
        rows = sorted(set(rows))
        self.addresses = [address for address, _ in rows]
        self.names = [name for _, name in rows]

    def name(self, address):
        n = bisect.bisect_right(self.addresses, address) - 1
        if n < 0 or address - self.addresses[n] > 1 << 20:
            return f"{address & ~0x3f:#x}"
        return self.names[n]

    @classmethod
    def parse(cls, lines):
        rows = []
        for line in lines:
            words = line.split()
            if len(words) >= 3 and words[1] in "tTwW" and not words[2].startswith(("$", ".L", "__pi_")):
                rows.append((int(words[0], 16), words[2]))
        return cls(rows)


def hypervisor_symbols(hv):
    if hv == "xen":
        return Symbols([])
    elf = os.environ.get("PLINTH_ELF", f"{machine.BUILD}/hyp/plinth.elf")
    return Symbols.parse(subprocess.run(["nm", elf], check=True, capture_output=True, text=True).stdout.splitlines())


def kernel_symbols(path):
    with open(path, "rb") as file:
        return Symbols.parse(file.read().rstrip(b"\0").decode(errors="replace").splitlines())


def read_profile(path, symbols):
    """{marker: {(el, function): count}}, all rounds of a marker together."""
    sums = collections.defaultdict(collections.Counter)
    with open(path, encoding="ascii") as file:
        for line in file:
            words = line.split()
            if len(words) != 4:  # the last one, of a QEMU that was killed
                continue
            number, el, address, count = words
            el = int(el)
            name = symbols[el].name(int(address, 16)) if el in symbols else "(all)"
            sums[int(number)][el, name] += int(count)
    return sums


def print_functions(title, counter, el, rounds, top):
    rows = [(count / rounds, name) for (level, name), count in counter.items() if level == el]
    total = sum(count for count, _ in rows)
    if not total:
        return
    print(f"\n{title}: {total:,.0f}")
    for count, name in sorted(rows, reverse=True)[:top]:
        print(f"  {count:12,.0f} {100 * count / total:5.1f} %  {name}")


def profile_paths(options, folder):
    symbols = {2: hypervisor_symbols(options.hv)}
    for set_ in paths.SETS:
        result = paths.run(options.hv, set_, options.gic, f"{folder}/profile")
        if result.bad:
            print(result.bad)
        sums = read_profile(f"{folder}/profile", symbols)
        for number, name in sorted(result.numbers.items()):
            rounds = result.rounds.get(name)
            if rounds and (not options.names or name in options.names):
                print_functions(f"{name}, EL2", sums[number], 2, len(rounds), options.top)


def profile_create(options, folder):
    result = system.run(options.hv, f"{folder}/profile", f"{folder}/symbols")
    if result.bad:
        print(result.bad)
    symbols = {2: hypervisor_symbols(options.hv), 1: kernel_symbols(f"{folder}/symbols")}
    sums = read_profile(f"{folder}/profile", symbols)
    for name, number in {"boot-kernel": 0, **system.COMMANDS}.items():
        if name in result.counts and (not options.names or name in options.names):
            for el, what in ((2, "EL2"), (1, "EL1 (kernels)"), (0, "EL0")):
                print_functions(f"{name}, {what}", sums[number], el, 1, options.top)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("what", choices=("paths", "create"), nargs="?", default="paths")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--hv", choices=machine.IMAGES, default="plinth")
    parser.add_argument("--gic", type=int, choices=(2, 3), default=3)
    parser.add_argument("--top", type=int, default=12)
    options = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as folder:
        (profile_paths if options.what == "paths" else profile_create)(options, folder)


if __name__ == "__main__":
    main()
