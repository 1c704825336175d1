# SPDX-License-Identifier: ISC
# Unit tests of the console and the monitor daemon, against a libctrl that is made up.

CONSOLE_TEST_CFLAGS := -Itools -Ilibctrl/include -Itests/unit -Itests/unit/console

UNIT_TESTS += $(addprefix console/,test_ring test_scrollback test_protocol test_expect test_guest test_server \
	test_server_clients test_pty test_store_link test_store_guests test_client test_daemon test_monitor \
	test_policy test_sweep test_monitor_clients test_panic test_replay_filter test_random_clients test_fuzz_seeds)

$(foreach t,$(filter console/%,$(UNIT_TESTS)),$(eval $(t)_CFLAGS := $(CONSOLE_TEST_CFLAGS)))
$(foreach t,$(filter console/%,$(UNIT_TESTS)),$(eval $(t)_SRCS := tests/unit/$(t).c))
$(foreach t,$(filter console/%,$(UNIT_TESTS)),$(eval $(t)_ROOMS := console monitor clients daemon base))

# The hypervisor is made up, and so is the store's side of the console daemon.
$(foreach t,test_guest test_server test_server_clients test_random_clients test_pty test_store_guests test_client,\
	$(eval console/$(t)_SRCS += tests/unit/console/fake_ctrl.c tests/unit/console/fake_link.c))
$(foreach t,test_server test_server_clients test_random_clients test_pty test_store_guests,\
	$(eval console/$(t)_SRCS += tests/unit/console/world.c))
$(foreach t,test_monitor test_monitor_clients,$(eval console/$(t)_SRCS += tests/unit/console/fake_ctrl.c))

console/test_store_link_CFLAGS += -Iinclude -Itests/unit/libctrl
console/test_store_link_SRCS += tests/unit/libctrl/fake_store.c \
	$(addprefix libctrl/,error.c store/store.c store/store_batch.c store/store_conn.c)
console/test_store_link_LIBS := -lpthread
# What the fuzzer runs, run here on inputs that are made up the same way each time.
console/test_fuzz_seeds_SRCS += tests/fuzz/console_proto_fuzz.c
