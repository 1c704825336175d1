# SPDX-License-Identifier: ISC
# Plinth: one entry point. Each part keeps its explicit source list in its own .mk beside its code.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:

B := build
# What is built for: arm64, or arm (ARMv7, Debian's armhf). Each has its own folder of programs, and of packages.
ARCH ?= arm64
TRIPLET_arm64 := aarch64-linux-gnu
TRIPLET_arm := arm-linux-gnueabihf
TRIPLET := $(TRIPLET_$(ARCH))
$(if $(TRIPLET),,$(error ARCH=$(ARCH) is neither arm64 nor arm))
CROSS ?= $(TRIPLET)-
BT := $(B)/$(ARCH)
V ?= 0
Q := $(if $(filter 0,$(V)),@)
say = $(if $(filter 0,$(V)),@printf '  %-8s %s\n' '$(1)' '$(2)')

# One number for all parts.
VERSION := $(shell sed -n 's/.*PLINTH_VERSION "\(.*\)"/\1/p' include/plinth/version.h)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wundef -Wvla -Werror

.PHONY: all run demo test bench install clean distclean help
all:

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make            build the hypervisor and the tools below build/ (for ARMv7 with ARCH=arm)
## make clean      remove what was built, but not what was downloaded
clean:
	$(if $(wildcard $(B)),find $(B) -mindepth 1 -maxdepth 1 $(foreach d,$(DOWNLOADS),! -name $(d)) \
		-exec rm -rf {} +)

## make distclean  remove build/
distclean:
	rm -rf $(B)

include scripts/packages.mk
include hypervisor/hypervisor.mk
include hypervisor/arch/arm32.mk
include libctrl/libctrl.mk
include tools/tools.mk
include images/images.mk
include tests/tests.mk
