# SPDX-License-Identifier: ISC
"""Disks and networks of guests on stock Xen."""

from machine import Config
from device_checks import *  # noqa: F401,F403

CONFIG = Config(hv="xen", label="guest-devices", life=1200)
