# SPDX-License-Identifier: ISC
# Unit tests of what the tools share and of vmctl.

TOOLS_TEST_CFLAGS := -Itools -Ilibctrl/include -Itests/unit/tools

TEST_CONFIG_SRCS := tools/common/config_lex.c tools/common/config_parse.c tools/common/read_file.c \
	tools/common/report.c

UNIT_TESTS += tools/test_config
tools/test_config_CFLAGS := $(TOOLS_TEST_CFLAGS)
tools/test_config_SRCS := tests/unit/tools/test_config.c $(TEST_CONFIG_SRCS)
