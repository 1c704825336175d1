# SPDX-License-Identifier: ISC
# Unit tests of the store daemon: the whole store in a process, with clients and a hypervisor that are made up.

STORE_TEST_CFLAGS := -Itools -Iinclude -Ilibctrl/include -Itests/unit -Itests/unit/store
STORE_TEST_SRCS := tests/unit/store/world.c

UNIT_TESTS += $(addprefix store/,test_wire test_nodes test_clients test_ring test_socket test_random_clients \
	test_state test_memory test_accounts test_cost test_journal test_takeover)

$(foreach t,$(filter store/%,$(UNIT_TESTS)),$(eval $(t)_SRCS := tests/unit/$(t).c $(STORE_TEST_SRCS)))
$(foreach t,$(filter store/%,$(UNIT_TESTS)),$(eval $(t)_CFLAGS := $(STORE_TEST_CFLAGS)))
$(foreach t,$(filter store/%,$(UNIT_TESTS)),$(eval $(t)_ROOMS := store daemon base))
# The clock is the test's.
$(foreach t,$(filter store/%,$(UNIT_TESTS)),$(eval $(t)_LIBS := -Wl,--wrap=loop_now_ms))
# How much is allocated is looked at there.
HEAP_WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
$(foreach t,test_accounts test_cost test_random_clients,$(eval store/$(t)_SRCS += tests/unit/store/heap.c))
$(foreach t,test_accounts test_cost test_random_clients,$(eval store/$(t)_LIBS += $(HEAP_WRAP)))
# Memory runs out there at every place where it can.
store/test_memory_LIBS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
