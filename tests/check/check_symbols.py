#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""What a source file of the product exports is used by another source file of the product.

Tests are no users. Entry points and the like are in entry_points.txt, each with its reason; libctrl's functions for
programs are in libctrl/libctrl.map.
"""
import re

import common
import objects

EXEMPT = "tests/check/entry_points.txt"

report = common.Report("symbols")
exempt = {words[0]: number for number, words in common.rows(EXEMPT)}
public = set(re.findall(r"^\t(\w+);", common.read("libctrl/libctrl.map"), re.M))
defined, used = set(), set()  # pairs of source and symbol
for program in objects.programs():
    defined |= {(source, symbol) for symbol, source in program.defines.items()}
    used |= {(program.defines[symbol], symbol) for source, symbols in program.needs.items() for symbol in symbols
             if program.defines.get(symbol, source) != source}
report.look(len(defined))
for source, symbol in sorted(defined - used):
    if symbol in exempt:
        exempt[symbol] = 0
    elif symbol not in public:
        report.fault(source, objects.definition(source, symbol),
                     f"no other file of the product uses {symbol}: make it static, or remove it")
for symbol, number in exempt.items():
    if number:
        report.fault(EXEMPT, number, f"{symbol} needs no exception: take the row away")
report.end()
