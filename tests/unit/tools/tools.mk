# SPDX-License-Identifier: ISC
# Unit tests of what the tools share and of vmctl.

tools_test = $(patsubst %,tests/unit/tools/%.c,$(1))

TOOLS_TEST_CFLAGS := -Itools -Ilibctrl/include -Itests/unit -Itests/unit/tools

UNIT_TESTS += $(addprefix tools/,test_abandoned test_arguments test_config test_device_open test_disk_spec test_guest \
	test_guest_config test_guest_devices test_guest_store test_lockfile test_registry test_vif_spec test_words)

$(foreach t,$(filter tools/%,$(UNIT_TESTS)),$(eval $(t)_CFLAGS := $(TOOLS_TEST_CFLAGS)))
$(foreach t,$(filter tools/%,$(UNIT_TESTS)),$(eval $(t)_SRCS := tests/unit/$(t).c))
$(foreach t,$(filter tools/%,$(UNIT_TESTS)),$(eval $(t)_ROOMS := config base))

tools/test_registry_ROOMS := guest clients config base
tools/test_registry_LIBS := -lyajl

tools/test_arguments_SRCS += tools/xl-like/common/arguments.c tools/xl-like/commands.c
tools/test_arguments_ROOMS := base

# On a host that is made up: its domains, its store and the devices of its guests.
$(foreach t,test_abandoned test_guest test_guest_devices,\
	$(eval tools/$(t)_SRCS += tests/unit/tools/fake_host.c) \
	$(eval tools/$(t)_ROOMS := guest clients config base) \
	$(eval tools/$(t)_LIBS := -lyajl))

tools/test_device_open_CFLAGS += -Iinclude
tools/test_device_open_SRCS += $(addprefix tools/device/,nodes.c open.c image_format.c) $(LIBCTRL_SRCS)
tools/test_device_open_LIBS := -lfdt -lz -lpthread -Wl,--wrap=fstat

# The real client, and a small daemon in the test.
tools/test_guest_store_CFLAGS += -Iinclude -Itests/unit/libctrl
tools/test_guest_store_SRCS += tests/unit/libctrl/fake_store.c $(addprefix tools/device/,backend.c nodes.c loopdev.c) \
	$(LIBCTRL_SRCS)
tools/test_guest_store_ROOMS := guest clients config base
tools/test_guest_store_LIBS := -lfdt -lz -lpthread -lyajl
