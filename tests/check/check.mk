# SPDX-License-Identifier: ISC
# make check: rules for the source that a script can check. Each check is a script of its own,
# tests/check/check_NAME.py; the head of each says what it wants. known.txt: what is not yet as it should be.

CHECKS := checks format headers sizes widths shell symbols floors version
CHECK_OBJS := $(HYP_OBJS) $(HYP_LIBFDT) $(LIBCTRL_OBJS) $(sort $(filter %.o,$(subst @, ,$(TOOLS_PROGRAM_OBJS))))

# The objects of the product, after the program that they are part of. Written each time: files go.
$(B)/check/objects.txt: $(CHECK_OBJS) always
	@mkdir -p $(@D)
	@printf '%s\n' $(addprefix hypervisor@,$(HYP_OBJS) $(HYP_LIBFDT)) $(addprefix libctrl@,$(LIBCTRL_OBJS)) \
		$(TOOLS_PROGRAM_OBJS) | tr @ ' ' >$@

# How headers are compiled, after the folder that they are in.
CHECK_HYP := $(CROSS)gcc $(HYP_CFLAGS)
CHECK_TOOLS := $(CROSS)gcc $(TOOLS_CFLAGS) -I$(ROOT)/usr/include
CHECK_HOST := gcc $(filter-out $(UNIT_SAN),$(UNIT_CFLAGS))
CHECK_HYP_HOST := $(CHECK_HOST) $(HYP_TEST_CFLAGS) -Ihypervisor/core -Ihypervisor/mem -Ilibctrl
define check_headers
hypervisor/ $(CHECK_HYP)
hypervisor/arch/host/ $(CHECK_HYP_HOST)
hypervisor/arch/arm32/ $(ARM32_CROSS)gcc $(ARM32_CFLAGS)
include/ $(CHECK_HYP)
libctrl/ $(CROSS)gcc $(LIBCTRL_CFLAGS) -I$(ROOT)/usr/include
tools/ $(CHECK_TOOLS)
tests/unit/hypervisor/ $(CHECK_HYP_HOST)
tests/unit/hypervisor/vgic/ $(CHECK_HOST) -Itests/unit/hypervisor/vgic $(HYP_TEST_CFLAGS)
tests/unit/ $(CHECK_HOST) -Itools -Ilibctrl -Ilibctrl/include -Iinclude -Itests/unit -Itests/unit/libctrl
tests/fuzz/hypercall/ $(CHECK_HYP_HOST)
tests/guests/ $(CROSS)gcc $(GUEST_CFLAGS)
tests/bench/plugin/ $(CHECK_HOST)
endef
$(B)/check/headers.txt: $(ROOT_STAMP) always
	$(shell mkdir -p $(@D))$(file >$@,$(check_headers))

.PHONY: check test-check $(CHECKS:%=check-%)
## make check      rules for the source: format, sizes, floors, exported symbols, and more
check: test-check

$(CHECKS:%=check-%): check-%: $(B)/check/objects.txt $(B)/check/headers.txt
	$(Q)PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tests/check/check_$*.py

test-check: check-arm32 $(B)/check/objects.txt $(B)/check/headers.txt
	$(Q)tests/check/run.sh $(CHECKS)
