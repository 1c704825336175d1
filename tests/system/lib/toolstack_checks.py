# SPDX-License-Identifier: ISC
"""What vmctl and the daemons must do on any hypervisor of this ABI: on Plinth and on stock Xen 4.17."""

import json
import re

import pytest

from guests import (config_text, console, crash, create, destroy, destroy_all, domains, expect, free_mib, type_command,
                    wait_gone, wait_until, write_config)


def test_only_dom0_at_first(dom0):
    assert destroy_all(dom0) == []
    lines = dom0.ok("vmctl list").splitlines()
    assert len(lines) == 2 and lines[1].split()[:2] == ["Domain-0", "0"], lines


def test_info(dom0):
    facts = dict(line.split(":", 1) for line in dom0.ok("vmctl info").splitlines())
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    assert facts["hypervisor"] == {"plinth": "Plinth", "xen": "Xen"}[dom0.config.hv]
    assert facts["xen_version"].startswith("4.17")
    assert int(facts["nr_cpus"]) == dom0.config.smp
    assert 0 < int(facts["free_memory"]) < int(facts["total_memory"]) <= dom0.config.mem
    assert {"arm64": "xen-3.0-aarch64", "arm": "xen-3.0-armv7l"}[dom0.config.arch] in facts["xen_caps"]


def test_dmesg(dom0):
    assert len(dom0.ok("vmctl dmesg").splitlines()) > 3


def test_life_of_a_guest(dom0):
    domid = create(dom0, "g1")
    up = expect(dom0, "g1", r"guest is up: 1 CPUs, 2[0-9][0-9] MiB")
    assert "guest is up" in up
    type_command(dom0, "g1", "echo $((6 * 7)) answers", "42 answers")
    guest = domains(dom0)["g1"]
    assert (guest["domid"], guest["memory_bytes"] >> 20, guest["vcpus"]) == (domid, 256, 1)
    assert dom0.ok("vmctl domid g1") == str(domid)
    assert dom0.ok(f"vmctl domname {domid}") == "g1"
    destroy(dom0, "g1")
    wait_gone(dom0, "g1")
    assert domains(dom0) == {}


@pytest.mark.ours_first
def test_four_vcpus(dom0):
    create(dom0, "smp", vcpus=4)
    expect(dom0, "smp", "guest is up: 4 CPUs")
    type_command(dom0, "smp", "grep -c ^processor /proc/cpuinfo | sed s/^/cpus:/", "cpus:4")
    # Every CPU takes timer interrupts and runs a task.
    type_command(dom0, "smp", "for c in 0 1 2 3; do taskset $((1 << c)) sh -c 'cut -d\" \" -f39 /proc/self/stat'; done"
                 " | tr '\\\\n' , | sed s/^/ran:/", "ran:0,1,2,3,")
    destroy(dom0, "smp")
    wait_gone(dom0, "smp")


@pytest.mark.anywhere
def test_two_guests_at_once(dom0):
    create(dom0, "one", memory=128, extra="console=hvc0 rdinit=/init hello=I-am-one")
    create(dom0, "two", memory=128, extra="console=hvc0 rdinit=/init hello=I-am-two")
    assert "I-am-two" not in expect(dom0, "one", "guest says I-am-one")
    assert "I-am-one" not in expect(dom0, "two", "guest says I-am-two")
    type_command(dom0, "one", "echo from-$((1 + 0))", "from-1")
    type_command(dom0, "two", "echo from-$((1 + 1))", "from-2")
    destroy(dom0, "one", "two")
    wait_gone(dom0, "one")
    wait_gone(dom0, "two")


@pytest.mark.anywhere
def test_compressed_kernel(dom0):
    create(dom0, "gz", kernel="/guests/Image.gz")
    expect(dom0, "gz", "guest is up")
    destroy(dom0, "gz")
    wait_gone(dom0, "gz")


def test_pause(dom0):
    create(dom0, "p1", memory=128)
    expect(dom0, "p1", "guest# ")
    dom0.ok("vmctl pause p1 && vmctl pause p1")
    assert domains(dom0)["p1"]["paused"]
    before = domains(dom0)["p1"]["cpu_time_ns"]
    dom0.ok("sleep 1")
    assert domains(dom0)["p1"]["cpu_time_ns"] == before
    dom0.ok("vmctl unpause p1")
    type_command(dom0, "p1", "echo still-$((40 + 2))", "still-42")
    dom0.ok("vmctl unpause p1")
    dom0.fails("vmctl pause 0", "dom0 cannot be paused")
    destroy(dom0, "p1")
    wait_gone(dom0, "p1")


