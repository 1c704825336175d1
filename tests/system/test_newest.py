# SPDX-License-Identifier: ISC
"""The newest kernel that Debian has for the mirror's users: as guest of the usual dom0, and as dom0 itself."""

import pytest

from guests import create, destroy, expect, free_mib, type_command, wait_gone, wait_until
from machine import BUILD, Config, Machine

pytestmark = pytest.mark.newest
NEWEST = BUILD / "images/newest"
OLDEST_NEW = (7, 0)  # what is tested elsewhere is older


def version(release):
    return tuple(int(number) for number in release.split(".")[:2])


def try_guest(dom0, kernel, ramdisk):
    """It boots, finds its disk and its network, reboots and shuts down."""
    before = free_mib(dom0)
    dom0.ok("ip link show br0 >/dev/null 2>&1 || { ip link add name br0 type bridge; ip link set br0 up; }; "
            "truncate -s 8M /tmp/new.img")
    domid = create(dom0, "new", kernel=kernel, ramdisk=ramdisk, vcpus=2, disk=["/tmp/new.img,raw"], vif=[""])
    expect(dom0, "new", "guest is up: 2 CPUs")
    said = type_command(dom0, "new", "uname -r | sed s/^/runs-/; grep -c xvda /proc/partitions; "
                        "cat /sys/class/net/eth0/address && echo all-$((41 + 1))", "all-42")
    release = said.split("runs-")[-1].split()[0]
    assert version(release) >= OLDEST_NEW, said
    type_command(dom0, "new", "echo kept | dd of=/dev/xvda conv=sync 2>/dev/null; sync; echo s-$((1 + 1))", "s-2")
    assert dom0.ok("head -c 4 /tmp/new.img") == "kept"
    dom0.ok("vmctl mem-set new 200 && vmctl reboot -w new", limit=180)
    wait_until(dom0, f"[ $(vmctl domid new) -gt {domid} ]")
    dom0.ok("vmctl wait --timeout 120 new up && vmctl shutdown -w new", limit=300)
    wait_gone(dom0, "new")
    wait_until(dom0, f"vmctl info | grep -q '^free_memory *: {before}$'", limit=30)


def test_as_guest():
    files = {"/guests/newest/Image": NEWEST / "Image", "/guests/newest/domu.cpio.gz": NEWEST / "domu.cpio.gz"}
    with Machine(Config(label="newest-guest"), files) as dom0:
        assert dom0.ok("uname -r").startswith("6.1.")
        try_guest(dom0, "/guests/newest/Image", "/guests/newest/domu.cpio.gz")


@pytest.mark.parametrize("gic", (2, 3))
def test_as_dom0(gic):
    with Machine(Config(kernel="newest", gic=gic, dom0_mem="768M", label="newest-dom0")) as dom0:
        assert version(dom0.ok("uname -r")) >= OLDEST_NEW
        assert int(dom0.ok("nproc")) == dom0.config.smp
        try_guest(dom0, "/guests/Image", "/guests/domu.cpio.gz")
        kernel = dom0.ok("dmesg | grep -iE 'BUG|WARNING:|Oops|Call trace|rcu.*stall|soft lockup' || true")
        assert kernel == ""
