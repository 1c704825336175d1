# SPDX-License-Identifier: ISC
"""Plinth's tools beside stock xenstored and xl, on Plinth."""

import re

from guests import config_text, create, wait_gone
from lifecycle_checks import start, test_all_at_once, test_store_client, test_what_is_published  # noqa: F401
from machine import Config

CONFIG = Config(tools="mixed")


def test_stock_xl_sees_our_guests(dom0):
    """What xl needs to know is published: it lists, shuts down and destroys a guest that vmctl made."""
    domid = start(dom0, "ours", memory=128)
    assert "ours" in dom0.ok("xl list") and dom0.ok("xl domid ours") == str(domid)
    assert "ours" in dom0.ok("xl uptime") and "ours" in dom0.ok("xl vcpu-list ours")
    dom0.ok("xl shutdown -w ours", limit=120)
    wait_gone(dom0, "ours")
    create(dom0, "ours", options="-p", memory=128)
    dom0.ok("xl destroy ours", limit=90)
    wait_gone(dom0, "ours")


def test_our_tools_see_guests_of_stock_xl(dom0):
    text = config_text(name="theirs", memory=128)
    dom0.ok(f"cat >/tmp/theirs.cfg <<'EOF'\n{text}EOF\nxl create -q /tmp/theirs.cfg", limit=120)
    assert "theirs" in dom0.ok("vmctl list") and dom0.ok("vmctl domid theirs")
    assert re.search(r"^theirs +\d+ +0:", dom0.ok("vmctl uptime"), re.M)
    dom0.ok("vmctl wait --timeout 120 theirs up", limit=150)
    dom0.ok("vmctl shutdown -w theirs", limit=120)
    dom0.run("vmctl destroy theirs", limit=60)  # where xl's own daemon has not done so by now
    wait_gone(dom0, "theirs")
    assert dom0.ok("xenstore-list /vm") == ""
