# SPDX-License-Identifier: ISC
"""Disks and networks of guests on Plinth."""

from machine import Config
from device_checks import *  # noqa: F401,F403

CONFIG = Config(gic=2, kernel="6.12", label="guest-devices")
