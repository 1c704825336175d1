# SPDX-License-Identifier: ISC
# make test-litmus: models of what is done without a lock, through all interleavings of the C++11 memory model (relacy).
# Each is run as it is, and without one barrier, when it must fail.

LITMUS := running run_queue block kick vmid_word vmid_flush page_desc publish paused
LITMUS_BINS := $(LITMUS:%=$(B)/host/litmus/%)
# relacy's headers are older than the compiler's warnings.
LITMUS_CXXFLAGS := -std=c++11 -O1 -w

$(B)/host/litmus/%: tests/litmus/%.cpp tests/litmus/litmus.hpp
	@mkdir -p $(@D)
	$(call say,HOSTCXX,$@)
	$(Q)g++ $(LITMUS_CXXFLAGS) $< -o $@

.PHONY: test-litmus
## make test-litmus  models of the lock-free protocols, through all interleavings
test-litmus: $(LITMUS_BINS)
	$(Q)good=0; bad=0; for t in $^; do \
		if timeout -s KILL 60 $$t; then good=$$((good + 1)); else bad=$$((bad + 1)); fi; done; \
		echo "$$good passed, $$bad failed"; [ $$bad -eq 0 ]
