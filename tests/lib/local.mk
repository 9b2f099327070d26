# SPDX-License-Identifier: GPL-2.0-or-later
EXTRA_DIST += tests/lib/bats-tap tests/lib/cmocka-tap tests/lib/common.bash tests/lib/scene.bash \
	tests/lib/schema.jq tests/lib/tap.sh tests/lib/threads.bash
# Runs each test: see the file.
check_PROGRAMS += tests/lib/within
tests_lib_within_LDADD =
