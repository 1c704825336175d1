# SPDX-License-Identifier: ISC
"""Many guests, one after the other and all at once; nothing is left behind."""

import pytest

from guests import config_text, create, destroy, domains, expect, free_mib, type_command, usage, wait_gone, wait_until
from machine import FULL, Config

CONFIG = Config(label="many", life=1200)
# What must be as before once every guest is gone.
COUNTERS = ("domain_pages", "own_pages", "domains", "vcpus", "dying", "evtchns", "grant_maps", "foreign_maps")
# dom0's kernel maps other domains' pages in place of pages of its own, wherever it finds some; each such place splits
# a 2 MiB block of dom0's, which costs a page for the table. These are dom0's, and fewer than one for each guest.
DOM0_TABLES = 8


@pytest.fixture
def nothing_left(dom0):
    """Counts pages, ports and mappings before and after the test."""
    # The first guest ever makes the daemons and dom0's kernel allocate what they keep.
    create(dom0, "first", memory=128)
    expect(dom0, "first", "guest is up")
    destroy(dom0, "first")
    wait_gone(dom0, "first")
    wait_until(dom0, "/tests/probe usage | grep -q '\"dying\": 0'")
    before, free = usage(dom0), free_mib(dom0)
    yield
    wait_until(dom0, "/tests/probe usage | grep -q '\"dying\": 0'")
    after = usage(dom0)
    assert {name: after[name] for name in COUNTERS} == {name: before[name] for name in COUNTERS}
    tables = after["p2m_pages"] - before["p2m_pages"]
    assert after["free_pages"] + tables == before["free_pages"]
    assert tables <= DOM0_TABLES
    assert free_mib(dom0) == free


def test_cycles(dom0, nothing_left):
    """Every fourth guest lives long enough to boot; the others are destroyed at different moments of their boot."""
    for cycle in range(20 if FULL else 8):
        name = f"cycle{cycle}"
        create(dom0, name, memory=192, vcpus=1 + cycle % 4)
        if cycle % 4 == 0:
            expect(dom0, name, "guest is up")
        else:
            dom0.ok(f"usleep {cycle * 100000}")
        destroy(dom0, name)
        wait_gone(dom0, name)


def test_sixteen_at_once(dom0, nothing_left):
    names = [f"crowd{i}" for i in range(16)]
    # 16 x 80 MiB: what a Debian kernel with cma=0 boots in. dom0 has 512 of 2048 MiB.
    text = config_text(memory=80, extra="console=hvc0 rdinit=/init loglevel=4 cma=0")
    dom0.ok(f"cat >/tmp/crowd.cfg <<'EOF'\n{text}EOF")
    for name in names:
        dom0.ok(f"vmctl create /tmp/crowd.cfg name={name} 'extra+=\" hello=I-am-{name}.\"'")
    assert sorted(domains(dom0)) == sorted(names)
    for name in names:
        said = expect(dom0, name, r"guest says I-am-[a-z0-9]*\.", timeout=300)
        assert f"I-am-{name}." in said
    for name in names:
        type_command(dom0, name, "echo sum-$((41 + 1))", "sum-42", timeout=120)
    destroy(dom0, *names)
    for name in names:
        wait_gone(dom0, name)


def test_failed_creates_leave_nothing(dom0, nothing_left):
    text = config_text(name="toobig", memory=4000)
    dom0.ok(f"cat >/tmp/toobig.cfg <<'EOF'\n{text}EOF")
    for _ in range(20):
        dom0.fails("vmctl create /tmp/toobig.cfg", "(?i)memory")
    for stop in ("consoled", "monitord"):
        dom0.ok(f"kill -STOP $(pidof plinth-{stop})")
        dom0.fails("vmctl create /tmp/toobig.cfg memory=128", stop, limit=60)
        dom0.ok(f"kill -CONT $(pidof plinth-{stop})")
    assert domains(dom0) == {}
