#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's own values: vmactl inspect --source bpf and --check-inference.

bats_require_minimum_version 1.5.0
load ../lib/common

setup_file() {
	sleep 300 3>&- &
	export TARGET=$!
	# Not of ourselves: with a sanitizer we change while we look.
	run --separate-stderr vmactl inspect --source bpf "$TARGET"
	[ "$status" -eq 0 ] || export BPF_UNABLE=$stderr
}

teardown_file() {
	kill "$TARGET"
}

# The kernel lets us read it, and vmactl was built so that it can.
need_bpf() {
	[ -z "$BPF_UNABLE" ] || skip "$BPF_UNABLE"
}

inspect() {
	run --separate-stderr vmactl inspect "$@"
}

@test "without the capabilities the rows still come, and the remedy is named" {
	need setpriv
	[ "$(id -u)" -eq 0 ] || skip "needs root, to give its capabilities away"
	run --separate-stderr setpriv --bounding-set=-all --inh-caps=-all \
		vmactl inspect --source bpf -o START,PATH self
	[ "$status" -eq 4 ]
	assert_contains "$output" "[stack]"
	assert_contains "$stderr" "bpf: not read"
	[[ $stderr == *CAP_BPF* || $stderr == *libbpf* ]]
}

@test "a check without the capabilities fails and says why" {
	need setpriv
	[ "$(id -u)" -eq 0 ] || skip "needs root, to give its capabilities away"
	run --separate-stderr setpriv --bounding-set=-all --inh-caps=-all \
		vmactl inspect --check-inference self
	[ "$status" -eq 1 ]
	assert_eq "$output" ""
	assert_contains "$stderr" "("
}

@test "a captured directory has no kernel to ask" {
	mkdir "$BATS_TEST_TMPDIR/captured"
	cat "/proc/$TARGET/maps" >"$BATS_TEST_TMPDIR/captured/maps"
	inspect --check-inference "$BATS_TEST_TMPDIR/captured"
	[ "$status" -eq 1 ]
	assert_contains "$stderr" "only a live process can be asked"
}

@test "a check excludes the other views" {
	inspect --check-inference --gaps "$TARGET"
	[ "$status" -eq 2 ]
}

@test "the kernel's word makes offset and anon_vma exact" {
	need_bpf
	need jq
	inspect --vma '[stack]' --json "$TARGET"
	[ "$status" -eq 0 ]
	assert_eq "$(jq -r .vma.vm_pgoff.known <<<"$output")" inferred
	guess=$(jq -r .vma.vm_pgoff.value <<<"$output")
	inspect --vma '[stack]' --json --source bpf "$TARGET"
	[ "$status" -eq 0 ]
	assert_eq "$(jq -r .vma.vm_pgoff.known <<<"$output")" exact
	assert_eq "$(jq -r .vma.vm_pgoff.value <<<"$output")" "$guess"
	assert_eq "$(jq -r .vma.anon_vma.known <<<"$output")" exact
	[ "$(jq -r .vma.anon_vma_refcount.value <<<"$output")" -ge 1 ]
}

@test "all flags of every mapping are those that smaps prints" {
	need_bpf
	run vmactl inspect --source bpf -o START,FLAGS -r "$TARGET"
	[ "$status" -eq 0 ]
	bpf=$output
	run vmactl inspect -o START,FLAGS -r "$TARGET"
	assert_eq "$bpf" "$output"
}

@test "every value compared agrees, differs or is unknown" {
	need_bpf
	need jq
	inspect --check-inference --json "$TARGET" $$
	[ "$status" -eq 0 ]
	run jq -e '.fields | length > 10 and all(.checked == .agree + .differ + .unknown)' <<<"$output"
	[ "$status" -eq 0 ]
}

@test "a field's first row is the sum of its rules" {
	need_bpf
	need jq
	inspect --check-inference --json "$TARGET" $$
	run jq -e '[.fields | group_by(.field)[] |
		(map(select(.known == null).checked) | add) ==
		(map(select(.known != null).checked) | add)] | all' <<<"$output"
	[ "$status" -eq 0 ]
}

@test "flags and counters are said to be exact, and they are" {
	need_bpf
	need jq
	inspect --check-inference --json "$TARGET"
	run jq -e '[.fields[] | select(.known == "exact").differ] | add == 0' <<<"$output"
	[ "$status" -eq 0 ]
}

@test "precision and recall follow from the counts, for each process and for all" {
	need_bpf
	need jq
	inspect --check-inference --json "$TARGET" $$
	run jq -e '.anon_vma as $a | (.processes | length == 2) and
		([.processes[].anon_vma.present_right] | add == $a.present_right) and
		($a.present_right > 0) and
		(($a.recall - $a.present_right /
		  ($a.present_right + $a.absent_wrong + $a.unknown_present)) | fabs < 0.001)' <<<"$output"
	[ "$status" -eq 0 ]
}

@test "a mapping that lost its pages is found out" {
	need_bpf
	need jq python3
	# written, then given back: the anon_vma stays and nothing in /proc shows it
	python3 -c '
import mmap, sys, time
m = mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
m.madvise(mmap.MADV_DONTFORK)
m[0] = 1
m.madvise(mmap.MADV_DONTNEED)
print(flush=True)
time.sleep(300)' >"$BATS_TEST_TMPDIR/ready" 3>&- &
	pid=$!
	while [ ! -s "$BATS_TEST_TMPDIR/ready" ]; do sleep 0.05; done
	inspect --check-inference=differences --json "$pid"
	kill "$pid"
	run jq -e '[.differences[] | select(.field == "anon_vma" and .inferred == "0x0" and
		.kernel == "0x1")] | length >= 1' <<<"$output"
	[ "$status" -eq 0 ]
}

# The same columns, once streamed and once through the model (--cost-report wants that).
@test "rows from the kernel's records are those of the model" {
	need_bpf
	local columns=START,END,SIZE,PERMS,FLAGS,OFFSET,PGOFF,UFFD,ANON_VMA
	for format in --raw --json-lines --noheadings; do
		run --separate-stderr vmactl inspect "$format" --source bpf -o "$columns" "$TARGET"
		[ "$status" -eq 0 ]
		streamed=$output
		run --separate-stderr vmactl inspect "$format" --source bpf --cost-report \
			-o "$columns" "$TARGET"
		[ "$status" -eq 0 ]
		assert_eq "$streamed" "$output"
	done
}

@test "a filter, a range and two targets work on the kernel's records too" {
	need_bpf
	run --separate-stderr vmactl inspect --raw -n --source bpf -o START,ANON_VMA \
		-Q 'ANON_VMA > 0' "$TARGET" self
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -gt 2 ]
	first=$(vmactl inspect --raw -n --source bpf -o START,PGOFF "$TARGET" | head -1)
	run --separate-stderr vmactl inspect --raw -n --source bpf -o START,PGOFF \
		--range "${first% *}" "$TARGET"
	assert_eq "$output" "$first"
}
