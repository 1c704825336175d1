# SPDX-License-Identifier: ISC
"""Guests that lie and flood, and what dom0's tools must not do with what is a guest's."""

import json
import re
import time

import pytest

from device_checks import make_bridge, run_in, state
from guests import config_text, console, create, destroy, destroy_all, domains, expect, free_mib, usage, wait_gone, wait_until
from machine import FULL, Config

CONFIG = Config(label="hostile", life=1200)
RAMDISK = "/tmp/hostile.cpio.gz"


@pytest.fixture(autouse=True)
def nothing_left(dom0):
    make_bridge(dom0)
    dom0.ok("rm -rf /tmp/images; mkdir /tmp/images; cd /tmp/images; truncate -s 8M a.img b.img; truncate -s 4M c.img")
    assert destroy_all(dom0) == []
    before = state(dom0)
    yield
    destroy_all(dom0)
    wait_until(dom0, "[ $(vmctl list | wc -l) = 2 ]")
    assert state(dom0) == before


def make_ramdisk(dom0):
    """The guests' ramdisk with the store's probe and its libraries behind it."""
    dom0.ok(f"""rm -rf /tmp/more; mkdir -p /tmp/more/lib /tmp/more/tests; cp /tests/store-probe /tmp/more/tests
        cp /lib/*.so* /usr/lib/*.so* /tmp/more/lib 2>/dev/null
        cp /guests/domu.cpio.gz {RAMDISK}; size=$(stat -c %s {RAMDISK}); truncate -s $(((size + 3) / 4 * 4)) {RAMDISK}
        cd /tmp/more; find . | cpio -o -H newc 2>/dev/null >>{RAMDISK}""")


def bounded(dom0, command, seconds):
    """It may fail, but ends in time and by itself."""
    begin = time.monotonic()
    result = dom0.run(command, seconds + 30)
    assert time.monotonic() - begin < seconds and 0 <= result.status < 126, result
    return result


def test_guest_that_rewrites_its_nodes(dom0):
    """Whatever it writes, the tools know what it has, others are served, and it can be ended."""
    make_ramdisk(dom0)
    liar = create(dom0, "liar", memory=128, ramdisk=RAMDISK, disk=["/tmp/images/a.img"], vif=["mac=00:16:3e:00:00:07"])
    honest = create(dom0, "honest", memory=64, disk=["/tmp/images/b.img"])
    for name in ("liar", "honest"):
        expect(dom0, name, "guest# ")
    console(dom0, "liar", ("send", r"/tests/store-probe rewrite &\n"), ("expect", "lying-42"))
    others = f"/tests/probe tree /local/domain/{honest}; /tests/probe tree /libxl; /tests/probe tree /vm"
    wait_until(dom0, f"/tests/probe tree /local/domain/{liar} | grep -q 4294967296")  # it does what it says
    before = dom0.ok(others)
    for _ in range(4 if FULL else 2):
        guests = domains(dom0)
        assert {name: guest["domid"] for name, guest in guests.items()} == {"liar": liar, "honest": honest}
        disk, = json.loads(dom0.ok("vmctl block-list --json liar"))
        assert (disk["vdev"], disk["target"], disk["writable"]) == ("xvda", "/tmp/images/a.img", True)
        vif, = json.loads(dom0.ok("vmctl network-list --json liar"))
        assert (vif["devid"], vif["mac"], vif["bridge"]) == (0, "00:16:3e:00:00:07", "br0")
        listed = dom0.ok("vmctl block-list liar; vmctl network-list liar; vmctl list -l liar")
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", listed), repr(listed)
        create(dom0, "third", memory=64, disk=["/tmp/images/c.img"])
        destroy(dom0, "third")
        wait_gone(dom0, "third")
        bounded(dom0, "vmctl block-attach -t 2 liar /tmp/images/c.img,raw,xvdb,rw", 40)
        bounded(dom0, "vmctl block-detach -f -t 1 liar xvdb", 40)
        bounded(dom0, "vmctl wait --timeout 1 liar up", 20)
    assert dom0.ok(others) == before
    run_in(dom0, "honest", "echo mine >/dev/xvda && sync")
    assert dom0.ok("head -c 4 /tmp/images/b.img") == "mine"
    bounded(dom0, "vmctl shutdown --timeout 1 liar", 20)  # its kernel may do as it is asked
    bounded(dom0, "vmctl destroy liar", 20)
    destroy(dom0, "honest")
    wait_gone(dom0, "liar")
    assert [line for line in dom0.ok("/tests/probe tree /").splitlines() if f"/{liar}/" in line] == []


