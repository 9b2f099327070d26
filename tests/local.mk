# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every test speaks TAP, so one make check sums them all:
#   tests/unit/ROOM-FILE     cmocka programs, see tests/unit/local.mk
#   tests/cli/COMMAND.bats   what a user types, see tests/cli/local.mk
#   tests/lint/NAME.sh       rules about the source itself, see tests/lint/local.mk
# A test that needs what the machine lacks says SKIP and why.
TEST_EXTENSIONS = .sh .bats
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
LOG_COMPILER = tests/lib/within bash $(top_srcdir)/tests/lib/cmocka-tap
SH_LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_COMPILER = tests/lib/within bash
BATS_LOG_DRIVER = $(TAP_DRIVER)
BATS_LOG_COMPILER = tests/lib/within bash $(top_srcdir)/tests/lib/bats-tap

# What a test may rely on, whatever directory it is started from.
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	LC_ALL=C.UTF-8; export LC_ALL; \
	UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1; export UBSAN_OPTIONS; \
	VMACTL_SRC='$(abs_top_srcdir)'; export VMACTL_SRC; \
	VMACTL_BUILD='$(abs_top_builddir)'; export VMACTL_BUILD; \
	PATH='$(abs_top_builddir)/bin/vmactl:$(abs_top_builddir)/bin/vmatop:'"$$PATH"; export PATH; \
	CC='$(CC)'; export CC; \
	BATS='$(BATS)'; export BATS;

include tests/lib/local.mk
include tests/lint/local.mk
include tests/unit/local.mk
include tests/view/local.mk
include tests/cli/local.mk
include tests/differential/local.mk
include tests/fixtures/local.mk
include tests/fuzz/local.mk
include tests/bench/local.mk
