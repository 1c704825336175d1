# SPDX-License-Identifier: ISC
## make test-image  look at the hypervisor's code for sequences that no emulator misses
.PHONY: test-image
test-image: $(B)/hyp/plinth.elf
	$(Q)tests/image/check_image.py $(CROSS)objdump $<
