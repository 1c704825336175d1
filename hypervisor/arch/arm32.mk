# SPDX-License-Identifier: ISC
# ARMv7: no image yet. All pure files, and the drivers that such boards need, are compiled with its headers. So nothing in
# them can begin to depend on 64-bit CPUs.

ARM32_CROSS ?= arm-linux-gnueabihf-
ARM32_SRCS := $(filter-out $(HYP_A64),$(HYP_PURE)) $(HYP_ARM) \
	hypervisor/drivers/irqchip/gicv2.c hypervisor/drivers/uart/uart.c hypervisor/drivers/uart/pl011.c
ARM32_OBJS := $(ARM32_SRCS:%.c=$(B)/arm32/hyp/%.o)
ARM32_CFLAGS := -std=gnu11 -O2 $(WARN) -marm -march=armv7ve -mfloat-abi=soft -mgeneral-regs-only -mno-unaligned-access \
	-ffreestanding -fno-pic -fno-pie -fno-common -fno-strict-aliasing -fno-stack-protector \
	-Ihypervisor/include -Ihypervisor/arch/arm32/include -Ihypervisor/arch/arm/include -Iinclude \
	-isystem $(B)/root/usr/include

$(B)/arm32/hyp/%.o: %.c $(ROOT_STAMP)
	@mkdir -p $(@D)
	$(call say,ARM32CC,$<)
	$(Q)$(ARM32_CROSS)gcc $(ARM32_CFLAGS) -MMD -MP -c $< -o $@

# What these objects need and do not have: libfdt, helpers of the compiler, and what the contract says.
ARM32_CONTRACT := $(addprefix hypervisor/include/,hyp/arch.h hyp/arch_mmu.h hyp/arch_inline.h boot/bootinfo.h) \
	$(addprefix hypervisor/arch/arm/include/arm/,width.h cache.h spectre.h) hypervisor/arch/arm32/include/asm/context.h

.PHONY: check-arm32
## make check-arm32  compile for ARMv7 what is common to all architectures and to both widths of Arm
check-arm32: $(ARM32_OBJS)
	$(Q)$(ARM32_CROSS)nm $^ | awk '$$1 == "U" { wanted[$$2] } NF == 3 { there[$$3] } \
		END { for (s in wanted) if (!(s in there) && s !~ /^(fdt_|__aeabi_|__ctzdi2$$)/) print s }' | sort | { bad=0; \
	while read -r s; do grep -qw "$$s" $(ARM32_CONTRACT) || { echo "$$s() is in no header of the contract"; bad=1; }; done; \
	exit $$bad; }

-include $(ARM32_OBJS:.o=.d)
