# SPDX-License-Identifier: ISC
"""The same on stock Xen 4.17: what is right, and what is broken there too."""

import pytest

from machine import Config
from stock_checks import *  # noqa: F401,F403

pytestmark = pytest.mark.peer
CONFIG = Config(hv="xen", tools="xl")
