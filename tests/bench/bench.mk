# SPDX-License-Identifier: ISC
# The benchmark: a counting plugin for QEMU (this machine), a bare-metal guest and dom0's little programs (arm64).

BENCH_DIR := tests/bench
BENCH_PLUGIN := $(B)/host/bench/count.so
BENCH_GUEST := $(B)/guests/bench/paths.img
BENCH_DOM0 := $(addprefix $(B)/arm64/bench/,mark memory)

$(BENCH_PLUGIN): $(BENCH_DIR)/plugin/count.c $(BENCH_DIR)/plugin/qemu_plugin.h
	@mkdir -p $(@D)
	$(call say,HOSTCC,$@)
	$(Q)$(CC) -std=gnu11 -O2 -g $(WARN) -shared -fPIC -fvisibility=hidden $< -o $@

# ---- the guest, from the test guests' library ----
BENCH_GUEST_OBJS := $(B)/guests/bench/paths.o $(B)/guests/bench/marker.o

$(B)/guests/bench/%.o: $(BENCH_DIR)/guests/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CROSS)gcc $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/guests/bench/%.o: $(BENCH_DIR)/guests/%.S
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CROSS)gcc $(GUEST_CFLAGS) -c -o $@ $<

$(B)/guests/bench/paths.elf: $(BENCH_GUEST_OBJS) $(GUEST_LIB_OBJS) $(GUEST_DIR)/lib/guest.lds
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc $(GUEST_LDFLAGS) -o $@ $(filter %.o,$^)

-include $(wildcard $(B)/guests/bench/*.d)

# ---- programs for dom0 ----
$(B)/arm64/bench/mark: $(BENCH_DIR)/dom0/mark.c $(BENCH_DIR)/guests/marker.S
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc -std=gnu11 -D_GNU_SOURCE -O2 -g $(WARN) -static $^ -o $@

$(B)/arm64/bench/memory: $(BENCH_DIR)/dom0/memory.c $(B)/arm64/libctrl.so
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc -std=gnu11 -D_GNU_SOURCE -O2 -g $(WARN) $(LIBCTRL_USE_CFLAGS) $< $(LIBCTRL_USE_LIBS) -o $@

BENCH_FILES := $(BENCH_PLUGIN) $(BENCH_GUEST) $(BENCH_DOM0) $(PLINTH) $(IMAGES)/6.1/dom0.cpio $(IMAGES)/tools.cpio \
	$(IMAGES)/xen.cpio

## make bench      count instructions and memory beside stock Xen's, and write docs/benchmarks.md (some minutes)
bench: $(BENCH_FILES)
	@$(BENCH_DIR)/bench.py

.PHONY: bench-profile
## make bench-profile  what the counts are spent in, function by function (BENCH="paths" or "create")
bench-profile: $(BENCH_FILES)
	@$(BENCH_DIR)/profile.py $(BENCH)
