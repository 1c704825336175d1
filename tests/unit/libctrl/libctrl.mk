# SPDX-License-Identifier: ISC
# libctrl's unit tests: the library above a make-believe hypervisor.
LIBCTRL_TESTS := test_image test_layout test_guest_dt test_calls test_build
UNIT_TESTS += $(addprefix libctrl/,$(LIBCTRL_TESTS))

define libctrl_test
libctrl/$(1)_SRCS := tests/unit/libctrl/$(1).c tests/unit/libctrl/fake.c tests/unit/libctrl/files.c $(LIBCTRL_SRCS)
libctrl/$(1)_CFLAGS := -Ilibctrl -Ilibctrl/include -Iinclude -Itests/unit/libctrl
libctrl/$(1)_LIBS := -lfdt -lz -lpthread
endef
$(foreach t,$(LIBCTRL_TESTS),$(eval $(call libctrl_test,$(t))))

# The store's client needs no hypervisor, but a daemon to talk to.
UNIT_TESTS += libctrl/test_store
libctrl/test_store_SRCS := $(addprefix tests/unit/libctrl/,test_store.c fake_store.c) $(LIBCTRL_SRCS)
libctrl/test_store_CFLAGS := -Ilibctrl/include -Iinclude -Itests/unit/libctrl
libctrl/test_store_LIBS := -lfdt -lz -lpthread
