# SPDX-License-Identifier: ISC
"""Disks and networks of guests, on any hypervisor of this ABI: set up, used, changed, and nothing left behind."""

import json
import re

import pytest

from guests import config_text, console, create, destroy, destroy_all, domains, expect, type_command, wait_gone, wait_until

ADDRESS = "10.77.0.1"  # dom0's, on the bridge br0
MIB = 1 << 20


def state(dom0):
    """All that devices could leave behind in dom0: backends, loop devices, interfaces, bridge ports, nodes."""
    lines = dom0.ok("ls /sys/bus/xen-backend/devices; losetup -a; ls -d /sys/class/net/*; "
                    "ls -d /sys/class/net/*/brif/* 2>/dev/null; /tests/probe tree / | sort").splitlines()
    return [line for line in lines if not line.endswith(" =") and not line.endswith(" = ")]  # folders are no trace


def make_bridge(dom0):
    dom0.ok(f"ip link show br0 >/dev/null 2>&1 || {{ ip link add name br0 type bridge; "
            f"ip addr add {ADDRESS}/24 dev br0; ip link set br0 up; }}")


@pytest.fixture(autouse=True)
def nothing_left(dom0):
    """Every test begins with a bridge, fresh images and no guest, and ends without a trace."""
    make_bridge(dom0)
    dom0.ok("""rm -rf /tmp/images; mkdir /tmp/images; cd /tmp/images
        truncate -s 8M a.img b.img; truncate -s 4M c.img; echo of-dom0 | dd of=b.img conv=notrunc 2>/dev/null""")
    assert destroy_all(dom0) == []
    before = state(dom0)
    yield
    destroy_all(dom0)
    wait_until(dom0, "[ $(vmctl list | wc -l) = 2 ]")
    assert state(dom0) == before


def create_guest(dom0, name, **keys):
    keys = {"memory": 128, **keys}
    return create(dom0, name, limit=90, **keys)


def run_in(dom0, name, command, timeout=60):
    """Runs a command in the guest's shell; returns its output. It must succeed."""
    run_in.count += 1
    number = run_in.count
    # What is typed is echoed, and must not look like the marks around the answer.
    said = console(dom0, name, ("send", rf"echo begin-''{number}; {command}; echo end-''{number}-$?\n"),
                   ("expect", f"end-{number}-[0-9]"), timeout=timeout)
    output, status = re.search(rf"begin-{number}\r?\n(.*?)end-{number}-(\d)", said, re.S).groups()
    assert status == "0", f"{name}: {command!r} failed:\n{output}"
    return output


run_in.count = 0


def blocks(dom0, *names):
    return json.loads(dom0.ok("vmctl block-list --json " + " ".join(names)))


def networks(dom0, *names):
    return json.loads(dom0.ok("vmctl network-list --json " + " ".join(names)))


def give_address(dom0, name, last):
    run_in(dom0, name, f"ip addr add 10.77.0.{last}/24 dev eth0 && ip link set eth0 up")


def test_two_disks_and_a_network(dom0):
    create_guest(dom0, "two", disk=["/tmp/images/a.img", "/tmp/images/b.img,raw,xvde,ro"],
                 vif=["mac=00:16:3e:00:00:07,vifname=two-eth,rate=100Mb/s"])
    expect(dom0, "two", "guest# ")
    assert [(disk["vdev"], disk["writable"], disk["size_bytes"]) for disk in blocks(dom0, "two")] == [
        ("xvda", True, 8 * MIB), ("xvde", False, 8 * MIB)]
    vif, = networks(dom0, "two")
    assert (vif["mac"], vif["bridge"], vif["interface"]) == ("00:16:3e:00:00:07", "br0", "two-eth")
    run_in(dom0, "two", "dd if=/dev/urandom of=/x bs=1M count=3 && dd if=/x of=/dev/xvda bs=64k && sync")
    md5 = re.search("[0-9a-f]{32}", run_in(dom0, "two", "md5sum </x"))[0]
    assert "of-dom0" in run_in(dom0, "two", "head -c 7 /dev/xvde")
    run_in(dom0, "two", "! echo mine >/dev/xvde")
    give_address(dom0, "two", 7)
    run_in(dom0, "two", f"ping -c 3 -w 20 {ADDRESS}")
    destroy(dom0, "two")
    wait_gone(dom0, "two")
    assert dom0.ok(f"head -c {3 * MIB} /tmp/images/a.img | md5sum").startswith(md5)
    assert dom0.ok("head -c 7 /tmp/images/b.img") == "of-dom0"


