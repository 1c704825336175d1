# SPDX-License-Identifier: ISC
# Every kind of test keeps its rules beside its code. `make test` runs them all, one kind after the other, goes on
# where one fails, and ends with what failed.
-include tests/unit/unit.mk
-include tests/fuzz/fuzz.mk
-include tests/abi/abi.mk
-include tests/docs/docs.mk
-include tests/guests/guests.mk
-include tests/system/system.mk
-include tests/bench/bench.mk

TEST_KINDS := unit abi docs guests guests-domu system

## make test       run every test; the last line says how many passed and failed
test:
	@tests/run.sh $(B) $(TEST_KINDS)
