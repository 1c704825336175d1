# SPDX-License-Identifier: ISC
"""What the checks share: the files of the tree, and how faults are reported.

A check runs in the top folder of the tree. It prints each fault as `file:line: what is wrong, and what to do`, ends
with a line `NAME: N passed, M failed`, and exits with 1 if there was a fault.
"""
import os
import re
import subprocess
import sys

KNOWN = "tests/check/known.txt"
STRICT = True  # whether rows of known.txt that are no longer needed fail


def all_files():
    """The paths of all files that belong to the tree."""
    try:
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True,
                                check=False).stdout.split("\n")
    except FileNotFoundError:
        listed = []
    if not any(listed):  # no git, or no clone
        listed = [os.path.relpath(os.path.join(folder, name)) for folder, _, names in os.walk(".") for name in names]
        listed = [name for name in listed if not name.startswith((".git/", "build/"))]
    return sorted(name for name in listed if name and os.path.isfile(name) and not os.path.islink(name))


def files(*endings):
    """The files whose names end so."""
    return [name for name in all_files() if name.endswith(endings)]


def read(name):
    """The text of a file."""
    with open(name, encoding="utf-8", errors="replace") as file:
        return file.read()


def is_shell(name):
    """Whether a file is a shell script: by its first line."""
    with open(name, "rb") as file:
        return re.match(rb"#!.*\b(ba|da|a)?sh\b", file.readline()) is not None


def rows(name):
    """The lines of a list as pairs of line number and words; # begins a comment."""
    if not os.path.exists(name):
        return []
    lines = enumerate(read(name).split("\n"), 1)
    return [(number, words) for number, words in ((n, line.split("#")[0].split()) for n, line in lines) if words]


class Report:
    """Counts what was looked at, and prints what was wrong.

    known.txt has the numbers of faults that are known: rows of check, file and number. More than these fail. Where
    there are fewer, the row has to be lowered, or to go.
    """

    def __init__(self, name):
        self.name, self.looked_at, self.faults = name, 0, {}

    def look(self, count=1):
        """Counts things that were looked at."""
        self.looked_at += count

    def fault(self, name, line, text):
        """One fault."""
        self.faults.setdefault(name, []).append(f"{name}:{line}: {text}")

    def end(self):
        """The last line, and the exit."""
        if not self.looked_at:
            self.fault("tests/check", 1, f"the check {self.name} found nothing to look at")
        known = {words[1]: (number, int(words[2])) for number, words in rows(KNOWN) if words[0] == self.name}
        failed = 0
        for name, faults in self.faults.items():
            if len(faults) > known.get(name, (0, 0))[1]:
                failed += len(faults)
                print("\n".join(faults))
        for name, (number, count) in known.items():
            found = len(self.faults.get(name, ()))
            if found < count:
                print(f"{KNOWN}:{number}: {self.name} finds {found} faults in {name}, not {count}: lower the number or take the row away")
                failed += STRICT
        print(f"{self.name}: {max(self.looked_at - failed, 0)} passed, {failed} failed")
        if os.environ.get("WRITE_KNOWN"):
            with open(os.environ["WRITE_KNOWN"], "a", encoding="utf-8") as file:
                file.writelines(f"{self.name} {name} {len(faults)}\n" for name, faults in sorted(self.faults.items()))
        sys.exit(1 if failed else 0)
