# SPDX-License-Identifier: ISC
"""The toolstack on Plinth."""

from lifecycle_checks import *  # noqa: F401,F403
from machine import Config
from toolstack_checks import *  # noqa: F401,F403

CONFIG = Config(peer=True, label="toolstack", life=1800)
