# SPDX-License-Identifier: GPL-2.0-or-later
# One .bats a command, sorted.
cli_tests = \
	tests/cli/audit.bats \
	tests/cli/bpf.bats \
	tests/cli/demo.bats \
	tests/cli/verify.bats

TESTS += $(cli_tests)
EXTRA_DIST += $(cli_tests)
EXTRA_DIST += tests/cli/planted.c
