# SPDX-License-Identifier: ISC
# libctrl: for dom0 a shared library, for this machine an archive that tests are linked with.

LIBCTRL_SRCS := $(addprefix libctrl/,domctl.c error.c error_call.c evtchn.c guest_writer.c handle.c memory.c \
	plinth.c privcmd.c sysctl.c vcpu.c version.c) \
	$(addprefix libctrl/guest/,build.c grants.c guest_config.c guest_dt.c guest_layout.c) \
	$(addprefix libctrl/image/,image.c image_arm64.c image_detect.c image_zimage.c) \
	$(addprefix libctrl/store/,store.c store_batch.c store_conn.c)
# Where the C library's off_t and time_t have 32 bits if nothing is said
WIDE_arm := -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
LIBCTRL_CFLAGS := -std=gnu11 -D_GNU_SOURCE $(WIDE_$(ARCH)) -g -O2 -fPIC $(WARN) -Ilibctrl/include -Iinclude
LIBCTRL_SO := $(BT)/libctrl.so.0

# What a program of dom0 is compiled and linked with.
LIBCTRL_USE_CFLAGS := -Ilibctrl/include
LIBCTRL_USE_LIBS := -L$(BT) -lctrl -Wl,-rpath-link,$(ROOT_LIB)

$(BT)/libctrl/%.o: libctrl/%.c | $(ROOT_STAMP)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CROSS)gcc $(LIBCTRL_CFLAGS) -I$(ROOT)/usr/include -MMD -MP -c $< -o $@

LIBCTRL_OBJS := $(LIBCTRL_SRCS:libctrl/%.c=$(BT)/libctrl/%.o)
# With libfdt in it: a library less to load at each start of a program.
$(LIBCTRL_SO): $(LIBCTRL_OBJS) libctrl/libctrl.map
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc -shared -Wl,-soname,$(@F) -Wl,--version-script=libctrl/libctrl.map -Wl,-Bsymbolic-functions \
		-Wl,-z,defs -Wl,-z,relro,-z,now $(LIBCTRL_OBJS) -L$(ROOT_LIB) -l:libfdt.a -lz -o $@

# The name that the linker looks for.
$(BT)/libctrl.so: $(LIBCTRL_SO)
	$(Q)ln -sf $(<F) $@

# Written anew only where PREFIX has changed.
.PHONY: always
$(BT)/libctrl.pc: libctrl/libctrl.pc.in always
	@mkdir -p $(@D)
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' $< >$@.new
	$(Q)if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# An example, and a way to try the library on any hypervisor: builds a guest and shows its console.
$(BT)/run-guest: libctrl/examples/run-guest.c $(BT)/libctrl.so
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc -std=gnu11 -g -O2 $(WARN) $(LIBCTRL_USE_CFLAGS) -Iinclude $< $(LIBCTRL_USE_LIBS) -o $@

# On this machine, with sanitizers: for tests and fuzzers.
LIBCTRL_HOST_CFLAGS := $(LIBCTRL_CFLAGS) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
LIBCTRL_HOST := $(B)/host/libctrl/libctrl.a

$(B)/host/libctrl/%.o: libctrl/%.c
	@mkdir -p $(@D)
	$(call say,HOSTCC,$@)
	$(Q)gcc $(LIBCTRL_HOST_CFLAGS) -MMD -MP -c $< -o $@

$(LIBCTRL_HOST): $(LIBCTRL_SRCS:libctrl/%.c=$(B)/host/libctrl/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

-include $(LIBCTRL_OBJS:.o=.d) $(LIBCTRL_SRCS:libctrl/%.c=$(B)/host/libctrl/%.d)

.PHONY: libctrl
libctrl: $(LIBCTRL_SO) $(BT)/libctrl.so $(BT)/libctrl.pc
all: libctrl

INSTALL += $(LIBCTRL_SO):lib $(BT)/libctrl.so:lib $(BT)/libctrl.pc:lib/pkgconfig \
	libctrl/include/libctrl.h:include docs/libctrl.3:share/man/man3
