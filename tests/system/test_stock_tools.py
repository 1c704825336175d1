# SPDX-License-Identifier: ISC
"""Stock Debian's xl, xenstored and xenconsoled 4.17, unmodified, drive Plinth."""

import json
import re

from guests import GUEST_UP, config_text, wait_until
from machine import Config

CONFIG = Config(tools="xl")
LOG = "/var/log/xen/console/guest-stock.log"


def domains(dom0):
    return [domain["config"]["c_info"]["name"] for domain in json.loads(dom0.ok("xl list --long"))]


def test_info(dom0):
    facts = dom0.ok("xl info")
    assert re.search(r"^xen_version *: 4\.17", facts, re.M) and "xen-3.0-aarch64" in facts
    assert re.search(rf"^nr_cpus *: {dom0.config.smp}$", facts, re.M)
    assert "Domain-0" in dom0.ok("xl list")
    assert dom0.ok("xl dmesg")


def test_life_of_a_guest(dom0):
    text = config_text(name="stock", vcpus=2)
    dom0.ok(f"cat >/tmp/stock.cfg <<'EOF'\n{text}EOF\nxl create /tmp/stock.cfg", limit=120)
    wait_until(dom0, f"grep -q 'guest is up: 2 CPUs' {LOG}", limit=GUEST_UP)
    assert domains(dom0) == ["Domain-0", "stock"]
    assert len(dom0.ok("xl vcpu-list stock").splitlines()) == 3
    dom0.ok("xl pause stock && xl unpause stock")
    assert dom0.ok("xenstore-read /local/domain/$(xl domid stock)/name") == "stock"
    dom0.ok("xl destroy stock")
    wait_until(dom0, "! xl domid stock 2>/dev/null")
    assert domains(dom0) == ["Domain-0"]