def test_created_paused(dom0):
    create(dom0, "p2", options="-p", memory=128)
    assert domains(dom0)["p2"]["cpu_time_ns"] == 0
    dom0.ok("vmctl unpause p2")
    expect(dom0, "p2", "guest is up")
    destroy(dom0, "p2")
    wait_gone(dom0, "p2")


@pytest.mark.anywhere
def test_overrides_and_check(dom0):
    path = write_config(dom0, "over")
    assert "can be created" in dom0.ok(f"vmctl create -n {path}")
    assert domains(dom0) == {}
    dom0.ok(f"vmctl create {path} name=other memory=128 vcpus=2")
    guest = domains(dom0)["other"]
    assert (guest["memory_bytes"] >> 20, guest["vcpus"]) == (128, 2)
    destroy(dom0, "other")
    wait_gone(dom0, "other")


@pytest.mark.anywhere
def test_console_many_clients_and_after_death(dom0):
    create(dom0, "talk", memory=128, extra="console=hvc0 rdinit=/init hello=before-you-came")
    expect(dom0, "talk", "guest# ")
    # Two who only listen, one of whom came late, hear what the third one types.
    dom0.ok("for i in 1 2; do vmctl console -q -r --timeout 60 --expect heard-42 talk >/tmp/heard$i 2>&1 & done; "
            "sleep 1; vmctl console -q --timeout 60 --send 'echo heard-$((41 + 1))\\n' --expect heard-42 talk && wait",
            limit=120)
    for who in (1, 2):
        assert "before-you-came" in dom0.ok(f"cat /tmp/heard{who}")
    # A pipe as input: what is typed arrives, and the end of input detaches.
    dom0.ok(": >/tmp/piped; (echo 'echo piped-$((41 + 1))'; until grep -q piped-42 /tmp/piped; do usleep 100000; done) |"
            " vmctl console -q talk >/tmp/piped")
    destroy(dom0, "talk")
    wait_gone(dom0, "talk")
    assert "heard-42" in dom0.ok("vmctl console -q --timeout 10 --expect heard-42 talk")
    assert "heard-42" in dom0.ok("cat /var/log/plinth/console/*talk*")


@pytest.mark.ours_first
def test_emulated_uart(dom0):
    """A second console that has all from the kernel's first line, takes input, and keeps up with a flood."""
    create(dom0, "uart", memory=128, vcpus=2, vuart="sbsa_uart",
           extra="earlycon console=hvc0 console=ttyAMA0 rdinit=/init")
    said = console(dom0, "uart", ("expect", "guest# "), kind="vuart")
    assert "Booting Linux" in said and "sbsa-uart" not in domains(dom0)

    def ask(command, answer):
        return console(dom0, "uart", ("send", command + r"\n"), ("expect", answer), kind="vuart")

    ask("echo $((6 * 7)) answers", "42 answers")
    # The other console is there too, and is another one.
    assert "42 answers" not in expect(dom0, "uart", "Kernel command line")
    # Its interrupt goes where it is sent.
    ask("n=$(grep uart-pl011 /proc/interrupts | cut -d: -f1 | tr -d ' '); echo 2 >/proc/irq/$n/smp_affinity; "
        "echo went=$?", "went=0")
    ask("for i in 1 2 3 4 5; do cat /proc/uptime >/dev/null; done; grep uart-pl011 /proc/interrupts; echo seen-$((1+1))",
        "seen-2")
    ask("seq 1000 1999; echo all-$((1 + 1))", "all-2")
    log = dom0.ok("cat /var/log/plinth/console/uart@vuart.log | tr -d '\\r'")
    assert all(f"\n{n}\n" in log for n in range(1000, 2000, 10))
    # A long line, typed as fast as it is taken.
    line = "x" * 900
    ask(f"echo {line} | wc -c | sed s/^/length:/", "length:901")
    destroy(dom0, "uart")
    wait_gone(dom0, "uart")


@pytest.mark.anywhere
def test_expect_that_never_comes(dom0):
    create(dom0, "mute", memory=128)
    result = dom0.run("vmctl console -q --timeout 2 --expect never-said mute")
    assert result.status == 4, result
    destroy(dom0, "mute")
    wait_gone(dom0, "mute")
    result = dom0.run("vmctl console -q --timeout 20 --expect never-said mute")
    assert result.status == 3, result


