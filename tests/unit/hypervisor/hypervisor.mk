# SPDX-License-Identifier: ISC
# Unit tests of the hypervisor's pure files, built for the test host (arch/host).

HYP_TEST_CFLAGS := -Ihypervisor/include -Ihypervisor/arch/host/include -Ihypervisor/arch/arm/include -Iinclude \
	-Itests/unit/hypervisor

UNIT_TESTS += hypervisor/lib/test_lib
hypervisor/lib/test_lib_CFLAGS := $(HYP_TEST_CFLAGS) -include tests/unit/hypervisor/lib/lib_names.h
hypervisor/lib/test_lib_SRCS := tests/unit/hypervisor/lib/test_lib.c \
	hypervisor/lib/mem.c hypervisor/lib/mem_unaligned.c hypervisor/lib/string.c hypervisor/lib/lib.c \
	hypervisor/lib/printf.c

# The test host. tlb_guest.c is for tests with core/p2m.c.
HYP_TEST_HOST := $(addprefix hypervisor/arch/host/,host.c yield.c ram.c lock.c log.c panic.c tlb.c) \
	hypervisor/lib/lib.c hypervisor/core/cpu.c hypervisor/core/irqchip.c
HYP_TEST_PAGES := hypervisor/arch/host/heap.c hypervisor/mem/page.c hypervisor/mem/page_owner.c

UNIT_TESTS += hypervisor/lib/test_heap
hypervisor/lib/test_heap_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/lib/test_heap_SRCS := tests/unit/hypervisor/lib/test_heap.c hypervisor/lib/heap.c

UNIT_TESTS += hypervisor/mem/test_page
hypervisor/mem/test_page_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/mem/test_page_SRCS := tests/unit/hypervisor/mem/test_page.c hypervisor/mem/page_owner.c $(HYP_TEST_HOST)

UNIT_TESTS += hypervisor/mem/test_pool
hypervisor/mem/test_pool_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/mem/test_pool_SRCS := tests/unit/hypervisor/mem/test_pool.c hypervisor/mem/pool.c $(HYP_TEST_PAGES) \
	$(HYP_TEST_HOST)

# Resources: event channels, grants, memory_op; real pages and p2m, make-believe domains (world.c).
HYP_WORLD_SRCS := tests/unit/hypervisor/world.c $(HYP_TEST_HOST) $(HYP_TEST_PAGES) \
	hypervisor/arch/host/tlb_guest.c hypervisor/mem/pool.c hypervisor/mem/p2m.c hypervisor/arch/arm/pt.c \
	$(addprefix hypervisor/core/,evtchn.c evtchn_2l.c evtchn_fifo.c) hypervisor/calls/event_channel.c \
	hypervisor/mem/memory.c hypervisor/calls/memory.c hypervisor/calls/multicall.c hypervisor/core/grant.c \
	hypervisor/core/grant_map.c hypervisor/core/grant_copy.c hypervisor/calls/grant_table.c
HYP_WORLD_CFLAGS := $(HYP_TEST_CFLAGS) -Ihypervisor/core -Ihypervisor/mem
HYP_WORLD_LIBS := $(foreach f,hyp_pages_alloc domain_page_alloc pool_alloc p2m_map p2m_replace p2m_get_page,\
	-Xlinker --wrap=$(f))

