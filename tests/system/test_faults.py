# SPDX-License-Identifier: ISC
"""Tools that are killed or stopped at any moment: what they were at is undone, and nobody else stands still."""

import random
import re
import time

import pytest

from guests import config_text, console, create, destroy, destroy_all, domains, expect, free_mib, usage, wait_gone, wait_until
from machine import FULL, Config

CONFIG = Config(label="faults", life=1500)
FILES = "ls /run/plinth/domains"  # but for .names, which stays
NOTHING_HALF_MADE = f"! {FILES} | grep -q -e lock$ -e device$ -e new$"


def write(dom0, name, **keys):
    dom0.ok(f"cat >/tmp/{name}.cfg <<'EOF'\n{config_text(name=name, **keys)}EOF")


@pytest.fixture
def nothing_left(dom0):
    """Guests, their memory, names and files: as before."""
    create(dom0, "first", memory=64, options="-p")
    destroy(dom0, "first")
    wait_until(dom0, "/tests/probe usage | grep -q '\"dying\": 0'")
    before, free = usage(dom0), free_mib(dom0)
    yield
    destroy_all(dom0)
    wait_until(dom0, NOTHING_HALF_MADE)
    wait_until(dom0, "/tests/probe usage | grep -q '\"dying\": 0'")
    after = usage(dom0)
    counters = ("domain_pages", "domains", "vcpus", "evtchns", "grant_maps", "foreign_maps")
    assert {name: after[name] for name in counters} == {name: before[name] for name in counters}
    assert free_mib(dom0) == free
    assert dom0.ok(FILES) == ""


def test_create_killed_at_any_moment(dom0, nothing_left):
    """No domain is left half made, each name can be given again, and the memory is back."""
    write(dom0, "k", memory=64)
    random.seed(64)
    delays = sorted(random.randrange(500) for _ in range(20))
    dom0.ok("".join(f"vmctl create -q /tmp/k.cfg name=k{i} >/dev/null 2>&1 & usleep {delay * 1000}; kill -9 $!;\n"
                    for i, delay in enumerate(delays)) + "true", limit=90)
    wait_until(dom0, NOTHING_HALF_MADE, limit=60)
    left = domains(dom0)
    assert "(none)" not in left
    for name, domain in left.items():  # it was killed too late
        assert domain["cpu_time_ns"] > 0 or not domain["paused"], domain
    print(f"{20 - len(left)} of 20 were killed in time")
    assert len(left) < 20
    if left:
        destroy(dom0, *left)
        for name in left:
            wait_gone(dom0, name)
    dom0.ok("for i in $(seq 0 19); do vmctl create -pq /tmp/k.cfg name=k$i && vmctl destroy k$i || exit 1; done", limit=120)


def test_create_clears_without_the_monitor(dom0, nothing_left):
    """Where the monitor does not run, the next vmctl clears up."""
    write(dom0, "k", memory=64)
    dom0.ok("kill $(pidof plinth-monitord); while pidof plinth-monitord >/dev/null; do usleep 100000; done")
    dom0.ok("vmctl create -q /tmp/k.cfg >/dev/null 2>&1 & maker=$!; until [ $(vmctl list | wc -l) = 3 ]; do :; done; "
            "kill -STOP $maker; vmctl list >/tmp/list; kill -9 $maker; usleep 100000")
    said = dom0.ok("vmctl list 2>&1")
    dom0.ok("plinth-monitord")
    if "half made" in said:  # or it had undone its work already, as there was no monitor
        assert re.search(r"domain \d+, half made by a process that ended, is destroyed", said), said
    assert domains(dom0) == {}


def test_restart_with_its_worker_killed(dom0, nothing_left):
    """Whenever the monitor's worker is killed, the guest comes back, once."""
    for delay in (0, 30, 80, 150, 300) if FULL else (0, 80, 300):  # each a new guest: one that ends quickly again and again is restarted ever later
        domid = create(dom0, "again", memory=64)
        expect(dom0, "again", "guest# ")
        dom0.ok("vmctl console -q --timeout 30 --send 'reboot -f\\n' again; "
                f"until [ $(pidof plinth-monitord | wc -w) = 2 ]; do :; done; usleep {delay * 1000}; "
                "for p in $(pidof plinth-monitord); do [ $p = $(cat /run/plinth/monitord.pid) ] || kill -9 $p; done", limit=60)
        # Looked for twice: what was there at first can be half made, and taken away by then.
        wait_until(dom0, f"id=$(vmctl domid again 2>/dev/null || echo 0); [ $id -gt {domid} ] && {NOTHING_HALF_MADE} && "
                   "[ $(pidof plinth-monitord | wc -w) = 1 ] && [ \"$(vmctl domid again 2>/dev/null)\" = $id ]", limit=90)
        assert list(domains(dom0)) == ["again"]
        expect(dom0, "again", "guest# ")
        destroy(dom0, "again")
        wait_gone(dom0, "again")


def disks(dom0, name):
    return [line.split("\t")[1] for line in dom0.ok(f"vmctl block-list {name}").splitlines()[1:]]


