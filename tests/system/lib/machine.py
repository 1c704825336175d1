# SPDX-License-Identifier: ISC
"""A QEMU machine with a dom0 in it: boots, runs commands there, keeps the console's log."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pexpect

TOP = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("B", TOP / "build")).absolute()
LOGS = BUILD / "test-logs"
XEN_TOOLS = {"arm64": BUILD / "images/xen.cpio", "arm": BUILD / "arm/images/xen.cpio"}
PROBES = {  # all in /tests
    "arm64": [BUILD / "tests/system/probe", BUILD / "tests/system/store-probe",
              BUILD / "guests/hostile.img", BUILD / "guests/canary.img"],
    "arm": [BUILD / "arm/tests/system/probe", BUILD / "arm/tests/system/store-probe"],
}

# What takes longest is tried less often in `make test`: see system.mk.
FULL = bool(os.environ.get("FULL"))

BOOT_LIMIT = 240  # seconds from reset to dom0's agent; a boot takes 5 to 15
PIECE = 96  # bytes of a command sent at once: less than the smallest console ring on the way


class MachineDied(AssertionError):
    """The machine, or its dom0, does not answer any more."""


@dataclass(frozen=True)
class Config:
    """What is booted; the fields are the environment of scripts/run-qemu.sh."""

    hv: str = "plinth"
    arch: str = "arm64"
    kernel: str = "6.1"
    tools: str = "plinth"
    gic: int = 3
    smp: int = 2
    mem: int = 2048
    dom0_mem: str = "512M"
    hv_args: str = ""
    dom0_args: str = ""
    qemu: tuple = field(default=())
    reboots: bool = False
    peer: bool = False  # stock Xen's programs are there too, though no daemon of them runs
    life: int = 900  # seconds that the machine may live at all; those that live long begin first
    label: str = ""  # tells apart what else is the same, in names of logs and groups of tests

    def name(self):
        label = f"-{self.label}" if self.label else ""
        arch = "" if self.arch == "arm64" else f"{self.arch}-"
        return f"{arch}{self.hv}-{self.tools}-gic{self.gic}-smp{self.smp}-linux{self.kernel}{label}"

    def environment(self):
        env = {key: str(getattr(self, key.lower())) for key in
               ("HV", "ARCH", "KERNEL", "TOOLS", "GIC", "SMP", "MEM", "DOM0_MEM", "HV_ARGS")}
        # A quiet kernel: only its errors may stand between the answers.
        env["DOM0_ARGS"] = f"loglevel=4 {self.dom0_args}"
        env["REBOOT"] = "1" if self.reboots else ""
        return dict(os.environ, B=str(BUILD), **env)


@dataclass
class Result:
    """What a command in dom0 printed and how it ended."""

    command: str
    status: int
    output: str

    def __str__(self):
        return f"$ {self.command}\n{self.output}\n(status {self.status})"


def pack_cpio(files, archive):
    """Writes {path in dom0: Path or bytes} as a cpio archive that can be appended to an initrd."""
    with tempfile.TemporaryDirectory() as folder:
        for path, content in files.items():
            target = Path(folder, path.lstrip("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
            else:
                shutil.copy(content, target)
        names = sorted(str(p.relative_to(folder)) for p in Path(folder).rglob("*"))
        with open(archive, "wb") as out:
            subprocess.run(["cpio", "-o", "-H", "newc", "-R", "0:0", "--quiet"], cwd=folder,
                           input="\n".join(names).encode(), stdout=out, check=True)


class Machine:
    """One running QEMU. Use as a context manager, or call close()."""

    count = 0

    def __init__(self, config, files=None):
        self.config = config
        self.sequence = 0
        Machine.count += 1
        LOGS.mkdir(parents=True, exist_ok=True)
        worker = os.environ.get("PYTEST_XDIST_WORKER", "gw")
        self.log_path = LOGS / f"{config.name()}-{worker}-{Machine.count}.log"
        self.log = open(self.log_path, "wb", buffering=0)
        files = dict(files or {})
        files.setdefault("/autorun", TOP / "tests/system/dom0/agent.sh")
        for probe in PROBES[config.arch]:
            if probe.exists():
                files.setdefault(f"/tests/{probe.name}", probe)
        with tempfile.NamedTemporaryFile(suffix=".cpio") as archive:
            pack_cpio(files, archive.name)
            env = config.environment()
            env["INITRD"] = f"{XEN_TOOLS[config.arch] if config.peer else ''} {archive.name}"
            self.console = pexpect.spawn(
                "timeout", ["-s", "KILL", str(config.life), str(TOP / "scripts/run-qemu.sh"), *config.qemu],
                env=env, logfile=None, timeout=BOOT_LIMIT, maxread=65536)
            self.console.logfile_read = self.log
            self.console.delaybeforesend = None
            self.wait_ready()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def wait_ready(self, limit=BOOT_LIMIT):
        """Waits for dom0's agent, after a boot or a reset."""
        self.expect(r"\nagent: ready", limit)

    def close(self):
        if self.alive():
            # The whole session: timeout, the script's shell, QEMU.
            self.console.close(force=True)
        self.log.close()

    def alive(self):
        return not self.console.closed and self.console.isalive()

    def fail(self, why):
        """Ends the machine and raises what a reader of the test report needs."""
        self.close()
        tail = self.log_path.read_bytes()[-3000:].decode(errors="replace").replace("\r", "")
        raise MachineDied(f"{why}\nThe console's end (all of it in {self.log_path}):\n{tail}")

    def expect(self, pattern, limit=60):
        """Waits for a pattern on the machine's console and returns the match."""
        try:
            self.console.expect(pattern, timeout=limit)
        except pexpect.TIMEOUT:
            self.fail(f"{self.config.name()}: nothing like {pattern!r} on the console within {limit} s")
        except pexpect.EOF:
            self.console.wait()
            status, signal = self.console.exitstatus, self.console.signalstatus
            how = f"by signal {signal}" if signal else f"with status {status}"
            self.fail(f"{self.config.name()}: QEMU ended {how} while the console was waited on for {pattern!r}")
        return self.console.match

    def read_answer(self, limit):
        """One answer of the agent, or None where a line of someone else tore it."""
        number = self.sequence
        match = self.expect(rb"agent: end %d (\d+) ([0-9a-f]{32})\r*\n" % number, limit)
        before = self.console.before.replace(b"\r", b"")
        head = b"agent: begin %d\n" % number
        start = before.rfind(head)
        if start < 0:
            return None
        body = before[start + len(head):-1]
        if hashlib.md5(body).hexdigest().encode() != match[2]:
            return None
        return int(match[1]), body.decode(errors="replace")

    def start(self, command, limit=60):
        """Sends a command without waiting for its answer: for what ends the machine."""
        self.sequence += 1
        encoded = base64.b64encode(command.encode()).decode()
        for start in range(0, len(encoded), PIECE):
            self.console.send(f"+{encoded[start:start + PIECE]}\n")
            self.expect(r"agent: \+", 30)
        self.console.send(f"!{self.sequence} {limit}\n")

    def run(self, command, limit=60):
        """Runs a shell command line in dom0, at most limit seconds; returns its Result."""
        self.start(command, limit)
        answer = self.read_answer(limit + 30)
        for _ in range(5):
            if answer is not None:
                break
            self.console.send(f"?{self.sequence}\n")
            answer = self.read_answer(30)
        if answer is None:
            self.fail(f"{self.config.name()}: the answer of {command!r} came torn five times")
        return Result(command, answer[0], answer[1].rstrip("\n"))

    def ok(self, command, limit=60):
        """Runs a command that must succeed; returns its output."""
        result = self.run(command, limit)
        assert result.status == 0, str(result)
        return result.output

    def fails(self, command, pattern=None, limit=60):
        """Runs a command that must fail by itself (no signal) and say why; returns its output."""
        result = self.run(command, limit)
        assert 0 < result.status < 126, f"{result}\nexpected a failure with a status of its own"
        assert result.output.strip(), f"{result}\nexpected a sentence that says why"
        if pattern:
            assert re.search(pattern, result.output), f"{result}\nexpected {pattern!r} in it"
        return result.output

    def monitor(self, command):
        """Gives QEMU's monitor one command."""
        self.console.send("\x01c")
        self.expect(r"\(qemu\) ")
        self.console.send(command + "\n")
        self.console.send("\x01c")
