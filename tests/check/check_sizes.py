#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""No function over 60 lines, no file over 800 lines, no folder with over 30 source files.

Functions of C begin with a `{` in the first column, those of shell with `name() {`; both end with a `}` there.
"""
import ast
import collections
import os
import re

import common

FUNCTION_LINES, FILE_LINES, FOLDER_FILES = 60, 800, 30
SOURCES = (".c", ".h", ".S", ".py", ".sh")


def bracketed(text, begin):
    """Functions as pairs of first line and number of lines."""
    first = None
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(begin, line):
            first = number
        elif first and line.startswith("}"):
            yield first, number - first + 1
            first = None


def of_python(text):
    """The same for Python."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def functions(name, text):
    """The functions of a file."""
    if name.endswith((".c", ".h")):
        return bracketed(text, r"\{$")
    if name.endswith(".py"):
        return of_python(text)
    return bracketed(text, r"\w+\(\) *[{(]") if name.endswith(".sh") or common.is_shell(name) else ()


report = common.Report("sizes")
folders = collections.Counter()
for name in common.all_files():
    if not name.endswith(SOURCES) and not common.is_shell(name):
        continue
    text = common.read(name)
    report.look()
    folders[os.path.dirname(name)] += 1
    if text.count("\n") > FILE_LINES:
        report.fault(name, FILE_LINES, f"the file has {text.count(chr(10))} lines, {FILE_LINES} are the limit: divide it")
    for line, lines in functions(name, text):
        report.look()
        if lines > FUNCTION_LINES:
            report.fault(name, line, f"the function has {lines} lines, {FUNCTION_LINES} are the limit: divide it")
for folder, count in sorted(folders.items()):
    report.look()
    if count > FOLDER_FILES:
        report.fault(folder + "/", 1, f"the folder has {count} source files, {FOLDER_FILES} are the limit: divide it")
report.end()
