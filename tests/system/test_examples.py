# SPDX-License-Identifier: ISC
"""Every config in configs/examples runs as it is."""

import pytest

from guests import destroy, domains, expect, type_command, wait_gone, wait_until
from machine import TOP, Config

CONFIG = Config(label="toolstack")
EXAMPLES = {
    "annotated": r"guest says annotated",
    "minimal": r"guest is up: 1 CPUs",
    "pinned": r"guest is up: 2 CPUs",
    "small": r"guest is up: 1 CPUs, 1[0-9]* MiB|guest is up: 1 CPUs, [6-9][0-9] MiB",
    "smp": r"guest is up: 4 CPUs",
}


def test_none_is_forgotten():
    found = {path.stem for path in (TOP / "configs/examples").glob("*.cfg")}
    assert found == set(EXAMPLES) | {"restart-on-crash"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(dom0, name):
    assert "can be created" in dom0.ok(f"vmctl create -n /guests/{name}.cfg")
    dom0.ok(f"vmctl create /guests/{name}.cfg")
    expect(dom0, name, EXAMPLES[name])
    type_command(dom0, name, "echo answer-$((41 + 1))", "answer-42")
    destroy(dom0, name)
    wait_gone(dom0, name)


def test_example_restart_on_crash(dom0):
    dom0.ok("vmctl create /guests/restart-on-crash.cfg")
    first = domains(dom0)["restart-on-crash"]["domid"]
    expect(dom0, "restart-on-crash", "Kernel panic")
    wait_until(dom0, f"[ $(vmctl domid restart-on-crash 2>/dev/null || echo {first}) -gt {first} ]", limit=60)
    dom0.ok("while vmctl destroy restart-on-crash; do usleep 100000; done 2>/dev/null; true")
    wait_gone(dom0, "restart-on-crash")
