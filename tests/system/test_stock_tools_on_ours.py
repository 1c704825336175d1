# SPDX-License-Identifier: ISC
"""Stock xl, its hotplug scripts and xentop with plinth-stored and plinth-consoled, on Plinth."""

import pytest

from machine import Config
# In this order: the last one leaves no guest to the others who use this machine.
from stock_checks import (TOOLS, test_create_and_list, test_console, test_rename, test_pauses_are_counted,  # noqa: F401
                          test_vcpus, test_disks, test_networks, test_top, test_reboot, test_shutdown, test_destroy)

CONFIG = Config(peer=True, label="toolstack", life=1800)


@pytest.fixture(autouse=True)
def prepared(dom0):
    """What Debian's package and its init script would have done: paths, folders, dom0's own nodes in the store."""
    dom0.ok("[ -e /usr/sbin/xl ] || { "
            f"ln -s {TOOLS}/* /usr/sbin/; mkdir -p /run/xen /var/lib/xen /var/log/xen; : >/etc/xen/xl.conf;"
            " mount -t xenfs xenfs /proc/xen; xen-init-dom0; }")


def test_store(dom0):
    """The store's own test of package xen-utils-4.17."""
    assert "ta rmw x" in dom0.ok("test-xenstore", limit=120)
