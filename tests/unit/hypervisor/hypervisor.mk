# SPDX-License-Identifier: ISC
# Unit tests of the hypervisor's pure files, built for the test host (arch/host).

HYP_TEST_CFLAGS := -Ihypervisor/include -Ihypervisor/arch/host/include -Ihypervisor/arch/arm/include -Iinclude \
	-Itests/unit/hypervisor

UNIT_TESTS += hypervisor/test_lib
hypervisor/test_lib_CFLAGS := $(HYP_TEST_CFLAGS) -include tests/unit/hypervisor/lib_names.h
hypervisor/test_lib_SRCS := tests/unit/hypervisor/test_lib.c \
	hypervisor/core/mem.c hypervisor/core/string.c hypervisor/core/lib.c hypervisor/core/printf.c
