# SPDX-License-Identifier: ISC
"""Tables in Markdown, docs/benchmarks.md as a whole, and the judge of what must not be overlooked."""
import os
import re
import string


def number(value):
    if value is None:
        return "-"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.2f}" if value < 10 else f"{value:,.1f}"
    return f"{int(value):,}"


def ratio(mine, other):
    return f"{mine / other:.3f}" if mine is not None and other else "-"


def kib(value):
    return "-" if value is None else f"{value // 1024:,} KiB"


def table(head, rows):
    """Columns as wide as they must be; the first to the left, the others to the right."""
    lines = [list(map(str, row)) for row in [head, *rows]]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]

    def line_of(cells):
        first, *others = (cell.rjust(width) for cell, width in zip(cells, widths))
        return "| " + " | ".join([cells[0].ljust(widths[0]), *others]) + " |"

    rule = "|" + "|".join("-" * (width + 2 - (n > 0)) + ":" * (n > 0) for n, width in enumerate(widths)) + "|"
    return "\n".join([line_of(lines[0]), rule, *map(line_of, lines[1:])])


def read_old(path):
    """{title: Plinth's figure} of an earlier report; GICv2's with a suffix."""
    old, suffix = {}, ""
    if not os.access(path, os.R_OK):
        return old
    with open(path, encoding="utf-8") as file:
        for line in file:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if len(cells) < 4:
                continue
            if re.search("Plinth", cells[1]):
                suffix = " (GICv2)" if "GICv2" in cells[0] else ""
            match = re.fullmatch(r"([\d,]+)( KiB)?", cells[1])
            if match:
                old[cells[0] + suffix] = int(match.group(1).replace(",", ""))
    return old


def write(path, tables):
    with open(os.path.join(os.path.dirname(os.path.realpath(__file__)), "benchmarks.md.in"), encoding="utf-8") as file:
        text = string.Template(file.read()).substitute(tables)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Judge:
    """Collects what a reader must not overlook."""

    def __init__(self, old):
        self.old, self.misses, self.worse, self.broken = old, [], [], []

    def target(self, title, value, most, unit="", least=None):
        """The text for the column: the target, and whether it is reached."""
        if most is None and least is None:
            return ""
        text = f"{number(most)}{unit}" if least is None else f"{number(least)} to {number(most)}{unit}"
        if value is None or value > most or (least is not None and value < least):
            self.misses.append(f"{title}: {'not measured' if value is None else number(value) + unit}, target {text}")
            return f"{text} **missed**"
        return text

    def before(self, title, value, tolerance=0.01):
        """The tolerance is what another layout of the memory or of the image may do."""
        old = self.old.get(title)
        if value is not None and old is not None and value > old * (1 + tolerance) + 1:
            self.worse.append(f"{title}: {number(value)}, was {number(old)}")

    def collect_broken(self, results):
        for key, result in results.items():
            if result.bad:
                self.broken.append(f"{' '.join(map(str, key))}: {result.bad}")

    def shout(self):
        for heading, lines in (("TARGET MISSED", self.misses), ("WORSE THAN BEFORE", self.worse),
                               ("NOT MEASURED", self.broken)):
            for line in lines:
                print(f"*** {heading}: {line}")
