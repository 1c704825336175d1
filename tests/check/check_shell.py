#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""shellcheck has nothing to say of any shell script. Where it is wrong, `# shellcheck disable=...` with a reason."""
import re
import subprocess

import common

report = common.Report("shell")
names = [name for name in common.all_files() if common.is_shell(name)]
report.look(len(names))
if names:
    result = subprocess.run(["shellcheck", "-f", "gcc", *names], capture_output=True, text=True, check=False)
    for name, line, text in re.findall(r"^(.+?):(\d+):\d+: (.*)$", result.stdout, re.M):
        report.fault(name, line, text)
    if result.returncode > 1:
        report.fault(names[0], 1, "shellcheck failed: " + result.stderr.strip())
report.end()
