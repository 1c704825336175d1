# SPDX-License-Identifier: ISC
# Unit tests of the store daemon: the whole store in a process, with clients and a hypervisor that are made up.

STORE_TEST_CFLAGS := -Itools -Itools/store -Iinclude -Ilibctrl/include -Itests/unit/store
STORE_TEST_SRCS := tests/unit/store/world.c $(STORE_SRCS) $(DAEMON_SRCS)

UNIT_TESTS += $(addprefix store/,test_wire test_nodes test_clients test_ring test_socket test_monkeys test_state test_memory)

$(foreach t,$(filter store/%,$(UNIT_TESTS)),$(eval $(t)_SRCS := tests/unit/$(t).c $(STORE_TEST_SRCS)))
$(foreach t,$(filter store/%,$(UNIT_TESTS)),$(eval $(t)_CFLAGS := $(STORE_TEST_CFLAGS)))
# Memory runs out there at every place where it can.
store/test_memory_LIBS := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
