#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Lines with comments in C and assembly are at most 100 columns wide; documents and .mk files 120. A tab is 8 columns."""
import re

import common

LIMITS = {(".c", ".h", ".S"): 100, (".md", ".mk", "Makefile"): 120}
COMMENT = re.compile(r"/\*|\*/|//|^\s*\*|^ [ *]")
# What cannot be folded: rows of tables, links.
WHOLE = re.compile(r"^\||https?://")

report = common.Report("widths")
for endings, limit in LIMITS.items():
    for name in common.files(*endings):
        report.look()
        inside = False  # a comment of several lines
        for number, line in enumerate(common.read(name).split("\n"), 1):
            line = line.expandtabs(8)
            is_c = limit == 100
            commented = inside or COMMENT.search(line)
            if is_c:
                inside = line.rfind("/*") > line.rfind("*/") or (inside and "*/" not in line)
            if len(line) > limit and (commented if is_c else not WHOLE.search(line)):
                report.fault(name, number, f"the line has {len(line)} columns, {limit} are the limit: fold it")
report.end()
