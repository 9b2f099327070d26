#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load ../lib/common

@test "the demonstration ends with the kernel agreeing, both times" {
	run "$VMACTL_SRC/bin/demo/show" "$VMACTL_BUILD"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^The kernel agrees: all' <<<"$output")" -eq 2 ]
	[ "$(grep -c ' = 0$' <<<"$output")" -ge 2 ]
}

@test "the demonstration leaves no process behind" {
	run "$VMACTL_SRC/bin/demo/show" "$VMACTL_BUILD"
	pid=$(sed -n 's/^=== Process \([0-9]*\) .*/\1/p' <<<"$output")
	[ -n "$pid" ]
	! kill -0 "$pid" 2>/dev/null
}

@test "setup without a word, or with a wrong one, explains itself and fails" {
	run "$VMACTL_SRC/setup"
	[ "$status" -eq 2 ]
	assert_contains "$output" "Usage: ./setup run"
	run "$VMACTL_SRC/setup" nonsense
	[ "$status" -eq 2 ]
}
