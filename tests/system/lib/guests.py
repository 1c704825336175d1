# SPDX-License-Identifier: ISC
"""vmctl's commands as the tests use them."""

import json
import re
import shlex

KERNEL = "/guests/Image"
RAMDISK = "/guests/domu.cpio.gz"
CMDLINE = "console=hvc0 rdinit=/init loglevel=4"
GUEST_UP = 120  # seconds for a guest's boot, of which it takes about 3


def config_text(**keys):
    """An xl.cfg text of a Debian guest; a key of None is left out."""
    values = {"kernel": KERNEL, "ramdisk": RAMDISK, "memory": 256, "vcpus": 1, "extra": CMDLINE, **keys}
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items() if value is not None)


def write_config(dom0, name, **keys):
    """Writes a guest's config into dom0 and returns its path."""
    path = f"/tmp/{name}.cfg"
    dom0.ok(f"printf %s {shlex.quote(config_text(name=name, **keys))} >{path}")
    return path


def create(dom0, name, options="", limit=60, **keys):
    """Creates and starts a guest; returns its number."""
    output = dom0.ok(f"vmctl create {options} {write_config(dom0, name, **keys)}", limit)
    match = re.search(rf"^{re.escape(name)}: domain (\d+) ", output, re.M)
    assert match, output
    return int(match[1])


def destroy(dom0, *names):
    dom0.ok("vmctl destroy " + " ".join(str(name) for name in names))


def domains(dom0):
    """Every domain but dom0, by name."""
    return {domain["name"]: domain for domain in json.loads(dom0.ok("vmctl list --json 2>/dev/null")) if domain["domid"]}


def destroy_all(dom0):
    left = list(domains(dom0))
    if left:
        dom0.run("vmctl destroy " + " ".join(left))
    return left


def console(dom0, name, *steps, timeout=GUEST_UP, kind="pv"):
    """Steps are ("expect", REGEX) and ("send", TEXT); returns all output. Every step must succeed."""
    words = " ".join(f"--{kind} {shlex.quote(text)}" for kind, text in steps)
    return dom0.ok(f"vmctl console -q -t {kind} --timeout {timeout} {words} {name}", limit=timeout * len(steps) + 10)


def expect(dom0, name, pattern, timeout=GUEST_UP):
    return console(dom0, name, ("expect", pattern), timeout=timeout)


def type_command(dom0, name, command, answer, timeout=GUEST_UP):
    """Types a command into the guest's shell and waits for its answer, which must not stand in the command."""
    return console(dom0, name, ("expect", "guest# "), ("send", command + r"\n"), ("expect", answer), timeout=timeout)


def wait_until(dom0, condition, limit=30):
    """Waits in dom0 until a shell condition holds."""
    result = dom0.run(f"end=$(($(date +%s) + {limit})); until {condition}; do "
                      "[ $(date +%s) -lt $end ] || exit 1; usleep 200000; done", limit + 30)
    assert result.status == 0, f"not within {limit} s: {condition}\n{dom0.run('vmctl list').output}"


def wait_gone(dom0, name, limit=30):
    """A destroyed domain may take a moment until its last page is free."""
    wait_until(dom0, f"! vmctl domid {name} >/dev/null 2>&1", limit)


def free_mib(dom0):
    return int(re.search(r"^free_memory *: (\d+)", dom0.ok("vmctl info"), re.M)[1])


def crash(dom0, domid):
    """Ends a guest as a crash does. (Linux on ARM does not tell Xen of its panics: it stops in a loop.)"""
    dom0.ok(f"/tests/probe crash {domid}")


def usage(dom0):
    """What the hypervisor has in use, to the page and the port; only Plinth can tell all of it."""
    return json.loads(dom0.ok("/tests/probe usage"))
