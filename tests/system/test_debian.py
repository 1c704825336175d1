# SPDX-License-Identifier: ISC
"""Debian guests with systemd, each with a disk and a network card: they boot, talk, reboot and shut down cleanly.

The tests are in the order of the guests' life, and the last one looks at what is left on the disks. Each of the two
guests reboots REBOOTS times: once from outside, because a reboot of both takes half a minute; with FULL=1 once more by
its own command; and ten times with `make test-system T=debian REBOOTS=10`."""

import os
import subprocess

import pytest

from debian import Debian
from guests import domains, wait_until
from machine import BUILD, FULL, Config

REBOOTS = int(os.environ.get("REBOOTS", 2 if FULL else 1))
IMAGE = BUILD / "images/debian.img"
DISKS = {number: BUILD / f"test-disks/debian{number}.img" for number in (1, 2)}
CONFIG = Config(label="debian", life=900 + 120 * REBOOTS, dom0_args="bridge=10.55.0.1", qemu=tuple(
    word for number, path in DISKS.items() for word in (
        "-drive", f"file={path},if=none,id=debian{number},format=raw,cache=unsafe",
        "-device", f"virtio-blk-device,drive=debian{number},serial=debian{number}")))
COPY_MIB = 64


@pytest.fixture(scope="module", autouse=True)
def disks():
    """Copies of the image that the host can look at afterwards."""
    for path in DISKS.values():
        path.parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "--sparse=always", IMAGE, path], check=True)
    yield
    for path in DISKS.values():
        path.unlink()


@pytest.fixture
def pair(dom0):
    """The two guests, created once."""
    guests = [Debian(dom0, number) for number in DISKS]
    if not domains(dom0):
        for guest in guests:
            guest.create()
        for guest in guests:
            guest.log_in()
    return guests


def test_boots_from_its_disk(pair):
    for guest in pair:
        assert guest.run("findmnt -n -o SOURCE,FSTYPE /") == "/dev/xvda ext4"
        assert guest.run("hostname") == guest.name
        assert guest.run("systemctl is-system-running --wait; systemctl --failed --plain --no-legend").split() == ["running"]


def test_network(dom0, pair):
    """Addresses by DHCP from dom0, each its own; dom0 and the other guest answer."""
    addresses = [guest.address() for guest in pair]
    assert len(set(addresses)) == 2
    for guest, other in zip(pair, reversed(addresses)):
        guest.run(f"ping -q -c 3 -w 60 10.55.0.1 && ping -q -c 3 -w 60 {other}")
    for address in addresses:
        dom0.ok(f"ping -q -c 3 -w 60 {address}")


def test_copy_between_guests(pair):
    """From the disk of one, over TCP, to the disk of the other."""
    sender, receiver = pair
    sender.run(f"head -c {COPY_MIB}M /dev/urandom >/root/data && sync", 300)
    receiver.run("nc -l -p 5000 >/root/data & until ss -H -l -t -n | grep -q :5000; do sleep 0.1; done")
    sender.run(f"nc -N {receiver.address()} 5000 </root/data", 600)
    receiver.run("wait; sync; echo 3 >/proc/sys/vm/drop_caches", 300)
    assert receiver.run("stat -c %s /root/data") == str(COPY_MIB << 20)
    sums = {guest.run("md5sum </root/data", 300) for guest in pair}
    assert len(sums) == 1, sums


def test_reboots(dom0, pair):
    """Both at a time, once from outside, once by their own command; each boot leaves a line on the disk."""
    boots = [guest.run("cat /proc/sys/kernel/random/boot_id >>/root/boots; wc -l </root/boots") for guest in pair]
    for round in range(REBOOTS):
        before = [guest.domid() for guest in pair]
        if round % 2:
            for guest in pair:
                guest.type("reboot")
        else:
            dom0.ok("vmctl reboot -a")
        for guest, domid in zip(pair, before):
            wait_until(dom0, f'[ "$(vmctl domid {guest.name} 2>/dev/null || echo {domid})" != {domid} ]', limit=120)
        for guest in pair:
            guest.log_in()
            guest.run("cat /proc/sys/kernel/random/boot_id >>/root/boots")
    for guest, first in zip(pair, boots):
        assert int(guest.run("sort -u /root/boots | wc -l")) == int(first) + REBOOTS
        guest.address()


def test_clean_after_shutdown(dom0, pair):
    dom0.ok("vmctl shutdown -a -w", limit=180)
    assert domains(dom0) == {}
    for path in DISKS.values():
        check = subprocess.run(["/sbin/e2fsck", "-f", "-n", path], capture_output=True, text=True)
        assert check.returncode == 0, check.stdout + check.stderr
        state = subprocess.run(["/sbin/dumpe2fs", "-h", path], capture_output=True, text=True).stdout
        assert "needs_recovery" not in state and "Filesystem state:         clean" in state, state
