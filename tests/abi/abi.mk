# SPDX-License-Identifier: ISC
# make test-abi: every constant, size, offset and sign of include/public/ against libxen-dev's headers.

ABI_B := $(B)/tests/abi
# The official headers, unpacked from Debian's libxen-dev (MIT).
XEN_DEV_INCLUDE ?= $(ROOT)/usr/include
ABI_HEADERS := $(wildcard include/public/*.h include/public/io/*.h)
ABI_CFLAGS := -std=gnu11 -O0 -ffreestanding -Wall -Werror
# ARMv7's, from armhf's package.
ABI_ARMV7_INCLUDE := $(B)/root-armhf/usr/include

.PHONY: test-abi
## make test-abi   compare the public headers with libxen-dev's, for arm64 and for armhf
test-abi: $(ROOT_STAMP) $(ABI_ARMV7_INCLUDE)/xen/domctl.h
	@mkdir -p $(ABI_B)
	@for header in $(ABI_HEADERS); do \
		$(CROSS)gcc -std=gnu11 -ffreestanding $(WARN) -fsyntax-only -x c $$header || exit 1; done
	@$(CROSS)gcc -fsyntax-only -x assembler-with-cpp include/public/xen.h
	$(Q)$(PYTHON) tests/abi/compare.py --build $(ABI_B) --ours include/public \
		--official $(XEN_DEV_INCLUDE) --exceptions tests/abi/exceptions.txt \
		--arm64 '$(CROSS)gcc $(ABI_CFLAGS)' --host 'gcc $(ABI_CFLAGS)' \
		--armv7 '$(ARM32_CROSS)gcc $(ABI_CFLAGS)' --official-armv7 $(ABI_ARMV7_INCLUDE)

