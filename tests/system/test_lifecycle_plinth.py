# SPDX-License-Identifier: ISC
"""Plinth's tools beside stock xenstored, on Plinth; and stock xl beside them."""

from guests import create, wait_gone
from lifecycle_checks import *  # noqa: F401,F403
from machine import Config

CONFIG = Config(tools="mixed")


def test_stock_xl_sees_our_guests(dom0):
    """What xl needs to know is published: it lists, shuts down and destroys a guest that vmctl made."""
    domid = start(dom0, "ours", memory=128)  # noqa: F405
    assert "ours" in dom0.ok("xl list") and dom0.ok("xl domid ours") == str(domid)
    assert "ours" in dom0.ok("xl uptime") and "ours" in dom0.ok("xl vcpu-list ours")
    dom0.ok("xl shutdown -w ours", limit=120)
    wait_gone(dom0, "ours")
    create(dom0, "ours", options="-p", memory=128)
    dom0.ok("xl destroy ours", limit=90)
    wait_gone(dom0, "ours")
