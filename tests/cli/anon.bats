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
	until read -r child _ 2>/dev/null <"$BATS_TEST_TMPDIR/scene"; do sleep 0.02; done
	# the oldest page of the tree is in all three
	grandchild=$(cat "/proc/$child/task/$child/children")
	grandchild=${grandchild% }
}

teardown() {
	[ -z "${grandchild-}" ] || kill "$grandchild" 2>/dev/null || true
	[ -z "${child-}" ] || kill "$child" 2>/dev/null || true
	[ -z "${parent-}" ] || kill "$parent" 2>/dev/null || true
}

arena() {
	jq -c '[.vmas[] | select(.start == "0x200000000000")]'
}

# Numbers as they first come in.
renamed() {
	jq -c 'reduce .[] as $n ({seen: [], out: []};
		(if .seen | index($n) then . else .seen += [$n] end) | .out += [.seen | index($n)]) | .out'
}

@test "three generations have a chain each, one longer than the other" {
	run --separate-stderr vmactl anon --tree --vmas --json "$parent"
	[ "$status" -eq 0 ]
	assert_eq "$(arena <<<"$output" | jq -c '[.[].pid]')" "[$parent,$child,$grandchild]"
	assert_eq "$(arena <<<"$output" | jq -c '[.[].chain | length]')" "[1,2,3]"
	jq -e '.[0].chain[0] == .[1].chain[1] and .[1].chain[0] == .[2].chain[1] and
		.[0].chain[0] == .[2].chain[2] and ([.[].root] | unique | length == 1)' \
		<<<"$(arena <<<"$output")"
}

@test "the kernel says the same" {
	run --separate-stderr vmactl inspect --source bpf self
	[ "$status" -eq 0 ] || skip "$stderr"
	guess=$(vmactl anon --tree --vmas --json "$parent" | arena | jq -c '[.[].chain[]]' | renamed)
	run --separate-stderr vmactl anon --tree --vmas --json --source bpf "$parent"
	[ "$status" -eq 0 ]
	assert_eq "$(arena <<<"$output" | jq -c '[.[].chain[]]' | renamed)" "$guess"
	assert_eq "$(arena <<<"$output" | jq -r '[.[].known] | unique | join(" ")')" exact
}

@test "an anon_vma keeps its parent when the process it belongs to was not read" {
	run --separate-stderr vmactl inspect --source bpf self
	[ "$status" -eq 0 ] || skip "$stderr"
	chain=$(vmactl anon --vmas --json --source bpf "$grandchild" | arena | jq -c '.[0].chain')
	run --separate-stderr vmactl anon --json --source bpf "$grandchild"
	[ "$status" -eq 0 ]
	jq -e --argjson chain "$chain" '[.anon_vmas[] | {key: "\(.anon_vma)", value: .}] | from_entries
		| [.["\($chain[0])"], .["\($chain[1])"], .["\($chain[2])"]]
		| map(.parent) == [$chain[1], $chain[2], $chain[2]] and map(.depth) == [2, 1, 0]
		and map(.num_active_vmas) == [1, 1, 1] and map(.num_children) == [0, 1, 2]' <<<"$output"
}

@test "a page that diverged is its own, the others are shared" {
	run --separate-stderr vmactl anon --tree --vmas --json "$parent"
	assert_eq "$(arena <<<"$output" | jq -c '[.[] | [.own_pages, .shared_pages]]')" \
		"[[1,15],[0,16],[0,16]]"
}

@test "counts follow the chains" {
	run --separate-stderr vmactl anon --tree --json "$parent"
	[ "$status" -eq 0 ]
	# of every tree: the root's references are its members, and children add up
	jq -e '.anon_vmas | group_by(.root) | all((map(select(.anon_vma == .root)) | .[0].refcount)
		== length and (map(.num_children) | add) == length)' <<<"$output"
	assert_eq "$(jq '.processes | length' <<<"$output")" 3
	assert_eq "$(jq '.processes[2].forked_from' <<<"$output")" "$child"
}

@test "the graph is one that dot accepts" {
	need dot
	vmactl anon --tree --dot "$parent" | dot -Tcanon >/dev/null
}

@test "wrong usage" {
	run vmactl anon
	[ "$status" -eq 2 ]
	run vmactl anon --tree /nowhere
	[ "$status" -eq 2 ]
	run vmactl anon --dot --vmas $$
	[ "$status" -eq 2 ]
	run vmactl anon 999999999
	[ "$status" -eq 42 ]
}
