# SPDX-License-Identifier: ISC
# Bare-metal test guests: each is one small arm64 Image below build/guests/.

# Each is a file; the image has its name without the folder.
GUEST_MAINS := memmap timer abi psci gic/sgi gic/gicdist gic/gicprio evtchn fifo grant vcpuinfo stage2 sysregs \
	idregs inject fp regs storm shutdown hog idle pingpong privileges vuart mmuoff loadstore \
	gic/sgitime smccc hostile/hostile hostile/canary
GUESTS := $(notdir $(GUEST_MAINS))
GUEST_LIB := start.S string.c print.c trap.c check.c xen.c console.c fdt.c board.c mmu.c power.c smp.c gic.c events.c
# Parts of one guest only
GUEST_HOSTILE := grants.c events.c

GUEST_DIR := tests/guests
GUEST_OUT := $(B)/guests
GUEST_CFLAGS := -std=gnu11 -O2 -g $(WARN) -ffreestanding -fpie -fvisibility=hidden -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-common -mgeneral-regs-only -mstrict-align \
	-mno-outline-atomics -march=armv8-a -Iinclude -I$(GUEST_DIR)/lib
GUEST_LDFLAGS := -nostdlib -static-pie -Wl,--no-dynamic-linker -Wl,-z,norelro -Wl,-z,noexecstack \
	-Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments \
	-T $(GUEST_DIR)/lib/guest.lds
GUEST_LIB_OBJS := $(patsubst %,$(GUEST_OUT)/lib/%.o,$(GUEST_LIB))
GUEST_HOSTILE_OBJS := $(patsubst %,$(GUEST_OUT)/hostile/%.o,$(GUEST_HOSTILE))
GUEST_IMAGES := $(patsubst %,$(GUEST_OUT)/%.img,$(GUESTS))

$(GUEST_OUT)/%.c.o: $(GUEST_DIR)/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(GUEST_OUT)/%.S.o: $(GUEST_DIR)/%.S
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(foreach g,$(GUEST_MAINS),$(eval $(GUEST_OUT)/$(notdir $(g)).elf: $(GUEST_OUT)/$(g).c.o))

$(GUEST_OUT)/%.elf: $(GUEST_LIB_OBJS) $(GUEST_DIR)/lib/guest.lds
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc $(GUEST_LDFLAGS) -o $@ $(filter %.o,$^)

$(GUEST_OUT)/hostile.elf: $(GUEST_HOSTILE_OBJS)

$(GUEST_OUT)/%.img: $(GUEST_OUT)/%.elf
	$(call say,OBJCOPY,$@)
	@# start.S knows one kind of relocation only
	$(Q)if $(CROSS)readelf -rW $< | grep R_AARCH64 | grep -v R_AARCH64_RELATIVE; then exit 1; fi
	$(Q)$(CROSS)objcopy -O binary $< $@

.PRECIOUS: $(GUEST_OUT)/%.elf $(GUEST_OUT)/%.c.o $(GUEST_OUT)/%.S.o
-include $(wildcard $(GUEST_OUT)/*.d $(GUEST_OUT)/*/*.d)

.PHONY: guests
## make guests     build the bare-metal test guests
guests: $(GUEST_IMAGES)

GUEST_DOM0 := $(IMAGES)/6.1/dom0.cpio

.PHONY: test-guests test-guests-domu test-guests-peer test-guests-domu-peer
## make test-guests            run the test guests as first domain on Plinth (GUEST="name ..." chooses)
test-guests: $(GUEST_IMAGES) $(PLINTH)
	$(GUEST_DIR)/run.py --hv plinth $(GUEST)

## make test-guests-domu       run them as guests that vmctl creates on Plinth
test-guests-domu: $(GUEST_IMAGES) $(PLINTH) $(GUEST_DOM0) $(IMAGES)/tools.cpio
	$(GUEST_DIR)/run.py --domu --hv plinth $(GUEST)

## make test-guests-peer       run the same images as first domain on stock Xen 4.17
test-guests-peer: $(GUEST_IMAGES) $(XEN_STAMP)
	$(GUEST_DIR)/run.py --hv xen $(GUEST)

## make test-guests-domu-peer  run them as guests that xl creates on stock Xen 4.17
test-guests-domu-peer: $(GUEST_IMAGES) $(XEN_STAMP) $(GUEST_DOM0) $(IMAGES)/xen.cpio
	$(GUEST_DIR)/run.py --domu --hv xen $(GUEST)