def test_on_poweroff_destroys(dom0):
    create(dom0, "off", memory=128, extra="console=hvc0 rdinit=/init do=poweroff")
    wait_gone(dom0, "off", limit=60)


def test_on_reboot_restarts(dom0):
    first = create(dom0, "boots", memory=128)
    type_command(dom0, "boots", "reboot -f", "reboot")
    wait_until(dom0, f"[ \"$(vmctl domid boots 2>/dev/null || echo {first})\" != {first} ]", limit=60)
    type_command(dom0, "boots", "echo again-$((41 + 1))", "again-42")
    destroy(dom0, "boots")
    wait_gone(dom0, "boots")


@pytest.mark.ours_first
def test_on_crash(dom0):
    """The default destroys; preserve keeps it to be looked at; restart starts it anew."""
    crash(dom0, create(dom0, "crash1", memory=128))
    wait_gone(dom0, "crash1")

    domid = create(dom0, "crash2", memory=128, on_crash="preserve")
    expect(dom0, "crash2", "guest is up")
    crash(dom0, domid)
    wait_until(dom0, "vmctl list --json crash2 | grep -q 'shutdown_reason.*crash'")
    assert domains(dom0)["crash2"]["state"] == "crashed"
    assert "guest is up" in dom0.ok("vmctl console -q -r --timeout 10 --expect 'guest is up' crash2")
    destroy(dom0, "crash2")
    wait_gone(dom0, "crash2")

    domid = create(dom0, "crash3", memory=128, on_crash="restart")
    crash(dom0, domid)
    wait_until(dom0, f"[ \"$(vmctl domid crash3 2>/dev/null || echo {domid})\" != {domid} ]")
    expect(dom0, "crash3", "guest is up")
    destroy(dom0, "crash3")
    wait_gone(dom0, "crash3")


@pytest.mark.anywhere
def test_panic_is_seen(dom0):
    """Linux on ARM tells nobody of its panic, but the console shows it."""
    create(dom0, "fine", memory=128)
    create(dom0, "panics", memory=128, extra="console=hvc0 rdinit=/nosuch")
    # An input with nothing in it is only there to look, for as long as the guest lives.
    dom0.ok("(vmctl console panics </dev/null >/tmp/looked 2>&1; echo looked-until-$? >>/tmp/looked) & "
            "until grep -q 'end Kernel panic' /tmp/looked; do usleep 200000; done; sleep 3", limit=120)
    assert "looked-until" not in dom0.ok("cat /tmp/looked")
    assert "console says  Kernel panic - not syncing: " in dom0.ok("vmctl list -l panics")
    assert domains(dom0)["panics"]["console_panic"].startswith("Kernel panic - not syncing: ")
    assert "console_panic" not in domains(dom0)["fine"] and "console says" not in dom0.ok("vmctl list -l fine")
    destroy(dom0, "panics", "fine")
    wait_gone(dom0, "panics")
    wait_until(dom0, "grep -q looked-until-0 /tmp/looked")


@pytest.mark.anywhere
def test_on_poweroff_preserve(dom0):
    create(dom0, "kept", memory=128, extra="console=hvc0 rdinit=/init do=poweroff", on_poweroff="preserve")
    wait_until(dom0, "vmctl list --json kept | grep -q 'shutdown_reason.*poweroff'", limit=60)
    destroy(dom0, "kept")
    wait_gone(dom0, "kept")


@pytest.mark.anywhere
def test_json_list_is_json(dom0):
    assert json.loads(dom0.ok("vmctl list --json"))[0]["domid"] == 0


@pytest.mark.anywhere
def test_dump_dtb(dom0):
    path = write_config(dom0, "tree")
    dom0.ok(f"vmctl dump-dtb -o /tmp/tree.dtb {path}")
    assert dom0.ok("od -A n -t x1 -N 4 /tmp/tree.dtb").split() == ["d0", "0d", "fe", "ed"]
    assert domains(dom0) == {}


@pytest.mark.ours_first
def test_memory_comes_back(dom0):
    before = free_mib(dom0)
    for _ in range(3):
        create(dom0, "cycle")
        destroy(dom0, "cycle")
        wait_gone(dom0, "cycle")
    wait_until(dom0, f"vmctl info | grep -q '^free_memory *: {before}$'", limit=30)