HYP_PORTS_TESTS := $(addprefix hypervisor/core/,test_evtchn test_evtchn_fifo test_evtchn_random)
HYP_GRANTS_TESTS := $(addprefix hypervisor/core/,test_grant test_grant_copy test_grant_op test_grant_random)
HYP_WORLD_TESTS := $(HYP_PORTS_TESTS) $(HYP_GRANTS_TESTS) hypervisor/calls/test_memory_op
UNIT_TESTS += $(HYP_WORLD_TESTS)
$(foreach t,$(HYP_WORLD_TESTS),$(eval $(t)_SRCS := tests/unit/$(t).c $(HYP_WORLD_SRCS)))
$(foreach t,$(HYP_PORTS_TESTS),$(eval $(t)_SRCS += tests/unit/hypervisor/core/ports.c))
$(foreach t,$(HYP_GRANTS_TESTS),$(eval $(t)_SRCS += tests/unit/hypervisor/core/grants.c))
$(foreach t,$(HYP_WORLD_TESTS),$(eval $(t)_CFLAGS := $(HYP_WORLD_CFLAGS)))
$(foreach t,$(HYP_WORLD_TESTS),$(eval $(t)_LIBS := $(HYP_WORLD_LIBS)))

UNIT_TESTS += hypervisor/arch/test_pt
hypervisor/arch/test_pt_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/arch/test_pt_SRCS := tests/unit/hypervisor/arch/test_pt.c hypervisor/arch/arm/pt.c $(HYP_TEST_HOST)

UNIT_TESTS += hypervisor/arch/test_vmid
hypervisor/arch/test_vmid_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/arch/test_vmid_SRCS := tests/unit/hypervisor/arch/test_vmid.c hypervisor/arch/arm/vmid.c $(HYP_TEST_HOST)

# Stage 2 and what lies on it
HYP_TEST_P2M := tests/unit/hypervisor/domains.c hypervisor/arch/host/tlb_guest.c hypervisor/arch/arm/pt.c \
	hypervisor/mem/p2m.c $(HYP_TEST_PAGES) $(HYP_TEST_HOST)

UNIT_TESTS += hypervisor/mem/test_p2m
hypervisor/mem/test_p2m_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/mem/test_p2m_SRCS := tests/unit/hypervisor/mem/test_p2m.c $(HYP_TEST_P2M)

UNIT_TESTS += hypervisor/mem/test_guest_access
hypervisor/mem/test_guest_access_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/mem/test_guest_access_SRCS := tests/unit/hypervisor/mem/test_guest_access.c hypervisor/mem/guest_access.c \
	$(HYP_TEST_P2M)

# Accesses to devices from their instructions, beside objdump.
UNIT_TESTS += hypervisor/arch/test_a64_access
hypervisor/arch/test_a64_access_CFLAGS := $(HYP_TEST_CFLAGS) -I$(B)/host/a64
hypervisor/arch/test_a64_access_SRCS := tests/unit/hypervisor/arch/test_a64_access.c hypervisor/arch/arm/a64_access.c \
	hypervisor/vdev/mmio.c hypervisor/vdev/mmio_insn.c
$(B)/host/unit/hypervisor/arch/test_a64_access/tests/unit/hypervisor/arch/test_a64_access.o: $(B)/host/a64/a64_words.inc

$(B)/host/a64/a64_words.inc: tests/unit/hypervisor/arch/a64_words.py
	@mkdir -p $(@D)
	$(call say,OBJDUMP,$@)
	$(Q)$< $(CROSS)objdump >$@.new && mv $@.new $@

UNIT_TESTS += hypervisor/arch/test_aarch32
hypervisor/arch/test_aarch32_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/arch/test_aarch32_SRCS := tests/unit/hypervisor/arch/test_aarch32.c hypervisor/arch/arm/aarch32.c

UNIT_TESTS += hypervisor/arch/test_spectre
hypervisor/arch/test_spectre_CFLAGS := $(HYP_TEST_CFLAGS)
hypervisor/arch/test_spectre_SRCS := tests/unit/hypervisor/arch/test_spectre.c hypervisor/arch/arm/spectre.c

# The whole hypervisor on the test host: all pure files but the C library, which is the host's, and the panic, which
# goes back to the test. One archive for all tests and one name less that libc has too.
HYP_WHOLE_SRCS := $(filter-out $(addprefix hypervisor/lib/,mem.c string.c printf.c libfdt_env.c panic.c),$(HYP_PURE)) \
	hypervisor/drivers/uart/uart.c hypervisor/drivers/uart/pl011.c \
	$(addprefix hypervisor/arch/host/,host.c ram.c lock.c panic.c tlb.c tlb_guest.c heap.c guest_ram.c gic.c \
	context.c machine.c)
