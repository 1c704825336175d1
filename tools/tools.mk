# SPDX-License-Identifier: ISC
# The tools of dom0 (arm64): objects shared by all of them, then vmctl, then the daemons.

TOOLS_VERSION := 0.1
TOOLS_CFLAGS := -std=gnu11 -D_GNU_SOURCE -g -O2 $(WARN) -Itools -Iinclude $(LIBCTRL_USE_CFLAGS) \
	-DPLINTH_VERSION='"$(TOOLS_VERSION)"'
TOOLS_LDFLAGS := -Wl,--as-needed -Wl,-z,relro,-z,now
# Each shared library costs a start of vmctl a quarter of a million instructions.
TOOLS_YAJL_LIBS := -L$(ROOT)/usr/lib/aarch64-linux-gnu -l:libyajl_s.a
TOOLS_MNL_LIBS := -L$(ROOT)/usr/lib/aarch64-linux-gnu -lmnl

tools_objs = $(patsubst tools/%.c,$(B)/arm64/tools/%.o,$(1))

$(B)/arm64/tools/%.o: tools/%.c tools/tools.mk | $(ROOT_STAMP)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CROSS)gcc $(TOOLS_CFLAGS) -I$(ROOT)/usr/include -MMD -MP -c $< -o $@

.PHONY: tools
all: tools

# ---- common: configs, the registry, creation and destruction of guests ----
COMMON_CONFIG_SRCS := $(addprefix tools/common/,config_lex.c config_parse.c cpulist.c device_keys.c \
	disk_spec.c guest_config.c guest_key_types.c guest_keys.c hash.c nearest.c path.c read_file.c report.c spec.c \
	uuid.c vdev.c vif_spec.c)
COMMON_DEVICE_SRCS := $(addprefix tools/common/,bridge.c device.c device_backend.c device_link.c device_nodes.c \
	device_open.c loopdev.c)
COMMON_GUEST_SRCS := $(COMMON_CONFIG_SRCS) $(COMMON_DEVICE_SRCS) $(addprefix tools/common/,foreign.c guest.c \
	guest_rename.c guest_store.c registry.c registry_names.c)

# ---- console and monitor: what their clients are made of, and the daemons ----
CONSOLE_CLIENT_SRCS := $(addprefix tools/console/,client.c client_calls.c client_main.c expect.c protocol.c \
	terminal.c) $(addprefix tools/common/,frame.c frame_io.c loop.c)
MONITOR_CLIENT_SRCS := $(addprefix tools/monitor/,client_calls.c policy.c protocol.c)
DAEMON_SRCS := $(addprefix tools/common/,daemon.c logfile.c)

CONSOLED_OBJS := $(call tools_objs,$(addprefix tools/console/,budget.c conn.c console_guest.c consoled.c protocol.c \
	pty.c requests.c ring.c scrollback.c server.c store_guests.c store_link.c) \
	$(addprefix tools/common/,domain_find.c frame.c loop.c) $(DAEMON_SRCS))
# The worker creates and destroys guests as vmctl does, and is the clients' client for it.
MONITORD_OBJS := $(call tools_objs,$(addprefix tools/monitor/,ends.c monitor.c monitord.c requests.c worker.c) \
	$(MONITOR_CLIENT_SRCS) $(COMMON_GUEST_SRCS) $(DAEMON_SRCS) \
	$(addprefix tools/console/,client_calls.c protocol.c) $(addprefix tools/common/,domain_find.c frame.c frame_io.c loop.c))

STORE_SRCS := $(addprefix tools/store/,change.c conn.c conn_ring.c conn_socket.c control.c domains.c introduce.c \
	ops.c perms.c quota.c record.c state.c state_dump.c state_load.c store.c tree.c txn.c watch.c wire.c) tools/common/loop.c
STORED_SRCS := $(STORE_SRCS) $(addprefix tools/store/,stored.c xen.c) $(DAEMON_SRCS)
STORED_OBJS := $(call tools_objs,$(STORED_SRCS))

# Calls between files, and through the linkage table, are most of what is left to save in a request.
STORED_CFLAGS := -flto=auto -fno-plt
$(STORED_OBJS): TOOLS_CFLAGS += $(STORED_CFLAGS)

$(B)/arm64/plinth-stored: $(STORED_OBJS) $(B)/arm64/libctrl.so
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc $(TOOLS_LDFLAGS) $(STORED_CFLAGS) -O2 $(STORED_OBJS) $(LIBCTRL_USE_LIBS) -o $@

$(B)/arm64/plinth-consoled: $(CONSOLED_OBJS) $(B)/arm64/libctrl.so
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc $(TOOLS_LDFLAGS) $(CONSOLED_OBJS) $(LIBCTRL_USE_LIBS) -lpthread -o $@

$(B)/arm64/plinth-monitord: $(MONITORD_OBJS) $(B)/arm64/libctrl.so
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc $(TOOLS_LDFLAGS) $(MONITORD_OBJS) $(LIBCTRL_USE_LIBS) $(TOOLS_YAJL_LIBS) $(TOOLS_MNL_LIBS) -o $@

-include $(CONSOLED_OBJS:.o=.d) $(MONITORD_OBJS:.o=.d) $(STORED_OBJS:.o=.d)
tools: $(B)/arm64/plinth-consoled $(B)/arm64/plinth-monitord $(B)/arm64/plinth-stored
INSTALL += $(addsuffix :share/man/man8,docs/plinth-consoled.8 docs/plinth-monitord.8 docs/plinth-stored.8)

# ---- vmctl ----
VMCTL_SRCS := $(addprefix tools/xl-like/,arguments.c cmd_block.c cmd_create.c cmd_destroy.c cmd_dmesg.c \
	cmd_domid.c cmd_dump_dtb.c cmd_info.c cmd_list.c cmd_mem.c cmd_network.c cmd_pause.c cmd_rename.c cmd_sched.c \
	cmd_shutdown.c cmd_sysrq.c cmd_uptime.c cmd_vcpu_list.c cmd_vcpu_pin.c cmd_vcpu_set.c cmd_wait.c commands.c \
	device_command.c json.c list_formats.c main.c progress.c talk.c target.c usage.c)
VMCTL_OBJS := $(call tools_objs,$(VMCTL_SRCS) $(COMMON_GUEST_SRCS) tools/common/device_list.c \
	tools/common/guest_devices.c $(CONSOLE_CLIENT_SRCS) \
	$(MONITOR_CLIENT_SRCS))

$(B)/arm64/vmctl: $(VMCTL_OBJS) $(B)/arm64/libctrl.so
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc $(TOOLS_LDFLAGS) $(VMCTL_OBJS) $(LIBCTRL_USE_LIBS) $(TOOLS_YAJL_LIBS) $(TOOLS_MNL_LIBS) -o $@

-include $(VMCTL_OBJS:.o=.d)
tools: $(B)/arm64/vmctl

# ---- install ----
EXAMPLE_CONFIGS := $(addprefix configs/examples/,annotated.cfg debian.cfg disk-and-network.cfg minimal.cfg pinned.cfg \
	restart-on-crash.cfg small.cfg smp.cfg)

INSTALL += $(B)/arm64/vmctl:sbin $(B)/arm64/plinth-consoled:sbin $(B)/arm64/plinth-monitord:sbin \
	$(B)/arm64/plinth-stored:sbin \
	docs/vmctl.1:share/man/man1 docs/plinth-guest.cfg.5:share/man/man5 \
	$(EXAMPLE_CONFIGS:%=%:share/doc/plinth/examples)
