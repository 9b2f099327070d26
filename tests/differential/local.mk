# SPDX-License-Identifier: GPL-2.0-or-later
# Predictions against real kernels: live.bats asks the one that runs here.
differential_tests = \
	tests/differential/live.bats

TESTS += $(differential_tests)
EXTRA_DIST += $(differential_tests)
