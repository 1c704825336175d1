# SPDX-License-Identifier: ISC
"""A Debian guest that has booted from its disk: logs in on its console, runs commands there."""

import itertools
import re
import shlex

from guests import GUEST_UP, console

EXAMPLE = "/guests/debian.cfg"
BOOT = 300  # seconds from its kernel to its login prompt, of which it takes about 10


class Debian:
    """The guest of configs/examples/debian.cfg: number 1 as it is, others as the head of that file says."""

    marks = itertools.count(1)  # on all consoles, for they keep what was said

    def __init__(self, dom0, number):
        self.dom0, self.number = dom0, number
        self.name = f"debian{number if number > 1 else ''}"

    def create(self):
        changes = []
        if self.number > 1:
            changes = [f"name={self.name}", f'disk=["/dev/disk/by-id/virtio-debian{self.number},raw,xvda,rw"]',
                       f'extra+=" systemd.hostname={self.name}"']
        self.dom0.ok(f"vmctl create {EXAMPLE} {' '.join(map(shlex.quote, changes))}", 120)

    def domid(self):
        return int(self.dom0.ok(f"vmctl domid {self.name}"))

    def log_in(self):
        """Waits for the login prompt after a boot, and goes on to a shell that repeats nothing of what is typed."""
        console(self.dom0, self.name, ("expect", f"{self.name} login: "), ("send", r"root\n"),
                ("expect", f"root@{self.name}:~# "), ("send", r"stty -echo; exec dash\n"), timeout=BOOT)

    def type(self, text):
        """Types a line without waiting for anything."""
        console(self.dom0, self.name, ("send", text + r"\n"))

    def run(self, command, limit=GUEST_UP):
        """Runs a command line in the shell; it must succeed. Returns what it printed."""
        mark = next(self.marks)
        begin, end = f"begin-{mark}:", f"end-{mark}:"
        typed = f"echo {begin}; {command}; echo {end}$?.".replace("\\", "\\\\") + r"\n"
        said = console(self.dom0, self.name, ("send", typed), ("expect", rf"{end}[0-9]+\."), timeout=limit)
        answer = re.search(rf"{begin}\n(.*){end}(\d+)\.", said.replace("\r", ""), re.S)
        assert answer and answer[2] == "0", f"{self.name}# {command}\n{said}"
        return answer[1].strip()

    def address(self):
        """Its IPv4 address, which networkd asks for while the login prompt is there already."""
        return self.run("until ip -4 -br addr show scope global | grep -oE '10\\.55\\.[0-9.]+'; do sleep 0.2; done")
