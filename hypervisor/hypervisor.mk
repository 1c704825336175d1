# SPDX-License-Identifier: ISC
# The hypervisor: explicit lists. HYP_PURE compiles unchanged for every architecture and for the test host;
# HYP_MACHINE is arm64's.

# The C library
HYP_PURE += hypervisor/core/mem.c hypervisor/core/mem_unaligned.c hypervisor/core/string.c hypervisor/core/lib.c \
	hypervisor/core/printf.c \
	hypervisor/core/libfdt_env.c
# Pages, pools, heaps
HYP_PURE += hypervisor/core/page.c hypervisor/core/page_owner.c hypervisor/core/pool.c hypervisor/core/heap.c \
	hypervisor/core/p2m.c hypervisor/core/guest_access.c
# Event channels, grants, memory of domains
HYP_PURE += hypervisor/core/evtchn.c hypervisor/core/evtchn_2l.c hypervisor/core/evtchn_fifo.c hypervisor/core/evtchn_op.c \
	hypervisor/core/memory.c hypervisor/core/memory_op.c hypervisor/core/multicall.c \
	hypervisor/core/grant.c hypervisor/core/grant_map.c hypervisor/core/grant_copy.c hypervisor/core/grant_op.c
# Domains, vCPUs, scheduling, time
HYP_PURE += hypervisor/core/domain.c hypervisor/core/vcpu.c hypervisor/core/sched.c hypervisor/core/timer.c \
	hypervisor/core/wallclock.c
# Hypercalls
HYP_PURE += hypervisor/core/hypercall.c hypervisor/core/version_op.c hypervisor/core/sched_op.c hypervisor/core/watchdog.c \
	hypervisor/core/misc_op.c hypervisor/core/domctl_op.c hypervisor/core/sysctl_op.c hypervisor/core/plinth_op.c
# Log, console, physical interrupts
HYP_PURE += hypervisor/core/log.c hypervisor/core/console.c hypervisor/core/panic.c hypervisor/core/irq.c
# Boot
HYP_PURE += hypervisor/boot/bootinfo.c hypervisor/boot/fdt_util.c hypervisor/boot/fdt_walk.c hypervisor/boot/kernel.c \
	hypervisor/boot/dom0.c hypervisor/boot/dom0_devices.c hypervisor/boot/dom0_dt.c hypervisor/boards/boards.c
# What guests see
HYP_PURE += hypervisor/vdev/vtimer.c hypervisor/vdev/vpsci.c
HYP_PURE += hypervisor/vdev/mmio.c hypervisor/vdev/vgic.c hypervisor/vdev/vgic_lr.c hypervisor/vdev/vgic_regs.c \
	hypervisor/vdev/vgic_v2.c hypervisor/vdev/vgic_v3.c
HYP_PURE += hypervisor/vdev/vpl011.c

HYP_MACHINE += hypervisor/core/main.c
HYP_PURE += hypervisor/arch/arm/pt.c
HYP_MACHINE += hypervisor/arch/arm/psci.c
HYP_MACHINE += hypervisor/arch/arm64/head.S hypervisor/arch/arm64/vectors.S hypervisor/arch/arm64/cache.S \
	hypervisor/arch/arm64/fpsimd.S hypervisor/arch/arm64/gicv3_lr.S hypervisor/arch/arm64/early_uart.S \
	hypervisor/arch/arm64/mmu.c hypervisor/arch/arm64/vmid.c hypervisor/arch/arm64/context.c \
	hypervisor/arch/arm64/trap.c hypervisor/arch/arm64/sysreg.c hypervisor/arch/arm64/idregs.c \
	hypervisor/arch/arm64/smp.c hypervisor/arch/arm64/time.c
HYP_MACHINE += hypervisor/drivers/irqchip/gicv2.c hypervisor/drivers/irqchip/gicv3.c \
	hypervisor/drivers/uart/uart.c hypervisor/drivers/uart/pl011.c

HYP_INCLUDES := -Ihypervisor/include -Ihypervisor/arch/arm64/include -Ihypervisor/arch/arm/include -Iinclude \
	-isystem $(B)/root/usr/include
