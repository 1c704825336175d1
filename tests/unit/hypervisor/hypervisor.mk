# SPDX-License-Identifier: ISC
# Unit tests of the hypervisor's pure files, built for the test host (arch/host).

HYP_TEST_CFLAGS := -Ihypervisor/include -Ihypervisor/arch/host/include -Ihypervisor/arch/arm/include -Iinclude \
	-Itests/unit/hypervisor

UNIT_TESTS += hypervisor/test_lib
hypervisor/test_lib_CFLAGS := $(HYP_TEST_CFLAGS) -include tests/unit/hypervisor/lib_names.h
hypervisor/test_lib_SRCS := tests/unit/hypervisor/test_lib.c \
	hypervisor/core/mem.c hypervisor/core/mem_unaligned.c hypervisor/core/string.c hypervisor/core/lib.c \
	hypervisor/core/printf.c

# The test host. tlb_guest.c is for tests with core/p2m.c.
HYP_TEST_HOST := $(addprefix hypervisor/arch/host/,host.c yield.c ram.c lock.c log.c panic.c tlb.c) hypervisor/core/lib.c
HYP_TEST_PAGES := hypervisor/arch/host/heap.c hypervisor/core/page.c hypervisor/core/page_owner.c

UNIT_TESTS += hypervisor/test_heap
hypervisor/test_heap_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/test_heap_SRCS := tests/unit/hypervisor/test_heap.c hypervisor/core/heap.c

UNIT_TESTS += hypervisor/test_page
hypervisor/test_page_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/test_page_SRCS := tests/unit/hypervisor/test_page.c hypervisor/core/page_owner.c $(HYP_TEST_HOST)

UNIT_TESTS += hypervisor/test_pool
hypervisor/test_pool_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/test_pool_SRCS := tests/unit/hypervisor/test_pool.c hypervisor/core/pool.c $(HYP_TEST_PAGES) $(HYP_TEST_HOST)

# Resources: event channels, grants, memory_op; real pages and p2m, make-believe domains (world.c).
HYP_WORLD_SRCS := tests/unit/hypervisor/world.c $(HYP_TEST_HOST) $(HYP_TEST_PAGES) \
	hypervisor/arch/host/tlb_guest.c hypervisor/core/pool.c hypervisor/core/p2m.c hypervisor/arch/arm/pt.c \
	hypervisor/core/evtchn.c hypervisor/core/evtchn_2l.c hypervisor/core/evtchn_fifo.c hypervisor/core/evtchn_op.c \
	hypervisor/core/memory.c hypervisor/core/memory_op.c hypervisor/core/multicall.c hypervisor/core/grant.c \
	hypervisor/core/grant_map.c hypervisor/core/grant_copy.c hypervisor/core/grant_op.c
HYP_WORLD_CFLAGS := $(HYP_TEST_CFLAGS) -Ihypervisor/core
HYP_WORLD_LIBS := $(foreach f,hyp_pages_alloc domain_page_alloc pool_alloc p2m_map p2m_get_page,-Xlinker --wrap=$(f))

HYP_PORTS_TESTS := $(addprefix hypervisor/,test_evtchn test_evtchn_fifo test_evtchn_random)
HYP_GRANTS_TESTS := $(addprefix hypervisor/,test_grant test_grant_copy test_grant_op test_grant_random)
HYP_WORLD_TESTS := $(HYP_PORTS_TESTS) $(HYP_GRANTS_TESTS) hypervisor/test_memory_op
UNIT_TESTS += $(HYP_WORLD_TESTS)
$(foreach t,$(HYP_WORLD_TESTS),$(eval $(t)_SRCS := tests/unit/$(t).c $(HYP_WORLD_SRCS)))
$(foreach t,$(HYP_PORTS_TESTS),$(eval $(t)_SRCS += tests/unit/hypervisor/ports.c))
$(foreach t,$(HYP_GRANTS_TESTS),$(eval $(t)_SRCS += tests/unit/hypervisor/grants.c))
$(foreach t,$(HYP_WORLD_TESTS),$(eval $(t)_CFLAGS := $(HYP_WORLD_CFLAGS)))
$(foreach t,$(HYP_WORLD_TESTS),$(eval $(t)_LIBS := $(HYP_WORLD_LIBS)))

UNIT_TESTS += hypervisor/test_pt
hypervisor/test_pt_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/test_pt_SRCS := tests/unit/hypervisor/test_pt.c hypervisor/arch/arm/pt.c $(HYP_TEST_HOST)

# Stage 2 and what lies on it
HYP_TEST_P2M := tests/unit/hypervisor/domains.c hypervisor/arch/host/tlb_guest.c hypervisor/arch/arm/pt.c \
	hypervisor/core/p2m.c $(HYP_TEST_PAGES) $(HYP_TEST_HOST)

UNIT_TESTS += hypervisor/test_p2m
hypervisor/test_p2m_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/test_p2m_SRCS := tests/unit/hypervisor/test_p2m.c $(HYP_TEST_P2M)

UNIT_TESTS += hypervisor/test_guest_access
hypervisor/test_guest_access_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/test_guest_access_SRCS := tests/unit/hypervisor/test_guest_access.c hypervisor/core/guest_access.c \
	$(HYP_TEST_P2M)

