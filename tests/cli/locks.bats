#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load ../lib/common

bats_require_minimum_version 1.5.0

setup() {
	need jq
	start_sleeper
	other=$pid
}

teardown() {
	kill "$other" 2>/dev/null || true
}

write_script() {
	cat >"$BATS_TEST_TMPDIR/script" <<-'END'
		10 mmap(0x20000000000, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x20000000000
		10 touch(0x20000000000, 65536, PROT_WRITE) = 0
		10 clone(child_stack=0x1000, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) = 11
		10 mmap(0x30000000000, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x30000000000
		11 touch(0x30000000000, 4096, PROT_WRITE) = 0
		10 mprotect(0x20000000000, 4096, PROT_READ) = 0
		11 touch(0x30000001000, 4096, PROT_WRITE) = 0
		11 touch(0x20000000000, 4096, PROT_READ) = 0
	END
}

@test "before 6.4 every fault takes mmap_lock" {
	run --separate-stderr vmactl locks --kernel 6.1 --json "$other"
	[ "$status" -eq 0 ]
	jq -e '.vmas | length > 5 and all(.write == "mmap_lock" and .read == "mmap_lock")' <<<"$output"
}

@test "files take it up to 6.5, the first anonymous write up to 6.9" {
	run --separate-stderr vmactl locks --kernel 6.5 --json "$other"
	jq -e '.vmas | map(select(.path == "[stack]")) | all(.write == "vma_lock")' <<<"$output"
	jq -e '.vmas | map(select(.path | tostring | test("libc"))) | length > 0 and
		all(.read == "mmap_lock")' <<<"$output"
	run --separate-stderr vmactl locks --kernel 6.18 --json "$other"
	jq -e '.vmas | all(.write | startswith("vma_lock"))' <<<"$output"
}

@test "a script of two threads: which faults run beside a call" {
	write_script
	run --separate-stderr vmactl locks --kernel 6.18 --json "$BATS_TEST_TMPDIR/script"
	[ "$status" -eq 0 ]
	assert_eq "$(jq -r '[.calls[] | select(.call | startswith("mprotect")) |
		"\(.mmap_lock) \(.write_locked)"] | join(",")' <<<"$output")" "write 2"
	assert_eq "$(jq -c '[.calls[] | select(.call | startswith("touch")) | select(.n > 5) |
		[.fault, .waits]]' <<<"$output")" '[["vma_lock",false],["none",null]]'
	run --separate-stderr vmactl locks --kernel 6.1 --json "$BATS_TEST_TMPDIR/script"
	assert_eq "$(jq -c '[.calls[] | select(.n == 7) | [.fault, .waits]]' <<<"$output")" \
		'[["mmap_lock",true]]'
}