HYP_CFLAGS := -std=gnu11 -O2 -g $(WARN) -ffreestanding -fno-pic -fno-pie -mgeneral-regs-only -mno-outline-atomics \
	-mstrict-align -fno-omit-frame-pointer -fno-common -fno-strict-aliasing -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -ffunction-sections -fdata-sections $(HYP_INCLUDES)
# The parts are small files that call each other: optimised together when they are linked. make LTO= for a look at each alone.
LTO := -flto=auto
# Cortex-A53's erratum 843419 without stubs, which would be on a page of their own: all is in the reach of an ADR.
HYP_ERRATA := -Wl,--fix-cortex-a53-843419=adr
# make EARLY_UART=pl011,0x9000000: print before there is an MMU
ifneq ($(EARLY_UART),)
comma := ,
early_uart := $(subst $(comma), ,$(EARLY_UART))
HYP_CFLAGS += -DEARLY_UART_BUILD -DEARLY_UART_$(shell echo $(firstword $(early_uart)) | tr a-z A-Z)=$(lastword $(early_uart))
endif

# What runs once or seldom, and for no guest at work, is compiled for size.
HYP_SELDOM := $(filter hypervisor/boot/% hypervisor/boards/%,$(HYP_PURE)) \
	hypervisor/arch/arm/psci.c hypervisor/arch/arm64/mmu.c hypervisor/arch/arm64/idregs.c hypervisor/arch/arm64/smp.c \
	hypervisor/core/string.c hypervisor/core/lib.c hypervisor/core/printf.c \
	hypervisor/core/log.c hypervisor/core/console.c hypervisor/core/panic.c hypervisor/core/wallclock.c \
	hypervisor/core/domctl_op.c hypervisor/core/sysctl_op.c hypervisor/core/version_op.c hypervisor/core/misc_op.c \
	hypervisor/core/watchdog.c hypervisor/vdev/vpsci.c hypervisor/vdev/vpl011.c

HYP_OBJS := $(patsubst %,$(B)/hyp/%.o,$(basename $(HYP_PURE) $(HYP_MACHINE)))
HYP_LIBFDT := $(B)/root/usr/lib/aarch64-linux-gnu/libfdt.a

$(B)/hyp/%.o: %.c $(ROOT_STAMP)
	@mkdir -p $(@D)
	$(call say,HYPCC,$<)
	$(Q)$(CROSS)gcc $(HYP_CFLAGS) $(LTO) -MMD -MP -c $< -o $@

$(B)/hyp/%.o: %.S $(ROOT_STAMP)
	@mkdir -p $(@D)
	$(call say,HYPAS,$<)
	$(Q)$(CROSS)gcc $(HYP_CFLAGS) -D__ASSEMBLER__ -MMD -MP -c $< -o $@

$(B)/hyp/plinth.lds: hypervisor/arch/arm64/plinth.lds.S hypervisor/arch/arm64/include/asm/layout.h
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(HYP_INCLUDES) -E -P -x assembler-with-cpp -D__ASSEMBLER__ $< -o $@

$(B)/hyp/plinth.elf: $(HYP_OBJS) $(B)/hyp/plinth.lds $(HYP_LIBFDT)
	$(call say,HYPLD,$@)
	$(Q)$(CROSS)gcc $(HYP_CFLAGS) $(LTO) -nostdlib -static -Wl,--build-id=none,--gc-sections,--no-warn-rwx-segments \
		-Wl,-z,max-page-size=4096,-z,noexecstack $(HYP_ERRATA) -T $(B)/hyp/plinth.lds $(HYP_OBJS) $(HYP_LIBFDT) \
		-Wl,-Map,$(B)/hyp/plinth.map -o $@

$(B)/hyp/plinth: $(B)/hyp/plinth.elf
	$(call say,IMAGE,$@)
	$(Q)$(CROSS)objcopy -O binary $< $@

$(patsubst %.c,$(B)/hyp/%.o,$(HYP_SELDOM)): HYP_CFLAGS += -Os
# Its head says why; in an object of its own, as the link has one setting for all that it optimises.
$(B)/hyp/hypervisor/core/mem_unaligned.o: HYP_CFLAGS += -mno-strict-align
$(B)/hyp/hypervisor/core/mem_unaligned.o: LTO :=

-include $(HYP_OBJS:.o=.d)

all: $(B)/hyp/plinth
INSTALL += $(B)/hyp/plinth:lib/plinth
