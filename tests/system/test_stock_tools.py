# SPDX-License-Identifier: ISC
"""Stock Debian's xl, xenstored and xenconsoled 4.17, unmodified, drive Plinth."""

from machine import Config
from stock_checks import *  # noqa: F401,F403

CONFIG = Config(tools="xl")


def test_no_trace_buffers(dom0):
    """xentrace has something to read on stock Xen only."""
    dom0.fails(f"{TOOLS}/xentrace -T 1 /tmp/trace", "Function not implemented")  # noqa: F405


def test_one_pool_only(dom0):
    """CPUs cannot be divided into pools on Plinth."""
    dom0.fails("xl cpupool-create 'name=\"more\"' 'sched=\"credit2\"'", "Could not create cpupool")
