# SPDX-License-Identifier: ISC
# Native unit tests under ASan and UBSan. Each room lists its tests in tests/unit/<room>/<room>.mk:
#
#	UNIT_TESTS += tools/test_config
#	tools/test_config_SRCS := tests/unit/tools/test_config.c tools/config/lex.c ...
#	tools/test_config_ROOMS := config base      (archives of rooms in tools/, from high to low)
#	tools/test_config_LIBS := -lyajl
#	tools/test_config_CFLAGS := -Itools         (for all of the test's objects)
#
# Tests with the same flags share their objects, which are below build/host/unit/<the first of these tests>/, so that
# flags never mix and no file is compiled twice in the same way. UNIT_OTHERS have rules of their own for $(unit_bin) and
# unit/<test>.

UNIT_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
UNIT_CFLAGS := -std=gnu11 -D_GNU_SOURCE -g -O1 $(WARN) $(UNIT_SAN)
UNIT_TESTS :=
UNIT_OTHERS :=

-include tests/unit/tools/tools.mk
-include tests/unit/store/store.mk
-include tests/unit/console/console.mk
-include tests/unit/libctrl/libctrl.mk
-include tests/unit/hypervisor/hypervisor.mk

unit_bin = $(B)/host/unit/$(1)/run
# The test whose objects $(1) uses: the first one with its flags. They are the name of the variable that remembers it.
unit_empty :=
unit_flags = unit-set/$(subst =,~,$(subst $(unit_empty) ,_,$(strip $($(1)_CFLAGS))))
unit_set = $($(call unit_flags,$(1)))
unit_objs = $(patsubst %.c,$(B)/host/unit/$(call unit_set,$(1))/%.o,$($(1)_SRCS))
unit_rooms = $(patsubst %,$(B)/host/unit/$(call unit_set,$(1))/tools/%.a,$($(1)_ROOMS))

define unit_set_rules
$(call unit_flags,$(1)) := $(1)
$(B)/host/unit/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(call say,HOSTCC,$$@)
	$$(Q)gcc $$(UNIT_CFLAGS) $$($(1)_CFLAGS) -MMD -MP -c $$< -o $$@
endef

# $(1): the test whose objects they are, $(2): a room.
define unit_room_rules
$(B)/host/unit/$(1)/tools/$(2).a: $(patsubst %.c,$(B)/host/unit/$(1)/%.o,$(call tools_room_srcs,$(2)))
	$$(Q)rm -f $$@ && ar rcs $$@ $$^

-include $(patsubst %.c,$(B)/host/unit/$(1)/%.d,$(call tools_room_srcs,$(2)))
endef

define unit_test_rules
$(call unit_bin,$(1)): $(call unit_objs,$(1)) $(call unit_rooms,$(1))
	@mkdir -p $$(@D)
	$$(call say,HOSTLD,$$@)
	$$(Q)gcc $$(UNIT_SAN) $$^ -o $$@ -lcmocka $$($(1)_LIBS)

.PHONY: unit/$(1)
unit/$(1): $(call unit_bin,$(1))
	$$(call say,TEST,$(1))
	$$(Q)timeout -s KILL 300 $$< >$$<.log 2>&1 || { cat $$<.log; exit 1; }
endef
$(foreach t,$(UNIT_TESTS),$(if $(call unit_set,$(t)),,$(eval $(call unit_set_rules,$(t)))))
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_test_rules,$(t))))
$(foreach a,$(sort $(foreach t,$(UNIT_TESTS),$(foreach r,$($(t)_ROOMS),$(call unit_set,$(t)):$(r)))),\
	$(eval $(call unit_room_rules,$(firstword $(subst :, ,$(a))),$(lastword $(subst :, ,$(a))))))
-include $(patsubst %.o,%.d,$(sort $(foreach t,$(UNIT_TESTS),$(call unit_objs,$(t)))))

## make test-unit  the native unit tests, with sanitizers
.PHONY: test-unit
test-unit: $(addprefix unit/,$(UNIT_TESTS) $(UNIT_OTHERS))
	@cat $(foreach t,$(UNIT_TESTS) $(UNIT_OTHERS),$(call unit_bin,$(t)).log) | awk ' \
		/\[  PASSED  \]/ { good += $$4 } \
		/\[  FAILED  \] [0-9]+ test/ { bad += $$4 } END { print good + 0 " passed, " bad + 0 " failed" }'
