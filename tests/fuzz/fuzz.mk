# SPDX-License-Identifier: ISC
# Fuzz targets, with clang's libFuzzer: each lists its sources here, keeps its seeds in tests/fuzz/<name>/
# and its dictionary in tests/fuzz/<name>.dict. In the tests each gets a bounded number of runs after its
# seeds; to look for more:
#	make fuzz/config_fuzz FUZZ_RUNS=1000000 FUZZ_SEED=0  (0: another seed each time)
#	make fuzz-coverage                                   (lines that the seeds reach, by file)
#	make fuzz-seeds                                      (new seeds for the hypercall fuzzers, of what was found)

FUZZ_CC := clang
FUZZ_CFLAGS := -std=gnu11 -D_GNU_SOURCE -g -O1 $(WARN)
FUZZ_SAN := -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
# The lines that inputs reach, counted by clang; without the other sanitizers, which would slow it down.
FUZZ_COV := -fsanitize=fuzzer -fprofile-instr-generate -fcoverage-mapping
FUZZ_RUNS ?= 20000
FUZZ_SEED ?= 1
FUZZ_TESTS :=

FUZZ_TESTS += config_fuzz
config_fuzz_CFLAGS := -Itools -Ilibctrl/include
config_fuzz_SRCS := tests/fuzz/config_fuzz.c $(call tools_room_srcs,config base)
config_fuzz_FLAGS := -dict=tests/fuzz/config_fuzz.dict -max_len=4096

FUZZ_TESTS += console_proto_fuzz
console_proto_fuzz_CFLAGS := -Itools -Ilibctrl/include
console_proto_fuzz_SRCS := tests/fuzz/console_proto_fuzz.c \
	$(addprefix tools/,base/frame.c base/reader.c base/report.c base/plain_text.c clients/console_protocol.c \
	clients/monitor_protocol.c console/client/expect.c)
console_proto_fuzz_FLAGS := -max_len=4096

FUZZ_TESTS += image_fuzz
image_fuzz_CFLAGS := -Ilibctrl -Ilibctrl/include -Iinclude
image_fuzz_SRCS := tests/fuzz/image_fuzz.c $(LIBCTRL_SRCS)
image_fuzz_LIBS := -lfdt -lz
image_fuzz_FLAGS := -max_len=4096

# The lists of the hypervisor's unit tests. One machine with a GICv3, one with a GICv2.
define hypercall_fuzz_target
FUZZ_TESTS += $(1)
$(1)_CFLAGS := $$(HYP_WHOLE_CFLAGS)
$(1)_SRCS := tests/fuzz/hypercall_fuzz.c $$(addprefix tests/fuzz/hypercall/,input.c calls.c acts.c guests.c) \
	tests/unit/hypervisor/whole.c $$(HYP_WHOLE_SRCS)
$(1)_LIBS := -lfdt -lcmocka $$(HYP_WHOLE_WRAP)
$(1)_FLAGS := -max_len=2048 -len_control=0
$(1)_ENV := GIC=$(2)
# A run takes milliseconds.
$(1)_RUNS := 1500
endef
$(eval $(call hypercall_fuzz_target,hypercall_fuzz,3))
$(eval $(call hypercall_fuzz_target,hypercall_gic2_fuzz,2))

FUZZ_TESTS += store_fuzz
store_fuzz_CFLAGS := -Itools -Iinclude -Ilibctrl/include
store_fuzz_SRCS := tests/fuzz/store_fuzz.c $(filter-out tools/store/xen.c,$(call tools_room_srcs,store daemon base))
store_fuzz_FLAGS := -dict=tests/fuzz/store_fuzz.dict -max_len=8192

# $(1): the target, $(2): what kind of build, $(3): its flags. Targets with the same sources and flags share objects.
fuzz_objs = $(patsubst %.c,$(B)/host/fuzz/$(2)-$(firstword $(subst _gic2,,$(1)))/%.o,$($(1)_SRCS))

define fuzz_build_rules
ifeq ($(findstring _gic2,$(1)),)
$(B)/host/fuzz/$(2)-$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(call say,FUZZCC,$$@)
	$$(Q)$$(FUZZ_CC) $$(FUZZ_CFLAGS) $(3) $$($(1)_CFLAGS) -MMD -MP -c $$< -o $$@

-include $(patsubst %.o,%.d,$(call fuzz_objs,$(1),$(2)))
endif
$(B)/host/fuzz/$(1)$(4): $(call fuzz_objs,$(1),$(2))
	$$(call say,FUZZLD,$$@)
	$$(Q)$$(FUZZ_CC) $(3) $$^ $$($(1)_LIBS) -o $$@
