# SPDX-License-Identifier: ISC
"""Machines for the tests: booted once for a configuration, used by all its tests, one at a time in each worker."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))  # what tests share
pytest.register_assert_rewrite("machine", "guests", "toolstack_checks", "lifecycle_checks", "device_checks",
                               "stock_checks")

from machine import Config, Machine  # noqa: E402


class Machines:
    """Keeps the last machine; boots another where the configuration differs or the last one died."""

    def __init__(self):
        self.current = None

    def get(self, config):
        if self.current is not None and (self.current.config != config or not self.current.alive()):
            self.close()
        if self.current is None:
            self.current = Machine(config)
        return self.current

    def close(self):
        if self.current is not None:
            self.current.close()
        self.current = None


@pytest.fixture(scope="session")
def machines():
    pool = Machines()
    yield pool
    pool.close()


@pytest.fixture
def dom0(request, machines):
    """dom0 of the machine that the test's module (CONFIG) or parameter describes."""
    machine = machines.get(config_of(request.node))
    yield machine
    failed = getattr(request.node, "failed", False)
    if failed:
        print(f"console log: {machine.log_path}")
        # What a failed test left behind must not fail the next one too.
        machines.close()


def config_of(item):
    """The machine that a test runs in: its parameter, or its module's."""
    params = getattr(item, "callspec", None)
    return (params and params.params.get("dom0")) or getattr(item.module, "CONFIG", Config())


def pytest_configure(config):
    config.addinivalue_line("markers", "anywhere: what is tried does not depend on the hypervisor below")
    config.addinivalue_line("markers", "arm: on ARMv7; see `make test-arm`")
    config.addinivalue_line("markers", "seldom: `make test-system FULL=1` only; the same is tried elsewhere with less")
    config.addinivalue_line("markers", "ours_first: on stock Xen in `make test-system-peer` only, as it takes long")
    config.addinivalue_line("markers", "newest: needs the newest kernel's images; see `make test-newest`")
    config.addinivalue_line("markers", "peer: says what is right rather than whether Plinth is; see `make test-system-peer`")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests of one machine go to one worker, one behind the other; the longest first, so that none is waited for at the end."""
    for item in items:
        config = config_of(item)
        item.add_marker(pytest.mark.xdist_group(config.name()))
        if config.arch == "arm":
            item.add_marker(pytest.mark.arm)
        if config.hv == "xen" and (item.get_closest_marker("anywhere") or item.get_closest_marker("ours_first")):
            item.add_marker(pytest.mark.peer)
    items.sort(key=lambda item: (-config_of(item).life, config_of(item).name()))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        item.failed = True
