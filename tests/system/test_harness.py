# SPDX-License-Identifier: ISC
"""The harness and the bare machine: what the other tests rely on, without a hypervisor."""

import pytest

from machine import Config

CONFIG = Config(hv="none")


def test_status_and_output(dom0):
    result = dom0.run("echo one; echo two >&2; exit 7")
    assert (result.status, result.output) == (7, "one\ntwo")


def test_long_command_and_output(dom0):
    words = " ".join(f"word{i}" for i in range(300))
    assert dom0.ok(f"echo '{words}'") == words
    assert dom0.ok("seq 1 3000").splitlines() == [str(i) for i in range(1, 3001)]


def test_limit_kills(dom0):
    assert dom0.run("sleep 60", limit=2).status == 137


def test_checks_can_fail(dom0):
    with pytest.raises(AssertionError):
        dom0.ok("false")
    with pytest.raises(AssertionError):
        dom0.fails("true")
    with pytest.raises(AssertionError):
        dom0.fails("false")


def test_daemons_need_a_hypervisor(dom0):
    assert dom0.ok("cat /sys/hypervisor/type 2>/dev/null || echo none") == "none"