# Thread 11 faults while calls of thread 10 are under way.
write_overlap() {
	cat >"$BATS_TEST_TMPDIR/script" <<-'END'
		10 mmap(0x20000000000, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x20000000000
		10 touch(0x20000000000, 32768, PROT_WRITE) = 0
		10 mmap(0x30000000000, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x30000000000
		10 mmap(0x40000000000, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x40000000000
		10 touch(0x30000000000, 4096, PROT_WRITE) = 0
		10 clone(child_stack=0x1000, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) = 11
		10 mprotect(0x20000000000, 65536, PROT_READ <unfinished ...>
		11 touch(0x30000001000, 4096, PROT_WRITE) = 0
		11 touch(0x20000008000, 4096, PROT_WRITE) = 0
		11 touch(0x40000000000, 4096, PROT_WRITE) = 0
		10 <... mprotect resumed>) = 0
		11 touch(0x30000002000, 4096, PROT_WRITE) = 0
		10 madvise(0x30000000000, 4096, MADV_DONTNEED <unfinished ...>
		11 touch(0x30000003000, 4096, PROT_WRITE) = 0
		10 <... madvise resumed>) = 0
	END
}

# "FAULT OVERLAPS WAITS" of each touch of thread 11.
of_thread_11() {
	vmactl locks --json --kernel "$1" "$BATS_TEST_TMPDIR/script" |
		jq -r '[.calls[] | select(.pid == 11) | "\(.fault) \(.overlaps) \(.waits)"] | join(", ")'
}

@test "calls that are unfinished meet the faults between their two halves" {
	write_overlap
	# not the mapping that changes; that one; another, which has no anon_vma yet; after it
	assert_eq "$(of_thread_11 6.18)" "vma_lock true false, mmap_lock true true, mmap_lock true true, \
vma_lock false false, vma_lock false false"
	# up to 6.16 madvise holds mmap_lock, for reading
	assert_eq "$(of_thread_11 6.12)" "vma_lock true false, mmap_lock true true, mmap_lock true true, \
vma_lock false false, vma_lock true false"
	assert_eq "$(of_thread_11 6.1)" "mmap_lock true true, mmap_lock true true, mmap_lock true true, \
mmap_lock false true, mmap_lock true false"
	run --separate-stderr vmactl locks --json --kernel 6.18 "$BATS_TEST_TMPDIR/script"
	assert_eq "$(jq -r '[.calls[] | select(.pid == 11) | .why][1:3] | join("; ")' <<<"$output")" \
		"the mapping is write-locked; the first write has to make the anon_vma, and mmap_lock is held for writing"
}

@test "simulate --locks shows them in order" {
	run --separate-stderr vmactl simulate --locks --kernel 6.18 --json mprotect "$other" '[stack]' 4K r--
	[ "$status" -eq 0 ]
	assert_valid simulate <<<"$output"
	assert_eq "$(jq -r '.locks[0] | "\(.action) \(.lock) \(.mode)"' <<<"$output")" \
		"acquire mmap_lock write"
	assert_eq "$(jq -r '.locks[-1] | "\(.action) \(.lock) \(.mode)"' <<<"$output")" \
		"release mmap_lock write"
	jq -e '[.locks[].lock] | index("vma_lock") < index("anon_vma")' <<<"$output"
	run --separate-stderr vmactl simulate --locks mprotect "$other" '[stack]' 4K r--
	assert_contains "$output" "acquire mmap_lock for writing"
}

@test "munmap gives mmap_lock down before it unlinks" {
	run --separate-stderr vmactl simulate --locks --json munmap "$other" '[stack]' 4K
	assert_eq "$(jq -r '[.locks[] | select(.lock == "mmap_lock") | .action] | join(" ")' \
		<<<"$output")" "acquire downgrade release"
}

# The mappings that a call write-locks, as START-END in pages from $1.
written() {
	vmactl simulate --locks --json "${@:2}" |
		jq -r '.locks[] | select(.lock == "vma_lock" and .mode == "write") | "\(.start) \(.end)"' |
		while read -r start end; do
			echo "$(((start - $1) / 4096))-$(((end - $1) / 4096))"
		done | xargs
}

@test "a mapping that is cut is write-locked with both parts, its neighbours are not" {
	local stack
	stack=$(vmactl inspect --json "$other" | jq -r '.vmas[] | select(.path == "[stack]") | .start')
	# the stack, and what becomes of the rest
	assert_eq "$(written "$stack" mprotect "$other" '[stack]' 4K r--)" \
		"0-$(pages_of "$stack") 1-$(pages_of "$stack")"
	assert_eq "$(written "$stack" mprotect "$other" '[stack]' 4K rw-)" ""
	assert_eq "$(written "$stack" mprotect "$other" '[stack]+4K' 4K r--)" \
		"0-$(pages_of "$stack") 0-1 2-$(pages_of "$stack")"
}

# The pages of the mapping that begins at $1.
pages_of() {
	vmactl inspect --json "$other" | jq -r --arg at "$1" '.vmas[] | select(.start == $at) | .end' |
		while read -r end; do echo $(((end - $1) / 4096)); done
}

@test "a call that changes nothing takes mmap_lock, one that is wrong at sight does not" {
	run --separate-stderr vmactl simulate --locks --json mprotect "$other" '[stack]' 4K rw-
	assert_eq "$(jq -r '[.locks[] | "\(.action) \(.lock) \(.mode)"] | join(", ")' <<<"$output")" \
		"acquire mmap_lock write, release mmap_lock write"
	run --separate-stderr vmactl simulate --locks --json mprotect "$other" 0x1001 4K rw-
	assert_eq "$(jq -c .locks <<<"$output")" "[]"
	assert_eq "$(jq -r .errno <<<"$output")" "EINVAL"
}

@test "advice about pages takes the lock of the mapping since 6.17, guards since 6.19" {
	local kernel advice
	for kernel in 6.12 6.18 6.19; do
		for advice in dontneed guard_install; do
			run --separate-stderr vmactl simulate --locks --json --kernel "$kernel" \
				madvise "$other" '[stack]' 4K "$advice"
			echo "$kernel $advice $(jq -r '.locks[0] | "\(.lock) \(.mode)"' <<<"$output")"
		done
	done >"$BATS_TEST_TMPDIR/said"
	assert_eq "$(cat "$BATS_TEST_TMPDIR/said")" "6.12 dontneed mmap_lock read
6.12 guard_install null null
6.18 dontneed vma_lock read
6.18 guard_install mmap_lock read
6.19 dontneed vma_lock read
6.19 guard_install vma_lock read"
}

@test "fork locks every mapping, and each copy in the child" {
	run --separate-stderr vmactl simulate --locks --json fork "$other"
	assert_valid simulate <<<"$output"
	jq -e '[.locks[] | select(.lock == "vma_lock")] as $v | ($v | length) > 10 and
		($v | map(select(.child)) | length) * 2 == ($v | length)' <<<"$output"
	run --separate-stderr vmactl simulate --locks fork "$other"
	assert_contains "$output" "acquire mmap_lock for writing, the child's"
}

@test "without --locks no lock is shown" {
	run --separate-stderr vmactl simulate mprotect "$other" '[stack]' 4K r--
	[ "$status" -eq 0 ]
	[[ $output != *_lock* ]]
}

@test "what a write fault counts in vmstat" {
	run --separate-stderr vmactl locks --kernel 6.6 --json -o PATH,STAT "$other"
	assert_eq "$(jq -r '.vmas[] | select(.path == "[stack]") | .stat' <<<"$output")" \
		"vma_lock_success"
	jq -e '.vmas | map(select(.path | tostring | test("libc"))) | any(.stat == "vma_lock_retry")' \
		<<<"$output"
	run --separate-stderr vmactl locks --kernel 6.1 --json -o STAT "$other"
	jq -e '.vmas | all(.stat == null)' <<<"$output"
}

@test "the kernel's own sequence numbers" {
	run --separate-stderr vmactl inspect --source bpf self
	[ "$status" -eq 0 ] || skip "$stderr"
	run --separate-stderr vmactl locks --source bpf --json "$other"
	[ "$status" -eq 0 ]
	# it sleeps: nothing is write-locked, or the kernel has no such locks
	jq -e '.vmas | all(.write_locked == false or .write_locked == null)' <<<"$output"
}

@test "wrong usage" {
	run vmactl locks
	[ "$status" -eq 2 ]
	run vmactl locks --from self self
	[ "$status" -eq 2 ]
}