@pytest.mark.ours_first
def test_between_guests_and_hot(dom0):
    """Two guests talk; devices come and go while they run."""
    for number, name in enumerate(("left", "right")):
        create_guest(dom0, name, vif=[""], disk=[f"/tmp/images/{'ab'[number]}.img"])
    for number, name in enumerate(("left", "right")):
        expect(dom0, name, "guest# ")
        give_address(dom0, name, 10 + number)
    macs = [vif["mac"] for vif in networks(dom0, "left", "right")]
    assert len(set(macs)) == 2 and all(mac.startswith("00:16:3e:") for mac in macs)
    run_in(dom0, "left", "ping -c 3 -w 20 10.77.0.11")
    run_in(dom0, "right", "ping -c 3 -w 20 10.77.0.10")

    before = state(dom0)
    assert "attached as xvdb" in dom0.ok("vmctl block-attach left /tmp/images/c.img")
    run_in(dom0, "left", "echo hot-disk >/dev/xvdb && sync")
    assert "xvdb has 6M" in dom0.ok("vmctl block-resize left xvdb 6M")
    wait_until(dom0, "vmctl console -q --timeout 5 --send 'cat /proc/partitions\\n' --expect '6144 xvdb' left")
    dom0.ok("vmctl network-attach left mac=00:16:3e:00:00:99 mtu=1400")
    assert [vif["state"] for vif in networks(dom0, "left")] == ["connected", "connected"]
    run_in(dom0, "left", "ip link set eth1 up && grep -q 00:16:3e:00:00:99 /sys/class/net/eth1/address")
    dom0.fails("vmctl block-attach left /tmp/images/b.img", "in use by loop")
    dom0.fails("vmctl block-attach left /tmp/images/c.img,raw,xvda,w!", "has 'xvda' and cannot have 'xvda' too")
    dom0.fails("vmctl block-resize left xvdb 1M", "can only grow")
    dom0.fails("vmctl block-resize left xvdb 1x", "not a size")
    dom0.fails("vmctl block-detach left xvdc", "the guest has none such")
    dom0.fails("vmctl network-detach left 00:16:3e:00:00:98", "no network interface")
    dom0.ok("vmctl block-detach left xvdb && vmctl network-detach left 00:16:3e:00:00:99")
    run_in(dom0, "left", "! grep xvdb /proc/partitions && ! ip link show eth1 2>/dev/null")
    assert state(dom0) == before
    assert dom0.ok("head -c 8 /tmp/images/c.img") == "hot-disk"

    # A guest that does not answer: nothing hangs, nothing is left, and force helps.
    dom0.ok("vmctl pause right")
    before = state(dom0)
    dom0.fails("vmctl block-attach -t 2 right /tmp/images/c.img", "does not connect to it in time")
    assert state(dom0) == before
    dom0.fails("vmctl block-detach -t 1 right xvda", "does not give it back in time")
    dom0.ok("vmctl block-detach -t 1 -f right xvda")
    assert blocks(dom0, "right") == []
    dom0.ok("vmctl unpause right")

    # What a guest writes into its own nodes misleads nobody.
    domid = domains(dom0)["left"]["domid"]
    home = f"/local/domain/{domid}/device/vbd/51712"
    dom0.ok(f"/tests/probe write {home}/backend=/local/domain/0/backend/vbd/{domid + 1}/51712; "
            f"/tests/probe write {home}/virtual-device=/etc/passwd; /tests/probe write /local/domain/{domid}/device/vbd/1=x")
    assert [(disk["vdev"], disk["target"]) for disk in blocks(dom0, "left")] == [("xvda", "/tmp/images/a.img")]
    destroy(dom0, "left", "right")


