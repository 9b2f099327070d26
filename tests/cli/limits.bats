#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load ../lib/common

setup() {
	start_sleeper
}

teardown() {
	kill "$pid" 2>/dev/null || true
}

@test "map_count is what is mapped, of vm.max_map_count" {
	run vmactl limits -rn -o VALUE,MAX -Q 'LIMIT == map_count' "$pid"
	[ "$status" -eq 0 ]
	assert_eq "$output" "$(grep -vc '\[vsyscall\]$' "/proc/$pid/maps") $(cat /proc/sys/vm/max_map_count)"
}

@test "resource limits are those of the process" {
	need prlimit
	prlimit --pid "$pid" --as=1073741824:
	run vmactl limits -rnb -o MAX -Q 'LIMIT == address_space' "$pid"
	assert_eq "$output" 1073741824
	run vmactl limits -rnb -o VALUE -Q 'LIMIT == address_space' "$pid"
	assert_eq "$output" "$(awk '/^VmSize/ { print $2 * 1024 }' "/proc/$pid/status")"
}

@test "above the threshold it is a finding, with what to type" {
	need prlimit
	size=$(awk '/^VmSize/ { print $2 * 1024 }' "/proc/$pid/status")
	prlimit --pid "$pid" --as=$((size * 10 / 9)):
	run vmactl limits "$pid"
	[ "$status" -eq 3 ]
	assert_contains "$output" "prlimit --pid $pid --as="
	run vmactl limits --threshold 99 "$pid"
	[ "$status" -eq 0 ]
}

@test "the document is valid by its schema, below and above the threshold" {
	need jq
	for threshold in 80 0; do
		run vmactl limits --json --threshold $threshold "$pid"
		assert_eq "$status" "$([ $threshold = 0 ] && echo 3 || echo 0)"
		assert_valid limits <<<"$output"
		assert_eq "$(jq .exceeded <<<"$output")" "$([ $threshold = 0 ] && echo true || echo false)"
	done
}

@test "smaps is not read" {
	need strace
	strace -f -e trace=openat -o "$BATS_TEST_TMPDIR/trace" vmactl limits "$pid" >/dev/null ||
		skip "strace cannot run here"
	refute grep -q 'smaps' "$BATS_TEST_TMPDIR/trace"
	grep -q 'maps"' "$BATS_TEST_TMPDIR/trace"
}

@test "a process that is not there: 42" {
	run vmactl limits 4194999
	[ "$status" -eq 42 ]
}