@pytest.mark.anywhere
def test_help_and_version(dom0):
    assert dom0.ok("vmctl version")
    assert "create" in dom0.ok("vmctl help")
    assert "vcpus" in dom0.ok("vmctl help config")
    assert "destroy" in dom0.ok("vmctl help destroy")


# --- bad input: one clear sentence, a status of its own, nothing left behind -----------------------------------

BAD_CONFIGS = {
    "unknown key": ({"memroy": 128}, r"memroy.*memory"),
    "no memory": ({"memory": 0}, r"memory"),
    "memory is words": ({"memory": "lots"}, r"memory"),
    "too many vcpus": ({"vcpus": 100000}, r"vcpus"),
    "no kernel": ({"kernel": None}, r"kernel"),
    "missing kernel": ({"kernel": "/guests/none"}, r"/guests/none"),
    "missing ramdisk": ({"ramdisk": "/guests/none"}, r"/guests/none"),
    "kernel is a folder": ({"kernel": "/guests"}, r"/guests"),
    "empty kernel": ({"kernel": "/tmp/bad/empty"}, r"/tmp/bad/empty"),
    "kernel is text": ({"kernel": "/etc/modules"}, r"/etc/modules"),
    "truncated kernel": ({"kernel": "/tmp/bad/truncated"}, r"/tmp/bad/truncated"),
    "truncated gzip": ({"kernel": "/tmp/bad/truncated.gz"}, r"/tmp/bad/truncated.gz"),
    "zstd kernel": ({"kernel": "/tmp/bad/zstd"}, r"zstd"),
    "lz4 kernel": ({"kernel": "/tmp/bad/lz4"}, r"(?i)lz4"),
    "ELF kernel": ({"kernel": "/bin/busybox"}, r"ELF"),
    "damaged zImage": ({"kernel": "/tmp/bad/zimage"}, r"zImage"),
    "EFI zboot kernel": ({"kernel": "/tmp/bad/zboot"}, r"(?i)zboot"),
    "too little memory": ({"memory": 100000}, r"(?i)memory"),
    "memory too small for the kernel": ({"memory": 16}, r"(?i)memory"),
    "another GIC than the machine's": ({"gic_version": "v2"}, r"GICv2.*leave the version out"),
    "bad action": ({"on_crash": "explode"}, r"on_crash"),
    "too many grant frames": ({"max_grant_frames": 100000}, r"grant|creating the domain"),
    "name of dom0": ({"name": "Domain-0"}, r"Domain-0"),
    "empty name": ({"name": ""}, r"name"),
}

MAKE_BAD_FILES = r"""
mkdir -p /tmp/bad && cd /tmp/bad && : >empty
head -c 1000000 /guests/Image >truncated
head -c 1000000 /guests/Image.gz >truncated.gz
(printf '\050\265\057\375'; head -c 100000 /dev/zero) >zstd
(printf '\002\041\114\030'; head -c 100000 /dev/zero) >lz4
(head -c 36 /dev/zero; printf '\030\050\157\001'; head -c 100000 /dev/zero) >zimage
(printf 'MZ\000\000zimg'; head -c 16 /dev/zero; printf 'gzip'; head -c 100000 /dev/zero) >zboot
"""


@pytest.mark.anywhere
def test_bad_configs(dom0):
    dom0.ok(MAKE_BAD_FILES)
    before = free_mib(dom0)
    wrong = []
    for what, (keys, pattern) in BAD_CONFIGS.items():
        text = config_text(**{"name": "badguest", **keys})
        try:
            # One sentence, and behind it no line of a domain that was left half made; the dry run says no, too.
            for command in ("create", "create -n"):
                output = dom0.fails(f"cat >/tmp/badguest.cfg <<'EOF'\n{text}EOF\n"
                                    f"vmctl {command} /tmp/badguest.cfg; status=$?; vmctl list | tail -n +3; exit $status",
                                    pattern)
                assert len(output.splitlines()) == 1, f"{what}: {command}: not one sentence: {output}"
        except AssertionError as error:
            wrong.append(f"{what}: {error}")
            destroy_all(dom0)
    assert not wrong, "\n\n".join(wrong)
    wait_until(dom0, f"vmctl info | grep -q '^free_memory *: {before}$'", limit=30)
    assert dom0.ok("ls /run/plinth/domains 2>/dev/null || true") == ""


