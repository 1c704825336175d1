# SPDX-License-Identifier: ISC
"""Every config in configs/examples runs as it is; debian.cfg, which needs disks, in test_debian.py."""

import re

import pytest

from guests import destroy, domains, expect, type_command, wait_gone, wait_until
from machine import TOP, Config

CONFIG = Config(peer=True, label="toolstack", life=1800)
EXAMPLES = {
    "annotated": r"guest says annotated",
    "minimal": r"guest is up: 1 CPUs",
    "pinned": r"guest is up: 2 CPUs",
    "small": r"guest is up: 1 CPUs, 1[0-9]* MiB|guest is up: 1 CPUs, [6-9][0-9] MiB",
    "smp": r"guest is up: 4 CPUs",
}


def test_none_is_forgotten():
    found = {path.stem for path in (TOP / "configs/examples").glob("*.cfg")}
    assert found == set(EXAMPLES) | {"debian", "restart-on-crash", "disk-and-network"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(dom0, name):
    assert "can be created" in dom0.ok(f"vmctl create -n /guests/{name}.cfg")
    dom0.ok(f"vmctl create /guests/{name}.cfg")
    expect(dom0, name, EXAMPLES[name])
    type_command(dom0, name, "echo answer-$((41 + 1))", "answer-42")
    destroy(dom0, name)
    wait_gone(dom0, name)


def test_example_restart_on_crash(dom0):
    dom0.ok("vmctl create /guests/restart-on-crash.cfg")
    first = domains(dom0)["restart-on-crash"]["domid"]
    expect(dom0, "restart-on-crash", "Kernel panic")
    wait_until(dom0, f"[ $(vmctl domid restart-on-crash 2>/dev/null || echo {first}) -gt {first} ]", limit=60)
    # Between two lives, when it has no domain, `destroy` is the end of it too: in the longest pause, of 8 s.
    dom0.ok("until [ $(grep -c 'restart-on-crash: .* after a pause' /var/log/plinth/monitord.log) = 4 ]; do "
            "domid=$(vmctl domid restart-on-crash) && /tests/probe crash $domid; usleep 100000; done 2>/dev/null", limit=120)
    wait_until(dom0, "! vmctl domid restart-on-crash 2>/dev/null")
    assert "its restart is called off" in dom0.ok("vmctl destroy restart-on-crash")
    wait_until(dom0, "[ -z \"$(ls /run/plinth/monitord.d)\" ]")
    dom0.fails("vmctl destroy restart-on-crash", "no domain is called")


def test_example_disk_and_network(dom0):
    """With what its head says before and in the guest."""
    head = (TOP / "configs/examples/disk-and-network.cfg").read_text()
    inside = re.search("In the guest: (.*)", head)[1]
    had_bridge = dom0.run("ip link show br0").status == 0
    for command in re.findall(r"^#\t(.*?)(?:  .*)?$", head, re.M):
        if not (had_bridge and "ip link add" in command):
            dom0.ok(command)
    dom0.ok("vmctl create /guests/disk-and-network.cfg")
    type_command(dom0, "disk-and-network", f"{inside.replace('ping', 'ping -c 3 -w 20')} && echo got-$((41 + 1))",
                 "got-42")
    type_command(dom0, "disk-and-network", "echo written-$((41 + 1)) | tee /dev/xvda; sync; echo s-$((1 + 1))", "s-2")
    destroy(dom0, "disk-and-network")
    wait_gone(dom0, "disk-and-network")
    assert dom0.ok("head -c 10 /tmp/data.img") == "written-42"
    dom0.ok("rm /tmp/data.img; ip addr del 10.0.0.1/24 dev br0" + ("" if had_bridge else "; ip link del br0"))
