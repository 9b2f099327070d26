#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load view

# Opens the form of an operation of the present mapping: $1 its name.
open_form() {
	see "choose an operation"
	type_keys Home
	type_keys -l "/$1"
	see "Search: $1"
	type_keys Enter
	until_on " $1("
	type_keys Enter
	see "$1:"
}

# Goes on with the search until the line of the cursor begins so: set_mempolicy holds policy too.
until_on() {
	local i
	for ((i = 0; i < 40; i++)); do
		[[ $(tmux -L "$socket" capture-pane -p -e) == *"[46m$1"* ]] && return 0 # on cyan
		type_keys n
		sleep 0.05
	done
	printf 'the cursor is not on: %s\n%s\n' "$1" "$(screen)"
	return 1
}

# $1: the script. Replays what was simulated.
save_and_replay() {
	type_keys w
	see "Save as"
	type_keys C-u
	type_keys -l "$1"
	type_keys Enter
	see "saved"
	run vmactl replay --from "$pid" "$1"
	echo "$output"
	cat "$1"
	[ "$status" -eq 0 ]
}

simulate_heap() {
	start_target 16
	start "$1" vmatop "$pid"
	see "START"
	type_keys -l "/[stack]"
	see "[stack]"
	type_keys Enter F9
}

@test "mprotect of half of a mapping shows before, after, events and counters" {
	simulate_heap 120x40
	open_form mprotect
	type_keys Down Enter C-u 4K Enter
	see "4K"
	type_keys Enter C-u r-- Enter
	see "r--"
	type_keys x
	see "BEFORE"
	see "AFTER"
	see "= 0"
	see "map_count"
	see "What happened:"
	see "split"
}

@test "undo, redo and branch walk through what was tried" {
	simulate_heap 120x40
	open_form munmap
	type_keys x
	see "step 1"
	see "munmap("
	type_keys u
	see "step 0"
	type_keys R
	see "step 1"
	type_keys u
	see "step 0"
	type_keys o
	open_form mlock
	type_keys x
	see "branch 2 of 2"
	type_keys b
	see "branch 1 of 2"
	see "munmap("
}

@test "a refused operation says its errno and the reason" {
	simulate_heap 120x40
	open_form munmap
	type_keys Enter C-u
	type_keys -l 0x123
	type_keys Enter
	see "0x123"
	type_keys x
	see "EINVAL"
	see "because"
}

@test "fork shows parent and child, and the child can act" {
	simulate_heap 120x40
	open_form fork
	type_keys x
	see "PARENT"
	see "CHILD"
	type_keys p
	see_not "process $pid "
}

@test "a saved script is replayed by vmactl with the same results" {
	simulate_heap 120x40
	open_form mprotect
	type_keys Down Enter C-u 4K Enter x
	see "step 1"
	save_and_replay "$BATS_TEST_TMPDIR/script"
	assert_contains "$output" "1 of 1 results as predicted"
}

@test "a script of every operation is replayed with the same results" {
	local op nr=0
	simulate_heap 120x40
	while IFS=$'\t' read -r op _; do
		[ "$op" = exit ] && continue # nothing can follow it
		open_form "$op"
		type_keys x
		nr=$((nr + 1))
		see "step $nr "
		type_keys o
	done < <(vmactl --list-ops)
	[ "$nr" -gt 25 ]
	open_form exit
	type_keys x
	see "step $((nr + 1)) "
	save_and_replay "$BATS_TEST_TMPDIR/script"
	refute grep -q '^#' <(tail -n +2 "$BATS_TEST_TMPDIR/script")
	assert_contains "$output" "(100.00 %)"
}

@test "a file by its path, a segment and a userfaultfd are in the script" {
	local file=$BATS_TEST_TMPDIR/file.bin
	head -c 20000 /dev/zero >"$file"
	simulate_heap 120x40
	open_form mmap
	type_keys Down Enter C-u
	type_keys -l 12K
	type_keys Enter
	see "12K"
	type_keys Down Enter C-u
	type_keys -l MAP_SHARED
	type_keys Enter Enter C-u
	type_keys -l "rw:$file"
	type_keys Enter
	see "rw:$file"
	type_keys x
	see "step 1 "
	see "file.bin"
	type_keys o
	open_form shmat
	type_keys x
	see "step 2 "
	see "SYSV"
	type_keys o
	open_form uffdio_api
	type_keys x
	see "step 3 "
	type_keys o
	open_form uffdio_register
	type_keys Down Enter C-u
	type_keys -l "[heap]"
	type_keys Enter Enter C-u
	type_keys -l 4K
	type_keys Enter x
	see "step 4 "
	see "= 0"
	see "AFTER"
	save_and_replay "$BATS_TEST_TMPDIR/script"
	assert_contains "$output" "4 of 4 results as predicted"
	grep -q "openat(AT_FDCWD, \"$file\", O_RDWR) = " "$BATS_TEST_TMPDIR/script"
	grep -q '^[0-9]* shmat([0-9]*, ' "$BATS_TEST_TMPDIR/script"
	grep -q '^[0-9]* ioctl(.*UFFDIO_REGISTER' "$BATS_TEST_TMPDIR/script"
	# undone and done again, the file is the same
	type_keys u u u
	see "step 1 "
	type_keys R R R
	see "step 4 "
}

@test "what is wrong with an argument is said, and nothing runs" {
	simulate_heap 80x24
	open_form mprotect
	type_keys Down Down Enter C-u nonsense Enter x
	see "nonsense"
	see "none of its constants"
}
