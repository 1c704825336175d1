#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Each header compiles alone, and one of the product does not bring more than 20 headers of the
tree with it.

build/check/headers.txt has the compilers and flags: one a line, after the folder whose headers they are for. The
longest folder counts. Headers of assembly are left out.
"""
import concurrent.futures
import os
import re
import subprocess

import common

COMMANDS = "build/check/headers.txt"
CLOSURE = 20

report = common.Report("headers")
commands = {words[0]: words[1:] for _, words in common.rows(COMMANDS)}


def command_for(name):
    """The compiler and its flags for a header."""
    folder = max((folder for folder in commands if name.startswith(folder)), key=len, default=None)
    return commands[folder] if folder else None


def compile_alone(name):
    """What the compiler says of a header alone, and the headers of the tree that it brings."""
    result = subprocess.run([*command_for(name), "-fsyntax-only", "-H", "-x", "c", name], capture_output=True, text=True,
                            check=False)
    brought = {os.path.normpath(path) for path in re.findall(r"^\.+ (.*)$", result.stderr, re.M)}
    brought = {path for path in brought if not path.startswith(("/", "build/")) and path != name}
    return name, re.search(r"^(.+?):(\d+):\d+: (?:fatal )?error: (.*)$", result.stderr, re.M), result.returncode, brought


names = [name for name in common.files(".h") if not re.search(r"^\s*\.macro\b", common.read(name), re.M)]
report.look(len(names))
for name in names:
    if not command_for(name):
        report.fault(name, 1, f"tests/check/check.mk has no flags for headers of {os.path.dirname(name)}: add a row")
names = [name for name in names if command_for(name)]
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for name, error, status, brought in pool.map(compile_alone, names):
        if status:
            where = f" ({error[1]}:{error[2]}: {error[3]})" if error else ""
            report.fault(name, 1, f"does not compile alone{where}: include what it needs, or declare it")
        if len(brought) > CLOSURE and not name.startswith("tests/"):
            report.fault(name, 1, f"brings {len(brought)} headers with it, {CLOSURE} are the limit: include less, declare structures instead")
report.end()
