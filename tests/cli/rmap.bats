#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load ../lib/common

bats_require_minimum_version 1.5.0

setup_file() {
	need jq
	${CC:-cc} -O1 -o "$BATS_FILE_TMPDIR/scene" "$VMACTL_SRC/tests/cli/topology.c"
}

setup() {
	"$BATS_FILE_TMPDIR/scene" tree >"$BATS_TEST_TMPDIR/scene" 3>&- &
	parent=$!
	until read -r child arena 2>/dev/null <"$BATS_TEST_TMPDIR/scene"; do sleep 0.02; done
	grandchild=$(cat "/proc/$child/task/$child/children")
	grandchild=${grandchild% }
}

teardown() {
	[ -z "${grandchild-}" ] || kill "$grandchild" 2>/dev/null || true
	[ -z "${child-}" ] || kill "$child" 2>/dev/null || true
	[ -z "${parent-}" ] || kill "$parent" 2>/dev/null || true
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

@test "the kernel's own chains give the same walk" {
	run --separate-stderr vmactl inspect --source bpf self
	[ "$status" -eq 0 ] || skip "$stderr"
	assert_eq "$(visits --source bpf "$grandchild" "$arena")" "$(visits "$grandchild" "$arena")"
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
