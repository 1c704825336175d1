# SPDX-License-Identifier: ISC
# Fuzz targets, with clang's libFuzzer: each lists its sources here, keeps its seeds in tests/fuzz/<name>/
# and its dictionary in tests/fuzz/<name>.dict. In the tests each gets a bounded number of runs; to look for
# more, call build/host/fuzz/<name> with a folder of your own.

FUZZ_CC := clang
FUZZ_CFLAGS := -std=gnu11 -D_GNU_SOURCE -g -O1 $(WARN) -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all
FUZZ_RUNS ?= 30000
FUZZ_TESTS :=

FUZZ_TESTS += config_fuzz
config_fuzz_CFLAGS := -Itools -Ilibctrl/include
config_fuzz_SRCS := tests/fuzz/config_fuzz.c $(COMMON_CONFIG_SRCS)
config_fuzz_FLAGS := -dict=tests/fuzz/config_fuzz.dict -max_len=4096

FUZZ_TESTS += console_proto_fuzz
console_proto_fuzz_CFLAGS := -Itools -Ilibctrl/include
console_proto_fuzz_SRCS := tests/fuzz/console_proto_fuzz.c $(addprefix tools/,common/frame.c console/expect.c \
	console/protocol.c monitor/protocol.c)
console_proto_fuzz_FLAGS := -max_len=4096

FUZZ_TESTS += image_fuzz
image_fuzz_CFLAGS := -Ilibctrl -Ilibctrl/include -Iinclude
image_fuzz_SRCS := tests/fuzz/image_fuzz.c $(LIBCTRL_SRCS)
image_fuzz_LIBS := -lfdt -lz
image_fuzz_FLAGS := -max_len=4096

# The lists of the hypervisor's unit tests.
FUZZ_TESTS += hypercall_fuzz
hypercall_fuzz_CFLAGS := $(HYP_WHOLE_CFLAGS)
hypercall_fuzz_SRCS := tests/fuzz/hypercall_fuzz.c tests/unit/hypervisor/whole.c $(HYP_WHOLE_SRCS)
hypercall_fuzz_LIBS := -lfdt -lcmocka $(HYP_WHOLE_WRAP)
hypercall_fuzz_FLAGS := -max_len=2048 -len_control=20

FUZZ_TESTS += store_fuzz
store_fuzz_CFLAGS := -Itools -Itools/store -Iinclude -Ilibctrl/include
store_fuzz_SRCS := tests/fuzz/store_fuzz.c $(STORE_SRCS) $(DAEMON_SRCS)
store_fuzz_FLAGS := -dict=tests/fuzz/store_fuzz.dict -max_len=8192

define fuzz_rules
$(B)/host/fuzz/$(1): $($(1)_SRCS) $(wildcard $(addsuffix *.h,$(sort $(dir $($(1)_SRCS))))) tests/fuzz/fuzz.mk
	@mkdir -p $$(@D)
	$$(call say,FUZZLD,$$@)
	$$(Q)$$(FUZZ_CC) $$(FUZZ_CFLAGS) $$($(1)_CFLAGS) $$($(1)_SRCS) $$($(1)_LIBS) -o $$@

# New inputs are kept below build/ and make the next run start further; seeds stay as they are.
.PHONY: fuzz/$(1)
fuzz/$(1): $(B)/host/fuzz/$(1)
	@mkdir -p $(B)/host/fuzz/$(1).corpus
	$$(call say,FUZZ,$(1))
	$$(Q)timeout -s KILL 600 $$< -runs=$$(FUZZ_RUNS) -seed=1 -timeout=10 -rss_limit_mb=1024 -verbosity=0 \
		-artifact_prefix=$(B)/host/fuzz/$(1)- $$($(1)_FLAGS) $(B)/host/fuzz/$(1).corpus \
		$$(wildcard tests/fuzz/$(1)/) >$$<.log 2>&1 || { cat $$<.log; exit 1; }
endef
$(foreach t,$(FUZZ_TESTS),$(eval $(call fuzz_rules,$(t))))

## make test-fuzz  a bounded run of each fuzz target (FUZZ_RUNS=30000 inputs)
.PHONY: test-fuzz
test-fuzz: $(addprefix fuzz/,$(FUZZ_TESTS))
	@echo "$(words $(FUZZ_TESTS)) passed, 0 failed"
