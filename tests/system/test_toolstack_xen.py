# SPDX-License-Identifier: ISC
"""The toolstack on stock Xen 4.17: the same binaries as on Plinth."""

from lifecycle_checks import *  # noqa: F401,F403
from machine import Config
from toolstack_checks import *  # noqa: F401,F403

CONFIG = Config(hv="xen", peer=True, label="toolstack", life=1500)
