#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What simulate predicts is held against what the kernel does when the same call is made.
load ../lib/common

setup_file() {
	need jq
	${CC:-cc} -D_GNU_SOURCE -O1 -o "$BATS_FILE_TMPDIR/puppet" "$VMACTL_SRC/tests/cli/puppet.c"
}

setup() {
	start_sleeper
	other=$pid
}

teardown() {
	kill "$other" 2>/dev/null || true
	[ -z "${puppet-}" ] || kill "$puppet" 2>/dev/null || true
}

# Starts the puppet; it waits. Sets puppet, arena, file.
start() {
	mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
	"$BATS_FILE_TMPDIR/puppet" "$1" <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
	puppet=$!
	exec 8>"$BATS_TEST_TMPDIR/in" 9<"$BATS_TEST_TMPDIR/out"
	read -r arena file <&9
}

# start END PERMS PGOFF-OF-FILES FLAGS of each mapping, as the kernel says
kernel_state() {
	awk '/^[0-9a-f]+-/ { split($1, a, "-"); head = a[1] " " a[2] " " $2 " " ($5 ? $3 : 0); gate = $6 }
	     /^VmFlags:/ { sub(/^VmFlags: /, ""); sub(/ *$/, ""); gsub(/ *sd/, "")
			   if (gate != "[vsyscall]") print head, $0 }' "/proc/$puppet/smaps" |
		sed 's/^0*//'
}

predicted_state() {
	jq -r '.after.vmas[] | [.start[2:], .end[2:], .perms,
		(if .inode > 0 then .pgoff[2:] + "000" | sub("^0+(?=.)"; "") else "0" end),
		(.flags - ["sd"] | join(" "))] | join(" ")' "$1" | sed 's/^0*//'
}

# normalise offsets: leading zeroes off
zeroes() {
	awk '{ sub(/^0+/, "", $4); if ($4 == "") $4 = 0; print }'
}

# $1: the puppet's call; the rest: the same call for simulate, @ for the arena's pages (@5 is page
# 5), % for the file. Compares result, errno, every mapping, and the counters.
same() {
	local name=$1 word words=() result errno
	shift
	start "$name"
	for word; do
		case $word in
		@*) word=$((arena + ${word#@} * 4096)) ;;
		%) word=$file ;;
		esac
		words+=("$word")
	done
	run vmactl simulate --json "${words[0]}" "$puppet" "${words[@]:1}"
	[ "$status" -eq 0 ] || [ "$status" -eq 3 ]
	printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/answer"
	echo go >&8
	read -r result errno <&9
	assert_eq "$(jq -r '.errno // "0"' "$BATS_TEST_TMPDIR/answer")" "$errno"
	[ "$errno" != 0 ] ||
		assert_eq "$(printf '%d' "$(jq -r .result "$BATS_TEST_TMPDIR/answer")")" "$result"
	predicted_state "$BATS_TEST_TMPDIR/answer" | zeroes >"$BATS_TEST_TMPDIR/predicted"
	kernel_state | zeroes >"$BATS_TEST_TMPDIR/real"
	diff -u "$BATS_TEST_TMPDIR/predicted" "$BATS_TEST_TMPDIR/real"
	assert_eq "$(jq -r '.after.counters | "\(.total_vm_kb) \(.locked_vm_kb) \(.data_vm_kb)"' \
		"$BATS_TEST_TMPDIR/answer")" \
		"$(awk '/^VmSize/ { s = $2 } /^VmLck/ { l = $2 } /^VmData/ { d = $2 }
			END { print s, l, d }' "/proc/$puppet/status")"
}

@test "mprotect in the middle splits in three, as the kernel does" {
	same middle mprotect @2 8K r--
}
@test "mprotect that makes three alike merges them, as the kernel does" {
	same heal mprotect @8 4K rw-
}
@test "mprotect next to a mapping of its kind moves the border" {
	same to_next mprotect @7 4K r--
}
@test "mprotect over a hole changes what is before it, then ENOMEM" {
	same hole mprotect @30 16K none
}
@test "mprotect over several mappings makes them one" {
	same whole mprotect @0 96K none
}
@test "PROT_WRITE on a shared mapping of a read-only file is EACCES" {
	same denied mprotect % 4K rw-
}
@test "an unaligned address is EINVAL" {
	start unaligned
	run vmactl simulate mprotect "$puppet" $((arena + 1)) 4K r--
	[ "$status" -eq 3 ]
	assert_contains "$output" "-1 EINVAL"
	assert_contains "$output" "page boundary"
}
@test "a length that wraps is refused as the kernel refuses it" {
	same overflow mprotect @0 -4096 r--
}
@test "munmap in the middle leaves two" {
	same unmap munmap @4 4K
}
@test "munmap beyond the address space is EINVAL" {
	same huge_unmap munmap @0 256T
}
@test "mlock splits and counts" {
	same lock mlock @1 12K
}
@test "madvise changes flags of its part" {
	same dontfork madvise @0 8K dontfork
}
@test "mmap with MAP_FIXED replaces the middle" {
	same fixed mmap @5 8K r-- 'private|anonymous|fixed'
}
@test "mmap without an address goes where the kernel puts it" {
	same anywhere mmap 0 12K rw- 'private|anonymous'
}
@test "mremap that shrinks unmaps the tail" {
	same shrink mremap @16 64K 4K 0
}

@test "a sealed mapping is EPERM" {
	[ "$(printf '6.10\n%s\n' "$(uname -r)" | sort -V | head -1)" = 6.10 ] ||
		skip "this kernel has no mseal"
	same sealed mseal @0 4K --then mprotect @0 4K r--
}

@test "a refusal has exit status 3, errno and a reason with a rule" {
	run vmactl simulate --json munmap "$other" 1 4K
	[ "$status" -eq 3 ]
	assert_eq "$(jq -r '"\(.result) \(.errno) \(.reason.id)"' <<<"$output")" "-1 EINVAL UNALIGNED"
	[ "$(jq -r '.reason.rule | length' <<<"$output")" -gt 0 ]
}

@test "a refused call leaves the after-state as it was" {
	run vmactl simulate --json munmap "$other" 1 4K
	[ "$(jq '.before == .after and (.changes | length == 0)' <<<"$output")" = true ]
}

@test "at vm.max_map_count a split is ENOMEM with the figures" {
	mkdir -p "$BATS_TEST_TMPDIR/p"
	cp -r "$VMACTL_SRC/tests/fixtures/process-7.2/." "$BATS_TEST_TMPDIR/p"
	chmod -R u+w "$BATS_TEST_TMPDIR/p"
	count=$(vmactl inspect --mm --json "$BATS_TEST_TMPDIR/p" | jq .mm.map_count.value)
	echo "$count" >"$BATS_TEST_TMPDIR/p/proc/sys/vm/max_map_count"
	run vmactl simulate --json mprotect "$BATS_TEST_TMPDIR/p" '[stack]+0x1000' 4K r--
	[ "$status" -eq 3 ]
	assert_eq "$(jq -r '"\(.errno) \(.reason.id)"' <<<"$output")" "ENOMEM MAP_COUNT"
}

@test "steps run on what the earlier ones left, and @N is what they returned" {
	run vmactl simulate --json mmap "$other" 0 64K rw- 'private|anonymous' \
		--then munmap @1+0x4000 4K
	[ "$status" -eq 0 ]
	assert_eq "$(jq '.steps | length' <<<"$output")" 2
	assert_eq "$(jq '.after.counters.total_vm_kb - .before.counters.total_vm_kb' <<<"$output")" 60
}

@test "every operation of the table can be simulated, and validates" {
	vmactl simulate --list -rn -o OPERATION,ARGUMENTS >"$BATS_TEST_TMPDIR/ops"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/ops")" -gt 20 ]
	while read -r op words; do
		args=()
		for word in ${words//,/ }; do
			word=${word//\\x20/ }
			for one in $word; do
				case $one in
				\[* | -) ;;
				ADDR) args+=('[heap]') ;;
				LEN | OLD_LEN | NEW_LEN) args+=(4096) ;;
				PROT | ACCESS) args+=(r--) ;;
				RESOURCE) args+=(AS) ;;
				*) args+=(0) ;;
				esac
			done
		done
		run vmactl simulate --json "$op" "$other" "${args[@]}"
		echo "$op ${args[*]}: $status $output" | head -c 400
		[ "$status" -eq 0 ] || [ "$status" -eq 3 ]
		assert_valid simulate <<<"$output"
	done <"$BATS_TEST_TMPDIR/ops"
}

