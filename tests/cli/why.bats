#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load ../lib/common
load ../lib/scene

bats_require_minimum_version 1.5.0

setup_file() {
	scene_build
}

teardown() {
	scene_stop
}

reasons() {
	vmactl why --json "$@" | jq -r --arg a "$arena" \
		'.pairs[] | select(.start[2:14] == $a[2:14]) | "\(.reason) \(.known)"'
}

@test "two neighbours that were both written to: anon" {
	scene neighbours
	assert_eq "$(reasons "$parent" | cut -d' ' -f1)" anon
}

# What is said of the pairs of the arena's mappings: "reason known" each.
in_arena() {
	vmactl why --json "$@" | jq -r --arg a "${arena:0:8}" \
		'.pairs[] | select(.start | startswith($a)) | "\(.reason) \(.known)"' | paste -sd,
}

@test "a child after fork stays three mappings, both times for the anon_vma; its parent is one" {
	scene forked
	[[ $(in_arena "$child") =~ ^anon\ [a-z]+,anon(_fork)?\ [a-z]+$ ]]
	assert_eq "$(in_arena "$parent")" ""
	assert_eq "$(grep -c "^${arena:2:8}" "/proc/$child/maps")" 3
	assert_eq "$(grep -c "^${arena:2:8}" "/proc/$parent/maps")" 1
}

@test "inspect --vma is no more certain of it" {
	scene neighbours
	run --separate-stderr vmactl inspect --vma "$arena" --json "$parent"
	[ "$status" -eq 0 ]
	assert_eq "$(jq -r .vma.merges_with_next.known <<<"$output")" "$(reasons "$parent" | cut -d' ' -f2)"
	assert_contains "$(jq -r .vma.merges_with_next.value <<<"$output")" anon_vma
}

@test "with the kernel's own values the same reason is exact" {
	run --separate-stderr vmactl inspect --source bpf self
	[ "$status" -eq 0 ] || skip "$stderr"
	scene neighbours
	assert_eq "$(reasons --source bpf "$parent")" "anon exact"
	scene_stop
	scene forked
	assert_eq "$(in_arena --source bpf "$child")" "anon exact,anon exact"
	assert_eq "$(in_arena --source bpf "$parent")" ""
}

@test "with an address both neighbours of the mapping are judged" {
	scene neighbours
	run vmactl why --json "$parent" $((arena + 0x8000))
	[ "$status" -eq 0 ]
	assert_eq "$(jq '.pairs | length' <<<"$output")" 2
	assert_eq "$(jq -r '[.pairs[].reason] | join(" ")' <<<"$output")" "anon flags"
}

@test "the summary counts what the rows say" {
	scene neighbours
	run vmactl why --json "$parent"
	[ "$status" -eq 0 ]
	jq -e '.summary.could_be_saved == (.pairs | length) and
		.summary.could_be_saved == ([.summary.reasons[]] | add) + .summary.unknown +
			.summary.nothing_in_the_way' <<<"$output"
}

@test "wrong usage and a process that is not there" {
	run vmactl why
	[ "$status" -eq 2 ]
	run vmactl why 1 2 3
	[ "$status" -eq 2 ]
	run vmactl why 999999999
	[ "$status" -eq 42 ]
}
