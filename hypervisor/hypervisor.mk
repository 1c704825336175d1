# SPDX-License-Identifier: ISC
# The hypervisor: explicit lists. HYP_PURE compiles unchanged for every architecture and for the test host;
# HYP_MACHINE is arm64's.

HYP_PURE += $(addprefix hypervisor/lib/,mem.c mem_unaligned.c string.c lib.c printf.c libfdt_env.c heap.c time.c \
	yield.c log.c panic.c)
HYP_PURE += $(addprefix hypervisor/mem/,page.c page_owner.c pool.c p2m.c guest_access.c memory.c)
HYP_PURE += $(addprefix hypervisor/core/,evtchn.c evtchn_2l.c evtchn_fifo.c grant.c grant_map.c grant_copy.c \
	domain.c domain_ref.c domain_stop.c vcpu.c vcpu_wake.c runstate.c sched.c run.c cpu.c timer.c wallclock.c \
	watchdog.c log_guest.c console.c irq.c irqchip.c)
HYP_PURE += $(addprefix hypervisor/calls/,hypercall.c multicall.c event_channel.c grant_table.c memory.c version.c \
	sched.c domctl.c sysctl.c plinth.c console_io.c hvm.c vm_assist.c platform.c physdev.c)
HYP_PURE += $(addprefix hypervisor/vdev/,vtimer.c vpsci.c vpl011.c mmio.c vgic.c vgic_change.c vgic_ready.c vgic_lr.c \
	vgic_wfi.c vgic_regs.c vgic_v2.c vgic_v3.c)
HYP_PURE += $(addprefix hypervisor/boot/,domain_parts.c bootinfo.c fdt_util.c fdt_walk.c kernel.c dom0.c \
	dom0_devices.c dom0_dt.c) hypervisor/boards/boards.c
HYP_MACHINE += hypervisor/boot/main.c
HYP_PURE += $(addprefix hypervisor/arch/arm/,pt.c vmid.c spectre.c aarch32.c)
# The check that an architecture has what it owes
HYP_PURE += hypervisor/arch/contract.c
# Pure as well, but about A64 instructions: nothing for ARMv7
HYP_A64 := hypervisor/vdev/mmio_insn.c hypervisor/arch/arm/a64_access.c
HYP_PURE += $(HYP_A64)

# What both widths of Arm share: switching vCPUs, traps, TLBs, timers, starting CPUs, power
HYP_ARM := $(addprefix hypervisor/arch/arm/,width.c context.c fp.c timer.c trap.c abort.c guest_tlb.c smp.c power.c \
	psci.c mmu.c)
HYP_MACHINE += $(HYP_ARM)
HYP_MACHINE += $(addprefix hypervisor/arch/arm64/,head.S vectors.S entries.S cache.S fpsimd.S spinlock.S \
	early_uart.S context.c aarch32.c inject.c trap.c translate.c sysreg.c idregs.c cpu.c el2_regs.c mitigate.c \
	panic.c)
HYP_MACHINE += $(addprefix hypervisor/drivers/irqchip/,gicv2.c gicv3.c gicv3_lr.S) \
	hypervisor/drivers/uart/uart.c hypervisor/drivers/uart/pl011.c

HYP_INCLUDES := -Ihypervisor/include -Ihypervisor/arch/arm64/include -Ihypervisor/arch/arm/include -Iinclude \
	-isystem $(ROOT)/usr/include
HYP_CFLAGS := -std=gnu11 -O2 -g $(WARN) -ffreestanding -fno-pic -fno-pie -mgeneral-regs-only -mno-outline-atomics \
	-mstrict-align -fno-omit-frame-pointer -fno-common -fno-strict-aliasing -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -ffunction-sections -fdata-sections $(HYP_INCLUDES)
