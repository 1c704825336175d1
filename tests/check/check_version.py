#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""There is one version number, in include/plinth/version.h. The man pages' last lines have it too."""
import re

import common

HEADER = "include/plinth/version.h"

report = common.Report("version")
version = re.search(r'^#define PLINTH_VERSION "([0-9.]+)"$', common.read(HEADER), re.M)
if not version:
    raise SystemExit(f'{HEADER}:1: has no line `#define PLINTH_VERSION "NUMBER"`')
for name in common.files(".c", ".h", ".mk", ".in", "Makefile"):
    report.look()
    for number, line in enumerate(common.read(name).split("\n"), 1):
        if re.search(r'(PLINTH|TOOLS|LIBCTRL|HYP)?_?VERSION"? *(:=|=|\?=)? *[\'"]?[0-9]+\.[0-9]|^Version: *[0-9]', line) and name != HEADER:
            report.fault(name, number, f"has a version number of its own: use PLINTH_VERSION of {HEADER}")
for name in common.files(*(f".{section}" for section in range(1, 9))):
    if not name.startswith("docs/"):
        continue
    report.look()
    for number, line in enumerate(common.read(name).split("\n"), 1):
        if line.startswith(".Os") and line != f".Os Plinth {version[1]}":
            report.fault(name, number, f"should be .Os Plinth {version[1]}: the version of {HEADER}")
report.end()
