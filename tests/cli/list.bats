#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load ../lib/common

setup() {
	start_sleeper
}

teardown() {
	kill "$pid" 2>/dev/null || true
}

# list and 4 (some maps may not be read) are both fine.
listed() {
	run --separate-stderr vmactl list "$@"
	[ "$status" -eq 0 ] || [ "$status" -eq 4 ]
}

bats_require_minimum_version 1.5.0

@test "a process is listed with its number of mappings" {
	listed -rn -o PID,VMAS,NAME
	assert_contains "$output" "$pid $(grep -vc '\[vsyscall\]$' "/proc/$pid/maps") sleep"
}

@test "a process whose first thread has ended is listed all the same" {
	${CC:-cc} -O1 -o "$BATS_TEST_TMPDIR/scene" "$VMACTL_SRC/tests/cli/topology.c"
	"$BATS_TEST_TMPDIR/scene" leaderless >"$BATS_TEST_TMPDIR/out" 3>&- &
	local leaderless=$!
	until grep -q '^State:.Z' "/proc/$leaderless/status"; do sleep 0.02; done
	listed -rn -o PID,VMAS,NAME -Q "PID == $leaderless"
	other=$(find "/proc/$leaderless/task" -maxdepth 1 -name '[0-9]*' ! -name "$leaderless")
	assert_eq "$output" "$leaderless $(grep -vc '\[vsyscall\]$' "$other/maps") scene"
	kill "$leaderless"
}

@test "sizes equal status" {
	listed -rnb -o SIZE,RSS,SWAP -Q "PID == $pid"
	assert_eq "$output" "$(awk '/^VmSize/ { s = $2 } /^VmRSS/ { r = $2 } /^VmSwap/ { w = $2 }
		END { printf "%d %d %d", s * 1024, r * 1024, w * 1024 }' "/proc/$pid/status")"
}

@test "kernel threads are left out, unless asked for" {
	[ -d /proc/2 ] && [ -z "$(cat /proc/2/maps 2>/dev/null)" ] || skip "no kernel thread is seen here"
	listed -rn -o PID -Q 'PID == 2'
	assert_eq "$output" ""
	listed -rn -o PID --all -Q 'PID == 2'
	assert_eq "$output" 2
}

@test "the document is valid by its schema" {
	need jq
	listed --json
	assert_valid list <<<"$output"
	assert_eq "$(jq .max_map_count <<<"$output")" "$(cat /proc/sys/vm/max_map_count)"
}

@test "PSS is read only when asked for" {
	listed -rnb -o PSS -Q "PID == $pid"
	[ "$output" -gt 0 ]
	listed --json
	refute grep -q '"pss"' <<<"$output"
}

@test "another /proc is read with --procfs" {
	mkdir -p "$BATS_TEST_TMPDIR/proc/7" "$BATS_TEST_TMPDIR/proc/sys/vm"
	echo 100 >"$BATS_TEST_TMPDIR/proc/sys/vm/max_map_count"
	printf 'Name:\tx\033[1my\nUid:\t5\t5\t5\t5\nVmSize:\t  12 kB\n' >"$BATS_TEST_TMPDIR/proc/7/status"
	printf '1000-2000 r--p 0 00:00 0 \n2000-3000 rw-p 0 00:00 0 \n' >"$BATS_TEST_TMPDIR/proc/7/maps"
	run vmactl list --procfs "$BATS_TEST_TMPDIR/proc" -rn -o PID,VMAS,SHARE,SIZE,NAME
	[ "$status" -eq 0 ]
	assert_eq "$output" '7 2 20 12K x\x1b[1my'
}
