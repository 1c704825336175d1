# SPDX-License-Identifier: ISC
"""The toolstack on Plinth."""

from machine import Config
from toolstack_checks import *  # noqa: F401,F403

CONFIG = Config(hv="plinth", label="toolstack")