@pytest.mark.anywhere
def test_devices_come_back(dom0):
    """After a reboot a guest has the devices that it had, those attached later too."""
    first = create_guest(dom0, "again", disk=["/tmp/images/a.img"], vif=[""])
    expect(dom0, "again", "guest# ")
    mac = networks(dom0, "again")[0]["mac"]
    dom0.ok("vmctl block-attach again /tmp/images/c.img,raw,xvdc,ro")
    run_in(dom0, "again", "echo kept >/dev/xvda && sync")
    console(dom0, "again", ("send", r"reboot -f\n"))
    wait_until(dom0, f"[ $(vmctl domid again 2>/dev/null || echo {first}) -gt {first} ]", limit=60)
    expect(dom0, "again", "guest# ")
    assert "kept" in run_in(dom0, "again", "head -c 4 /dev/xvda")
    assert [disk["vdev"] for disk in blocks(dom0, "again")] == ["xvda", "xvdc"]
    assert networks(dom0, "again")[0]["mac"] == mac
    dom0.ok("vmctl block-detach again xvdc")
    destroy(dom0, "again")


@pytest.mark.anywhere
def test_a_device_that_is_gone_at_the_reboot(dom0):
    """What was attached is left out, and everybody is told; the guest's own disk is waited for."""
    first = create_guest(dom0, "gone", disk=["/tmp/images/a.img"])
    expect(dom0, "gone", "guest# ")
    dom0.ok("vmctl block-attach gone /tmp/images/c.img && mv /tmp/images/c.img /tmp/images/away")
    console(dom0, "gone", ("send", r"reboot -f\n"))
    wait_until(dom0, f"[ $(vmctl domid gone 2>/dev/null || echo {first}) -gt {first} ]", limit=60)
    expect(dom0, "gone", "guest# ")
    assert [disk["vdev"] for disk in blocks(dom0, "gone")] == ["xvda"]
    assert re.search(r"^  left out +the disk xvdb: cannot open /tmp/images/c\.img", dom0.ok("vmctl list -l gone"), re.M)
    assert "xvdb: cannot open" in domains(dom0)["gone"]["left_out"]
    assert "gone: warning: the guest is made without" in dom0.ok("cat /var/log/plinth/monitord.log")
    # It can come back, or be forgotten.
    dom0.ok("mv /tmp/images/away /tmp/images/c.img && vmctl block-attach gone vdev=xvdb,target=/tmp/images/c.img")
    assert "left_out" not in domains(dom0)["gone"]
    dom0.ok("vmctl block-detach gone xvdb")

    # The disk that it was created with is missing: no guest without it, but no secret of that either.
    second = domains(dom0)["gone"]["domid"]
    dom0.ok("mv /tmp/images/a.img /tmp/images/away")
    console(dom0, "gone", ("send", r"reboot -f\n"))
    wait_until(dom0, "vmctl list -l gone | grep -q 'attempt .* cannot open'", limit=60)
    assert re.search(r"^gone +- +- +-\trestart", dom0.ok("vmctl list"), re.M)
    why = r"its restart is pending: attempt \d+ is in \d+ s \(the disk xvda: cannot open /tmp/images/a\.img|" \
        r"it is being restarted \(the disk xvda: cannot open"
    row, = [row for row in json.loads(dom0.ok("vmctl list -j")) if row["name"] == "gone"]
    assert row["domid"] is None and row["state"] == "restart" and "cannot open" in row["restart_reason"]
    dom0.fails("vmctl create -n /tmp/gone.cfg", "the name is in use by the guest 'gone', which has no domain: .*a.img")
    dom0.fails("vmctl pause gone", why)
    assert re.search(why, dom0.ok("vmctl console -q --timeout 10 --expect 'guest# ' gone"))
    dom0.ok("vmctl wait gone destroyed && vmctl wait gone shutdown")
    assert dom0.run("vmctl wait --timeout 1 gone up").status == 4
    dom0.ok("(sleep 1; mv /tmp/images/away /tmp/images/a.img) & vmctl wait --timeout 120 gone up", limit=150)
    assert domains(dom0)["gone"]["domid"] > second
    destroy(dom0, "gone")
    wait_gone(dom0, "gone")


