#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every document of why, fork, pages, anon, rmap and locks is valid by the schema that is installed
# for it, in every view, with and without the rights to see it all.
load ../lib/common
load ../lib/scene

bats_require_minimum_version 1.5.0

setup_file() {
	scene_build
	run vmactl inspect --source bpf self
	[ "$status" -eq 0 ] && export BPF=yes || export BPF=
}

setup() {
	scene forked
}

teardown() {
	scene_stop
}

# valid SCHEMA ARGS...: a finding and something unreadable are fine
valid() {
	local schema=$1 status=0
	shift
	vmactl "$@" --json >"$BATS_TEST_TMPDIR/doc" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	case $status in
	0 | 3 | 4) ;;
	*)
		cat "$BATS_TEST_TMPDIR/err"
		return 1
		;;
	esac
	assert_valid "$schema" <"$BATS_TEST_TMPDIR/doc"
}

@test "why" {
	valid why why "$child"
	valid why why --output-all "$child"
	valid why why --group-by REASON --totals "$child"
	valid why why "$child" "$arena"
	[ -z "$BPF" ] || valid why why --source bpf "$child"
}

@test "fork" {
	valid fork fork "$parent"
	valid fork fork --no-time "$parent"
	valid fork fork --no-time "$VMACTL_SRC/tests/fixtures/process-7.2"
	[ -z "$BPF" ] || valid fork fork --no-time --source bpf "$child"
}

@test "pages" {
	valid pages pages "$parent"
	valid pages pages --all --output-all --totals "$parent"
	valid pages pages --group-by STATE "$parent"
	valid pages pages --soft-dirty "$parent" "$arena"
	[ "$(id -u)" -ne 0 ] || valid pages pages --frames --output-all "$parent"
}

@test "anon" {
	valid anon anon --tree "$parent"
	valid anon anon --tree --output-all "$parent"
	valid anon anon --tree --vmas --output-all "$parent"
	valid anon anon --group-by ROOT --totals "$parent"
	[ -n "$BPF" ] || return 0
	valid anon anon --source bpf --vmas --output-all "$child"
	valid anon anon --source bpf --output-all "$child"
	valid anon anon --tree --check-inference --output-all "$parent"
	valid anon anon --tree --check-inference=differences --output-all "$parent"
}

@test "rmap" {
	valid rmap rmap --output-all "$child" "$arena"
	valid rmap rmap "$child" libc.so.6
	[ -z "$BPF" ] || valid rmap rmap --source bpf "$child" "$arena"
}

@test "locks" {
	valid locks locks --output-all "$parent"
	[ -z "$BPF" ] || valid locks locks --source bpf --output-all "$parent"
	printf '%s\n' '10 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000' \
		'10 touch(0x7f0000000000, 4096, PROT_READ) = 0' >"$BATS_TEST_TMPDIR/script"
	valid locks locks --output-all "$BATS_TEST_TMPDIR/script"
	valid locks locks --group-by FAULT --totals "$BATS_TEST_TMPDIR/script"
}

@test "a schema that does not fit is noticed" {
	vmactl why --json "$child" | jq '.pairs[0].reason = 5' >"$BATS_TEST_TMPDIR/doc"
	run assert_valid why <"$BATS_TEST_TMPDIR/doc"
	[ "$status" -ne 0 ]
	assert_contains "$output" ".pairs[0].reason"
}
