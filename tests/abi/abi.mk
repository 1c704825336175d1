# SPDX-License-Identifier: ISC
# make test-abi: every constant, size, offset and signedness of include/public/ against libxen-dev's headers.

ABI_B := $(B)/tests/abi
# The official headers, unpacked from Debian's libxen-dev (MIT); $(ROOT_STAMP) brings them.
XEN_DEV_INCLUDE ?= $(B)/root/usr/include
ABI_HEADERS := $(wildcard include/public/*.h include/public/io/*.h)
ABI_CFLAGS := -std=gnu11 -O0 -ffreestanding -Iinclude -Wall -Werror
# A compiler that makes ARMv7 objects, if there is one: the layouts are the same there.
ABI_ARMV7_CC ?= $(firstword $(if $(shell command -v arm-linux-gnueabihf-gcc),arm-linux-gnueabihf-gcc) \
	$(if $(shell command -v clang),clang,none))
ABI_ARMV7 := $(if $(filter clang,$(ABI_ARMV7_CC)),clang --target=armv7a-linux-gnueabihf,$(ABI_ARMV7_CC))

.PHONY: test-abi
## make test-abi   compare the public headers with libxen-dev's
test-abi: $(filter $(B)/apt/%,$(ROOT_STAMP)) $(ABI_HEADERS)
	@mkdir -p $(ABI_B)
	$(Q)$(or $(PYTHON),python3) tests/abi/compare.py --build $(ABI_B) --ours include/public \
		--official $(XEN_DEV_INCLUDE) --exceptions tests/abi/exceptions.txt \
		--arm64 '$(CROSS)gcc $(ABI_CFLAGS)' --host 'gcc $(ABI_CFLAGS)' \
		--armv7 '$(if $(filter none,$(ABI_ARMV7)),,$(ABI_ARMV7) $(ABI_CFLAGS))'

test: test-abi
