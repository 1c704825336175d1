# SPDX-License-Identifier: ISC
"""The same on stock Xen 4.17: what is right, and what is broken there too."""

from machine import Config
from stock_checks import *  # noqa: F401,F403

CONFIG = Config(hv="xen", tools="xl")
