# SPDX-License-Identifier: ISC
# Calls that interrupt each other: the hypervisor's pure files once more, with a hook in each basic block, and without
# sanitizers, which would allow a tenth of the calls: other tests run the same files with them.
UNIT_OTHERS += hypervisor/interleave/test_interleave
IL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -g -O1 -fno-pie $(WARN) $(HYP_WHOLE_CFLAGS)
IL_HOOKS := -fsanitize-coverage=trace-pc
IL_HOOKED := $(filter-out hypervisor/arch/host/%,$(HYP_WHOLE_SRCS))
IL_PLAIN := $(filter hypervisor/arch/host/%,$(HYP_WHOLE_SRCS)) \
	$(addprefix tests/unit/hypervisor/interleave/,report.c world.c calls_memory.c calls_events.c calls_domain.c \
	check_pages.c check_domains.c)
IL_COMMON := $(patsubst %.c,$(B)/host/interleave/%.o,$(IL_HOOKED) $(IL_PLAIN))
IL_OBJS := $(IL_COMMON) $(addprefix $(B)/host/interleave/tests/unit/hypervisor/interleave/,test_interleave.o cpus.o)
IL_RUN := $(B)/host/unit/hypervisor/interleave/test_interleave/run

$(patsubst %.c,$(B)/host/interleave/%.o,$(IL_HOOKED)): IL_CFLAGS += $(IL_HOOKS)

$(B)/host/interleave/%.o: %.c
	@mkdir -p $(@D)
	$(call say,HOSTCC,$@)
	$(Q)gcc $(IL_CFLAGS) -MMD -MP -c $< -o $@

$(IL_RUN): $(IL_OBJS)
	@mkdir -p $(@D)
	$(call say,HOSTLD,$@)
	$(Q)gcc -no-pie $^ -o $@ -lcmocka -lfdt

-include $(IL_OBJS:.o=.d)

# Chosen pairs of calls, in every order.
UNIT_OTHERS += hypervisor/interleave/test_schedules
IL_PAIRS_RUN := $(B)/host/unit/hypervisor/interleave/test_schedules/run
IL_PAIRS := $(addprefix $(B)/host/interleave/tests/unit/hypervisor/interleave/,test_schedules.o two_sides.o)
-include $(IL_PAIRS:.o=.d)

$(IL_PAIRS_RUN): $(IL_COMMON) $(IL_PAIRS)
	@mkdir -p $(@D)
	$(call say,HOSTLD,$@)
	$(Q)gcc -no-pie $^ -o $@ -lcmocka -lfdt

.PHONY: unit/hypervisor/interleave/test_schedules
unit/hypervisor/interleave/test_schedules: $(IL_PAIRS_RUN)
	$(call say,TEST,hypervisor/interleave/test_schedules)
	$(Q)timeout -s KILL 300 $< >$<.log 2>&1 || { cat $<.log; exit 1; }

# How long locks are held needs the same hooks.
UNIT_OTHERS += hypervisor/interleave/test_lock_holds
IL_HOLDS_RUN := $(B)/host/unit/hypervisor/interleave/test_lock_holds/run
IL_HOLDS_OBJS := $(patsubst %.c,$(B)/host/interleave/%.o,$(HYP_WHOLE_SRCS) \
	tests/unit/hypervisor/interleave/test_lock_holds.c)
-include $(B)/host/interleave/tests/unit/hypervisor/interleave/test_lock_holds.d

$(IL_HOLDS_RUN): $(IL_HOLDS_OBJS)
	@mkdir -p $(@D)
	$(call say,HOSTLD,$@)
	$(Q)gcc -no-pie $^ -o $@ -lcmocka -lfdt -Xlinker --wrap=host_lock_acquire -Xlinker --wrap=host_lock_release

.PHONY: unit/hypervisor/interleave/test_lock_holds
unit/hypervisor/interleave/test_lock_holds: $(IL_HOLDS_RUN)
	$(call say,TEST,hypervisor/interleave/test_lock_holds)
	$(Q)timeout -s KILL 300 $< >$<.log 2>&1 || { cat $<.log; exit 1; }

.PHONY: unit/hypervisor/interleave/test_interleave test-interleave
unit/hypervisor/interleave/test_interleave: $(IL_RUN)
	$(call say,TEST,hypervisor/interleave/test_interleave)
	$(Q)OPS=$(IL_OPS) SEEDS=$(IL_SEEDS) SEED= timeout -s KILL 300 $< >$<.log 2>&1 || { cat $<.log; exit 1; }

# What `make test` runs: about ten seconds of one core.
IL_OPS := 50000
IL_SEEDS := 4

## make test-interleave   calls of several vCPUs that interrupt each other (OPS=1000000 for each of SEEDS=10, from
##                        SEED=1 on)
OPS := 1000000
SEEDS := 10
SEED := 1
test-interleave: $(IL_RUN)
	$(Q)OPS=$(OPS) SEEDS=$(SEEDS) SEED=$(SEED) $<
