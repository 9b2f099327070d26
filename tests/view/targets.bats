#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# TARGET as everywhere, and several of them; the header always says what reading cost.
load view

fixtures=$VMACTL_SRC/tests/fixtures

# A core of the target: what gdb writes is there on every machine that has it.
make_core() {
	need gcore
	gcore -o "$BATS_TEST_TMPDIR/core" "$pid" >/dev/null 2>&1 || skip "gcore failed"
	core=$BATS_TEST_TMPDIR/core.$pid
}

# Every view of what is shown can be opened, with its cost in the header.
views_of() { # $1 something of the map
	see "START"
	see "$1"
	see "ms, every"
	type_keys v
	see "merges with"
	see "ms, every"
	type_keys Escape m
	see "pages of"
	see "ms, every"
	type_keys Escape a
	see "anon_vmas"
	see "ms, every"
	type_keys Escape y
	see "EVENTS"
	type_keys Escape s
	see "choose an operation"
	see "ms, every"
	type_keys Down Enter x
	see "step 1 "
	see "map_count"
}

@test "a PID" {
	start_target 16
	start 80x24 vmatop "$pid"
	views_of "rw-p"
	see "$pid target"
}

@test "self, and a thread" {
	start 100x30 vmatop self
	see "vmatop  VMAs"
	stop
	start_target 16
	start 100x30 vmatop "$pid/task/$pid"
	see "$pid target"
	see "rw-p"
}

@test "a core" {
	start_target 16
	make_core
	start 120x40 vmatop "$core"
	views_of "[heap]"
	see "a core: it counts no pages"
}

@test "the recorded directories" {
	start 120x40 vmatop "$fixtures/process-7.2"
	views_of "[stack]"
	see "121 "
	stop
	start 120x40 vmatop "$fixtures/process-5.10"
	views_of "[stack]"
}

@test "several targets of every kind are a list, and each opens" {
	start_target 16
	make_core
	start 160x40 vmatop "$pid" "$fixtures/process-7.2" "$core" "$pid/task/$pid" 4194399
	see "4 of 5 targets"
	see "ms, every"
	see "$core"
	see "process-7.2"
	see "$pid/task/$pid"
	type_keys -l "/process-7.2"
	type_keys Enter Enter
	see "121 "
	see "[stack]"
	type_keys Escape
	see "4 of 5 targets"
	type_keys -l "/core."
	type_keys Enter Enter
	see "a core: it counts no pages"
	type_keys Escape F4
	type_keys -l "VMAS > 1000"
	type_keys Enter
	see "no process passes the filter"
}

@test "PIDs after -p, and what cannot be read says why in its line" {
	start_target 16
	echo "no core" >"$BATS_TEST_TMPDIR/text"
	start 160x40 vmatop -p "$pid,$$" "$BATS_TEST_TMPDIR/text"
	see "3 of 3 targets"
	see "$pid"
	see "$BATS_TEST_TMPDIR/text: "
}

@test "another /proc, by --procfs" {
	start 120x40 vmatop --procfs "$fixtures/process-7.2/proc" 121
	see "START"
	see "121 "
	see "[stack]"
}

@test "columns: more of them, others, and those of the machine's configuration" {
	start_target 16
	start 120x40 vmatop -o +INODE "$pid"
	see "SWAP"
	see "INODE"
	stop
	start 120x40 vmatop -o START,KIND,ANON_VMA "$pid"
	see "ANON_VMA"
	see_not "SWAP"
	stop
	mkdir -p "$BATS_TEST_TMPDIR/xdg/vmactl"
	echo "columns = START,END,PERMS" >"$BATS_TEST_TMPDIR/xdg/vmactl/vmatop.conf"
	start 120x40 env XDG_CONFIG_DIRS="$BATS_TEST_TMPDIR/none:$BATS_TEST_TMPDIR/xdg" vmatop "$pid"
	see "END PERMS"
	stop
	mkdir -p "$XDG_CONFIG_HOME/vmactl"
	echo "columns = START,KIND" >"$XDG_CONFIG_HOME/vmactl/vmatop.conf"
	start 120x40 env XDG_CONFIG_DIRS="$BATS_TEST_TMPDIR/xdg" vmatop "$pid"
	see "KIND"
	see_not "END PERMS"
}
