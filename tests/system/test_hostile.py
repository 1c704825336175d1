# SPDX-License-Identifier: ISC
"""Guests that do the wrong thing on all their vCPUs at once, and whether anybody else notices.

Two of them (tests/guests/hostile/hostile.c) know each other. One makes one attack after the other, ends, and says whether everything
works as it should after each; the other one makes all at once and is destroyed in the middle of it. Beside them a
canary measures how long it has to wait for a CPU, and dom0 asks for the list of domains. In the end nothing may be left of
them. The limits are loose, as the machines that this runs on are slow and busy: what is looked for is a guest that keeps
others away for good.
"""

import os
import re
import time

import pytest

from guests import create, destroy, domains, usage, wait_gone, wait_until
from machine import Config

SECONDS = int(os.environ.get("HOSTILE", "1"))  # for each attack
ATTACKS = 11
GAP_MS = 4000  # of the canary; about 50 where nobody disturbs
LIST_SECONDS = 15  # for an answer to `vmctl list`, with the way there and back
VCPUS = 4
# What must be as before. dom0's kernel maps pages of guests in place of its own: see test_many.py.
COUNTERS = ("domain_pages", "own_pages", "domains", "vcpus", "dying", "evtchns", "grant_maps", "foreign_maps")
DOM0_TABLES = 8


def on_cpus(count, *marks):
    return pytest.param(Config(smp=count, label="hostile", life=600 + 60 * SECONDS), id=f"smp{count}", marks=marks)


CONFIGS = [on_cpus(1, pytest.mark.seldom), on_cpus(2), on_cpus(4)]


def guest(dom0, name, image, extra, vcpus=1):
    return create(dom0, name, "-p", kernel=f"/tests/{image}.img", ramdisk=None, memory=16, vcpus=vcpus,
                  extra=f"guest={image} {extra}")


def check_verdict(dom0, name, image):
    text = dom0.ok(f"cat /var/log/plinth/console/{name}.log")
    assert re.search(rf"VERDICT {image} PASS", text), f"{name}:\n{text[-3000:]}"


def settled(dom0):
    wait_until(dom0, "/tests/probe usage | grep -q '\"dying\": 0'")
    return usage(dom0)


def short_attack(dom0, name):
    """All at once, by one that is destroyed in the middle of it."""
    guest(dom0, name, "hostile", "attack=mix seconds=3600", VCPUS)
    dom0.ok(f"vmctl unpause {name}; usleep 700000; vmctl destroy {name}")
    wait_gone(dom0, name, limit=60)


@pytest.fixture
def nothing_left(dom0):
    short_attack(dom0, "first")  # the first guest ever makes the daemons and dom0's kernel allocate what they keep
    before = settled(dom0)
    yield
    after = settled(dom0)
    assert {name: after[name] for name in COUNTERS} == {name: before[name] for name in COUNTERS}
    tables = after["p2m_pages"] - before["p2m_pages"]
    assert after["free_pages"] + tables == before["free_pages"]
    assert tables <= DOM0_TABLES


@pytest.mark.parametrize("dom0", CONFIGS, indirect=True)
def test_attacks(dom0, nothing_left):
    number = guest(dom0, "canary", "canary", f"seconds={SECONDS * ATTACKS} limit={GAP_MS}")
    assert guest(dom0, "one", "hostile", f"attack=all seconds={SECONDS} peer={number + 2}", VCPUS) == number + 1
    assert guest(dom0, "other", "hostile", f"attack=mix seconds=36000 peer={number + 1}", VCPUS) == number + 2
    dom0.ok("vmctl unpause canary one other")
    began = time.monotonic()
    assert {"one", "other"} < set(domains(dom0))
    assert time.monotonic() - began < LIST_SECONDS
    for name, image in ("canary", "canary"), ("one", "hostile"):
        wait_gone(dom0, name, limit=100 + 4 * ATTACKS * SECONDS)
        check_verdict(dom0, name, image)
    destroy(dom0, "other")
    wait_gone(dom0, "other", limit=60)
    for n in range(3):
        short_attack(dom0, f"short{n}")
