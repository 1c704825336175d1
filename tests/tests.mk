# SPDX-License-Identifier: ISC
# Every kind of test keeps its rules beside its code.
-include tests/unit/unit.mk
-include tests/abi/abi.mk
-include tests/guests/guests.mk
-include tests/system/system.mk
-include tests/bench/bench.mk