@pytest.mark.anywhere
def test_syntax_errors_name_the_place(dom0):
    for text, place in (('name = "x"\nkernel = [\n', r":[23]:"), ('name = "x\n', r":1:"), ("name == 3\n", r":1:7"),
                        ('name = "x"\nbogus_key = 1\n', r":2:1.*bogus_key")):
        dom0.ok(f"cat >/tmp/syntax.cfg <<'EOF'\n{text}EOF")
        dom0.fails("vmctl create /tmp/syntax.cfg", r"/tmp/syntax.cfg" + place)


@pytest.mark.anywhere
def test_key_assigned_twice(dom0):
    path = write_config(dom0, "again", memory=64)
    dom0.ok(f"echo memory = 80 >>{path}")
    for command in ("create -n", "create -p"):
        output = dom0.ok(f"vmctl {command} {path} memory=96")
        assert re.search(r"^vmctl: warning: /tmp/again.cfg:\d:1: 'memory' is assigned again: this line counts, line \d",
                         output)
    assert domains(dom0)["again"]["memory_bytes"] >> 20 == 96
    destroy(dom0, "again")
    wait_gone(dom0, "again")


@pytest.mark.anywhere
def test_name_in_use(dom0):
    create(dom0, "twice", memory=128)
    dom0.fails("vmctl create /tmp/twice.cfg", "twice")
    assert len(domains(dom0)) == 1
    destroy(dom0, "twice")
    wait_gone(dom0, "twice")


@pytest.mark.anywhere
def test_no_such_domain(dom0):
    for command in ("destroy nobody", "pause nobody", "unpause 999", "console nobody", "domid nobody", "domname 999",
                    "list nobody", "destroy 0"):
        dom0.fails(f"vmctl {command}")


@pytest.mark.anywhere
def test_wrong_usage(dom0):
    for command in ("", "crate x", "create", "create --bogus x", "create /no/such/file", "destroy", "dmesg -x",
                    "console"):
        dom0.fails(f"vmctl {command}")
    assert "create" in dom0.fails("vmctl crate x")


@pytest.mark.anywhere
def test_daemon_not_running(dom0):
    path = write_config(dom0, "alone", memory=128)
    before = free_mib(dom0)
    for daemon in ("plinth-consoled", "plinth-monitord"):
        dom0.ok(f"kill $(pidof {daemon}); while pidof {daemon} >/dev/null; do usleep 100000; done")
        for command in ("create", "create -n"):
            dom0.fails(f"vmctl {command} {path}", daemon)
        assert domains(dom0) == {}
        dom0.ok(daemon)
    wait_until(dom0, f"vmctl info | grep -q '^free_memory *: {before}$'", limit=30)
    create(dom0, "alone", memory=128)
    expect(dom0, "alone", "guest is up")
    # A daemon that comes back finds the guests that are there.
    for daemon in ("plinth-consoled", "plinth-monitord"):
        dom0.ok(f"kill $(pidof {daemon}); while pidof {daemon} >/dev/null; do usleep 100000; done; {daemon}")
    console(dom0, "alone", ("send", "echo back-$((41 + 1))\\n"), ("expect", "back-42"))
    dom0.ok("vmctl console -q --timeout 60 --send 'poweroff -f\\n' alone")
    wait_gone(dom0, "alone", limit=60)


@pytest.mark.anywhere
def test_without_a_store_daemon(dom0):
    dom0.ok("kill $(pidof plinth-stored); while pidof plinth-stored >/dev/null; do usleep 100000; done")
    try:
        path = write_config(dom0, "bare", memory=128)
        assert "warning: no store daemon answers" in dom0.ok(f"vmctl create {path}")
        expect(dom0, "bare", "guest is up")
        result = dom0.run("vmctl shutdown bare")
        assert result.status == 6 and "is plinth-stored running?" in result.output, result
        assert dom0.run("vmctl wait --timeout 1 bare shutdown").status == 4
        destroy(dom0, "bare")
    finally:
        dom0.ok("plinth-stored")
    create(dom0, "again", memory=128)
    dom0.ok("vmctl wait --timeout 120 again up && vmctl shutdown -w again", limit=250)


def test_device_nodes_missing(dom0):
    dom0.ok("mv /dev/xen/privcmd /dev/xen/privcmd.away")
    try:
        dom0.fails("vmctl list", "xen.privcmd")
    finally:
        dom0.ok("mv /dev/xen/privcmd.away /dev/xen/privcmd")
    dom0.ok("vmctl list")
