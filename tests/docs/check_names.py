#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Checks the documents against the tree: what they name must exist.

In Markdown: `path/file.c` or a part of its end, `function()`, `struct name`, `CONSTANT_NAME`, `make target`,
`vmctl command`, links to files; in indented blocks a line with a file and functions: these are in that file.
In docs/abi.md: rows that begin with an operation of the ABI agree with the tables in hypervisor/core, and none is missing.
In the man pages: libctrl's functions, vmctl's commands and the keys of a config are the ones in the code.

Prints each fault as file:line: words, and at the end how many checks passed and failed.
"""
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
SOURCES = (".c", ".h", ".S", ".sh", ".py", ".mk")
PATH = re.compile(r"(?<![\w/.$~-])((?:[\w.*-]+/)*[\w-]+(?:\.cfg(?=\.\d))?\.(?:c|h|S|sh|py|mk|cfg|md|map|txt|(?<=[a-z]\.)[1-8])|(?:[\w-]+/)+)(?![\w/])")
FUNCTION = re.compile(r"\b([a-z_]\w+)\(\)")
CONSTANT = re.compile(r"[A-Z][A-Z0-9]*_[A-Za-z0-9_]+")
# Elsewhere's: of Linux, the C library, or the ABI where it is not implemented.
FOREIGN = set("ioctl mmap poll file_verb_object".split())
PLACEHOLDER = re.compile(r"NAME|ROOM")


class Tree:
    """What there is."""

    def __init__(self):
        try:
            listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=TOP, capture_output=True,
                                    text=True, check=False).stdout.split("\n")
        except FileNotFoundError:
            listed = [""]
        if listed == [""]:  # no git, or no clone
            listed = [os.path.relpath(os.path.join(folder, name), TOP) for folder, folders, names in os.walk(TOP)
                      for name in names if not os.path.relpath(folder, TOP).startswith((".git", "build"))]
        self.files = {name for name in listed if name and os.path.isfile(os.path.join(TOP, name))}
        self.folders = {name[:i + 1] for name in self.files for i, c in enumerate(name) if c == "/"}
        self.text = {name: self.read(name) for name in self.files if name.endswith(SOURCES)
                     or name in ("Makefile", ".ci/run") or name.startswith(("scripts/", "images/"))}
        self.text = {name: text for name, text in self.text.items() if not name.startswith("tests/docs/check")}
        self.words = {word for text in self.text.values() for word in re.findall(r"\w+", text)}
        makefiles = "\n".join(text for name, text in self.text.items() if name.endswith(".mk") or name == "Makefile")
        self.targets = {word for line in re.findall(r"^(?:\.PHONY:|##? make)(.*)$", makefiles, re.M) for word in line.split()}
        self.vmctl = set(re.findall(r"\.name = \"(\S+)\"", self.text["tools/xl-like/commands.c"]))
        self.keys = set(re.findall(r"^\t(?:OTHER|NUMBER|CHOICE|LIST|FIXED|REFUSED)\(\"(\w+)\"", self.text["tools/config/keys.c"], re.M))

    @staticmethod
    def read(name):
        with open(os.path.join(TOP, name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def find(self, path):
        """The files or folders that a path, or the end of one, can mean."""
        pattern = re.compile(r"(?:.*/)?" + re.escape(path).replace(r"\*", "[^/]*"))
        return {name for name in self.files | self.folders if pattern.fullmatch(name)}

    def has_function(self, name, files=None):
        """Is it defined in (one of) these files: a function, a label of assembly, a macro, a row of operations?"""
        defined = re.compile(rf"^[A-Za-z_][^;\n]*\b{name}\(|^\s*{name}:|^\s*(?:#define|\.macro|def) {name}\b|\(\*(?:const )?{name}\)\(|^{name}\(", re.M)
        return any(defined.search(self.text.get(file, "")) for file in (files or self.text))


class Report:
    def __init__(self):
        self.good, self.bad = 0, []

    def check(self, ok, where, words):
        if ok:
            self.good += 1
        else:
            self.bad.append(f"{where}: {words}")


def check_path(tree, report, where, path):
    if path.startswith("build/") or PLACEHOLDER.search(path):
        return set()  # what is made, or stands for any
    found = tree.find(path)
    report.check(found, where, f"there is no {path}")
    return found


def check_block_line(tree, report, where, line):
    """A file and functions of it, in an indented block."""
    first = PATH.match(line.strip())
    if not first or first.group(1).endswith("/"):
        return
    files = check_path(tree, report, where, first.group(1))
    for name in FUNCTION.findall(line):
        if files and name not in FOREIGN:
            report.check(tree.has_function(name, files), where, f"{first.group(1)} has no {name}()")


def check_code(tree, report, where, code):
    """What stands between backquotes."""
    words = code.split()
    if not words:
        return
    if words[0] == "make" and len(words) > 1:
        for word in words[1:]:
            if "=" not in word and not word.startswith(("build/", "-", "DESTDIR")):
                base = re.sub(r"/.*", "/", word)
                report.check(word in tree.targets or base in ("unit/", "fuzz/") or tree.find(word), where,
                             f"make has no target {word}")
        return
    if words[0] == "vmctl" and len(words) > 1 and words[1].isalpha():
        report.check(words[1] in tree.vmctl, where, f"vmctl has no command {words[1]}")
        return
    for path in PATH.findall(code):
        if not re.search(r"(?:^|[\s:])/" + re.escape(path), code):
            check_path(tree, report, where, path)
    for name in FUNCTION.findall(code):
        if name not in FOREIGN:
            report.check(tree.has_function(name), where, f"there is no function {name}()")
    for name in re.findall(r"\bstruct (\w+)", code):
        report.check(name in tree.words, where, f"there is no struct {name}")
    if CONSTANT.fullmatch(code):
        report.check(code in tree.words, where, f"nothing is called {code}")


def check_markdown(tree, report, name, text):
    folder = os.path.dirname(name)
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{name}:{number}"
        report.check("/work/" not in line, where, "a path of one machine")
        if line.startswith("```"):
            fenced = not fenced
            continue
        if fenced or line.startswith("    "):
            check_block_line(tree, report, where, line)
            continue
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", line):
            path = os.path.normpath(os.path.join(folder, target))
            report.check(path in tree.files, where, f"the link goes to {path}, which is not there")
        for code in re.findall(r"`([^`]+)`", line):
            check_code(tree, report, where, code)


# Operations of the ABI: a pattern for their names, and the headers of include/public that define them.
OPERATIONS = re.compile(r"__HYPERVISOR_\w+|XEN_DOMCTL_[a-z]\w+|XEN_SYSCTL_[a-z]\w+|XENMEM_[a-z]\w+|XENMAPSPACE_\w+|EVTCHNOP_\w+|"
                        r"GNTTABOP_\w+|SCHEDOP_\w+|VCPUOP_\w+|XENVER_\w+|XENPF_settime\w+|PHYSDEVOP_\w+|HVMOP_\w+|CONSOLEIO_\w+|"
                        r"VMASST_CMD_\w+|PLINTH_OP_\w+|XEN_SYSCTL_CPUPOOL_OP_\w+")
NOT_OPERATIONS = re.compile(r"XENMEM_resource_\w+|XEN_\w+_MAX|XEN_DOMCTL_CDF_\w+")


def operations(tree):
    """{name: is it in a dispatch table or a comparison of the hypervisor}"""
    defined = set()
    for name, text in tree.text.items():
        if name.startswith("include/public/"):
            defined |= {word for word in re.findall(r"^#define (\w+)\s+\S", text, re.M)
                        if OPERATIONS.fullmatch(word) and not NOT_OPERATIONS.fullmatch(word)}
    core = "\n".join(text for name, text in tree.text.items() if name.startswith(("hypervisor/core/", "hypervisor/calls/")))
    return {name: bool(re.search(rf"(?:\[{name}\]\s*=|\{{{name},|\bcase {name}:|[!=]= {name}\b)", core)) for name in defined}


def check_abi(tree, report, name, text):
    ops, told = operations(tree), set()
    for number, line in enumerate(text.splitlines(), 1):
        row = re.match(r"\| `(\w+)` \|\s*([^|]*?)\s*\|", line)
        if not row or row.group(1) not in ops:
            continue
        operation, status = row.groups()
        told.add(operation)
        says = status.startswith(("yes", "differs"))
        report.check(says == ops[operation], f"{name}:{number}",
                     f"{operation} is said to be '{status}', but it is {'' if ops[operation] else 'not '}in the tables")
    for operation in sorted(ops):
        report.check(operation in told, name, f"{operation} has no row")


def check_limits(tree, report, name, text):
    """| what | limit | `CONSTANT` |: the number is the constant's, or one less where the constant counts a NUL."""
    everything = "\n".join(tree.text[file] for file in sorted(tree.text) if file.startswith("hypervisor/"))
    for number, line in enumerate(text.splitlines(), 1):
        row = re.match(r"\| [^|`]+ \|([^|]+)\|\s*`([A-Z_]+)`", line)
        value = row and re.search(rf"#define {row.group(2)}\s+(0x[0-9a-f]+|\d+)U?\b", everything)
        if value:
            limit = int(value.group(1), 0)
            report.check({str(limit), str(limit - 1)} & set(re.findall(r"\d+", row.group(1))), f"{name}:{number}",
                         f"{row.group(2)} is {limit}")


