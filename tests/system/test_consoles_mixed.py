# SPDX-License-Identifier: ISC
"""Stock xl and its xenconsole with plinth-consoled, beside stock xenstored, on Plinth."""

import re
import shlex

from guests import GUEST_UP, config_text, console, create, destroy, domains, wait_gone, wait_until
from machine import Config

CONFIG = Config(tools="mixed")
UART = {"extra": "earlycon console=ttyAMA0 rdinit=/init", "vuart": "sbsa_uart", "memory": 128}
XENCONSOLE = "/usr/lib/xen-4.17/bin/xenconsole --interactive"


def converse(dom0, domid, kind, command, answer):
    """Types a command on a terminal by the stock client, which ends when the answer is there."""
    script = f"""mkfifo /tmp/keys; {XENCONSOLE} --type {kind} {domid} </tmp/keys >/tmp/said 2>&1 & client=$!
exec 3>/tmp/keys; rm /tmp/keys; printf '%s\\r' {shlex.quote(command)} >&3
for i in $(seq 300); do grep -q {shlex.quote(answer)} /tmp/said && break; usleep 100000; done
kill $client 2>/dev/null; exec 3>&-; cat /tmp/said"""
    said = dom0.ok(script, limit=60)
    assert answer in said, said
    return said


def start_by_xl(dom0, name, **keys):
    text = config_text(name=name, **keys)
    dom0.ok(f"cat >/tmp/{name}.cfg <<'EOF'\n{text}EOF\nxl create /tmp/{name}.cfg", limit=120)
    return int(dom0.ok(f"xl domid {name}"))


def test_a_guest_of_xls(dom0):
    """The daemon takes over what xl made, names the terminals, and lets go at the end."""
    domid = start_by_xl(dom0, "stock", **UART)
    wait_until(dom0, "grep -q 'guest is up' /var/log/plinth/console/stock@vuart.log", limit=GUEST_UP)
    log = dom0.ok("cat /var/log/plinth/console/stock@vuart.log")
    assert "Booting Linux" in log  # from its first line on
    home = f"/local/domain/{domid}"
    assert all(re.match(r"/dev/pts/\d+$", dom0.ok(f"xenstore-read {home}/{folder}/tty"))
               for folder in ("console", "vuart/0"))
    # Terminals: one session after the other, each beginning with what was said before.
    said = converse(dom0, domid, "vuart", "echo one-$((40 + 2))", "one-42")
    assert "guest is up" in said
    said = converse(dom0, domid, "vuart", "echo two-$((40 + 2))", "two-42")
    assert "one-42" in said
    # And the daemon's own clients at the same time.
    console(dom0, "stock", ("send", r"echo three-$((40 + 2))\n"), ("expect", "three-42"), kind="vuart")
    assert "stock" in dom0.ok("vmctl console --list")
    dom0.ok("xl destroy stock", limit=60)
    wait_gone(dom0, "stock")
    assert "three-42" in console(dom0, "stock", ("expect", "three-42"), kind="vuart")


def test_a_guest_of_ours(dom0):
    """xl console finds the terminals of a guest that vmctl made, before and after a restart of the daemon."""
    domid = create(dom0, "ours", **UART)
    console(dom0, "ours", ("expect", "guest# "), kind="vuart")
    wait_until(dom0, f"xenstore-exists /local/domain/{domid}/vuart/0/tty")
    converse(dom0, domid, "vuart", "echo four-$((40 + 2))", "four-42")
    dom0.ok("kill $(pidof plinth-consoled); while pidof plinth-consoled >/dev/null; do usleep 100000; done; "
            "plinth-consoled")
    wait_until(dom0, f"[ -c $(xenstore-read /local/domain/{domid}/vuart/0/tty) ]")
    converse(dom0, domid, "vuart", "echo five-$((40 + 2))", "five-42")
    destroy(dom0, "ours")
    wait_gone(dom0, "ours")
    assert domains(dom0) == {}
