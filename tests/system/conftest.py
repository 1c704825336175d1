# SPDX-License-Identifier: ISC
"""Machines for the tests: booted once for a configuration, used by all its tests, one at a time in each worker."""

import pytest

from machine import Config, Machine


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
    config = getattr(request, "param", None) or getattr(request.module, "CONFIG", Config())
    machine = machines.get(config)
    yield machine
    failed = getattr(request.node, "failed", False)
    if failed:
        print(f"console log: {machine.log_path}")
        # What a failed test left behind must not fail the next one too.
        machines.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        item.failed = True
