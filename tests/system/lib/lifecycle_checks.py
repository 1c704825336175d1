# SPDX-License-Identifier: ISC
"""What vmctl does with a running guest through the store, on any hypervisor and with any store daemon."""

import re

import pytest

from guests import CMDLINE, config_text, create, destroy, domains, expect, free_mib, type_command, wait_gone, wait_until

HOME = "/local/domain"


def read(dom0, path):
    return dom0.ok(f"xenstore-read {path}")


def start(dom0, name, **keys):
    domid = create(dom0, name, **{"memory": 160, **keys})
    dom0.ok(f"vmctl wait --timeout 120 {name} up", limit=150)
    return domid


@pytest.mark.anywhere
def test_what_is_published(dom0):
    domid = create(dom0, "pub", options="-p", memory=160, maxmem=192, vcpus=1, maxvcpus=2)
    home = f"{HOME}/{domid}"
    wanted = {"name": "pub", "domid": str(domid), "memory/static-max": "196608", "memory/target": "163840",
              "cpu/0/availability": "online", "cpu/1/availability": "offline", "console/ring-ref": "233472",
              "store/ring-ref": "233473", "console/type": "xenconsoled"}
    assert {path: read(dom0, f"{home}/{path}") for path in wanted} == wanted
    assert read(dom0, f"{read(dom0, f'{home}/vm')}/name") == "pub"
    # Most of it is only for the guest to read; what it writes is its own.
    nodes = dict(re.findall(r"^(\S+) = .*\((\S+)\)$", dom0.ok(f"xenstore-ls -f -p {home}"), re.M))
    assert nodes[f"{home}/name"] == nodes[f"{home}/memory/target"] == f"n0,r{domid}"
    assert nodes[f"{home}/control/shutdown"] == nodes[f"{home}/data"] == f"n{domid}"
    # A name is believed where only dom0 could have written it.
    destroy(dom0, "pub")
    wait_gone(dom0, "pub")
    for path in (home, f"/libxl/{domid}"):
        assert dom0.run(f"xenstore-exists {path}").status == 1
    assert dom0.ok("xenstore-list /vm") == ""


@pytest.mark.ours_first
def test_changes_to_a_running_guest(dom0):
    before = free_mib(dom0)
    domid = start(dom0, "live", maxmem=256, vcpus=1, maxvcpus=2)
    # It has given back what it has no use for, and has let its second CPU go.
    wait_until(dom0, "vmctl list live | grep -q ' 160  *1'")
    dom0.ok("vmctl mem-set live 128")
    assert domains(dom0)["live"]["memory_bytes"] >> 20 <= 129
    dom0.ok("vmctl mem-set live 256")
    assert domains(dom0)["live"]["memory_bytes"] >> 20 >= 255
    dom0.fails("vmctl mem-set live 257", "256 MiB at most")
    dom0.fails("vmctl mem-max live 200", "mem-set")
    dom0.fails("vmctl mem-max live 300", "started for 256 MiB")
    dom0.ok("vmctl mem-set live 200 && vmctl mem-max live 208")
    dom0.fails("vmctl mem-set live 256", "208 MiB at most")
    dom0.ok("vmctl mem-max live 256")
    dom0.fails("vmctl mem-set live 12q", "is no size")

    # Linux on ARM only allows the CPU; in the guest it is put online.
    result = dom0.run("vmctl vcpu-set --timeout 1 live 2")
    assert result.status == 4 and "/sys/devices/system/cpu/cpu1/online" in result.output, result
    type_command(dom0, "live", "echo 1 >/sys/devices/system/cpu/cpu1/online; nproc | sed s/^/cpus:/", "cpus:2")
    dom0.ok("vmctl vcpu-set live 2")
    dom0.fails("vmctl vcpu-set live 3", "2 vCPUs at most")
    dom0.ok("vmctl vcpu-set live 1")
    assert domains(dom0)["live"]["vcpus_online"] == 1

    dom0.ok("vmctl vcpu-pin live 0 1 && vmctl vcpu-pin live 1 - 0")
    rows = [line.split()[-3:] for line in dom0.ok("vmctl vcpu-list live").splitlines()[1:]]
    assert rows == [["1", "/", "all"], ["all", "/", "0"]]
    dom0.fails("vmctl vcpu-pin live 2 0", "its vCPUs are 0 to 1")
    dom0.fails("vmctl vcpu-pin live 0 77", "none of this machine's CPUs")
    dom0.ok("vmctl vcpu-pin live all all all")

    dom0.ok("vmctl sched-credit2 -d live -w 512 -c 150")
    assert dom0.ok("vmctl sched-credit2 -d live").splitlines()[1].split() == ["live", str(domid), "512", "150"]
    dom0.fails("vmctl sched-credit2 -d live -w 0", "1 to 65535")

    assert re.search(rf"^live +{domid} +0:0\d:\d\d$", dom0.ok("vmctl uptime"), re.M)
    dom0.ok("vmctl sysrq live h")
    expect(dom0, "live", "sysrq: HELP")
    dom0.fails("vmctl sysrq live hh", "one letter")

    # Under the new name in all places, after a reboot too.
    dom0.ok("vmctl rename live alive")
    assert read(dom0, f"{HOME}/{domid}/name") == "alive"
    type_command(dom0, "alive", "echo named-$((41 + 1))", "named-42")
    dom0.fails("vmctl rename alive 'a/b'", "cannot be called")
    dom0.ok("vmctl reboot -w alive", limit=120)
    assert list(domains(dom0)) == ["alive"] and domains(dom0)["alive"]["domid"] != domid
    dom0.ok("vmctl wait --timeout 120 alive up", limit=150)
    dom0.ok("vmctl shutdown -w alive", limit=120)
    assert domains(dom0) == {}
    wait_until(dom0, f"vmctl info | grep -q '^free_memory *: {before}$'", limit=30)


