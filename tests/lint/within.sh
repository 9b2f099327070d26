#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What runs the tests: one that hangs fails, and nothing that a test leaves behind holds up the run.
. "${VMACTL_SRC:-$(dirname "$0")/../..}/tests/lib/tap.sh"

within=$VMACTL_BUILD/tests/lib/within
[ -x "$within" ] || skip_all "tests/lib/within is not built"

hangs() {
	! VMACTL_TEST_SECONDS=1 "$within" sleep 1000
}
names_what_hangs() {
	local said
	said=$(VMACTL_TEST_SECONDS=1 "$within" sleep 1000) && return 1
	grep -q '^# still there: process [0-9]* sleep 1000$' <<<"$said" && grep -q '^Bail out!' <<<"$said"
}
# The pipe is open until the last of them has ended.
leaves_nothing() {
	[ "$("$within" bash -c 'sleep 1000 & setsid bash -c "sleep 1000 & exec sleep 1000" & echo end')" = end ]
}
gives_the_status() {
	"$within" bash -c 'exit 7'
	[ $? -eq 7 ] && { "$within" bash -c 'kill -9 $$'; [ $? -eq 137 ]; }
}
has_no_input() {
	sleep 5 | VMACTL_TEST_SECONDS=1 "$within" cat
}

check "a test that hangs is ended" hangs
check "it is named, with what still ran" names_what_hangs
check "what a test leaves behind ends with it, also in a session of its own" leaves_nothing
check "the status is that of the test" gives_the_status
check "a test has no input to wait for" has_no_input
finish
