# SPDX-License-Identifier: ISC
"""The toolstack on ARMv7: armhf tools, Debian's armhf kernel as dom0 and in guests."""

from arm_checks import *  # noqa: F401,F403
from machine import Config

CONFIG = Config(hv="plinth", arch="arm", gic=2, peer=True, label="toolstack", life=1500)