@pytest.mark.anywhere
def test_dom0_keeps_its_memory(dom0):
    """It is mapped 1:1: what it gave up nobody could have, so it is not asked to."""
    # The balloon's own figure: MemTotal grows by a few pages as Linux frees what only its start needed.
    balloon = "cat /sys/devices/system/xen_memory/xen_memory0/info/current_kb"
    before, free = dom0.ok(balloon), free_mib(dom0)
    target = dom0.run(f"xenstore-read {HOME}/0/memory/target").output
    dom0.fails("vmctl mem-set --timeout 10 Domain-0 450", "mapped 1:1.*keeps its 512 MiB.*dom0_mem=")
    assert dom0.ok(balloon) == before and free_mib(dom0) == free
    assert dom0.run(f"xenstore-read {HOME}/0/memory/target").output == target
    dom0.ok("vmctl mem-set Domain-0 512")  # what it has already


@pytest.mark.anywhere
def test_all_at_once(dom0):
    start(dom0, "a1", memory=128)
    start(dom0, "a2", memory=128, on_poweroff="preserve")
    dom0.ok("vmctl shutdown -a -w", limit=120)
    assert [(name, d["state"]) for name, d in domains(dom0).items()] == [("a2", "shutdown")]
    dom0.fails("vmctl shutdown a2", "has shut down already")
    dom0.ok("vmctl wait a2 shutdown")
    dom0.ok("(sleep 1; vmctl destroy a2) & vmctl wait --timeout 30 a2 destroyed", limit=60)
    dom0.fails("vmctl shutdown 0", "dom0")
    dom0.fails("vmctl shutdown nobody")
    dom0.fails("vmctl shutdown", "either --all or domains")


@pytest.mark.anywhere
def test_guests_that_do_not_listen(dom0):
    # It has panicked and hangs: what it said it can do it cannot do any more.
    domid = create(dom0, "hangs", memory=128, extra=CMDLINE + " do=crash")
    expect(dom0, "hangs", "end Kernel panic")
    result = dom0.run("vmctl shutdown --timeout 2 hangs")
    assert result.status == 4 and "has not taken the request within 2 s" in result.output, result
    assert read(dom0, f"{HOME}/{domid}/control/shutdown") == ""
    assert dom0.run("vmctl mem-set --timeout 1 hangs 64").status == 4
    assert dom0.run("vmctl wait --timeout 1 hangs destroyed").status == 4
    destroy(dom0, "hangs")
    create(dom0, "young", options="-p", memory=128)
    dom0.fails("vmctl shutdown young", "is paused")
    dom0.fails("vmctl sysrq young h", "is paused")
    destroy(dom0, "young")


