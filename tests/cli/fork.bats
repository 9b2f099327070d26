#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The bill is held against a child that really was forked, and has not run since.
load ../lib/common
load ../lib/scene

bats_require_minimum_version 1.5.0

setup_file() {
	scene_build
}

teardown() {
	scene_stop
}

# $1: MiB. Predicts, then lets it fork. Sets child and bill.
fork_of() {
	mkfifo "$BATS_TEST_TMPDIR/in"
	"$BATS_FILE_TMPDIR/scene" forker "$1" <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
	parent=$!
	exec 8>"$BATS_TEST_TMPDIR/in"
	until grep -q . "$BATS_TEST_TMPDIR/out"; do sleep 0.02; done
	bill=$(vmactl fork --no-time --json "$parent")
	echo >&8
	until [ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -eq 2 ]; do sleep 0.02; done
	read -r child _ < <(tail -n 1 "$BATS_TEST_TMPDIR/out")
}

value() {
	jq -r ".fork.$1.value" <<<"$bill"
}

@test "mappings and page tables of the child are those the bill said" {
	fork_of 3
	assert_eq "$(($(value page_table_bytes) / 1024))" "$(awk '/^VmPTE/ { print $2 }' "/proc/$child/status")"
	assert_eq "$(($(value vmas_copied) + $(value vmas_wiped)))" \
		"$(grep -vc vsyscall "/proc/$child/maps")"
	assert_eq "$(value vmas_skipped)" 1
}

@test "the pages it copies are the child's anonymous ones" {
	fork_of 2
	[ "$(($(value pages_copied) * 4))" -ge "$(awk '/^RssAnon/ { print $2 }' "/proc/$child/status")" ]
	[ "$(value cow_worst_bytes)" -ge $((2 << 20)) ]
}

@test "strict overcommit refuses a fork that has no room, with the figures" {
	mkdir "$BATS_TEST_TMPDIR/p"
	cp -r "$VMACTL_SRC/tests/fixtures/process-7.2/." "$BATS_TEST_TMPDIR/p"
	chmod -R u+w "$BATS_TEST_TMPDIR/p"
	echo 2 >"$BATS_TEST_TMPDIR/p/proc/sys/vm/overcommit_memory"
	echo 0 >"$BATS_TEST_TMPDIR/p/proc/sys/vm/overcommit_ratio"
	run --separate-stderr vmactl fork --no-time --json "$BATS_TEST_TMPDIR/p"
	[ "$status" -eq 3 ]
	bill=$output
	assert_contains "$(value verdict)" ENOMEM
	assert_contains "$(value because)" "commit limit"
	echo 1 >"$BATS_TEST_TMPDIR/p/proc/sys/vm/overcommit_memory"
	run --separate-stderr vmactl fork --no-time "$BATS_TEST_TMPDIR/p"
	[ "$status" -eq 4 ] # a recording has no pagemap
	assert_contains "$output" granted
}

@test "a time is given, and what it was made from" {
	run vmactl fork --json $$
	[ "$status" -eq 0 ]
	jq -e '.fork.time_us.value > 0 and .fork.time_ns_vma.value >= 0 and
		.fork.time_ns_page.value >= 0' <<<"$output"
}
