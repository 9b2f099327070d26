# SPDX-License-Identifier: GPL-2.0-or-later
# Rules about the source itself: bash, one rule a file, sorted.
lint_tests = \
	tests/lint/exports.sh \
	tests/lint/functions.sh \
	tests/lint/install.sh \
	tests/lint/layers.sh \
	tests/lint/man.sh \
	tests/lint/rules.sh \
	tests/lint/setup.sh \
	tests/lint/shell.sh \
	tests/lint/spdx.sh \
	tests/lint/state.sh \
	tests/lint/within.sh

TESTS += $(lint_tests)
EXTRA_DIST += $(lint_tests)
