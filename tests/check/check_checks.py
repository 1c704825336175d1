#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Each check passes a good tree, and finds what was made wrong in a bad one: trees of a few files in a temporary folder."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
CC = "aarch64-linux-gnu-gcc"

# A tree without faults.
GOOD = {
    "hypervisor/lib/low.h": "/* Low. */\n#ifndef LOW_H\n#define LOW_H\n\nint low(void);\n\n#endif\n",
    "hypervisor/lib/low.c": '#include "low.h"\n\nint low(void)\n{\n\treturn 1;\n}\n',
    "hypervisor/mem/high.c": '#include "../lib/low.h"\n\nint main(void)\n{\n\treturn low();\n}\n',
    "libctrl/libctrl.map": "LIBCTRL_0 {\nglobal:\n\tctrl_open;\n};\n",
    "include/plinth/version.h": '#define PLINTH_VERSION "1.2"\n',
    "docs/tool.1": ".Os Plinth 1.2\n",
    "README.md": "# Words\n",
    "run.sh": '#!/bin/sh\necho "$1"\n',
    "tests/check/floors.txt": "room hypervisor/lib:\nroom hypervisor/mem: hypervisor/lib\ncircle hypervisor 1\n",
    "tests/check/entry_points.txt": "main # begins\n",
}

# Each fault: the check, the file and what is in it instead, and what the check says of it.
LOW, HIGH = "hypervisor/lib/low.c", "hypervisor/mem/high.c"
LONG_BODY = "\tlow();\n" * 60
LONG_SHELL = "#!/bin/sh\nf() {\n" + "\t:\n" * 60 + "}\nf\n"
LONG_PYTHON = "def f():\n" + "    print()\n" * 60
UPWARD = {LOW: '#include "low.h"\n\nint high(void);\nint low(void)\n{\n\treturn high();\n}\n',
          HIGH: '#include "../lib/low.h"\n\nint high(void);\nint high(void)\n{\n\treturn low();\n}\n'}
BAD = [
    ("format", {LOW: "int  low(void);\n"}, f"{LOW}:1: is not formatted"),
    ("headers", {"hypervisor/lib/low.h": "uint32_t low(void);\n"}, "hypervisor/lib/low.h:1: does not compile alone"),
    ("headers", {"hypervisor/lib/low.h": "".join(f'#include "h{i}.h"\n' for i in range(21)),
                 **{f"hypervisor/lib/h{i}.h": "/* . */\n" for i in range(21)}}, "brings 21 headers with it"),
    ("headers", {"other/low.h": "/* Low. */\n"}, "other/low.h:1: tests/check/check.mk has no flags"),
    ("sizes", {LOW: "void f(void)\n{\n" + LONG_BODY + "}\n"}, f"{LOW}:2: the function has 62 lines"),
    ("sizes", {"run.sh": LONG_SHELL}, "run.sh:2: the function has 62 lines"),
    ("sizes", {"run.py": LONG_PYTHON}, "run.py:1: the function has 61 lines"),
    ("sizes", {LOW: "\n" * 801}, f"{LOW}:800: the file has 801 lines"),
    ("sizes", {f"hypervisor/lib/f{i}.c": "\n" for i in range(30)}, "hypervisor/lib/:1: the folder has 32 source files"),
    ("widths", {LOW: "/* " + "w" * 100 + " */\n"}, f"{LOW}:1: the line has 106 columns"),
    ("widths", {LOW: "/*\n * more\n" + "w" * 101 + "\n */\n"}, f"{LOW}:3: the line has 101 columns"),
    ("widths", {"README.md": "w" * 121 + "\n"}, "README.md:1: the line has 121 columns"),
    ("widths", {"part.mk": "\t" * 15 + "w" + "\n"}, "part.mk:1: the line has 121 columns"),
    ("shell", {"run.sh": "#!/bin/sh\necho $1\n"}, "run.sh:2: "),
    ("symbols", {LOW: "int low(void)\n{\n\treturn 1;\n}\nint unused;\n"}, f"{LOW}:5: no other file of the product uses unused"),
    ("symbols", {"tests/check/entry_points.txt": "main # begins\nlow # not needed\n"}, "entry_points.txt:2: low needs no exception"),
    ("floors", UPWARD, f"{LOW}:1: hypervisor/lib may not use hypervisor/mem (tests/check/floors.txt:1), but {LOW} uses high of {HIGH}"),
    ("floors", UPWARD, "hypervisor:1: 2 files need each other, 1 are the limit"),
    ("floors", {"tests/check/floors.txt": "room hypervisor/lib:\ncircle hypervisor 1\n"}, f"{HIGH}:1: tests/check/floors.txt has no row"),
    ("version", {"tools/tools.mk": "TOOLS_VERSION := 1.2\n"}, "tools/tools.mk:1: has a version number of its own"),
    ("version", {"docs/tool.1": ".Os Plinth 1.1\n"}, "docs/tool.1:1: should be .Os Plinth 1.2"),
]


def write(top, files):
    """Puts files below a folder."""
    for name, text in files.items():
        path = os.path.join(top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def run(check, files):
    """Runs a check in a tree of files; answers its output and status."""
    with tempfile.TemporaryDirectory() as top:
        write(top, {**GOOD, **files})
        objects = []
        for source in (LOW, HIGH) if check in ("symbols", "floors") else ():
            objects.append("build/hyp/" + source.replace(".c", ".o"))
            os.makedirs(os.path.join(top, os.path.dirname(objects[-1])), exist_ok=True)
            subprocess.run([CC, "-c", source, "-o", objects[-1]], cwd=top, check=True)
        write(top, {"build/check/objects.txt": "".join(f"hypervisor {name}\n" for name in objects),
                    "build/check/headers.txt": f"hypervisor/ {CC}\ninclude/ {CC}\n"})
        with open(os.path.join(HERE, "../../.clang-format"), encoding="utf-8") as file:
            write(top, {".clang-format": file.read()})
        result = subprocess.run([os.path.join(HERE, f"check_{check}.py")], cwd=top, capture_output=True, text=True, check=False)
        return result.stdout + result.stderr, result.returncode


def main():
    """Runs all of them."""
    failed, known = 0, ("sizes", {LOW: "\n" * 801, "tests/check/known.txt": f"sizes {LOW} 1\n"})
    passes = [(check, {}) for check in dict.fromkeys(check for check, _, _ in BAD)] + [known]
    for check, files in passes:
        text, status = run(check, files)
        if status:
            print(f"tests/check/check_{check}.py:1: finds faults where there are none:\n{text}")
            failed += 1
    for check, files, expected in BAD:
        text, status = run(check, files)
        if not status or expected not in text:
            print(f"tests/check/check_{check}.py:1: should fail with `{expected}`, and exits with {status}:\n{text}")
            failed += 1
    print(f"checks: {len(passes) + len(BAD) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
