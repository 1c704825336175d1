# SPDX-License-Identifier: ISC
# The virtual GIC against fake list registers. vgic/asm stands in for arch/host's vCPU and CPU.
VGIC_TESTS := $(addprefix hypervisor/vdev/,test_vgic test_vgic_random test_vgic_lazy test_vgic_lines)
VGIC_TEST_SRCS := $(addprefix tests/unit/hypervisor/vgic/,fake_gic.c machine.c model_gic.c) \
	$(addprefix hypervisor/vdev/,mmio.c vgic.c vgic_change.c vgic_ready.c vgic_lr.c \
	vgic_regs.c vgic_wfi.c vgic_v2.c vgic_v3.c)
UNIT_TESTS += $(VGIC_TESTS)
$(foreach t,$(VGIC_TESTS),$(eval $(t)_SRCS := tests/unit/$(t).c $(VGIC_TEST_SRCS)))
$(foreach t,$(VGIC_TESTS),$(eval $(t)_CFLAGS := -Itests/unit/hypervisor/vgic $(HYP_TEST_CFLAGS)))
