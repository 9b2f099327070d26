# SPDX-License-Identifier: GPL-2.0-or-later
# Rules about the source itself: bash, one rule a file, sorted.
lint_tests =

TESTS += $(lint_tests)
EXTRA_DIST += $(lint_tests)
