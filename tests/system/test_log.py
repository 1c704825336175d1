# SPDX-License-Identifier: ISC
"""The hypervisor's log outlives a warm reset: what a machine without a serial port is debugged with."""

import re

from machine import Config

CONFIG = Config(reboots=True, label="log")


def reset(dom0):
    dom0.monitor("system_reset")
    dom0.wait_ready()


def test_log_of_a_panic(dom0):
    dom0.fails("vmctl dmesg --previous", "previous|before")

    dom0.start("/tests/probe keys C")
    dom0.expect("debug key 'C'")
    dom0.expect("halted; after a warm reset")
    reset(dom0)
    log = dom0.ok("vmctl dmesg --previous")
    assert "debug key 'C'" in log, log
    assert re.search(r"PANIC on CPU \d", log), log
    assert len(re.findall(r"called from [0-9a-f]{16}", log)) >= 3, log
    assert re.search(r"sp +[0-9a-f]{16} +esr [0-9a-f]{16}", log), log
    # And what was said before it.
    assert len(log.splitlines()) > 10, log
    # This boot's own log goes on separately.
    assert "debug key 'C'" not in dom0.ok("vmctl dmesg")


def test_log_of_a_healthy_boot(dom0):
    """The one before is always the last boot's, not an older one's."""
    own = dom0.ok("vmctl dmesg")
    reset(dom0)
    previous = dom0.ok("vmctl dmesg --previous")
    assert "debug key" not in previous
    assert own.splitlines()[0].strip() in previous