@test "a misspelt operation, constant or option is named with a suggestion" {
	run vmactl simulate mprotct "$other" 0 1 r
	[ "$status" -eq 2 ]
	assert_contains "$output" "did you mean mprotect?"
	run vmactl simulate madvise "$other" 0 1 dontned
	[ "$status" -eq 2 ]
	assert_contains "$output" "did you mean DONTNEED?"
	run vmactl simulate --jsn munmap "$other" 0 1
	[ "$status" -eq 2 ]
	assert_contains "$output" "did you mean --json?"
}

@test "too few and too many arguments show what the operation takes" {
	run vmactl simulate mprotect "$other" 0
	[ "$status" -eq 2 ]
	assert_contains "$output" "ADDR LEN PROT"
	run vmactl simulate munmap "$other" 0 1 2 3
	[ "$status" -eq 2 ]
	run vmactl simulate munmap "$other" 0 4K --then
	[ "$status" -eq 2 ]
}

@test "a file argument is asked for what a mapping needs" {
	run vmactl simulate mmap "$other" 0 4K rw- shared "$BASH"
	[ "$status" -eq 3 ]
	assert_contains "$output" "EACCES"
	run vmactl simulate mmap "$other" 0 4K r-- private 77
	[ "$status" -eq 3 ]
	assert_contains "$output" "EBADF"
	run vmactl simulate mmap "$other" 0 4K r-- private /dev/null
	[ "$status" -eq 3 ]
	assert_contains "$output" "ENODEV"
	run vmactl simulate mmap "$other" 0 4K r-- private /nonexistent
	[ "$status" -eq 1 ]
}

@test "nothing is done to the process" {
	before=$(cat "/proc/$other/maps")
	vmactl simulate munmap "$other" '[stack]' 4K --then munmap libc.so.6 1M >/dev/null
	assert_eq "$(cat "/proc/$other/maps")" "$before"
}

@test "permissions may be written as maps prints them, --- too" {
	run --separate-stderr vmactl simulate mprotect self '[stack]' 4096 ---
	[ "$status" -eq 0 ]
	assert_contains "$output" "PROT_NONE) = 0"
}
