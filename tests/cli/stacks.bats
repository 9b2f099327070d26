#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vmactl stacks: frames, sizes, and that the target never notices.
load ../lib/common
load ../lib/threads

setup() { threads_start; }
teardown() { threads_stop; }

@test "every thread is listed with its name, stack and guard" {
	run vmactl stacks "$pid"
	assert_eq "$status" 0
	assert_contains "$output" "3 threads"
	assert_contains "$output" "(worker-one)"
	assert_contains "$output" "(worker-two)"
	assert_contains "$output" "guard 4K (mapping)"
	assert_contains "$output" "guard 1M (gap)"
}

@test "eleven calls of a recursion are eleven frames" {
	run vmactl stacks "$pid"
	assert_eq "$(echo "$output" | grep -c ' recurses+0x')" 22
	assert_eq "$(echo "$output" | grep -c ' waits_here+0x')" 2
	assert_contains "$output" "in inlined_wait (inlined)"
}

@test "frames equal eu-stack" {
	need eu-stack
	want=$(eu-stack -p "$pid" 2>/dev/null | awk '/^#/ { print $2 }')
	got=$(vmactl stacks -k "$pid" | awk '/^  #/ { print $2 }')
	assert_eq "$got" "$want"
}

@test "the target runs on, untraced, with the state it had" {
	before=$(awk '{ print $3 }' "/proc/$pid/stat")
	vmactl stacks "$pid" >/dev/null
	assert_eq "$(awk '{ print $3 }' "/proc/$pid/stat")" "$before"
	assert_eq "$(awk '/^TracerPid/ { print $2 }' "/proc/$pid/status")" 0
}

@test "a stopped target stays stopped" {
	kill -STOP "$pid"
	sleep 0.1
	vmactl stacks "$pid" >/dev/null
	sleep 0.1
	assert_eq "$(awk '{ print $3 }' "/proc/$pid/stat")" T
}

@test "when vmactl is killed the target is left running" {
	for _ in $(seq 20); do
		vmactl stacks "$pid" >/dev/null 2>&1 3>&- &
		sleep 0.002
		kill -KILL $! 2>/dev/null || true
		wait $! 2>/dev/null || true
	done
	sleep 0.1
	assert_eq "$(awk '{ print $3 }' "/proc/$pid/stat")" S
	assert_eq "$(awk '/^TracerPid/ { print $2 }' "/proc/$pid/status")" 0
}

@test "-k prints addresses only, --frames cuts and says so" {
	run vmactl stacks -k --frames 3 "$pid"
	assert_eq "$(echo "$output" | grep -c '^  #[0-9 ]* 0x[0-9a-f]*$')" 9
	assert_contains "$output" "(more than 3 frames: --frames)"
}

@test "--no-frames gives sizes and no frames" {
	run vmactl stacks --no-frames "$pid"
	assert_contains "$output" " used"
	[ "$(echo "$output" | grep -c '^  #')" -eq 0 ]
}

@test "JSON holds threads, sizes, frames and how long they stood still" {
	need python3
	vmactl stacks --json "$pid" >"$dir/json"
	run python3 - "$dir/json" <<-'PY'
		import json, sys
		s = json.load(open(sys.argv[1]))
		t = s["threads"]
		assert len(t) == 3
		for x in t:
		    assert x["error"] is None and 0 < x["used"] <= x["size"]
		    assert x["touched"] >= x["used"] - 128
		    assert x["stopped_ns"] > 0 and x["frames"][0]["exact"]
		assert s["longest_stop_ns"] == max(x["stopped_ns"] for x in t)
	PY
	echo "$output"
	assert_eq "$status" 0
}

@test "a process that is not there gives status 42" {
	run vmactl stacks 4194304
	assert_eq "$status" 42
}
