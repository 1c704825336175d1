# SPDX-License-Identifier: ISC
"""Plinth on different machines: both GICs, one to four CPUs, both kernels; dom0 and guests work on all of them."""

import pytest

from guests import create, destroy, expect, type_command, wait_gone
from machine import Config

CONFIGS = [
    Config(gic=3, smp=1, kernel="6.1"),
    Config(gic=3, smp=4, kernel="6.12"),
    Config(gic=2, smp=1, kernel="6.12"),
    Config(gic=2, smp=4, kernel="6.1"),
]
# Between those above: nothing is special about two CPUs, on which all other tests run.
SELDOM = [
    Config(gic=3, smp=2, kernel="6.12"),
    Config(gic=2, smp=2, kernel="6.1"),
]
GIC_NAMES = {2: "GIC-0", 3: "GICv3"}  # in /proc/interrupts
on_each = pytest.mark.parametrize("dom0", indirect=True, argvalues=[
    *(pytest.param(config, id=config.name()) for config in CONFIGS),
    *(pytest.param(config, id=config.name(), marks=pytest.mark.seldom) for config in SELDOM)])


@on_each
def test_dom0(dom0):
    config = dom0.config
    assert int(dom0.ok("nproc")) == config.smp
    assert dom0.ok("uname -r").startswith(config.kernel + ".")
    interrupts = dom0.ok("cat /proc/interrupts")
    assert GIC_NAMES[config.gic] in interrupts
    # Every CPU's timer runs.
    before = timer_counts(interrupts)
    dom0.ok("for c in $(seq 0 $(($(nproc) - 1))); do taskset $((1 << c)) usleep 300000; done")
    after = timer_counts(dom0.ok("cat /proc/interrupts"))
    assert len(before) == config.smp and all(a > b for a, b in zip(after, before)), (before, after)


def timer_counts(interrupts):
    line = next(line for line in interrupts.splitlines() if "arch_timer" in line)
    return [int(word) for word in line.split()[1:] if word.isdigit()][:interrupts.splitlines()[0].count("CPU")]


@on_each
def test_no_complaints(dom0):
    """The hypervisor's log has no warning, and dom0's kernel nothing that a bare machine does not say."""
    log = dom0.ok("vmctl dmesg")
    assert not [line for line in log.splitlines() if any(word in line.lower() for word in ("warn", "error", "bug"))], log
    kernel = dom0.ok("dmesg | grep -iE 'BUG|WARNING:|Oops|Call trace|rcu.*stall|soft lockup' || true")
    assert kernel == ""


@on_each
@pytest.mark.parametrize("vcpus", (1, 4))
def test_guest(dom0, vcpus):
    name = f"vcpus{vcpus}"
    create(dom0, name, vcpus=vcpus)
    expect(dom0, name, f"guest is up: {vcpus} CPUs")
    gic = GIC_NAMES[dom0.config.gic]
    type_command(dom0, name, f"grep -o {gic} /proc/interrupts | sort -u | sed s/^/has-/", f"has-{gic}")
    destroy(dom0, name)
    wait_gone(dom0, name)


@on_each
def test_dom0_cpu_off_and_on(dom0):
    if dom0.config.smp == 1:
        # One CPU cannot be spared: the kernel must say so, and go on.
        dom0.fails("echo 0 >/sys/devices/system/cpu/cpu0/online")
        return
    dom0.ok("echo 0 >/sys/devices/system/cpu/cpu1/online && echo 1 >/sys/devices/system/cpu/cpu1/online")
    dom0.ok("taskset 2 true")
    assert int(dom0.ok("nproc")) == dom0.config.smp
