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
		"\(.mmap_lock) \(.write_locked > 0)"] | join(",")' <<<"$output")" "write true"
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
