# SPDX-License-Identifier: ISC
"""Plinth's tools beside stock xenstored, on stock Xen 4.17."""

from lifecycle_checks import *  # noqa: F401,F403
from machine import Config

CONFIG = Config(hv="xen", tools="mixed")