def test_attach_killed_at_any_moment(dom0, nothing_left):
    """A disk is attached, or it is not: never half."""
    dom0.ok("mkdir -p /tmp/images; truncate -s 4M /tmp/images/kill.img")
    create(dom0, "disks", memory=64)
    expect(dom0, "disks", "guest# ")
    for delay in (0, 10, 20, 40, 60, 80, 120, 200):
        dom0.ok(f"vmctl block-attach disks /tmp/images/kill.img >/dev/null 2>&1 & usleep {delay * 1000}; kill -9 $!; true")
        wait_until(dom0, NOTHING_HALF_MADE)
        there = disks(dom0, "disks")
        if there:
            assert there == ["xvda"]
            dom0.ok("vmctl block-detach disks xvda")
        assert dom0.ok("losetup -a") == ""
    destroy(dom0, "disks")
    wait_gone(dom0, "disks")


def test_stopped_attach_stops_nobody(dom0, nothing_left):
    """A vmctl that waits for a guest, or was stopped by ^Z, is in nobody's way for long, and it is named."""
    dom0.ok("mkdir -p /tmp/images; truncate -s 4M /tmp/images/a.img /tmp/images/b.img")
    create(dom0, "mute", memory=64, options="-p")  # it never answers
    write(dom0, "other", memory=64, disk=["/tmp/images/b.img"])
    dom0.ok("vmctl block-attach --timeout 100 mute /tmp/images/a.img >/tmp/attach.out 2>&1 & echo $! >/tmp/attach.pid; "
            "until [ -e /run/plinth/domains/*.device ]; do usleep 50000; done; sleep 1")
    begin = time.monotonic()
    dom0.ok("vmctl create -pq /tmp/other.cfg && vmctl destroy other")
    assert time.monotonic() - begin < 10
    dom0.ok("kill -STOP $(cat /tmp/attach.pid)")
    dom0.ok("vmctl create -pq /tmp/other.cfg && vmctl destroy other")
    dom0.fails("vmctl block-detach mute xvda", r"locked by process \d+ \(vmctl block-attach .*\), which is stopped", limit=30)
    dom0.ok("kill -9 $(cat /tmp/attach.pid)")
    wait_until(dom0, NOTHING_HALF_MADE)
    assert disks(dom0, "mute") == []

    # One that is stopped with the lock in its hands: bounded, and deaf to nothing.
    dom0.ok("/tests/probe lock /run/plinth/devices.lock & echo $! >/tmp/lock.pid; sleep 1")
    dom0.fails("vmctl create -pq /tmp/other.cfg", r"devices.lock is locked by process \d+ \(/tests/probe lock .*stopped",
               limit=30)
    begin = time.monotonic()
    said = dom0.ok("timeout -s INT 2 vmctl create -pq /tmp/other.cfg >/tmp/out 2>&1; cat /tmp/out", limit=30)
    assert "interrupted while waiting for the lock" in said and time.monotonic() - begin < 8, said
    dom0.ok("kill -9 $(cat /tmp/lock.pid)")
    destroy(dom0, "mute")
    wait_gone(dom0, "mute")


SOCKETS = {"stored": "/run/xenstored/socket", "consoled": "/run/plinth/consoled.sock", "monitord": "/run/plinth/monitord.sock"}


@pytest.fixture
def stopped(dom0):
    """Stops daemons as with SIGSTOP, and fills their queues of clients; has them go on at the end."""
    def stop(name, crowded):
        dom0.ok(f"kill -STOP $(cat /run/plinth/{name}.pid)")
        if crowded:
            dom0.ok(f"/tests/probe crowd {SOCKETS[name]} >/tmp/crowd.out & echo $! >>/tmp/crowd.pid; "
                    "until grep -q connected /tmp/crowd.out; do usleep 50000; done")
    dom0.ok(": >/tmp/crowd.pid")
    yield stop
    dom0.ok("for pid in $(cat /tmp/crowd.pid); do kill -9 $pid; done; "
            "for name in stored consoled monitord; do kill -CONT $(cat /run/plinth/$name.pid); done")


# Whether the queue of a stopped daemon is full of clients, which is the harder case.
CROWDED = [pytest.param(False, marks=pytest.mark.seldom), True]


def timed(dom0, command, seconds, limit=60):
    """A command that ends in time, however it ends."""
    begin = time.monotonic()
    result = dom0.run(command, limit)
    assert time.monotonic() - begin < seconds, f"took {time.monotonic() - begin:.1f} s: {result}"
    return result


