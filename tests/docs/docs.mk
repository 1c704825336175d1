# SPDX-License-Identifier: ISC
# make test-docs: what the documents name exists, and what they say of the ABI is what the tables in the code say.

.PHONY: test-docs
## make test-docs  files, functions, commands, keys and hypercalls that the documents name
test-docs:
	$(Q)PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tests/docs/check_names.py