@pytest.mark.anywhere
def test_guests_that_do_not_say_that_they_listen(dom0):
    """Some systems (FreeBSD) take requests and never write the feature: asking is what tells."""
    domid = start(dom0, "quiet", memory=128)
    for feature in ("poweroff", "reboot"):
        dom0.ok(f"xenstore-write {HOME}/{domid}/control/feature-{feature} 0")
    dom0.fails("vmctl shutdown quiet", "says that it cannot be asked to poweroff")
    dom0.fails("vmctl reboot quiet", "says that it cannot be asked to reboot")
    assert read(dom0, f"{HOME}/{domid}/control/shutdown") == ""
    dom0.ok(f"xenstore-write {HOME}/{domid}/control/feature-reboot ''")
    dom0.ok("vmctl reboot -w quiet", limit=120)
    domid = domains(dom0)["quiet"]["domid"]
    dom0.ok("vmctl wait --timeout 120 quiet up", limit=150)
    dom0.ok(f"xenstore-write {HOME}/{domid}/control/feature-poweroff ''")
    dom0.ok("vmctl shutdown -w quiet", limit=120)
    wait_gone(dom0, "quiet")
    # One that neither says it nor does it: the request does not stay behind.
    domid = create(dom0, "deaf", memory=128, extra=CMDLINE + " do=crash")
    expect(dom0, "deaf", "end Kernel panic")
    dom0.ok(f"xenstore-write {HOME}/{domid}/control/feature-poweroff ''")
    result = dom0.run("vmctl shutdown --timeout 2 deaf")
    assert result.status == 4 and "it was withdrawn: its kernel still starts, or has no driver" in result.output, result
    assert read(dom0, f"{HOME}/{domid}/control/shutdown") == ""
    destroy(dom0, "deaf")


@pytest.mark.anywhere
def test_what_another_domain_left(dom0):
    """Nodes of a dead domain are not mistaken for those of the next one with its number."""
    domid = create(dom0, "next", options="-p", memory=128)
    destroy(dom0, "next")
    dom0.ok(f"for n in $(seq {domid + 1} {domid + 3}); do xenstore-write {HOME}/$n/device/vbd/51712/state 4; done")
    number = create(dom0, "next", options="-p", memory=128)
    assert domid < number <= domid + 3
    assert dom0.run(f"xenstore-exists {HOME}/{number}/device/vbd").status == 1
    destroy(dom0, "next")
    dom0.ok(f"for n in $(seq {domid + 1} {domid + 3}); do xenstore-rm {HOME}/$n || true; done")


def test_store_client(dom0):
    assert "7 of 7" in dom0.ok("/tests/store-probe", limit=90)


def drop_next_request(dom0, name, said):
    """As Linux drops one that meets it in the last moment of its boot, but by the program that it starts."""
    type_command(dom0, name, "mv /sbin/poweroff /sbin/kept; (echo '#!/bin/busybox sh'; echo mv /sbin/kept /sbin/poweroff)"
                 f" >/sbin/poweroff; chmod +x /sbin/poweroff; echo {said} | tr a-z A-Z", said.upper())


@pytest.mark.anywhere
def test_request_that_comes_to_nothing(dom0):
    create(dom0, "absent", memory=128)
    drop_next_request(dom0, "absent", "once")
    result = dom0.run("vmctl shutdown -w --timeout 3 absent")
    assert result.status == 4 and "taken the request, but is not done after 3 s" in result.output, result
    drop_next_request(dom0, "absent", "again")
    dom0.ok("vmctl shutdown -w absent", limit=60)  # it asks again
    wait_gone(dom0, "absent")
