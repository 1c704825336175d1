# SPDX-License-Identifier: ISC
# The benchmark: a counting plugin for QEMU (this machine), bare-metal guests and dom0's little programs.

BENCH_DIR := tests/bench
BENCH_PLUGIN := $(B)/host/bench/count.so
BENCH_GUESTS := $(addprefix $(B)/guests/bench/,paths.img sleeper.img writer.img tiny.img) $(B)/guests/idle.img \
	$(B)/guests/hog.img
BENCH_DOM0 := $(addprefix $(BT)/bench/,mark domains foreign load store transfer)

$(BENCH_PLUGIN): $(BENCH_DIR)/plugin/count.c $(BENCH_DIR)/plugin/qemu_plugin.h
	@mkdir -p $(@D)
	$(call say,HOSTCC,$@)
	$(Q)$(CC) -std=gnu11 -O2 -g $(WARN) -shared -fPIC -fvisibility=hidden $< -o $@

# ---- guests, from the test guests' library ----
$(B)/guests/bench/%.o: $(BENCH_DIR)/guests/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CROSS)gcc $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/guests/bench/%.o: $(BENCH_DIR)/guests/%.S
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CROSS)gcc $(GUEST_CFLAGS) -c -o $@ $<

$(B)/guests/bench/%.elf: $(B)/guests/bench/%.o $(B)/guests/bench/marker.o $(GUEST_LIB_OBJS) $(GUEST_DIR)/lib/guest.lds
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc $(GUEST_LDFLAGS) -o $@ $(filter %.o,$^)

# Nothing but a header and two instructions: no library.
$(B)/guests/bench/tiny.img: $(B)/guests/bench/tiny.o
	$(call say,OBJCOPY,$@)
	$(Q)$(CROSS)objcopy -O binary -j .text $< $@

.PRECIOUS: $(B)/guests/bench/%.o $(B)/guests/bench/%.elf
-include $(wildcard $(B)/guests/bench/*.d)

# ---- programs for dom0 and for guests with Linux: static, so that they run anywhere ----
$(BT)/bench/%: $(BENCH_DIR)/dom0/%.c $(BENCH_DIR)/guests/marker.S
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc -std=gnu11 -D_GNU_SOURCE -O2 -g $(WARN) -static $^ -o $@

$(BT)/bench/domains: $(BENCH_DIR)/dom0/domains.c $(BT)/libctrl.so
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc -std=gnu11 -D_GNU_SOURCE -O2 -g $(WARN) $(LIBCTRL_USE_CFLAGS) $< $(LIBCTRL_USE_LIBS) -o $@

BENCH_FILES := $(BENCH_PLUGIN) $(BENCH_GUESTS) $(BENCH_DOM0) $(PLINTH) $(IMAGES)/6.1/dom0.cpio $(IMAGES)/tools.cpio \
	$(IMAGES)/xen.cpio

## make bench      count instructions and memory beside stock Xen's, and write docs/benchmarks.md (half an hour;
##                 BENCH="paths ..." measures some groups only and writes nothing)
bench: $(BENCH_FILES)
	@$(BENCH_DIR)/bench.py $(BENCH)

.PHONY: bench-profile
## make bench-profile  what the counts are spent in, function by function (BENCH="paths" or "create")
bench-profile: $(BENCH_FILES)
	@$(BENCH_DIR)/profile.py $(BENCH)
