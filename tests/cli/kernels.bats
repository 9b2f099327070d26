#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load ../lib/common

@test "the running kernel is listed" {
	run vmactl kernels -rn -o RELEASE -Q RUNNING
	[ "$status" -eq 0 ]
	# Debian's release is followed by the stable update: "6.1.0-49-amd64 (6.1.174)"
	assert_eq "${output%% (*}" "$(uname -r)"
}

@test "a property is there from its release on" {
	assert_eq "$(vmactl kernels -rn -o HAS -Q 'PROPERTY == has_mseal' 6.9)" 0
	assert_eq "$(vmactl kernels -rn -o HAS -Q 'PROPERTY == has_mseal' 6.10)" 1
}

@test "the difference of two releases is what changed, of equal ones nothing" {
	run vmactl kernels --diff -rn -o PROPERTY,BEFORE,AFTER 6.9 6.10
	[ "$status" -eq 0 ]
	assert_contains "$output" "has_mseal 0 1"
	assert_eq "$(awk '$2 == $3' <<<"$output")" ""
	run vmactl kernels --diff -rn 6.10 6.10
	[ "$status" -eq 0 ]
	assert_eq "$output" ""
}

@test "each difference comes with calls that show it, or says why not" {
	run vmactl kernels --diff 5.10 7.2
	[ "$status" -eq 0 ]
	assert_contains "$output" "    mseal(0x10000000, 4096, 0)"
	assert_contains "$output" "  5.10: -1 ENOSYS"
	assert_contains "$output" "  7.2: 0"
	assert_contains "$output" "    not shown: "
	run vmactl kernels --diff -rn -o OUTCOME_BEFORE,OUTCOME_AFTER -Q DEMO 5.10 7.2
	[ "${#lines[@]}" -gt 40 ]
	assert_eq "$(awk '$1 == $2' <<<"$output" | head -n1)" ""
}

@test "a kernel that is none, or too old, is refused" {
	run vmactl kernels banana
	[ "$status" -eq 2 ]
	run vmactl kernels 3.10
	[ "$status" -eq 2 ]
	run vmactl kernels --diff 6.1
	[ "$status" -eq 2 ]
}

@test "the documents are valid by their schema" {
	need jq
	for args in "" 6.12 "--diff 5.10 7.2"; do
		# shellcheck disable=SC2086 # words
		vmactl kernels --json $args | assert_valid kernels
	done
}
