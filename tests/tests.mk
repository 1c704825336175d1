# SPDX-License-Identifier: ISC
# Every kind of test keeps its rules beside its code. `make test` runs them all, one kind after the other, goes on
# where one fails, and ends with what failed.
-include tests/unit/unit.mk
-include tests/check/check.mk
-include tests/litmus/litmus.mk
-include tests/fuzz/fuzz.mk
-include tests/abi/abi.mk
-include tests/docs/docs.mk
-include tests/image/image.mk
-include tests/guests/guests.mk
-include tests/system/system.mk
-include tests/bench/bench.mk

TEST_KINDS := unit check litmus fuzz abi docs image guests guests-domu system

## make compile_commands.json  how each file of C is compiled, for editors; in build/
.PHONY: compile_commands.json
compile_commands.json:
	@mkdir -p $(B)
	@$(MAKE) --no-print-directory -n -B V=1 all $(foreach t,$(UNIT_TESTS),$(call unit_bin,$(t))) 2>/dev/null | \
		scripts/compile-commands.py >$(B)/$@

## make test       run every test; the last line says how many passed and failed
test:
	@tests/run.sh $(B) $(TEST_KINDS)
