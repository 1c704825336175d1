#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Writes compile_commands.json from the commands that make prints (make -n -B V=1), for editors and clang's tools."""
import json
import os
import shlex
import sys

commands = []
for line in sys.stdin:
    words = shlex.split(line) if " -c " in line and "gcc" in line else []
    sources = [word for word in words if word.endswith(".c") and os.path.exists(word)]
    if sources and words[0].endswith("gcc"):
        commands.append({"directory": os.getcwd(), "file": sources[0], "arguments": words})
print(json.dumps(commands, indent=1))
