# SPDX-License-Identifier: ISC
"""dom0 drives its devices by DMA: a disk and a network card, on PCI and as virtio-mmio."""

import hashlib
import http.server
import os
import subprocess
import threading

import pytest

from machine import BUILD, Config

DISKS = BUILD / "test-disks/dom0"
SIZE_MIB = 64
CARDS = {"pci": "52:54:00:00:00:01", "mmio": "52:54:00:00:00:02"}
NETS = {"pci": "10.0.2", "mmio": "10.0.3"}


def machine_with_devices(hv):
    def disk(name):
        return f"file={DISKS}/{hv}-{name}.img,if=none,id={name},format=raw,cache=unsafe"

    return Config(hv=hv, label="devices", qemu=(
        "-drive", disk("pci"), "-device", "virtio-blk-pci,drive=pci,serial=disk-pci",
        "-drive", disk("mmio"), "-device", "virtio-blk-device,drive=mmio,serial=disk-mmio",
        "-netdev", f"user,id=netpci,net={NETS['pci']}.0/24",
        "-device", f"virtio-net-pci,netdev=netpci,romfile=,mac={CARDS['pci']}",
        "-netdev", f"user,id=netmmio,net={NETS['mmio']}.0/24",
        "-device", f"virtio-net-device,netdev=netmmio,mac={CARDS['mmio']}"))


HYPERVISORS = os.environ.get("DEVICES_HV", "plinth").split(",")
CONFIGS = {hv: machine_with_devices(hv) for hv in HYPERVISORS}
# What is written and fetched: 8 MiB that no cache or default could have made up.
DATA = b"".join(hashlib.sha512(b"%d" % i).digest() for i in range(131072))
DATA_MD5 = hashlib.md5(DATA).hexdigest()


@pytest.fixture(scope="module", autouse=True)
def disks():
    """ext4 images with a file in them, made without root."""
    content = DISKS / "content"
    content.mkdir(parents=True, exist_ok=True)
    (content / "data").write_bytes(DATA)
    for hv in HYPERVISORS:
        for name in CARDS:
            image = DISKS / f"{hv}-{name}.img"
            image.unlink(missing_ok=True)
            subprocess.run(["/sbin/mke2fs", "-q", "-t", "ext4", "-d", content, image, f"{SIZE_MIB}M"], check=True)
    yield
    for image in DISKS.glob("*.img"):
        image.unlink()


@pytest.fixture(scope="module")
def web_port():
    """A web server on this machine that knows one file."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(DATA)))
            self.end_headers()
            self.wfile.write(DATA)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


def each(names):
    return [pytest.param(CONFIGS[hv], name, id=f"{hv}-{name}") for hv in HYPERVISORS for name in names]


@pytest.mark.parametrize("dom0, name", each(CARDS), indirect=["dom0"])
def test_disk(dom0, name):
    device = dom0.ok(f"grep -lx disk-{name} /sys/block/*/serial").split("/")[3]
    assert f"virtio-{name}" in dom0.ok(f"readlink -f /sys/block/{device} | sed 's,/pci0000,/virtio-pci,;"
                                       "s,[0-9a-f]*.virtio_mmio,virtio-mmio,'")
    dom0.ok(f"mount -t ext4 /dev/{device} /mnt")
    assert dom0.ok("md5sum </mnt/data", limit=120).split()[0] == DATA_MD5
    # Through the page cache to the disk, and back from the disk.
    dom0.ok("cp /mnt/data /mnt/copy && sync && echo 3 >/proc/sys/vm/drop_caches", limit=120)
    assert dom0.ok("md5sum </mnt/copy", limit=120).split()[0] == DATA_MD5
    dom0.ok("umount /mnt")
    image = DISKS / f"{dom0.config.hv}-{name}.img"
    written = subprocess.run(["/sbin/debugfs", "-R", "cat /copy", image], capture_output=True, check=True).stdout
    assert hashlib.md5(written).hexdigest() == DATA_MD5


@pytest.mark.parametrize("dom0, name", each(CARDS), indirect=["dom0"])
def test_network(dom0, name, web_port):
    card = dom0.ok(f"grep -l {CARDS[name]} /sys/class/net/*/address").split("/")[4]
    assert name in dom0.ok(f"readlink -f /sys/class/net/{card} | sed 's,/pci0000,/pci,;s,virtio_mmio,mmio,'")
    net = NETS[name]
    dom0.ok(f"ip addr add {net}.15/24 dev {card} && ip link set {card} up")
    dom0.ok(f"wget -q -O /tmp/fetched http://{net}.2:{web_port}/data", limit=120)
    assert dom0.ok("md5sum </tmp/fetched").split()[0] == DATA_MD5
    dom0.ok(f"rm /tmp/fetched; ip link set {card} down; ip addr flush dev {card}")


@pytest.mark.parametrize("dom0", [pytest.param(CONFIGS[hv], id=hv) for hv in HYPERVISORS], indirect=True)
def test_interrupts_reach_the_devices(dom0):
    """Each virtio device's interrupt has fired: the transfers above were not polled."""
    counts = {}
    for line in dom0.ok("cat /proc/interrupts").splitlines()[1:]:
        words = line.split()
        if any("virtio" in word for word in words):
            counts[words[-1]] = sum(int(word) for word in words[1:] if word.isdigit())
    assert len(counts) >= 4 and sum(1 for count in counts.values() if count) >= 4, counts
