# SPDX-License-Identifier: ISC
# The C library
HYP_PURE += hypervisor/core/mem.c hypervisor/core/string.c hypervisor/core/lib.c hypervisor/core/printf.c \
	hypervisor/core/libfdt_env.c
# Event channels, grants, memory of domains
HYP_PURE += hypervisor/core/evtchn.c hypervisor/core/evtchn_fifo.c hypervisor/core/evtchn_op.c
# Memory
HYP_PURE += hypervisor/arch/arm/pt.c