HYP_WHOLE_CFLAGS := $(HYP_TEST_CFLAGS) -Ihypervisor/core -Ihypervisor/mem -Dsched_yield=hyp_sched_yield -fno-builtin
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

HYP_WHOLE_TESTS := $(addprefix hypervisor/,core/test_sched core/test_domain calls/test_domctl calls/test_hypercalls \
	calls/test_small_calls calls/test_sysctl vdev/test_vpl011)
HYP_WHOLE_WRAP := $(foreach f,page_alloc hyp_pages_alloc domain_page_alloc pool_alloc,-Xlinker --wrap=$(f))
UNIT_TESTS += $(HYP_WHOLE_TESTS)
$(foreach t,$(HYP_WHOLE_TESTS),$(eval $(t)_SRCS := tests/unit/$(t).c tests/unit/hypervisor/whole.c))
$(foreach t,$(HYP_WHOLE_TESTS),$(eval $(t)_CFLAGS := $(HYP_WHOLE_CFLAGS)))
$(foreach t,$(HYP_WHOLE_TESTS),$(eval $(t)_LIBS := $(HYP_WHOLE) -lfdt $(HYP_WHOLE_WRAP)))
$(foreach t,$(HYP_WHOLE_TESTS),$(eval $(B)/host/unit/$(t)/run: $(HYP_WHOLE)))

# Looks at each lock release and each window on a page.
UNIT_TESTS += hypervisor/mem/test_owner
hypervisor/mem/test_owner_SRCS := tests/unit/hypervisor/mem/test_owner.c tests/unit/hypervisor/whole.c
hypervisor/mem/test_owner_CFLAGS := $(HYP_WHOLE_CFLAGS)
hypervisor/mem/test_owner_LIBS := $(HYP_WHOLE) -lfdt $(HYP_WHOLE_WRAP) \
	$(foreach f,map_page host_lock_release,-Xlinker --wrap=$(f))
$(B)/host/unit/hypervisor/mem/test_owner/run: $(HYP_WHOLE)

# The same hypervisor with painted stacks, and so without the sanitizers, which have their own use for them.
HYP_PAINTED := $(B)/host/hyp-painted/libhyp.a
HYP_PAINTED_OBJS := $(HYP_WHOLE_SRCS:%.c=$(B)/host/hyp-painted/%.o)
HYP_PAINTED_CFLAGS := $(filter-out $(UNIT_SAN),$(UNIT_CFLAGS)) $(HYP_WHOLE_CFLAGS) -finstrument-functions

$(B)/host/hyp-painted/%.o: %.c
	@mkdir -p $(@D)
	$(call say,HOSTCC,$@)
	$(Q)gcc $(HYP_PAINTED_CFLAGS) -MMD -MP -c $< -o $@