@pytest.mark.anywhere
def test_what_a_guest_writes_into_its_disk(dom0):
    """It may look like anything: that does not keep the guest from its restart, and dom0 does not believe it."""
    first = create_guest(dom0, "writes", disk=["/tmp/images/a.img"])
    expect(dom0, "writes", "guest# ")
    run_in(dom0, "writes", r"printf 'QFI\\373\\0\\0\\0\\3' | dd of=/dev/xvda conv=notrunc && sync")
    console(dom0, "writes", ("send", r"reboot -f\n"))
    wait_until(dom0, f"[ $(vmctl domid writes 2>/dev/null || echo {first}) -gt {first} ]", limit=60)
    expect(dom0, "writes", "guest# ")
    assert dom0.ok("head -c 3 /tmp/images/a.img") == "QFI"
    destroy(dom0, "writes")
    wait_gone(dom0, "writes")
    dom0.fails("vmctl create /tmp/writes.cfg", "looks like a qcow2 file")
    assert "warning: /tmp/images/a.img looks like a qcow2 file" in dom0.ok(
        "vmctl create -p /tmp/writes.cfg 'disk=[\"/tmp/images/a.img,raw\"]'")
    destroy(dom0, "writes")


@pytest.mark.anywhere
def test_what_two_guests_cannot_both_have(dom0):
    """Held against the whole machine: at the creation, at its dry run, and when it comes later."""
    create_guest(dom0, "one", options="-p", uuid="11111111-2222-3333-4444-555555555555",
                 vif=["mac=00:16:3e:00:00:21,vifname=one-eth"], disk=["/tmp/images/a.img"])
    for keys, pattern in (({"name": "one"}, "the name 'one' is in use by domain"),
                          ({"uuid": "11111111-2222-3333-4444-555555555555"}, "the uuid is in use by domain"),
                          ({"vif": ["mac=00:16:3E:00:00:21"]}, "has the MAC address 00:16:3e:00:00:21 on the bridge 'br0'"),
                          ({"vif": ["vifname=one-eth"]}, "there is a network interface 'one-eth' already"),
                          ({"disk": ["/tmp/images/a.img"]}, "a.img is in use by loop")):
        text = config_text(**{"name": "other", "memory": 64, **keys})
        dom0.ok(f"cat >/tmp/other.cfg <<'EOF'\n{text}EOF")
        for command in ("create -n", "create"):
            dom0.fails(f"vmctl {command} /tmp/other.cfg", pattern)
    create_guest(dom0, "two", options="-p", memory=64)
    dom0.fails("vmctl network-attach -t 0 two mac=00:16:3e:00:00:21", "has the MAC address")
    dom0.fails("vmctl network-attach -t 0 one mac=00:16:3e:00:00:21", "has the MAC address")
    dom0.ok("vmctl network-attach -t 0 two mac=00:16:3e:00:00:22")
    dom0.fails("vmctl rename two one", "the name 'one' is in use")
    # Under its new name it has its uuid still, which its config would give a second one.
    dom0.ok("vmctl rename two three")
    dom0.fails("vmctl create /tmp/two.cfg", "the uuid is in use by domain")
    destroy(dom0, "one", "three")


