# SPDX-License-Identifier: ISC
"""Stock xl, xenstored and xenconsoled serve a guest with an emulated UART on Plinth."""

from guests import GUEST_UP, config_text, wait_until
from machine import Config
from test_consoles_mixed import UART, converse

CONFIG = Config(tools="xl")
LOG = "/var/log/xen/console/guest-sbsa-vuart0.log"


def test_emulated_uart(dom0):
    text = config_text(name="sbsa", **UART)
    dom0.ok(f"cat >/tmp/sbsa.cfg <<'EOF'\n{text}EOF\nxl create /tmp/sbsa.cfg", limit=120)
    wait_until(dom0, f"grep -q 'guest is up' {LOG}", limit=GUEST_UP)
    assert "Booting Linux" in dom0.ok(f"cat {LOG}")
    converse(dom0, dom0.ok("xl domid sbsa"), "vuart", "echo six-$((40 + 2))", "six-42")
    dom0.ok("xl destroy sbsa", limit=60)
    wait_until(dom0, "! xl domid sbsa 2>/dev/null")
