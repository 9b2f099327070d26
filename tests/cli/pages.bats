#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load ../lib/common
load ../lib/scene

bats_require_minimum_version 1.5.0

setup_file() {
	scene_build
}

setup() {
	scene pages
}

teardown() {
	scene_stop
}

@test "written, untouched and read pages are told apart" {
	run --separate-stderr vmactl pages --all --json "$parent" "$arena"
	[ "$status" -eq 0 ]
	assert_eq "$(jq -r '[.runs[] | select(.state != "zero") | "\(.pages) \(.state)"] | join(", ")' \
		<<<"$output")" "16 anon, 16 none, 24 none"
	# the zero page has no name for those who may not see frames, nor before 6.7
	assert_eq "$(jq '[.runs[].pages] | add' <<<"$output")" 64
}

@test "frames of the kernel in [vvar] are neither anonymous nor missing" {
	grep -q ' pf ' /proc/self/smaps || skip "no mapping is VM_PFNMAP here"
	run --separate-stderr vmactl pages --json $$
	[ "$status" -eq 0 ]
	jq -e '.states.special > 0' <<<"$output"
	jq -e '[.runs[] | select(.path == "[vvar_vclock]") | .state] - ["special"] == []' <<<"$output"
	jq -e '[.runs[] | select(.path == "[vvar]" or .path == "[vdso]") | .state] -
		["special", "file"] == []' <<<"$output"
}

@test "secret memory is a file's, and stays locked" {
	scene_stop
	scene secret
	if [ "$child" != 0 ]; then
		child=0
		skip "no memfd_secret here (before 6.5: secretmem.enable=1 at boot)"
	fi
	run --separate-stderr vmactl pages --all --json "$parent" "$arena"
	[ "$status" -eq 0 ]
	assert_eq "$(jq -r '.runs[] | "\(.pages) \(.state)"' <<<"$output")" "8 file"$'\n'"8 none"
	assert_eq "$(awk '/RssShmem/ { print $2 }' "/proc/$parent/status")" 0
	run --separate-stderr vmactl inspect --noheadings --output KIND "$parent"
	assert_contains "$output" secretmem
	# the kernel answers 0, and does nothing
	run --separate-stderr vmactl simulate --json munlock "$parent" "$arena" 65536
	[ "$status" -eq 0 ]
	assert_eq "$(jq -c '[.. | objects | select(has("change")) | .change] - ["same"]' <<<"$output")" "[]"
}

@test "totals are the sums of the runs" {
	run --separate-stderr vmactl pages --all --json "$parent"
	[ "$status" -eq 0 ]
	total=$(jq '[.runs[].size] | add' <<<"$output")
	assert_eq "$total" "$(jq '.states | del(.huge, .uffd_wp, .soft_dirty) | add' <<<"$output")"
}

@test "a range cuts runs" {
	run --separate-stderr vmactl pages --json "$parent" "$arena,$(printf '0x%x' $((arena + 5 * 4096)))"
	[ "$status" -eq 0 ]
	assert_eq "$(jq -r '.runs[] | "\(.pages) \(.state)"' <<<"$output")" "5 anon"
}

@test "the strip shows where they are" {
	run --separate-stderr vmactl pages --color=never "$parent" "$arena"
	[ "$status" -eq 0 ]
	assert_contains "$output" "AAAAAAAAAAAA"
	assert_contains "$output" "A anon 64K"
	run --separate-stderr vmactl pages --no-strip "$parent" "$arena"
	[[ $output != *AAAAA* ]]
}

@test "frames say who else maps a page" {
	[ "$(id -u)" -eq 0 ] && [ -r /proc/kpagecount ] || skip "needs root and kpagecount"
	run --separate-stderr vmactl pages --frames --json "$parent" "$arena"
	[ "$status" -eq 0 ]
	assert_eq "$(jq -r '.runs[0] | "\(.mapped) \(.shared)"' <<<"$output")" "1 0"
}

@test "huge pages are told, and a terabyte with one page in it is two runs" {
	scene_stop
	scene huge
	run --separate-stderr vmactl pages --json "$parent" "$(printf '0x%x,0x%x' $((arena)) $((arena + (2 << 40))))"
	[ "$status" -eq 0 ]
	assert_eq "$(jq -r '[.runs[-1] | .pages, .state, .start] | join(" ")' <<<"$output")" \
		"1 anon $(printf '0x%x' $((arena + (1 << 30) + (1 << 40) - 4096)))"
	# a gibibyte and a terabyte in a few runs
	jq -e '.runs | length < 8' <<<"$output"
	[ "$(id -u)" -eq 0 ] && [ -r /proc/kpageflags ] || return 0
	grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled && return 0
	run --separate-stderr vmactl pages --frames --json "$parent" "$arena"
	jq -e '.runs[0] | .thp == .pages or .thp == 0' <<<"$output"
}

@test "what is not mapped, and wrong usage" {
	run vmactl pages "$parent" 0x1000
	[ "$status" -eq 1 ]
	run vmactl pages "$parent" 0x1000,0x3000
	[ "$status" -eq 1 ]
	assert_contains "$output" "0x1000,0x3000: nothing is mapped there"
	run vmactl pages
	[ "$status" -eq 2 ]
}

@test "the cost report says how long the longest call took" {
	run --separate-stderr vmactl pages --cost-report $$
	[ "$status" -eq 0 ]
	[[ $stderr =~ pagemap:.*longest\ [0-9.]+\ ms ]]
}
