# SPDX-License-Identifier: ISC
# System tests: QEMU machines with a dom0, driven from Python. Two machines at a time; each is hard-limited.
# T=words picks tests by name:   make test-system T='console or policy'
# FULL=1 tries everything as often, and on as many machines, as there is a reason for; without it, what takes longest is
# tried less often, so that `make test` ends in time.
# HOSTILE=N lets each hostile guest go on for N seconds:   make test-system T=hostile HOSTILE=60
# REBOOTS=N has each of the two Debian guests reboot N times:   make test-system T=debian REBOOTS=10

SYSTEM_JOBS ?= 2
# Seconds; against hangs.
SYSTEM_LIMIT ?= 2700
SYSTEM_PROBES_arm64 := $(B)/tests/system
SYSTEM_PROBES_arm := $(BT)/tests/system
SYSTEM_PROBES := $(addprefix $(SYSTEM_PROBES_$(ARCH))/,probe store-probe)
SYSTEM_FILES = $(PLINTH) $(IMAGES)/tools.cpio $(DOM0_IMAGES) $(IMAGES)/xen.cpio $(GUEST_DISK) $(SYSTEM_PROBES) \
	$(B)/guests/hostile.img $(B)/guests/canary.img
SYSTEM_JUNIT := $(B)/test-logs/system.xml

$(firstword $(SYSTEM_PROBES)): tests/system/dom0/probe.c
$(lastword $(SYSTEM_PROBES)): tests/system/dom0/store_probe.c
$(SYSTEM_PROBES): $(BT)/libctrl.so
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc -std=gnu11 -O2 $(WARN) $(LIBCTRL_USE_CFLAGS) $(filter %.c,$^) $(LIBCTRL_USE_LIBS) -o $@

define run_system
	$(Q)rm -rf $(B)/test-logs
	$(Q)mkdir -p $(B)/test-logs
	$(Q)cd tests/system && B=$(abspath $(B)) $(if $(REBOOTS),REBOOTS=$(REBOOTS)) $(if $(FULL),FULL=1) \
		$(if $(HOSTILE),HOSTILE=$(HOSTILE)) PYTHONDONTWRITEBYTECODE=1 \
		timeout -s KILL $(SYSTEM_LIMIT) $(PYTHON) -m pytest -q -p no:cacheprovider -n $(SYSTEM_JOBS) \
		--dist loadgroup \
		--junitxml=$(abspath $(SYSTEM_JUNIT)) $(if $(T),-k '$(T)') -m '$(1)'
endef

.PHONY: test-system test-system-peer test-newest test-arm
## make test-system  boot machines in QEMU and try everything in them (T='words' picks tests, FULL=1 tries all)
test-system: $(SYSTEM_FILES)
	$(call run_system,not peer and not newest and not arm$(if $(FULL),, and not seldom))

## make test-system-peer  on stock Xen: its tools' tests (what is right?), and what does not depend on the hypervisor
test-system-peer: $(SYSTEM_FILES)
	$(call run_system,peer and not arm)

## make test-newest  the newest Debian kernel as dom0 and as guest (downloads about 105 MB at first)
test-newest: $(PLINTH) $(IMAGES)/tools.cpio $(IMAGES)/6.1/dom0.cpio $(NEWEST_IMAGE) $(SYSTEM_PROBES)
	$(call run_system,newest)

## make test-arm   the tools on ARMv7: on Plinth and on stock Xen 4.17, with Debian's armhf (T='words' picks tests)
ifeq ($(ARCH),arm)
test-arm: $(PLINTH) $(IMAGES)/tools.cpio $(DOM0_IMAGES) $(IMAGES)/xen.cpio $(SYSTEM_PROBES)
	$(call run_system,arm)
else
test-arm:
	$(Q)$(MAKE) --no-print-directory ARCH=arm $@
endif