endef
$(foreach t,$(FUZZ_TESTS),$(eval $(call fuzz_build_rules,$(t),run,$(FUZZ_SAN),)))
$(foreach t,$(FUZZ_TESTS),$(eval $(call fuzz_build_rules,$(t),cov,$(FUZZ_COV),-coverage)))

fuzz_inputs = $(B)/host/fuzz/$(1).corpus $(call fuzz_kept,$(1))
fuzz_kept = $(wildcard tests/fuzz/$(1)/)

# New inputs are kept below build/ and make the next run start further; seeds stay as they are.
define fuzz_rules
.PHONY: fuzz/$(1)
fuzz/$(1): $(B)/host/fuzz/$(1)
	@mkdir -p $(B)/host/fuzz/$(1).corpus
	$$(call say,FUZZ,$(1))
	$$(Q)$$($(1)_ENV) timeout -s KILL 900 $$< -runs=$$(or $$($(1)_RUNS),$$(FUZZ_RUNS)) -seed=$$(FUZZ_SEED) \
		-timeout=20 -rss_limit_mb=2048 -verbosity=0 -artifact_prefix=$(B)/host/fuzz/$(1)- $$($(1)_FLAGS) \
		$$(call fuzz_inputs,$(1)) >$$<.log 2>&1 || { cat $$<.log; exit 1; }

.PHONY: fuzz-coverage/$(1)
fuzz-coverage/$(1): $(B)/host/fuzz/$(1)-coverage
	$$(call say,COVERAGE,$(1))
	$$(Q)$$($(1)_ENV) LLVM_PROFILE_FILE=$$<.raw timeout -s KILL 900 $$< -runs=0 -timeout=20 -verbosity=0 \
		$$(or $$(FUZZ_INPUTS),$$(call fuzz_kept,$(1))) >$$<.log 2>&1 || { cat $$<.log; exit 1; }
endef
$(foreach t,$(FUZZ_TESTS),$(eval $(call fuzz_rules,$(t))))

# The smallest part of a file's lines, in percent, that the kept seeds must reach, for each file of the hypervisor's
# core and virtual devices. What a run finds beyond the seeds differs by machine. FUZZ_INPUTS names other folders.
FUZZ_COVERAGE := 70
FUZZ_HYPERVISOR := hypercall_fuzz hypercall_gic2_fuzz

## make test-fuzz  a bounded run of each fuzz target, seeds first; lines that the hypercall fuzzers reach
.PHONY: test-fuzz
test-fuzz: $(addprefix fuzz/,$(FUZZ_TESTS)) fuzz-coverage
	@echo "$$(($(words $(FUZZ_TESTS)) + 1)) passed, 0 failed"

## make fuzz-coverage  lines of the hypervisor's files that the kept seeds reach
.PHONY: fuzz-coverage
fuzz-coverage: $(addprefix fuzz-coverage/,$(FUZZ_HYPERVISOR))
	@tests/fuzz/coverage.sh $(FUZZ_COVERAGE) $(foreach t,$(FUZZ_HYPERVISOR),$(B)/host/fuzz/$(t)-coverage)

# The fewest inputs that reach all the edges that are reached so far. Their bytes are numbers of rows in the fuzzers'
# tables: needed after a change there.
define fuzz_seed_rules
.PHONY: fuzz-seeds/$(1)
fuzz-seeds/$(1): $(B)/host/fuzz/$(1)
	$(Q)rm -rf $(B)/host/fuzz/$(1).seeds && mkdir -p $(B)/host/fuzz/$(1).seeds
	$(Q)$$($(1)_ENV) $$< -use_counters=0 -set_cover_merge=1 -verbosity=0 $(B)/host/fuzz/$(1).seeds \
		$$(call fuzz_inputs,$(1)) >$$<.log 2>&1 || { cat $$<.log; exit 1; }
	$(Q)rm -rf tests/fuzz/$(1) && mv $(B)/host/fuzz/$(1).seeds tests/fuzz/$(1)
endef
$(foreach t,$(FUZZ_HYPERVISOR),$(eval $(call fuzz_seed_rules,$(t))))

## make fuzz-seeds  choose the hypercall fuzzers' seeds anew
.PHONY: fuzz-seeds
fuzz-seeds: $(addprefix fuzz-seeds/,$(FUZZ_HYPERVISOR))