def check_params(tree, report, name, text):
    """| `HVM_PARAM_x` | what the guest may | what dom0 may |, against param_policy[]."""
    policy = dict(re.findall(r"\[(HVM_PARAM_\w+)\] = ([A-Z_ |]+),", tree.text["hypervisor/calls/hvm.c"]))
    rows = dict((row[0], row[1:]) for row in re.findall(r"^\| `(HVM_PARAM_\w+)` \| (.*?) \| (.*?) \|", text, re.M))
    check_sets(report, name, "parameter", set(policy), set(rows))
    for param, (guest, dom0) in rows.items():
        flags = policy.get(param, "")
        says = ("SELF_READS" in flags, "TOOLS_READ" in flags, "TOOLS_WRITE" in flags)
        report.check(says == ("reads" in guest, "reads" in dom0, "writes" in dom0), name, f"{param}: the table says {flags}")


def check_calls(tree, report, name, text):
    """PSCI and SMCCC calls that are answered."""
    rows = set(re.findall(r"^\t\{((?:PSCI|SMCCC)_\w+), ", tree.text["hypervisor/vdev/vpsci.c"], re.M))
    report.check(len(rows) > 15, name, "the table of PSCI calls was not found")
    for call in sorted(rows):
        report.check(f"`{call}`" in text, name, f"{call} has no row")