# The whole hypervisor on the test host: all pure files but the C library, which is the host's, and the panic, which goes
# back to the test. One archive for all tests and one name less that libc has too.
HYP_WHOLE_SRCS := $(filter-out $(addprefix hypervisor/core/,mem.c string.c printf.c libfdt_env.c panic.c),$(HYP_PURE)) \
	hypervisor/drivers/uart/uart.c hypervisor/drivers/uart/pl011.c \
	$(addprefix hypervisor/arch/host/,host.c ram.c lock.c panic.c tlb.c tlb_guest.c heap.c guest_ram.c gic.c context.c \
	machine.c)
HYP_WHOLE_CFLAGS := $(HYP_TEST_CFLAGS) -Ihypervisor/core -Dsched_yield=hyp_sched_yield -fno-builtin
HYP_WHOLE := $(B)/host/hyp/libhyp.a
HYP_WHOLE_OBJS := $(HYP_WHOLE_SRCS:%.c=$(B)/host/hyp/%.o)

$(B)/host/hyp/%.o: %.c
	@mkdir -p $(@D)
	$(call say,HOSTCC,$@)
	$(Q)gcc $(UNIT_CFLAGS) $(HYP_WHOLE_CFLAGS) -MMD -MP -c $< -o $@

$(HYP_WHOLE): $(HYP_WHOLE_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

-include $(HYP_WHOLE_OBJS:.o=.d)

HYP_WHOLE_TESTS := $(addprefix hypervisor/,test_sched test_domain test_domctl test_hypercalls test_small_calls \
	test_sysctl test_vpl011)
HYP_WHOLE_WRAP := $(foreach f,page_alloc hyp_pages_alloc domain_page_alloc pool_alloc,-Xlinker --wrap=$(f))
UNIT_TESTS += $(HYP_WHOLE_TESTS)
$(foreach t,$(HYP_WHOLE_TESTS),$(eval $(t)_SRCS := tests/unit/$(t).c tests/unit/hypervisor/whole.c))
$(foreach t,$(HYP_WHOLE_TESTS),$(eval $(t)_CFLAGS := $(HYP_WHOLE_CFLAGS)))
$(foreach t,$(HYP_WHOLE_TESTS),$(eval $(t)_LIBS := $(HYP_WHOLE) -lfdt $(HYP_WHOLE_WRAP)))
$(foreach t,$(HYP_WHOLE_TESTS),$(eval $(B)/host/unit/$(t)/run: $(HYP_WHOLE)))

# Device trees, QEMU's among them.
HYP_DTBS := $(addprefix $(B)/host/dtb/,board.dtb virt-gic2.dtb virt-gic3.dtb)

$(B)/host/dtb/%.dtb: tests/unit/hypervisor/dts/%.dts
	@mkdir -p $(@D)
	$(call say,DTC,$@)
	$(Q)dtc -q -I dts -O dtb -o $@ $<

$(B)/host/dtb/virt-gic%.dtb:
	@mkdir -p $(@D)
	$(call say,QEMU,$@)
	$(Q)timeout -s KILL 30 qemu-system-aarch64 -M virt,virtualization=on,gic-version=$*,dumpdtb=$@ -cpu cortex-a57 \
		-smp 4 -m 2048 -display none -nic none >$@.log 2>&1 || { cat $@.log; exit 1; }

HYP_BOOT_TESTS := $(addprefix hypervisor/,test_boot test_boot_damage test_boot_dom0)
UNIT_TESTS += $(HYP_BOOT_TESTS)
$(foreach t,$(HYP_BOOT_TESTS),$(eval $(t)_SRCS := tests/unit/$(t).c tests/unit/hypervisor/trees.c))
$(foreach t,$(HYP_BOOT_TESTS),$(eval $(t)_CFLAGS := $(HYP_WHOLE_CFLAGS) -DDTB_DIR='"$(B)/host/dtb"'))
$(foreach t,$(HYP_BOOT_TESTS),$(eval $(t)_LIBS := $(HYP_WHOLE) -lfdt))
$(foreach t,$(HYP_BOOT_TESTS),$(eval $(B)/host/unit/$(t)/run: $(HYP_WHOLE)))
$(addprefix unit/,$(HYP_BOOT_TESTS)): $(HYP_DTBS)

# libctrl above all of it.
UNIT_TESTS += hypervisor/test_libctrl_real
hypervisor/test_libctrl_real_SRCS := tests/unit/hypervisor/test_libctrl_real.c tests/unit/hypervisor/dom0_backend.c \
	tests/unit/hypervisor/whole.c tests/unit/libctrl/files.c
hypervisor/test_libctrl_real_CFLAGS := $(HYP_WHOLE_CFLAGS) -Ilibctrl -Ilibctrl/include -Itests/unit/libctrl
hypervisor/test_libctrl_real_LIBS := $(LIBCTRL_HOST) $(HYP_WHOLE) -lfdt -lz -lpthread $(HYP_WHOLE_WRAP)
$(B)/host/unit/hypervisor/test_libctrl_real/run: $(HYP_WHOLE) $(LIBCTRL_HOST)

-include tests/unit/hypervisor/vgic/vgic.mk