BAD = [
    ("disk", "/tmp/images/none.img", r"the disk xvda: cannot open /tmp/images/none\.img: No such file or directory"),
    ("disk", "/tmp/images", r"/tmp/images is a directory, not an image"),
    ("disk", "/dev/null", r"/dev/null is neither a file nor a block device"),
    ("disk", "/tmp/images/empty", r"empty is empty: make it as large as the disk shall be"),
    ("disk", "/dev/loop7", r"/dev/loop7 is a block device with nothing in it"),
    ("disk", "/tmp/images/fifo", r"fifo is neither a file nor a block device"),
    ("disk", "/tmp/images/a.img,qcow2", r"make a raw one of it: qemu-img convert -O raw"),
    ("vif", "bridge=br9", r"there is no bridge 'br9' in dom0; make one: ip link add name br9 type bridge"),
    ("vif", "bridge=lo", r"there is no bridge 'lo' in dom0"),
    ("vif", "vifname=lo", r"there is a network interface 'lo' already"),
    ("vif", "mtu=9000,vifname=br0", r"there is a network interface 'br0' already"),
]


@pytest.mark.anywhere
def test_bad_devices(dom0):
    """One sentence, and nothing is left behind."""
    dom0.ok("cd /tmp/images; : >empty; mkfifo fifo; truncate -s 4M fs.img; mke2fs -F fs.img >/dev/null 2>&1; "
            "mkdir mnt; mount -t ext2 -o loop fs.img mnt")
    before = state(dom0)

    def refused(pattern, **keys):
        text = config_text(name="bad", memory=64, **keys)
        dom0.ok(f"cat >/tmp/bad.cfg <<'EOF'\n{text}EOF")
        for command in ("create -n", "create"):
            output = dom0.fails(f"vmctl {command} /tmp/bad.cfg", pattern)
            assert len([line for line in output.splitlines() if "..." not in line]) == 1, output

    for key, value, pattern in BAD:
        refused(pattern, **{key: [value]})
    refused("fs.img is in use by loop", disk=["/tmp/images/fs.img"])
    refused("cannot have both 'xvda' and 'xvda1'", disk=["/tmp/images/a.img,,xvda", "/tmp/images/b.img,,xvda1"])
    refused("a.img is the disk xvda of this guest already", disk=["/tmp/images/a.img", "/tmp/images/a.img"])
    # an image that is not raw
    dom0.ok(r"cd /tmp/images; printf 'QFI\373\0\0\0\3' | dd of=q.img bs=64k conv=sync 2>/dev/null; gzip -c a.img >z.gz")
    refused(r"q\.img looks like a qcow2 file.*qemu-img convert -O raw /tmp/images/q\.img NEW.*format=raw",
            disk=["/tmp/images/q.img"])
    refused(r"a gzip file.*gzip -dc /tmp/images/z\.gz > NEW", disk=["/tmp/images/z.gz"])
    assert state(dom0) == before
    dom0.ok("umount /tmp/images/mnt")
    # no bridge at all, and no driver
    dom0.ok("ip link del br0")
    refused("there is no bridge in dom0; make one", vif=[""])
    dom0.ok("rmmod xen-blkback")
    refused("dom0's kernel has no driver for it: modprobe xen-blkback", disk=["/tmp/images/a.img"])
    dom0.ok("modprobe xen-blkback")
    make_bridge(dom0)


@pytest.mark.anywhere
def test_full_file_system(dom0):
    """An image that cannot be written any more is that guest's trouble alone."""
    dom0.ok("mkdir /tmp/images/small; mount -t tmpfs -o size=1M none /tmp/images/small; "
            "truncate -s 8M /tmp/images/small/full.img")
    create_guest(dom0, "full", disk=["/tmp/images/small/full.img"])
    create_guest(dom0, "fine", disk=["/tmp/images/a.img"])
    expect(dom0, "full", "guest# ")
    expect(dom0, "fine", "guest# ")
    run_in(dom0, "full", "! dd if=/dev/urandom of=/dev/xvda bs=64k count=64 conv=fsync")
    run_in(dom0, "full", "dd if=/dev/xvda of=/dev/null bs=64k count=4")
    run_in(dom0, "fine", "dd if=/dev/urandom of=/dev/xvda bs=64k count=64 conv=fsync")
    destroy(dom0, "full", "fine")
    wait_gone(dom0, "full")
    dom0.ok("umount /tmp/images/small")