$(HYP_PAINTED): $(HYP_PAINTED_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

-include $(HYP_PAINTED_OBJS:.o=.d)

UNIT_TESTS += hypervisor/calls/test_outputs
hypervisor/calls/test_outputs_SRCS := tests/unit/hypervisor/calls/test_outputs.c tests/unit/hypervisor/whole.c \
	tests/unit/hypervisor/calls/paint.c
hypervisor/calls/test_outputs_CFLAGS := $(HYP_WHOLE_CFLAGS) -fno-sanitize=all
hypervisor/calls/test_outputs_LIBS := $(HYP_PAINTED) -lfdt $(HYP_WHOLE_WRAP)
$(B)/host/unit/hypervisor/calls/test_outputs/run: $(HYP_PAINTED)
unit/hypervisor/calls/test_outputs: docs/abi.md

# The same hypervisor with a thread for each CPU, under ThreadSanitizer. Fences are what it does not know (-Wno-tsan).
HYP_THREADS := $(B)/host/hyp-threads/libhyp.a
HYP_THREADS_SRCS := $(filter-out $(addprefix hypervisor/arch/host/,lock.c tlb.c tlb_guest.c),$(HYP_WHOLE_SRCS)) \
	hypervisor/arch/host/threads.c
HYP_THREADS_OBJS := $(HYP_THREADS_SRCS:%.c=$(B)/host/hyp-threads/%.o)
HYP_THREADS_SAN := -fsanitize=thread --param tsan-distinguish-volatile=1 -Wno-tsan
HYP_THREADS_CFLAGS := $(filter-out $(UNIT_SAN),$(UNIT_CFLAGS)) $(HYP_WHOLE_CFLAGS) $(HYP_THREADS_SAN)

$(B)/host/hyp-threads/%.o: %.c
	@mkdir -p $(@D)
	$(call say,HOSTCC,$@)
	$(Q)gcc $(HYP_THREADS_CFLAGS) -MMD -MP -c $< -o $@

$(HYP_THREADS): $(HYP_THREADS_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

-include $(HYP_THREADS_OBJS:.o=.d)

UNIT_TESTS += hypervisor/threads/test_threads
hypervisor/threads/test_threads_SRCS := $(addprefix tests/unit/hypervisor/threads/,test_threads.c threads_guest.c \
	threads_run.c threads_tsan.c)
hypervisor/threads/test_threads_CFLAGS := $(HYP_WHOLE_CFLAGS) -fno-sanitize=all $(HYP_THREADS_SAN)
hypervisor/threads/test_threads_LIBS := $(HYP_THREADS) -lfdt -lpthread -fno-sanitize=all $(HYP_THREADS_SAN)
$(B)/host/unit/hypervisor/threads/test_threads/run: $(HYP_THREADS)

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

HYP_BOOT_TESTS := $(addprefix hypervisor/boot/,test_boot test_boot_damage test_boot_dom0)
UNIT_TESTS += $(HYP_BOOT_TESTS)
$(foreach t,$(HYP_BOOT_TESTS),$(eval $(t)_SRCS := tests/unit/$(t).c tests/unit/hypervisor/boot/trees.c))
$(foreach t,$(HYP_BOOT_TESTS),$(eval $(t)_CFLAGS := $(HYP_WHOLE_CFLAGS) -DDTB_DIR='"$(B)/host/dtb"'))
$(foreach t,$(HYP_BOOT_TESTS),$(eval $(t)_LIBS := $(HYP_WHOLE) -lfdt))
$(foreach t,$(HYP_BOOT_TESTS),$(eval $(B)/host/unit/$(t)/run: $(HYP_WHOLE)))
$(addprefix unit/,$(HYP_BOOT_TESTS)): $(HYP_DTBS)

# libctrl above all of it.
UNIT_TESTS += hypervisor/calls/test_libctrl_real
hypervisor/calls/test_libctrl_real_SRCS := tests/unit/hypervisor/calls/test_libctrl_real.c \
	tests/unit/hypervisor/calls/dom0_backend.c tests/unit/hypervisor/whole.c tests/unit/libctrl/files.c
hypervisor/calls/test_libctrl_real_CFLAGS := $(HYP_WHOLE_CFLAGS) -Ilibctrl -Ilibctrl/include -Itests/unit/libctrl
hypervisor/calls/test_libctrl_real_LIBS := $(LIBCTRL_HOST) $(HYP_WHOLE) -lfdt -lz -lpthread $(HYP_WHOLE_WRAP)
$(B)/host/unit/hypervisor/calls/test_libctrl_real/run: $(HYP_WHOLE) $(LIBCTRL_HOST)

-include tests/unit/hypervisor/vgic/vgic.mk
-include tests/unit/hypervisor/interleave/interleave.mk
