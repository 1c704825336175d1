#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Looks at the hypervisor's code for what no emulator shows: the sequences against speculation.

check_image.py OBJDUMP IMAGE.elf
"""
import re
import subprocess
import sys

passed = failed = 0


def check(good, what):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAIL {what}")


def code(objdump, image):
    """[(address, mnemonic, operands, symbol)] in order."""
    text = subprocess.run([objdump, "-d", "--no-show-raw-insn", image], check=True, stdout=subprocess.PIPE,
                          universal_newlines=True).stdout
    rows, symbol = [], None
    for line in text.splitlines():
        head = re.match(r"[0-9a-f]+ <(.+)>:$", line)
        symbol = head.group(1) if head else symbol
        row = re.match(r" *([0-9a-f]+):\t(\S+)\s*([^/]*)", line)
        if row:
            rows.append((int(row.group(1), 16), row.group(2), row.group(3).strip(), symbol))
    return rows


def is_barrier(rows):
    """Nothing behind is executed speculatively: SB, or DSB and ISB."""
    names = [row[1] for row in rows[:2]]
    return names[:1] == ["sb"] or names == ["dsb", "isb"]


def check_erets(rows):
    erets = [n for n, row in enumerate(rows) if row[1] == "eret"]
    check(erets, "no ERET found")
    for n in erets:
        check(is_barrier(rows[n + 1:]), f"{rows[n][3]}, {rows[n][0]:#x}: no barrier behind ERET")


def target(row):
    found = re.match(r"([0-9a-f]+)", row[2])
    return int(found.group(1), 16) if row[1] == "b" and found else None


def entry_of(rows, address, vectors):
    """The instructions of the guarded vector at this address, up to its branch into the vectors."""
    found = [row for row in rows if address <= row[0] < address + 0x80]
    ends = [n for n, row in enumerate(found) if vectors <= (target(row) or 0) < vectors + 2048]
    return found[:ends[0] + 1] if ends else found


def check_guarded(rows):
    base = {name: min(row[0] for row in rows if row[3] == name) for name in ("vectors", "vectors_guarded")}
    for name, address in base.items():
        check(address % 2048 == 0, f"{name} at {address:#x}: not at a multiple of 2 KiB")
    for n in range(16):
        found = entry_of(rows, base["vectors_guarded"] + n * 0x80, base["vectors"])
        names = [row[1] for row in found]
        check(found and target(found[-1]) == base["vectors"] + n * 0x80,
              f"guarded vector {n} does not go on at vector {n}")
        check(not {"br", "blr", "ret", "bl"} & set(names), f"guarded vector {n} branches by a register, or calls")
        if n < 8:
            continue
        check("smc" in names, f"guarded vector {n} does not call the firmware")
        check("clearbhb" in names or any(row[1:3] == ("hint", "#0x16") for row in found), f"guarded vector {n}: no CLRBHB")
        loops = [k for k in range(len(found) - 1) if names[k] == "subs" and names[k + 1] == "b.ne"]
        check(len(loops) == 1, f"guarded vector {n} has no branch loop")
        check(loops and is_barrier(found[loops[0] + 2:]), f"guarded vector {n}: no barrier behind the loop")


def main():
    rows = code(*sys.argv[1:3])
    check_erets(rows)
    check_guarded(rows)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
