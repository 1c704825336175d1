# SPDX-License-Identifier: ISC
"""The toolstack on ARMv7 on stock Xen 4.17: the same binaries as on Plinth."""

from arm_checks import *  # noqa: F401,F403
from machine import Config

CONFIG = Config(hv="xen", arch="arm", gic=2, peer=True, label="toolstack", life=1500)
