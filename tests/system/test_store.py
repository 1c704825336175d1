# SPDX-License-Identifier: ISC
"""plinth-stored with clients that were not written for it: stock xenstore programs, stock xl, Linux kernels; and its ends."""

import re

from guests import config_text, create, expect, wait_gone, wait_until
from machine import Config

CONFIG = Config(peer=True, label="toolstack", life=1800)
BIN = "/usr/lib/xen-4.17/bin"
RESTART = "kill -9 $(cat /run/plinth/stored.pid); plinth-stored"


def check(dom0):
    assert dom0.ok(f"{BIN}/xenstore-control check").strip() == "OK"


def test_stock_clients(dom0):
    dom0.ok("xenstore-write /test/a one /test/b/c 'two words'")
    assert dom0.ok("xenstore-read /test/a /test/b/c") == "one\ntwo words"
    assert dom0.ok("xenstore-list /test") == "a\nb"
    dom0.ok("xenstore-exists /test/b/c")
    assert dom0.run("xenstore-exists /test/nothing").status != 0
    dom0.fails("xenstore-read /test/nothing", "couldn't read path /test/nothing")
    dom0.ok("xenstore-chmod /test/a n0 r5 b7")
    assert dom0.ok("xenstore-ls -f -p /test").splitlines() == [
        '/test/a = "one"   (n0)', '/test/b = ""   (n0)', '/test/b/c = "two words"   (n0)']
    dom0.ok("xenstore-rm /test/b")
    assert dom0.ok("xenstore-list /test") == "a"
    dom0.ok("xenstore-rm -t /test/a")  # and what is empty above it
    assert dom0.run("xenstore-exists /test").status != 0


def test_stock_watch(dom0):
    dom0.ok("xenstore-watch -n 3 /watched >/tmp/watch.out & echo $! >/tmp/watch.pid;"
            "until [ -s /tmp/watch.out ]; do usleep 100000; done;"
            "xenstore-write /watched/x 1; xenstore-write /other 1; plinth-stored -r; xenstore-rm /watched")
    wait_until(dom0, "! kill -0 $(cat /tmp/watch.pid) 2>/dev/null")
    # It did not notice that another daemon has taken over.
    assert dom0.ok("cat /tmp/watch.out") == "/watched\n/watched/x\n/watched"
    dom0.ok("xenstore-rm /other")


def test_the_peers_own_test(dom0):
    output = dom0.ok(f"{BIN}/test-xenstore -i 2", limit=120)
    assert re.search(r"^ta rmw ", output, re.M), output
    output = dom0.ok(f"{BIN}/test-xenstore -r 5", limit=120)
    check(dom0)


def test_stock_control(dom0):
    assert "transaction-nodes" in dom0.ok(f"{BIN}/xenstore-control quota")
    dom0.ok(f"{BIN}/xenstore-control quota set watches 64")
    assert re.search(r"^watches +: +64 ", dom0.ok(f"{BIN}/xenstore-control quota"), re.M)
    dom0.ok(f"{BIN}/xenstore-control quota set watches 128")
    dom0.ok(f"{BIN}/xenstore-control live-update /usr/sbin/plinth-stored")
    dom0.ok(f"{BIN}/xenstore-control memreport /tmp/report")
    assert re.search(r"^domain 0: \d+ nodes", dom0.ok("cat /tmp/report"), re.M)
    check(dom0)


def test_guest_does_not_notice_restarts(dom0):
    """The store ends in every way while a guest runs; the guest's kernel still hears what it is asked for."""
    domid = create(dom0, "restarts", memory=128)
    expect(dom0, "restarts", "guest# ")
    before = dom0.ok("xenstore-ls -f -p")
    dom0.ok("plinth-stored -r")
    dom0.ok(RESTART)
    dom0.ok("kill $(pidof plinth-stored); while pidof plinth-stored >/dev/null; do usleep 100000; done; plinth-stored")
    dom0.ok("plinth-stored -r")
    assert dom0.ok("xenstore-ls -f -p") == before
    check(dom0)
    dom0.ok(f"xenstore-write /local/domain/{domid}/control/shutdown poweroff")
    wait_gone(dom0, "restarts", limit=90)


def test_killed_again_and_again(dom0):
    """Killed at moments that nobody chose, while guests are made and ended; what runs goes on."""
    domid = create(dom0, "steady", memory=128)
    expect(dom0, "steady", "guest# ")
    dom0.ok(f"(for i in 1 2 3 4 5 6 7 8; do usleep $((i * 150000)); {RESTART}; done; touch /tmp/kills-done)"
            " >/tmp/kills.out 2>&1 &")
    text = config_text(name="moving", memory=128)
    dom0.ok(f"cat >/tmp/moving.cfg <<'EOF'\n{text}EOF")
    dom0.ok("until [ -e /tmp/kills-done ]; do vmctl create /tmp/moving.cfg; vmctl destroy moving; done; true", limit=200)
    dom0.run("vmctl destroy moving", limit=60)
    wait_gone(dom0, "moving")
    check(dom0)
    dom0.ok(f"xenstore-write /local/domain/{domid}/control/shutdown poweroff")
    wait_gone(dom0, "steady", limit=90)


def test_stock_xl(dom0):
    text = config_text(name="stock", memory=128)
    dom0.ok(f"mkdir -p /run/xen /var/lib/xen /var/log/xen /etc/xen; : >/etc/xen/xl.conf; cat >/tmp/stock.cfg <<'EOF'\n{text}EOF")
    dom0.ok(f"{BIN}/xl create -q /tmp/stock.cfg", limit=120)
    assert "stock" in dom0.ok(f"{BIN}/xl list")
    expect(dom0, "stock", "guest# ")  # Linux drops a request in the last moment of its boot, and xl asks only once
    dom0.ok(f"{BIN}/xl shutdown -w stock", limit=120)
    dom0.run(f"{BIN}/xl destroy stock")  # where xl's own daemon has not done so by now
    wait_until(dom0, '[ -z "$(xenstore-list /vm)" ]')  # nor is at it
    wait_gone(dom0, "stock")
