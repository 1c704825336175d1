# SPDX-License-Identifier: ISC
"""Plinth's tools beside stock xenstored and xl, on Plinth."""

import json
import re

from guests import config_text, create, expect, wait_gone, wait_until
from lifecycle_checks import start, test_all_at_once, test_store_client, test_what_is_published  # noqa: F401
from machine import Config

CONFIG = Config(tools="mixed")


def test_stock_xl_sees_our_guests(dom0):
    """What xl needs to know is published: it lists, shuts down and destroys a guest that vmctl made."""
    domid = start(dom0, "ours", memory=128)
    dom0.ok("vmctl pause ours; xl pause ours")
    dom0.fails("vmctl unpause ours", "paused more than once, by another tool")
    dom0.ok("vmctl unpause ours")
    assert "ours" in dom0.ok("xl list") and dom0.ok("xl domid ours") == str(domid)
    assert "ours" in dom0.ok("xl uptime") and "ours" in dom0.ok("xl vcpu-list ours")
    expect(dom0, "ours", "guest# ")  # Linux drops a request in the last moment of its boot, and xl asks only once
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
    wait_until(dom0, '[ -z "$(xenstore-list /vm)" ]')  # nor is at it
    wait_gone(dom0, "theirs")


DEVICES = {"disk": ["/tmp/mixed.img,raw,xvda,rw"], "vif": ["bridge=br0,mac=00:16:3e:00:00:55"], "memory": 128}


def prepare_devices(dom0):
    dom0.ok("truncate -s 8M /tmp/mixed.img; truncate -s 4M /tmp/more.img; ip link show br0 >/dev/null 2>&1 || "
            "{ ip link add name br0 type bridge; ip link set br0 up; }")


def no_device_left(dom0):
    """After a moment: whoever did not destroy the guest takes its devices back when he hears of its end."""
    wait_until(dom0, '[ -z "$(ls /sys/bus/xen-backend/devices; losetup -a; ls -d /sys/class/net/vif* 2>/dev/null)" ]')


def test_stock_xl_sees_our_devices(dom0):
    prepare_devices(dom0)
    domid = start(dom0, "ours", **DEVICES)
    assert re.search(rf"^51712 +0 .*/local/domain/0/backend/vbd/{domid}/51712", dom0.ok("xl block-list ours"), re.M)
    assert re.search(r"^0 +0 +00:16:3e:00:00:55", dom0.ok("xl network-list ours"), re.M)
    dom0.ok("xl block-detach ours xvda && xl network-detach ours 0", limit=120)
    assert json.loads(dom0.ok("vmctl block-list -j ours")) == json.loads(dom0.ok("vmctl network-list -j ours")) == []
    dom0.ok("vmctl block-attach ours /tmp/mixed.img")
    dom0.ok("xl destroy ours", limit=90)
    wait_gone(dom0, "ours")
    no_device_left(dom0)


def test_our_tools_see_devices_of_stock_xl(dom0):
    prepare_devices(dom0)
    text = config_text(name="theirs", **DEVICES)
    dom0.ok(f"cat >/tmp/theirs.cfg <<'EOF'\n{text}EOF\nxl create -q /tmp/theirs.cfg", limit=120)
    dom0.ok("vmctl wait --timeout 120 theirs up", limit=150)
    disk, = json.loads(dom0.ok("vmctl block-list -j theirs"))
    assert (disk["vdev"], disk["target"], disk["writable"]) == ("xvda", "/tmp/mixed.img", True)
    assert json.loads(dom0.ok("vmctl network-list -j theirs"))[0]["mac"] == "00:16:3e:00:00:55"
    dom0.fails("vmctl block-attach theirs /tmp/mixed.img", "in use by loop")
    dom0.ok("vmctl block-attach theirs /tmp/more.img && vmctl block-detach theirs xvdb")
    dom0.run("vmctl destroy theirs", limit=60)
    wait_gone(dom0, "theirs")
    no_device_left(dom0)
