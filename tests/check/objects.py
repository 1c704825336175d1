# SPDX-License-Identifier: ISC
"""The symbols of the product's objects: what each defines for others, and what it needs of others.

build/check/objects.txt has the objects, one a line after the program that it is part of. A source file can be part of
several programs.
"""
import collections
import re
import subprocess

import common

LIST = "build/check/objects.txt"
LIBRARY = "a library"
SYMBOL = re.compile(r"^(.*?)(?:\[[^]]*\])?:(?:[^:]*:)? *(?:[0-9a-f]+)? +(\w) (\S+)$")


class Program:
    """The objects of one program, named by their sources: defines[symbol] = source, needs[source] = symbols."""

    def __init__(self, objects):
        self.defines, self.needs = {}, collections.defaultdict(set)
        result = subprocess.run(["aarch64-linux-gnu-gcc-nm", "-A", *objects], capture_output=True, text=True, check=False)
        for name, kind, symbol in (SYMBOL.match(line).groups() for line in result.stdout.split("\n") if SYMBOL.match(line)):
            source = re.sub(r"^build/(hyp/|arm64/)?", "", name)
            source = source[:-2] + (".c" if not SOURCES or source[:-2] + ".c" in SOURCES else ".S")
            if kind == "U":
                self.needs[source if name.endswith(".o") else LIBRARY].add(symbol)
            elif kind.isupper() and name.endswith(".o"):
                self.defines[symbol] = source

    def arrows(self):
        """Triples of a source that needs another, the other, and a symbol."""
        for source, symbols in sorted(self.needs.items()):
            for symbol in sorted(symbols if source != LIBRARY else ()):
                if self.defines.get(symbol, source) != source:
                    yield source, self.defines[symbol], symbol


def programs():
    """All programs."""
    objects = collections.defaultdict(list)
    for _, words in common.rows(LIST):
        objects[words[0]].append(words[1])
    return [Program(names) for names in objects.values()]


SOURCES = set(common.files(".c", ".S"))


def definition(source, symbol):
    """The line of a source on which a symbol is defined, or 1."""
    pattern = re.compile(r"^\w.*\b" + re.escape(symbol) + r"\b(?!.*;$)|^\w[^(]*\b" + re.escape(symbol) + r"\b")
    for number, line in enumerate(common.read(source).split("\n"), 1):
        if pattern.match(line):
            return number
    return 1
