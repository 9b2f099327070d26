#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load ../lib/common
load ../lib/scene

bats_require_minimum_version 1.5.0

setup_file() {
	scene_build
}

setup() {
	scene tree # the oldest page of the tree is in all three
}

teardown() {
	scene_stop
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

@test "of a tree that nobody disturbs everything is inferred as the kernel has it" {
	run --separate-stderr vmactl anon --tree --check-inference --json "$parent"
	[ "$status" -ne 1 ] || skip "$stderr"
	[ "$status" -eq 0 ]
	jq -e '.processes == 3 and .forked == 2 and ([.fields[].differ] | add) == 0 and
		([.fields[] | select(.known == null and .field == "root" and .scope == "forked")
		  | .recall] == [1])' <<<"$output"
	run --separate-stderr vmactl anon --tree --check-inference=differences --json "$parent"
	assert_eq "$(jq -c .differences <<<"$output")" "[]"
}

@test "a list that mremap moved in the child is still found below the parent" {
	[ "$(id -u)" -eq 0 ] || skip "needs root: page frames"
	python=$(command -v /usr/bin/python3) || skip "there is no Python"
	"$python" -c 'import ctypes, mmap, os, time
libc = ctypes.CDLL(None)
libc.mmap.restype = libc.mremap.restype = ctypes.c_void_p
size = 1 << 20
at = libc.mmap(ctypes.c_void_p(0x300000000000), ctypes.c_size_t(size), 3, 0x100022, -1, 0)
ctypes.memset(at, 1, size)
if os.fork() == 0:
    libc.mremap(ctypes.c_void_p(at), ctypes.c_size_t(size), ctypes.c_size_t(size), 3,
                ctypes.c_void_p(0x310000000000))
    time.sleep(60)
time.sleep(60)' 3>&- &
	moved=$!
	for _ in $(seq 100); do
		kids=$(cat "/proc/$moved/task/$moved/children")
		[ -n "$kids" ] && grep -q ^31 "/proc/${kids% }/maps" && break
		sleep 0.1
	done
	run --separate-stderr vmactl anon --tree --vmas --json "$moved"
	kill "${kids% }" "$moved"
	[ "$status" -eq 0 ]
	jq -e '[.vmas[] | select(.start == "0x300000000000") | .anon_vma] as $up
		| [.vmas[] | select(.start == "0x310000000000") | .chain[1]] == $up' <<<"$output"
}

@test "what depends on a process that has ended is unknown, and counts as that" {
	scene_stop
	scene orphan
	run --separate-stderr vmactl anon --vmas --json -o +ROOT,KNOWN_LINKS "$parent" "$child" "$grandchild"
	[ "$status" -eq 0 ]
	# of one tree with the parent, by the pages they share when these may be seen; the rest is not known
	jq -e '(.processes | map(.forked_from) == [null, null, .[1].pid]) and
		([.vmas[] | select(.start == "0x200000000000")] | (.[0].chain | length == 1) and
		(.[1:] | all(.chain == null and .known == "unknown" and .provenance.chain.known == "unknown"))
		and .[2].known_links[1] == .[1].anon_vma)' <<<"$output"
	run --separate-stderr vmactl anon --json "$parent" "$child" "$grandchild"
	jq -e '[.anon_vmas[] | select(.parent == null)] | length > 0 and
		all(.depth == null and .num_children == null and .refcount == null)' <<<"$output"
	run --separate-stderr vmactl anon --dot "$parent" "$child"
	assert_contains "$output" "links that are not known"
	assert_contains "$output" "counts not known"
	run --separate-stderr vmactl anon --check-inference --json --output-all "$parent" "$child" "$grandchild"
	[ "$status" -ne 1 ] || skip "$stderr"
	[ "$status" -eq 0 ]
	jq -e '([.fields[].differ] | add) == 0 and ([.fields[] | select(.scope == "all" and .known == null)]
		| (map(select(.field == "parent" or .field == "chain")) | all(.unknown > 0 and .recall < 1 and
		  .agree + .differ + .unknown == .checked))
		and (map(select(.field == "root")) | all(.unknown == 0 or .agree > .unknown)))' <<<"$output"
}

@test "the order of the processes does not matter" {
	run --separate-stderr vmactl anon --json "$grandchild" "$parent" "$child"
	[ "$status" -eq 0 ]
	assert_eq "$(jq -c '[.processes[].pid]' <<<"$output")" "[$parent,$child,$grandchild]"
	assert_eq "$(jq -c '[.processes[].forked_from]' <<<"$output")" "[null,$parent,$child]"
}

@test "two processes with one address space have the same anon_vmas" {
	scene_stop
	scene same
	run --separate-stderr vmactl anon --tree --json "$parent"
	[ "$status" -eq 0 ]
	jq -e --argjson pids "[$parent,$child]" '.anon_vmas | all(.pids == $pids and .num_children == 1)' \
		<<<"$output"
	run --separate-stderr vmactl anon --tree --check-inference --json "$parent"
	[ "$status" -ne 1 ] || skip "$stderr"
	jq -e '([.fields[].differ, .fields[].unknown] | add) == 0' <<<"$output"
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

@test "a check without the capabilities fails and says why" {
	need setpriv
	[ "$(id -u)" -eq 0 ] || skip "needs root, to give its capabilities away"
	run --separate-stderr setpriv --bounding-set=-all --inh-caps=-all \
		vmactl anon --check-inference self
	[ "$status" -eq 1 ]
	assert_eq "$output" ""
	assert_contains "$stderr" "("
}

@test "wrong usage" {
	run vmactl anon
	[ "$status" -eq 2 ]
	run vmactl anon --tree /nowhere
	[ "$status" -eq 2 ]
	run vmactl anon --dot --vmas $$
	[ "$status" -eq 2 ]
	run vmactl anon --check-inference --source bpf $$
	[ "$status" -eq 2 ]
	run vmactl anon --check-inference
	[ "$status" -eq 2 ]
	run vmactl anon 999999999
	[ "$status" -eq 42 ]
}
