# SPDX-License-Identifier: ISC
# The tools of dom0. Each folder is a room and becomes an archive, with the folders in it; a program is a file
# with main() and the archives that it needs. A room uses only rooms before it in TOOLS_ROOMS; console, monitor and
# store use none of each other.

TOOLS_CFLAGS := -std=gnu11 -D_GNU_SOURCE $(WIDE_$(ARCH)) -g -O2 $(WARN) -Itools -Iinclude $(LIBCTRL_USE_CFLAGS)
TOOLS_LDFLAGS := -Wl,--as-needed -Wl,-z,relro,-z,now
# Each shared library costs a start of vmctl a quarter of a million instructions.
TOOLS_YAJL_LIBS := -L$(ROOT_LIB) -l:libyajl_s.a
TOOLS_MNL_LIBS := -L$(ROOT_LIB) -lmnl

# ---- rooms, from low to high: names of files without those that hold a main() ----
TOOLS_ROOMS := base daemon config device clients guest console monitor store xl-like

base_ROOM := frame frame_io hash lockfile loop nearest number path plain_text read_file reader report uuid
daemon_ROOM := daemon listener logfile main
config_ROOM := cpulist device_keys disk_spec guest_config guest_name key_types keys lex parse spec vdev vif_spec
device_ROOM := backend bridge conflicts device image_format link list loopdev nodes open
clients_ROOM := console console_protocol domain_find monitor monitor_protocol policy store_open
guest_ROOM := abandoned convert destroy devices foreign guest identity kept registry registry_lock registry_names \
	rename store
console_ROOM := budget conn conn_send console_guest notices panic pty publish requests ring round scrollback server \
	state_file store_guests store_link $(addprefix client/,client client_main expect replay_filter terminal)
monitor_ROOM := ends monitor records requests sweep worker
store_ROOM := check control introduce ops ops_domains store xen \
	$(addprefix tree/,budget domains perms quota tree) \
	$(addprefix conn/,conn conn_ring conn_socket wire) \
	$(addprefix changes/,change txn watch) \
	$(addprefix state/,record state state_dump state_file state_journal state_load state_note takeover)
xl-like_ROOM := commands usage \
	$(addprefix cmd/,block console create destroy dmesg domid dump_dtb info list mem network pause rename sched \
	shutdown sysrq uptime vcpu_list vcpu_pin vcpu_set wait device_command list_formats) \
	$(addprefix common/,arguments json progress talk target)

# The sources of some rooms, for tests.
tools_room_srcs = $(foreach r,$(1),$(patsubst %,tools/$(r)/%.c,$($(r)_ROOM)))

# Calls between files, and through the linkage table, are most of what is left to save in a request to the store.
TOOLS_LTO := -flto=auto -fno-plt
$(foreach r,base daemon store,$(eval $(BT)/tools/$(r)/%.o: TOOLS_CFLAGS += $(TOOLS_LTO)))

$(BT)/tools/%.o: tools/%.c tools/tools.mk | $(ROOT_STAMP)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CROSS)gcc $(TOOLS_CFLAGS) -I$(ROOT)/usr/include -MMD -MP -c $< -o $@

define tools_room_rules
$(BT)/tools/$(1).a: $(patsubst %,$(BT)/tools/$(1)/%.o,$($(1)_ROOM))
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $$(CROSS)gcc-ar rcs $$@ $$^

-include $(patsubst %,$(BT)/tools/$(1)/%.d,$($(1)_ROOM))
endef
$(foreach r,$(TOOLS_ROOMS),$(eval $(call tools_room_rules,$(r))))

# ---- programs ----
.PHONY: tools
all: tools

# $(1): the program, $(2): the room/file with its main(), $(3): its rooms, from high to low, $(4): flags and libraries.
define tools_program_rules
tools: $(BT)/$(1)
$(BT)/$(1): $(patsubst %,$(BT)/tools/%,$(2).o $(addsuffix .a,$(3))) $(BT)/libctrl.so
	$$(call say,LD,$$@)
	$$(Q)$$(CROSS)gcc $$(TOOLS_LDFLAGS) $$(filter-out %.so,$$^) $$(LIBCTRL_USE_LIBS) $(4) -o $$@

-include $(BT)/tools/$(2).d
# For make check: the objects of each program.
TOOLS_PROGRAM_OBJS += $(addprefix $(1)@$(BT)/tools/,$(2).o $(foreach r,$(3),$($(r)_ROOM:%=$(r)/%.o)))
endef
TOOLS_GUEST_ROOMS := guest clients device config
$(eval $(call tools_program_rules,plinth-stored,store/stored,store daemon base,$$(TOOLS_LTO) -O2))
$(eval $(call tools_program_rules,plinth-consoled,console/consoled,console clients daemon base,-lpthread))
# The monitor's worker creates and destroys guests as vmctl does.
$(eval $(call tools_program_rules,plinth-monitord,monitor/monitord,monitor $(TOOLS_GUEST_ROOMS) daemon base,\
	$$(TOOLS_YAJL_LIBS) $$(TOOLS_MNL_LIBS) -lpthread))
$(eval $(call tools_program_rules,vmctl,xl-like/main,xl-like console $(TOOLS_GUEST_ROOMS) base,\
	$$(TOOLS_YAJL_LIBS) $$(TOOLS_MNL_LIBS)))

# ---- install ----
EXAMPLE_CONFIGS := $(addprefix configs/examples/,annotated.cfg debian.cfg disk-and-network.cfg minimal.cfg pinned.cfg \
	restart-on-crash.cfg small.cfg smp.cfg)

INSTALL += $(addprefix $(BT)/,$(addsuffix :sbin,vmctl plinth-consoled plinth-monitord plinth-stored)) \
	$(addsuffix :share/man/man8,docs/plinth-consoled.8 docs/plinth-monitord.8 docs/plinth-stored.8) \
	docs/vmctl.1:share/man/man1 docs/plinth-guest.cfg.5:share/man/man5 \
	$(EXAMPLE_CONFIGS:%=%:share/doc/plinth/examples)
