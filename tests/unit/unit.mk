# SPDX-License-Identifier: ISC
# Native unit tests under ASan and UBSan. Each room lists its tests in tests/unit/<room>/<room>.mk:
#
#	UNIT_TESTS += tools/test_config
#	tools/test_config_SRCS := tests/unit/tools/test_config.c tools/common/config_lex.c ...
#	tools/test_config_LIBS := -lyajl
#	tools/test_config_CFLAGS := -Itools         (for all of the test's objects)
#
# A test's objects are its own, below build/host/unit/<test>/, so that flags never mix.

UNIT_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
UNIT_CFLAGS := -std=gnu11 -D_GNU_SOURCE -g -O1 $(WARN) $(UNIT_SAN)
UNIT_TESTS :=

-include tests/unit/tools/tools.mk
-include tests/unit/store/store.mk
-include tests/unit/console/console.mk
-include tests/unit/libctrl/libctrl.mk
-include tests/unit/hypervisor/hypervisor.mk

unit_bin = $(B)/host/unit/$(1)/run
unit_objs = $(patsubst %.c,$(B)/host/unit/$(1)/%.o,$($(1)_SRCS))

define unit_test_rules
$(B)/host/unit/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(call say,HOSTCC,$$@)
	$$(Q)gcc $$(UNIT_CFLAGS) $$($(1)_CFLAGS) -MMD -MP -c $$< -o $$@

$(call unit_bin,$(1)): $(call unit_objs,$(1))
	$$(call say,HOSTLD,$$@)
	$$(Q)gcc $$(UNIT_SAN) $$^ -o $$@ -lcmocka $$($(1)_LIBS)

-include $(patsubst %.o,%.d,$(call unit_objs,$(1)))

.PHONY: unit/$(1)
unit/$(1): $(call unit_bin,$(1))
	$$(call say,TEST,$(1))
	$$(Q)timeout -s KILL 300 $$< >$$<.log 2>&1 || { cat $$<.log; exit 1; }
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_test_rules,$(t))))

## make test-unit  the native unit tests, with sanitizers
.PHONY: test-unit
test-unit: $(addprefix unit/,$(UNIT_TESTS))
	@cat $(foreach t,$(UNIT_TESTS),$(call unit_bin,$(t)).log) | awk '/\[  PASSED  \]/ { good += $$4 } \
		/\[  FAILED  \] [0-9]+ test/ { bad += $$4 } END { print good + 0 " passed, " bad + 0 " failed" }'
