#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load ../lib/common
load ../lib/scene

bats_require_minimum_version 1.5.0

setup_file() {
	scene_build
}

setup() {
	scene tree
}

teardown() {
	scene_stop
}

visits() {
	run --separate-stderr vmactl rmap --json "$@"
	[ "$status" -eq 0 ] || [ "$status" -eq 4 ]
	jq -c '[.visits[] | [.pid, .maps_it]]' <<<"$output"
}

@test "a page that all generations share is looked for in all, oldest first" {
	assert_eq "$(visits "$child" $((arena + 4096)) | jq -c '[.[][0]]')" \
		"[$parent,$child,$grandchild]"
}

@test "a page that the child wrote is not looked for in its parent" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to see page frames"
	assert_eq "$(visits "$grandchild" "$arena")" "[[$child,true],[$grandchild,true]]"
	assert_eq "$(visits "$parent" "$arena")" "[[$parent,true],[$child,false],[$grandchild,false]]"
}

@test "a process whose first thread has ended has its pages all the same" {
	scene_stop
	scene leaderless
	until grep -q '^State:.Z' "/proc/$parent/status"; do sleep 0.02; done
	assert_eq "$(visits "$parent" "$arena" | jq -c '[.[][0]]')" "[$parent]"
	code=$(awk '/r-xp.*scene$/ { split($1, a, "-"); print "0x" a[1] }' \
		"$(find "/proc/$parent/task" -maxdepth 1 -name '[0-9]*' ! -name "$parent")/maps")
	jq -e --argjson pid "$parent" 'index($pid) != null' <<<"$(visits "$parent" "$code" | jq -c '[.[][0]]')"
	[ "$(id -u)" -eq 0 ] || skip "needs root, to see page frames"
	assert_eq "$(visits "$parent" "$arena")" "[[$parent,true]]"
	jq -e --argjson pid "$parent" 'index([[$pid, true]]) != null' <<<"$(visits "$parent" "$code")"
}

@test "the kernel's own chains give the same walk" {
	run --separate-stderr vmactl inspect --source bpf self
	[ "$status" -eq 0 ] || skip "$stderr"
	assert_eq "$(visits --source bpf "$grandchild" "$arena")" "$(visits "$grandchild" "$arena")"
}

@test "what relatives that have ended may link is said to be unknown" {
	scene_stop
	scene orphan
	run --separate-stderr vmactl rmap --json "$child" "$arena"
	[ "$status" -eq 0 ]
	assert_eq "$(jq -r .page.known <<<"$output")" unknown
	# the parent of the one that has ended is a relative; that it is visited too, shared pages prove
	[ "$(id -u)" -ne 0 ] || assert_eq "$(jq -c '[.visits[] | [.pid, .maps_it]]' <<<"$output")" \
		"[[$parent,true],[$child,true],[$grandchild,true]]"
	run --separate-stderr vmactl rmap "$child" "$arena"
	assert_contains "$output" "(unknown: "
}

@test "a page of a file is looked for in everybody who maps it" {
	run --separate-stderr vmactl rmap --json "$parent" exe
	[ "$status" -eq 0 ] || [ "$status" -eq 4 ]
	assert_eq "$(jq -r .page.tree <<<"$output")" i_mmap
	assert_eq "$(jq -c '[.visits[].pid] | unique' <<<"$output")" \
		"$(printf '%s\n' "$parent" "$child" "$grandchild" | sort -n | jq -sc .)"
}

@test "what is not mapped, and wrong usage" {
	run vmactl rmap "$parent" 0x1000
	[ "$status" -eq 1 ]
	run vmactl rmap "$parent"
	[ "$status" -eq 2 ]
}