def check_sets(report, where, what, wanted, told):
    for word in sorted(wanted | told):
        report.check(word in wanted, where, f"{what} {word} does not exist")
        report.check(word in told, where, f"{what} {word} is not mentioned")


def check_man_pages(tree, report):
    page = tree.read("docs/libctrl.3")
    exported = set(re.findall(r"\b(ctrl_\w+);", tree.read("libctrl/libctrl.map")))
    check_sets(report, "docs/libctrl.3", "function", exported, set(re.findall(r"^\.Fn (ctrl_\w+)", page, re.M)))
    page = tree.read("docs/plinth-guest.cfg.5")
    keys = set(re.findall(r"^\.(?:It )?Cm (\w+)", page, re.M))
    check_sets(report, "docs/plinth-guest.cfg.5", "key", tree.keys, keys)
    page = tree.read("docs/vmctl.1")
    told = {word for line in re.findall(r"^\.(?:It )?Cm ([a-z0-9| -]+)", page, re.M) for word in re.findall(r"[a-z][a-z0-9-]*", line)}
    for command in sorted(tree.vmctl):
        report.check(command in told, "docs/vmctl.1", f"command {command} is not mentioned")
    synopsis = page.split(".Sh DESCRIPTION")[0]
    for command in re.findall(r"^\.Cm ([a-z0-9-]+)", synopsis, re.M):
        report.check(command in tree.vmctl, "docs/vmctl.1", f"vmctl has no command {command}")


def check_checker(tree, report):
    """Each kind of fault is found."""
    wrong = ["`core/no_such_file.c`", "`no_such_function()`", "`struct no_such_struct`", "`NO_SUCH_CONSTANT`",
             "`make no-such-target`", "`vmctl nonsense`", "[a link](no/such/file.md)", "    core/sched.c  no_such_function()",
             "    core/sched.c  evtchn_send()"]
    for line in wrong:
        trial = Report()
        check_markdown(tree, trial, "README.md", line)
        report.check(len(trial.bad) == 1, "tests/docs/check_names.py", f"does not see the fault in: {line}")
    trial = Report()
    check_abi(tree, trial, "x", "| `XEN_DOMCTL_createdomain` | no | |\n| `XEN_DOMCTL_memory_mapping` | yes | |\n")
    report.check(sum("is said to be" in bad for bad in trial.bad) == 2, "tests/docs/check_names.py", "believes any row")
    trial = Report()
    check_limits(tree, trial, "x", "| domains | 77 | `MAX_DOMAINS` |")
    check_params(tree, trial, "x", "| `HVM_PARAM_STORE_PFN` | - | reads |")
    check_calls(tree, trial, "x", "")
    report.check(sum(any(word in bad for bad in trial.bad) for word in ("MAX_DOMAINS is", "STORE_PFN: the table", "PSCI_VERSION has"))
                 == 3, "tests/docs/check_names.py", "believes any limit, parameter or call")
    trial = Report()
    check_sets(trial, "x", "key", {"a", "b"}, {"b", "c"})
    report.check(len(trial.bad) == 2, "tests/docs/check_names.py", "does not compare sets")


def main():
    tree, report = Tree(), Report()
    check_checker(tree, report)
    documents = sorted(name for name in tree.files if name.endswith(".md"))
    for document in documents:
        text = tree.read(document)
        check_markdown(tree, report, document, text)
        if document == "docs/abi.md":
            for check in (check_abi, check_limits, check_params, check_calls):
                check(tree, report, document, text)
    for document in ("README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/abi.md", "docs/porting.md",
                     "docs/limits.md", "hypervisor/README.md"):
        report.check(document in documents, document, "is missing")
    check_man_pages(tree, report)
    for bad in report.bad:
        print(bad)
    print(f"{report.good} passed, {len(report.bad)} failed")
    return 1 if report.bad else 0


if __name__ == "__main__":
    sys.exit(main())
