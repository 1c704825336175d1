# SPDX-License-Identifier: ISC
# The hypervisor for ARMv7: the pure files, what both widths share, and the machine's own.

ARM32_CROSS ?= arm-linux-gnueabihf-
ARM32_SRCS := $(filter-out $(HYP_A64),$(HYP_PURE)) $(HYP_ARM) \
	hypervisor/drivers/irqchip/gicv2.c hypervisor/drivers/uart/uart.c hypervisor/drivers/uart/pl011.c
ARM32_MACHINE := hypervisor/boot/main.c $(addprefix hypervisor/arch/arm32/,head.S vectors.S cache.S fp.S absent.c \
	context.c cpu.c hyp_regs.c inject.c mitigate.c panic.c translate.c trap.c)
ARM32_OBJS := $(ARM32_SRCS:%.c=$(B)/hyp-arm/%.o)
ARM32_ALL := $(ARM32_OBJS) $(patsubst %,$(B)/hyp-arm/%.o,$(basename $(ARM32_MACHINE)))
ARM32_INCLUDES := -Ihypervisor/include -Ihypervisor/arch/arm32/include -Ihypervisor/arch/arm/include -Iinclude \
	-isystem $(ROOT)/usr/include
# The ABI of libfdt.a and of the compiler's own library is armhf's; nothing here uses FP registers.
ARM32_CFLAGS := -std=gnu11 -O2 -g $(WARN) -marm -march=armv7ve+simd -mfloat-abi=hard -mgeneral-regs-only \
	-mno-unaligned-access -ffreestanding -fno-pic -fno-pie -fno-common -fno-strict-aliasing -fno-stack-protector \
	-fno-omit-frame-pointer -fno-asynchronous-unwind-tables -fno-unwind-tables -ffunction-sections -fdata-sections \
	--param max-inline-insns-auto=8 -falign-functions=4 -falign-jumps=1 -falign-loops=1 \
	-freorder-blocks-algorithm=simple $(ARM32_INCLUDES)
# Optimised together when they are linked, as on arm64; with code besides, which check-arm32 looks at.
ARM32_LTO := -flto=auto -ffat-lto-objects
ARM32_LIBS := $(B)/root-armhf/usr/lib/arm-linux-gnueabihf/libfdt.a

$(B)/hyp-arm/%.o: %.c $(ROOT_STAMP)
	@mkdir -p $(@D)
	$(call say,ARM32CC,$<)
	$(Q)$(ARM32_CROSS)gcc $(ARM32_CFLAGS) $(ARM32_LTO) -MMD -MP -c $< -o $@

$(B)/hyp-arm/%.o: %.S $(ROOT_STAMP)
	@mkdir -p $(@D)
	$(call say,ARM32AS,$<)
	$(Q)$(ARM32_CROSS)gcc $(ARM32_CFLAGS) -D__ASSEMBLER__ -MMD -MP -c $< -o $@

$(B)/hyp-arm/plinth.lds: hypervisor/arch/arm32/plinth.lds.S hypervisor/arch/arm32/include/asm/layout.h
	@mkdir -p $(@D)
	$(Q)$(ARM32_CROSS)gcc $(ARM32_INCLUDES) -E -P -x assembler-with-cpp -D__ASSEMBLER__ $< -o $@

$(B)/hyp-arm/plinth.elf: $(ARM32_ALL) $(B)/hyp-arm/plinth.lds $(ARM32_LIBS)
	$(call say,ARM32LD,$@)
	$(Q)$(ARM32_CROSS)gcc $(ARM32_CFLAGS) $(ARM32_LTO) -nostdlib -static -Wl,--build-id=none,--gc-sections \
		-Wl,--no-warn-rwx-segments -Wl,-z,max-page-size=4096,-z,noexecstack -T $(B)/hyp-arm/plinth.lds \
		$(ARM32_ALL) $(ARM32_LIBS) -lgcc \
		-Wl,-Map,$(B)/hyp-arm/plinth.map -o $@

$(B)/hyp-arm/plinth: $(B)/hyp-arm/plinth.elf
	$(call say,IMAGE,$@)
	$(Q)$(ARM32_CROSS)objcopy -O binary $< $@

$(patsubst %.c,$(B)/hyp-arm/%.o,$(HYP_SELDOM)): ARM32_CFLAGS += -Os
# Its head says why; LDR and STR may be unaligned on Normal memory, and the compiler uses no other instructions for it.
$(B)/hyp-arm/hypervisor/lib/mem_unaligned.o: ARM32_CFLAGS += -munaligned-access
$(B)/hyp-arm/hypervisor/lib/mem_unaligned.o: ARM32_LTO :=
# The compiler's library asks for it after all else is optimised.
$(B)/hyp-arm/hypervisor/arch/arm32/absent.o: ARM32_LTO :=

ifeq ($(ARCH),arm)
all: $(B)/hyp-arm/plinth
INSTALL += $(B)/hyp-arm/plinth:lib/plinth
endif

# What these objects need and do not have: libfdt, helpers of the compiler, and what the contract says.
ARM32_CONTRACT := $(addprefix hypervisor/include/,hyp/arch.h hyp/arch_mmu.h hyp/arch_inline.h boot/bootinfo.h) \
	$(addprefix hypervisor/arch/arm/include/arm/,width.h cache.h spectre.h) \
	hypervisor/arch/arm32/include/asm/context.h

.PHONY: check-arm32
## make check-arm32  compile for ARMv7 what is common to all architectures and to both widths of Arm
check-arm32: $(ARM32_ALL)
	$(Q)$(ARM32_CROSS)nm $(ARM32_OBJS) | awk '$$1 == "U" { wanted[$$2] } NF == 3 { there[$$3] } \
		END { for (s in wanted) if (!(s in there) && s !~ /^(fdt_|__aeabi_|__ctzdi2$$)/) print s }' | sort | { \
	bad=0; while read -r s; do grep -qw "$$s" $(ARM32_CONTRACT) || { \
		echo "$$s() is in no header of the contract"; bad=1; }; done; exit $$bad; }

-include $(ARM32_ALL:.o=.d)
