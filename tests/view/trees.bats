#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Trees: processes, and the anon_vmas over a tree of forks.
load view

# The children of $pid: $first (which has one of its own, $grand) and $second.
family() {
	start_target fork
	local i
	for ((i = 0; i < 50; i++)); do
		set -- $(pgrep -P "$pid" | sort -n)
		[ $# -eq 2 ] && grand=$(pgrep -P "$1") && break
		sleep 0.1
	done
	first=$1 second=$2
	[ -n "$grand" ]
}

@test "the forest of anon_vmas spans parent, children and grandchild" {
	family
	start 160x60 vmatop "$pid"
	see "START"
	type_keys F7
	see "of 4 processes"
	local p
	for p in "$pid" "$first" "$second" "$grand"; do
		see " $p 7f"
	done
	see "child of 1 "
	see "anon_vma 1  root"
	# the same numbers as the command gives
	local roots
	roots=$(vmactl anon -rn --tree -o ANON_VMA,ROOT "$pid" 2>/dev/null | awk '$1 == $2' | wc -l)
	[ "$roots" -gt 0 ]
	type_keys '*'
	see_not "child of"
	[ "$(screen | grep -c '+ anon_vma')" -eq "$roots" ]
	type_keys '*'
	see "child of 1 "
}

@test "a branch of the forest folds and unfolds, and stays folded over readings" {
	family
	start 160x60 vmatop -d 0.1 "$pid"
	see "START"
	type_keys F7
	see "of 4 processes"
	type_keys Home -
	see "+ anon_vma 1 "
	see_not "child of 1 "
	type_keys r r r
	sleep 0.5
	see "+ anon_vma 1 "
	type_keys Enter
	see "- anon_vma 1 "
	see "child of 1 "
}

@test "a mapping of a relative opens the relative there" {
	family
	start 160x60 vmatop "$pid"
	see "START"
	type_keys F7
	see "of 4 processes"
	type_keys -l "/ $grand 7f"
	type_keys Enter Enter
	see "$grand target"
	see "START"
}

@test "the tree of processes folds and unfolds" {
	family
	start 120x40 vmatop -d 60 -F "'NAME =~ \"target\" && (PID == $pid || PPID == $pid || PPID == $first)'" -t
	see "4 of "
	see "-"
	type_keys Home -
	see_not " $first root"
	type_keys +
	see " $first root"
	see " $grand root"
	type_keys '*'
	see_not " $second root"
	type_keys '*'
	see " $grand root"
	type_keys "$first" -
	see_not " $grand root"
	see " $second root"
}

@test "a fork that is simulated shows parent and child with their anon_vmas" {
	start_target fork
	start 120x40 vmatop "$pid"
	see "START"
	type_keys F9
	see "choose an operation"
	type_keys -l "/fork("
	type_keys Escape Home
	type_keys -l "/make a child"
	type_keys Enter Enter
	see "fork:"
	type_keys x
	see "PARENT"
	see "CHILD"
	see "a1 "
	see "What happened:"
	type_keys p
	see_not "process $pid "
	type_keys p
	see "process $pid "
}
