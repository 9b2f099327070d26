#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load view

# Opens the form of an operation of the present mapping: $1 its name.
open_form() {
	see "choose an operation"
	type_keys Home
	local i
	local n
	n=$(vmactl --list-ops 2>/dev/null | cut -f1 | grep -nx "$1" | cut -d: -f1)
	[ -n "$n" ] || n=$2
	for ((i = 1; i < n; i++)); do
		type_keys Down
	done
	type_keys Enter
	see "$1:"
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
	open_form mprotect 3
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
	open_form munmap 2
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
	open_form mlock 8
	type_keys x
	see "branch 2 of 2"
	type_keys b
	see "branch 1 of 2"
	see "munmap("
}

@test "a refused operation says its errno and the reason" {
	simulate_heap 120x40
	open_form munmap 2
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
	open_form fork 31
	type_keys x
	see "PARENT"
	see "CHILD"
	type_keys p
	see_not "process $pid "
}

@test "a saved script is replayed by vmactl with the same results" {
	simulate_heap 120x40
	open_form mprotect 3
	type_keys Down Enter C-u 4K Enter x
	see "step 1"
	type_keys w
	see "Save as"
	type_keys C-u
	type_keys -l "$BATS_TEST_TMPDIR/script"
	type_keys Enter
	see "saved"
	run vmactl replay --from "$pid" "$BATS_TEST_TMPDIR/script"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "what is wrong with an argument is said, and nothing runs" {
	simulate_heap 80x24
	open_form mprotect 3
	type_keys Down Down Enter C-u nonsense Enter x
	see "nonsense"
	see "none of its words"
}
