# SPDX-License-Identifier: ISC
# Unit tests of what the tools share and of vmctl.

TOOLS_TEST_CFLAGS := -Itools -Ilibctrl/include -Itests/unit/tools

UNIT_TESTS += tools/test_config
tools/test_config_CFLAGS := $(TOOLS_TEST_CFLAGS)
tools/test_config_SRCS := tests/unit/tools/test_config.c $(addprefix tools/common/,config_lex.c config_parse.c \
	read_file.c report.c)

UNIT_TESTS += tools/test_words
tools/test_words_CFLAGS := $(TOOLS_TEST_CFLAGS)
tools/test_words_SRCS := tests/unit/tools/test_words.c \
	$(addprefix tools/common/,cpulist.c hash.c nearest.c path.c report.c uuid.c)

UNIT_TESTS += tools/test_disk_spec
tools/test_disk_spec_CFLAGS := $(TOOLS_TEST_CFLAGS)
tools/test_disk_spec_SRCS := tests/unit/tools/test_disk_spec.c \
	$(addprefix tools/common/,disk_spec.c nearest.c path.c report.c spec.c vdev.c)

UNIT_TESTS += tools/test_vif_spec
tools/test_vif_spec_CFLAGS := $(TOOLS_TEST_CFLAGS)
tools/test_vif_spec_SRCS := tests/unit/tools/test_vif_spec.c \
	$(addprefix tools/common/,hash.c nearest.c report.c spec.c uuid.c vif_spec.c)

UNIT_TESTS += tools/test_guest_config
tools/test_guest_config_CFLAGS := $(TOOLS_TEST_CFLAGS)
tools/test_guest_config_SRCS := tests/unit/tools/test_guest_config.c $(COMMON_CONFIG_SRCS)

UNIT_TESTS += tools/test_registry
tools/test_registry_CFLAGS := $(TOOLS_TEST_CFLAGS)
tools/test_registry_SRCS := tests/unit/tools/test_registry.c $(addprefix tools/common/,registry.c registry_names.c) $(COMMON_CONFIG_SRCS)
tools/test_registry_LIBS := -lyajl

UNIT_TESTS += tools/test_arguments
tools/test_arguments_CFLAGS := $(TOOLS_TEST_CFLAGS)
tools/test_arguments_SRCS := tests/unit/tools/test_arguments.c tools/xl-like/arguments.c \
	tools/xl-like/commands.c tools/common/nearest.c tools/common/report.c

UNIT_TESTS += tools/test_guest
tools/test_guest_CFLAGS := $(TOOLS_TEST_CFLAGS)
tools/test_guest_SRCS := tests/unit/tools/test_guest.c tests/unit/tools/fake_host.c \
	$(filter-out $(addprefix tools/common/,foreign.c guest_store.c) $(COMMON_DEVICE_SRCS),$(COMMON_GUEST_SRCS))
tools/test_guest_LIBS := -lyajl

# The real client, and a small daemon in the test.
UNIT_TESTS += tools/test_guest_store
tools/test_guest_store_CFLAGS := $(TOOLS_TEST_CFLAGS) -Iinclude -Itests/unit/libctrl
tools/test_guest_store_SRCS := tests/unit/tools/test_guest_store.c tests/unit/libctrl/fake_store.c \
	$(addprefix tools/common/,device_backend.c device_nodes.c foreign.c guest_store.c loopdev.c registry.c registry_names.c) \
	$(COMMON_CONFIG_SRCS) $(LIBCTRL_SRCS)
tools/test_guest_store_LIBS := -lfdt -lz -lpthread -lyajl