def test_guest_that_floods_its_console(dom0):
    """It slows itself down: others' consoles and dom0's memory do not suffer, and its log has a limit."""
    for name in ("flood", "calm"):
        create(dom0, name, memory=64)
        expect(dom0, name, "guest# ")
    rss = "awk '/^VmRSS/ { print $2 }' /proc/$(cat /run/plinth/consoled.pid)/status"
    before = int(dom0.ok(rss))
    # Beside it a client that reads nothing.
    dom0.ok("vmctl console -q -r flood >/tmp/unread & echo $! >/tmp/client.pid; kill -STOP $!")
    console(dom0, "flood", ("send", r"(while :; do seq 1000000 9999999; done) &\n"), ("expect", "1000100"))
    end, slowest, rounds = time.monotonic() + 30, 0, 0
    while time.monotonic() < end:
        begin = time.monotonic()
        rounds += 1
        console(dom0, "calm", ("send", rf"echo calm-''{rounds}\n"), ("expect", f"^calm-{rounds}$"), timeout=30)
        dom0.ok("vmctl list", limit=10)
        slowest = max(slowest, time.monotonic() - begin)
    grown = int(dom0.ok(rss)) - before
    print(f"{rounds} rounds beside the flood, the slowest {slowest:.1f} s; plinth-consoled grew by {grown} KiB")
    assert slowest < 20
    assert grown < 4096
    wait_until(dom0, "[ -e /var/log/plinth/console/flood.log.1 ]", limit=60)  # it did flood
    sizes = dom0.ok("stat -c %s /var/log/plinth/console/flood.log*").split()
    assert len(sizes) == 2 and all(int(size) <= 1 << 20 for size in sizes), sizes
    dom0.ok("kill -9 $(cat /tmp/client.pid)")
    destroy(dom0, "flood", "calm")
    wait_gone(dom0, "flood")


def test_mappings_of_a_dying_guest(dom0):
    """Processes with a guest's pages mapped fork, end and are killed while it dies: the kernel is sound, the memory back."""
    before, free = usage(dom0), free_mib(dom0)
    dom0.ok("dmesg -c >/dev/null")
    for _ in range(3):
        domid = create(dom0, "mapped", memory=64)
        expect(dom0, "mapped", "guest is up")
        assert "mapped" in dom0.ok(f"/tests/probe map-and-end {domid}; vmctl destroy mapped")
        wait_gone(dom0, "mapped")
    wait_until(dom0, "/tests/probe usage | grep -q '\"dying\": 0'")
    said = dom0.ok("dmesg")
    assert not re.search("BUG|Oops|WARNING|Bad page|Unable to handle|Call trace", said), said
    after = usage(dom0)
    assert (after["foreign_maps"], after["domain_pages"]) == (before["foreign_maps"], before["domain_pages"])
    assert free_mib(dom0) == free


def test_nothing_for_others_than_root(dom0):
    dom0.ok("/tests/probe nobody")


def test_no_tool_looks_into_a_disk(dom0):
    """Only vmctl ever has a guest's disk open, while it hands it over; it compares magic numbers, and reads no further."""
    # What would be looked at: a partition table, a boot sector and a file system's magic numbers.
    dom0.ok(r"""cd /tmp/images; for at in 0 446 1024 32768; do printf 'MZ\053\357\125\252QFI\373LABELONE' |
        dd of=a.img bs=1 seek=$at conv=notrunc 2>/dev/null; done; rm -f /tmp/stop""")
    dom0.ok("/tests/probe watch-disks /tmp/stop >/tmp/seen & echo $! >/tmp/watch.pid")
    for _ in range(3):
        create(dom0, "disk", memory=64, disk=["/tmp/images/a.img"])
        dom0.ok("vmctl block-attach -t 0 disk /tmp/images/b.img; vmctl block-list disk; vmctl list -l disk")
        destroy(dom0, "disk")
        wait_gone(dom0, "disk")
    dom0.ok("touch /tmp/stop; while kill -0 $(cat /tmp/watch.pid) 2>/dev/null; do usleep 100000; done", limit=60)
    seen = dom0.ok("sort /tmp/seen | uniq -c").splitlines()
    print("\n".join(seen))
    assert seen, "nothing was seen: the watch is too slow"
    assert all(re.fullmatch(r" *\d+ vmctl pos:\t0", line) for line in seen), seen