@pytest.mark.parametrize("crowded", CROWDED)
def test_store_that_hangs(dom0, nothing_left, stopped, crowded):
    """Nobody waits long for a store daemon that does not answer, and a sentence says what is wrong."""
    create(dom0, "known", memory=64)
    create(dom0, "nameless", memory=64)
    write(dom0, "new", memory=64)
    expect(dom0, "known", "guest# ")
    stopped("stored", crowded)
    listed = timed(dom0, "vmctl list", 8)
    assert listed.status == 0 and "hang" not in listed.output, listed  # it is not needed
    # A guest that only the store has a name of, as xl's.
    dom0.ok("mv /run/plinth/domains/.names /tmp/names")
    listed = timed(dom0, "vmctl list", 12)
    assert listed.status == 0 and "(none)" in listed.output, listed
    assert len(re.findall("warning: names .* are missing: .*plinth-stored hang", listed.output)) == 1, listed
    refused = timed(dom0, "vmctl create /tmp/new.cfg", 15)
    assert refused.status == 4 and "plinth-stored hang?" in refused.output, refused
    dom0.ok("mv /tmp/names /run/plinth/domains/.names")
    refused = timed(dom0, "vmctl create /tmp/new.cfg", 15)
    assert refused.status == 4 and "plinth-stored hang?" in refused.output, refused
    assert timed(dom0, "vmctl shutdown nameless", 12).status == 6
    # The monitor serves its clients, also when it has just been started, and carries out policies.
    dom0.ok("kill -9 $(cat /run/plinth/monitord.pid); plinth-monitord", limit=10)
    destroyed = timed(dom0, "vmctl destroy nameless", 20)
    assert destroyed.status == 0 and "hang" in destroyed.output, destroyed
    dom0.ok("vmctl console -q --timeout 30 --send 'poweroff -f\\n' known")
    wait_until(dom0, "! vmctl list | grep -q known", limit=60)
    dom0.ok("kill -CONT $(cat /run/plinth/stored.pid); for pid in $(cat /tmp/crowd.pid); do kill -9 $pid; done; : >/tmp/crowd.pid")
    create(dom0, "new", memory=64)
    dom0.ok("vmctl wait --timeout 120 new up && vmctl shutdown -w new", limit=250)


@pytest.mark.parametrize("crowded", CROWDED)
@pytest.mark.parametrize("name", ["consoled", "monitord"])
def test_daemon_that_hangs(dom0, nothing_left, stopped, name, crowded):
    create(dom0, "there", memory=64)
    write(dom0, "new", memory=64)
    stopped(name, crowded)
    assert "there" in timed(dom0, "vmctl list", 5).output
    refused = timed(dom0, "vmctl create /tmp/new.cfg", 40)
    assert refused.status and f"plinth-{name}" in refused.output.replace(f"{name}.sock", f"plinth-{name}"), refused
    assert timed(dom0, "vmctl destroy there", 30).status == 0
    # The console daemon has a page of it, and can let go when it goes on.
    assert [domain for domain in domains(dom0).values() if not domain["dying"]] == []


def test_daemons_are_started_again(dom0, nothing_left):
    """Killed, they are back within seconds, and guests go on: their store, their consoles, their policies."""
    for name in ("stored", "consoled", "monitord"):
        assert dom0.ok(f"cat /proc/$(cat /run/plinth/{name}.pid)/oom_score_adj") == "-900"
    domid = create(dom0, "goes-on", memory=64)
    expect(dom0, "goes-on", "guest# ")
    dom0.ok("vmctl wait --timeout 60 goes-on up", limit=90)
    for name in ("stored", "consoled", "monitord"):
        pid = dom0.ok(f"cat /run/plinth/{name}.pid")
        dom0.ok(f"kill -9 {pid}")
        wait_until(dom0, f"[ $(cat /run/plinth/{name}.pid) != {pid} ] && pidof plinth-{name} >/dev/null", limit=20)
    console(dom0, "goes-on", ("send", r"echo back-$((41 + 1))\n"), ("expect", "back-42"))
    dom0.ok("vmctl reboot -w goes-on", limit=120)
    guests = domains(dom0)
    assert list(guests) == ["goes-on"] and guests["goes-on"]["domid"] > domid, guests
    # One that is stopped in order stays away.
    dom0.ok("kill $(cat /run/plinth/monitord.pid); while pidof plinth-monitord >/dev/null; do usleep 100000; done; sleep 6")
    assert dom0.run("pidof plinth-monitord").status != 0
    dom0.ok("plinth-monitord")
    destroy(dom0, "goes-on")
    wait_gone(dom0, "goes-on")


def test_logs_are_moved_away(dom0, nothing_left):
    """As by logrotate: mv, then SIGHUP; what comes goes into new files."""
    create(dom0, "logged", memory=64)
    expect(dom0, "logged", "guest# ")
    dom0.ok("""cd /var/log/plinth; pids="$(pidof plinth-stored plinth-consoled plinth-monitord)"
        for log in stored consoled monitord console/logged; do mv $log.log $log.old; done
        kill -HUP $pids; usleep 500000; [ "$(pidof plinth-stored plinth-consoled plinth-monitord)" = "$pids" ]""")
    for log in ("stored", "consoled", "monitord"):
        assert "opened anew" in dom0.ok(f"cat /var/log/plinth/{log}.log")
    console(dom0, "logged", ("send", r"echo new-$((41 + 1))\n"), ("expect", "new-42"))
    assert "new-42" in dom0.ok("cat /var/log/plinth/console/logged.log")
    assert "new-42" not in dom0.ok("cat /var/log/plinth/console/logged.old")
    dom0.ok("rm /var/log/plinth/*.old /var/log/plinth/console/*.old")
    destroy(dom0, "logged")
    wait_gone(dom0, "logged")
