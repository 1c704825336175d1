#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Every C file is formatted as .clang-format says (version 14: others format differently)."""
import re
import subprocess

import common

report = common.Report("format")
names = common.files(".c", ".h")
report.look(len(names))
bad = {}
for start in range(0, len(names), 50):
    result = subprocess.run(["clang-format-14", "-n", *names[start:start + 50]], capture_output=True, text=True, check=False)
    for name, line in re.findall(r"^(\S+?):(\d+):\d+: warning: ", result.stderr, re.M):
        bad.setdefault(name, line)
    if result.returncode:
        report.fault(names[start], 1, "clang-format-14 failed: " + result.stderr.strip())
for name, line in bad.items():
    report.fault(name, line, f"is not formatted: clang-format-14 -i {name}")
report.end()