# Functions that are not declared inline are put into their callers only where that is cheap.
HYP_CFLAGS += --param max-inline-insns-auto=8
# The image is less than 1 MiB: one ADR reaches every symbol. No padding for alignment, and no copies of blocks for a
# straighter path: both take memory, and neither makes fewer instructions.
HYP_CFLAGS += -mcmodel=tiny -falign-functions=4 -falign-jumps=1 -falign-loops=1 -freorder-blocks-algorithm=simple
# The parts are small files that call each other: optimised together when they are linked. make LTO= for a look at each
# alone.
LTO := -flto=auto
# Cortex-A53's erratum 843419 without stubs, which would be on a page of their own: all is in the reach of an ADR. Its
# erratum 835769, a multiply-accumulate right after a load or store, by a NOP between the two.
HYP_ERRATA_CC := -mfix-cortex-a53-835769
HYP_ERRATA := $(HYP_ERRATA_CC) -Wl,--fix-cortex-a53-843419=adr
# make EARLY_UART=pl011,0x9000000: print before there is an MMU
ifneq ($(EARLY_UART),)
comma := ,
early_uart := $(subst $(comma), ,$(EARLY_UART))
HYP_CFLAGS += -DEARLY_UART_BUILD
HYP_CFLAGS += -DEARLY_UART_$(shell echo $(firstword $(early_uart)) | tr a-z A-Z)=$(lastword $(early_uart))
endif

# What runs once or seldom, and for no guest at work, is compiled for size.
HYP_SELDOM := $(filter hypervisor/boot/% hypervisor/boards/%,$(HYP_PURE)) \
	$(addprefix hypervisor/arch/arm/,aarch32.c psci.c spectre.c smp.c power.c mmu.c) \
	$(addprefix hypervisor/arch/arm64/,aarch32.c mitigate.c idregs.c cpu.c el2_regs.c panic.c) \
	$(addprefix hypervisor/lib/,string.c lib.c printf.c log.c panic.c) \
	$(addprefix hypervisor/mem/,page.c pool.c memory.c) \
	$(addprefix hypervisor/core/,log_guest.c console.c wallclock.c domain.c domain_stop.c watchdog.c) \
	$(addprefix hypervisor/calls/,domctl.c sysctl.c version.c memory.c plinth.c console_io.c hvm.c \
	vm_assist.c platform.c physdev.c) \
	$(addprefix hypervisor/vdev/,vpsci.c vpl011.c mmio_insn.c) hypervisor/arch/arm/a64_access.c

HYP_OBJS := $(patsubst %,$(B)/hyp/%.o,$(basename $(HYP_PURE) $(HYP_MACHINE)))
HYP_LIBFDT := $(ROOT_LIB)/libfdt.a

$(B)/hyp/%.o: %.c $(ROOT_STAMP)
	@mkdir -p $(@D)
	$(call say,HYPCC,$<)
	$(Q)$(CROSS)gcc $(HYP_CFLAGS) $(HYP_ERRATA_CC) $(LTO) -MMD -MP -c $< -o $@

$(B)/hyp/%.o: %.S $(ROOT_STAMP)
	@mkdir -p $(@D)
	$(call say,HYPAS,$<)
	$(Q)$(CROSS)gcc $(HYP_CFLAGS) -D__ASSEMBLER__ -MMD -MP -c $< -o $@

$(B)/hyp/plinth.lds: hypervisor/arch/arm64/plinth.lds.S hypervisor/arch/arm64/include/asm/layout.h
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(HYP_INCLUDES) -E -P -x assembler-with-cpp -D__ASSEMBLER__ $< -o $@

$(B)/hyp/plinth.elf: $(HYP_OBJS) $(B)/hyp/plinth.lds $(HYP_LIBFDT)
	$(call say,HYPLD,$@)
	$(Q)$(CROSS)gcc $(HYP_CFLAGS) $(LTO) -nostdlib -static -Wl,--build-id=none,--gc-sections \
		-Wl,--no-warn-rwx-segments -Wl,-z,max-page-size=4096,-z,noexecstack $(HYP_ERRATA) \
		-T $(B)/hyp/plinth.lds $(HYP_OBJS) $(HYP_LIBFDT) \
		-Wl,-Map,$(B)/hyp/plinth.map -o $@

$(B)/hyp/plinth: $(B)/hyp/plinth.elf
	$(call say,IMAGE,$@)
	$(Q)$(CROSS)objcopy -O binary $< $@

$(patsubst %.c,$(B)/hyp/%.o,$(HYP_SELDOM)): HYP_CFLAGS += -Os
# Its head says why; in an object of its own, as the link has one setting for all that it optimises.
$(B)/hyp/hypervisor/lib/mem_unaligned.o: HYP_CFLAGS += -mno-strict-align
$(B)/hyp/hypervisor/lib/mem_unaligned.o: LTO :=

-include $(HYP_OBJS:.o=.d)

ifeq ($(ARCH),arm64)
all: $(B)/hyp/plinth
INSTALL += $(B)/hyp/plinth:lib/plinth
endif
