#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Rows for test_a64_access.c: instruction words, and what objdump's text says that each does.

a64_words.py OBJDUMP >ROWS

The words are random ones of the class of loads and stores (Arm ARM C4.1), the same each time. It fails if a mnemonic or a
way to address is missing among them.
"""
import collections
import random
import re
import struct
import subprocess
import sys
import tempfile

COUNT = 60000
LEAST = 20  # words of each mnemonic, and of each of them in each way of addressing

# mnemonic: bytes (None: the register's width), sign, registers
ONE = {"ldr": (None, 0), "str": (None, 0), "ldrb": (1, 0), "strb": (1, 0), "ldrh": (2, 0), "strh": (2, 0),
       "ldrsb": (1, 1), "ldrsh": (2, 1), "ldrsw": (4, 1)}
ONE.update({name.replace("ldr", "ldur").replace("str", "stur"): row for name, row in list(ONE.items())})
ONE.update({name.replace("ldr", "ldtr").replace("str", "sttr"): row for name, row in list(ONE.items()) if "ur" not in name})
TWO = {"ldp": (None, 0), "stp": (None, 0), "ldnp": (None, 0), "stnp": (None, 0), "ldpsw": (4, 1)}
EXTEND = {"uxtw": 2, "lsl": 3, "sxtw": 6, "sxtx": 7}


def words():
    """Half of them anywhere in the class, half with the bits that general registers' loads and stores have."""
    rand = random.Random(64)
    for n in range(COUNT):
        word = rand.getrandbits(32)
        if n % 2:
            yield word & ~0x0a000000 | 0x08000000
        elif n % 4:
            yield word & ~0x07000000 | 0x38000000 | rand.getrandbits(1) << 24
        else:
            yield word & ~0x46000000 | 0x28000000 | (word & 1) << 30


def disassemble(objdump, some):
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(struct.pack("<I", word) for word in some))
        file.flush()
        text = subprocess.run([objdump, "-D", "-b", "binary", "-m", "aarch64", file.name], check=True,
                              stdout=subprocess.PIPE, universal_newlines=True).stdout
    return re.findall(r"^ *[0-9a-f]+:\t([0-9a-f]{8}) \t(.*)$", text, re.M)


def register(name):
    """(number, wide), None: no general register."""
    if name in ("wzr", "xzr"):
        return 31, name[0] == "x"
    match = re.fullmatch(r"([wx])(\d+)", name)
    return (int(match.group(2)), match.group(1) == "x") if match else None


def base(name):
    return 31 if name == "sp" else register(name)[0]


def address(operands, scale):
    """What is behind the registers: [x1], [x1, #4], [x1, #4]!, [x1], #4, [x1, w2, sxtw #2]."""
    match = re.fullmatch(r"\[(\w+)(?:, #(-?\d+))?\](!?)", operands)
    if match:
        return {"way": "pre" if match.group(3) else "offset", "rn": base(match.group(1)), "offset": int(match.group(2) or 0)}
    match = re.fullmatch(r"\[(\w+)\], #(-?\d+)", operands)
    if match:
        return {"way": "post", "rn": base(match.group(1)), "offset": int(match.group(2))}
    match = re.fullmatch(r"\[(\w+), (\w+)(?:, (\w+)(?: #(\d+))?)?\]", operands)
    extend = EXTEND[match.group(3) or "lsl"]
    return {"way": "indexed", "rn": base(match.group(1)), "rm": register(match.group(2))[0], "extend": extend,
            "shift": int(match.group(4) or 0)}


def row(text):
    """The fields of struct a64_access as objdump writes them; None: no load or store of general registers."""
    text = re.sub(r"\s*//.*", "", text)
    name, _, operands = text.partition("\t")
    table = ONE if name in ONE else TWO if name in TWO else None
    count = 1 if table is ONE else 2
    if not table or operands.count(",") < count:
        return None
    parts = operands.split(", ", count)
    regs = [register(part) for part in parts[:count]]
    if None in regs or not parts[count].startswith("["):
        return None  # SIMD, or a literal
    size, sign = table[name]
    found = {"name": name, "size": size or (8 if regs[0][1] else 4), "nr": count, "write": name.startswith("st"), "sign": sign,
             "wide": regs[0][1], "rt": regs[0][0], "rt2": regs[1][0] if count == 2 else 0}
    found.update(address(parts[count], found["size"]))
    return found


def unpredictable(r):
    regs = [r["rt"], r["rt2"]][:r["nr"]]
    if r["way"] in ("pre", "post") and r["rn"] != 31 and r["rn"] in regs:
        return True
    return r["nr"] == 2 and not r["write"] and regs[0] == regs[1]


def main():
    some = list(words())
    counts = collections.Counter()
    for word, (printed, text) in zip(some, disassemble(sys.argv[1], some)):
        if int(printed, 16) != word:
            sys.exit(f"objdump has skipped {word:#x}")
        r = row(text)
        if not r or unpredictable(r):
            print(f"{{{word:#010x}, false, {{0}}}},")
            continue
        counts[r["name"]] += 1
        counts[r["way"], r["nr"]] += 1
        fields = ", ".join(f".{key} = {int(value)}" for key, value in r.items() if key not in ("name", "way"))
        fields += {"pre": ", .writeback = 1", "post": ", .writeback = 1, .post = 1", "indexed": ", .indexed = 1",
                   "offset": ""}[r["way"]]
        print(f"{{{word:#010x}, true, {{{fields}}}}},")
    for what in [*ONE, *TWO, ("offset", 1), ("pre", 1), ("post", 1), ("indexed", 1), ("offset", 2), ("pre", 2), ("post", 2)]:
        if counts[what] < LEAST:
            sys.exit(f"only {counts[what]} words of {what}")


main()
