# SPDX-License-Identifier: ISC
# Plinth: one entry point. Each part keeps its explicit source list in its own .mk beside its code.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:

B := build
CROSS ?= aarch64-linux-gnu-
V ?= 0
Q := $(if $(filter 0,$(V)),@)
say = $(if $(filter 0,$(V)),@printf '  %-8s %s\n' '$(1)' '$(2)')

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wundef -Wvla -Werror

.PHONY: all run demo test bench install clean help
all:

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make            build the hypervisor and the tools below build/
## make clean      remove build/
clean:
	rm -rf $(B)

include scripts/packages.mk
include hypervisor/hypervisor.mk
include libctrl/libctrl.mk
include tools/tools.mk
include scripts/images.mk
include tests/tests.mk
