# SPDX-License-Identifier: ISC
# Unit tests of the console and the monitor daemon, against a libctrl that is made up.

CONSOLE_TEST_CFLAGS := -Itools -Ilibctrl/include -Itests/unit/console
CONSOLE_TEST_FRAMES := tools/common/frame.c tools/console/protocol.c
CONSOLE_TEST_SERVER := $(addprefix tools/console/,budget.c conn.c console_guest.c pty.c requests.c ring.c scrollback.c \
	server.c store_guests.c) $(addprefix tools/common/,daemon.c domain_find.c logfile.c loop.c) $(CONSOLE_TEST_FRAMES) \
	tests/unit/console/fake_ctrl.c tests/unit/console/fake_link.c
CONSOLE_TEST_CLIENT := $(addprefix tools/console/,client.c client_calls.c client_main.c expect.c terminal.c) \
	tools/common/frame_io.c

console_test = $(patsubst %,tests/unit/console/%.c,$(1))

UNIT_TESTS += $(addprefix console/,test_ring test_scrollback test_protocol test_expect test_guest test_server \
	test_server_clients test_pty test_store_link test_store_guests test_client test_daemon test_monitor test_monkeys test_fuzz_seeds)

console/test_ring_SRCS := $(call console_test,test_ring) tools/console/ring.c
console/test_scrollback_SRCS := $(call console_test,test_scrollback) tools/console/scrollback.c tools/console/budget.c
console/test_protocol_SRCS := $(call console_test,test_protocol) $(CONSOLE_TEST_FRAMES) tools/monitor/protocol.c
console/test_expect_SRCS := $(call console_test,test_expect) tools/console/expect.c
console/test_guest_SRCS := $(call console_test,test_guest) $(CONSOLE_TEST_SERVER)
console/test_server_SRCS := $(call console_test,test_server world) $(CONSOLE_TEST_SERVER)
console/test_server_clients_SRCS := $(call console_test,test_server_clients world) $(CONSOLE_TEST_SERVER)
console/test_monkeys_SRCS := $(call console_test,test_monkeys world) $(CONSOLE_TEST_SERVER)
console/test_pty_SRCS := $(call console_test,test_pty world) $(CONSOLE_TEST_SERVER)
console/test_store_guests_SRCS := $(call console_test,test_store_guests world) $(CONSOLE_TEST_SERVER)
console/test_store_link_SRCS := $(call console_test,test_store_link) tools/console/store_link.c \
	tests/unit/libctrl/fake_store.c $(addprefix libctrl/,error.c store.c store_batch.c store_conn.c)
console/test_store_link_LIBS := -lpthread
console/test_client_SRCS := $(call console_test,test_client) $(CONSOLE_TEST_SERVER) $(CONSOLE_TEST_CLIENT)
console/test_daemon_SRCS := $(call console_test,test_daemon) $(addprefix tools/common/,daemon.c logfile.c loop.c)
console/test_monitor_SRCS := $(call console_test,test_monitor) tests/unit/console/fake_ctrl.c \
	$(addprefix tools/monitor/,monitor.c policy.c protocol.c) \
	$(addprefix tools/common/,daemon.c domain_find.c frame.c logfile.c loop.c)
# What the fuzzer runs, run here on inputs that are made up the same way each time.
console/test_fuzz_seeds_SRCS := $(call console_test,test_fuzz_seeds) tests/fuzz/console_proto_fuzz.c \
	$(CONSOLE_TEST_FRAMES) tools/monitor/protocol.c tools/console/expect.c

$(foreach t,$(filter console/%,$(UNIT_TESTS)),$(eval $(t)_CFLAGS := $(CONSOLE_TEST_CFLAGS)))
console/test_store_link_CFLAGS += -Iinclude -Itests/unit/libctrl
