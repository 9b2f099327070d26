#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load view

# What a terminal in its right mind has: echo and line mode on.
terminal_is_restored() {
	see "left with $1"
	see " icanon"
	see " echo "
	[ "$(tmux -L "$socket" display-message -p '#{alternate_on} #{cursor_flag} #{mouse_any_flag}')" = \
		"0 1 0" ]
}

viewer() {
	local parent
	parent=$(tmux -L "$socket" display-message -p '#{pane_pid}')
	pgrep -P "$parent" -x vmatop
}

@test "a process that ends while it is shown leaves its last state" {
	start_target 16
	start 120x60 vmatop -d 0.1 "$pid"
	see "START"
	see "rw-p"
	kill -9 "$pid"
	see "ENDED"
	see "the process has ended"
	see "rw-p"
	type_keys v
	see "start"
	type_keys Escape q
	see "left with 0"
}

@test "a target that is not there is said, and the list is one key away" {
	start 100x30 vmatop 4194399
	see "4194399"
	see "Esc: back"
	type_keys Escape
	see "vmatop: processes"
}

@test "a process that may not be read says what would help" {
	[ "$(id -u)" -eq 0 ] || skip "only root can become somebody else"
	need setpriv
	# a place that nobody can get at: the directories of the tests are for their owner alone
	local room
	room=$(mktemp -d /tmp/vmatop-view.XXXXXX)
	chmod 755 "$room"
	cp "$VMACTL_BUILD/bin/vmatop/vmatop" "$room/vmatop"
	start_target 16
	start 100x30 setpriv --reuid 65534 --regid 65534 --clear-groups "$room/vmatop" "$pid"
	see "Not permitted"
	see "CAP_SYS_PTRACE"
	type_keys e
	see "environ: Permission denied"
	type_keys Escape Escape
	see "not permitted (CAP_SYS_PTRACE)"
	type_keys "$pid"
	see "PID: $pid"
	stop
	rm -r "$room"
}

@test "with 65,000 mappings keys are answered and the end can be reached" {
	[ "$(cat /proc/sys/vm/max_map_count)" -ge 65530 ] || skip "vm.max_map_count is low"
	start_target 65000
	start 120x40 vmatop "$pid"
	see "START"
	see "VMAs 65"
	type_keys r End
	see "[vsyscall]"
	type_keys Home
	see "target"
	type_keys -l "/[stack]"
	see "[stack]"
	type_keys Enter v
	see "GROWSDOWN"
}

@test "with 65,000 mappings it stays below 60 MB, with the model and in simulate too" {
	[ "$(cat /proc/sys/vm/max_map_count)" -ge 65530 ] || skip "vm.max_map_count is low"
	grep -q __asan_ "$(command -v vmatop)" && skip "sanitizers take memory of their own"
	start_target 65000
	start 120x40 vmatop --figures "$pid"
	see "VMAs 65"
	type_keys M
	see "RSS-"
	type_keys N v
	see "merges with"
	type_keys Escape a
	see "of 1 process"
	type_keys Escape s
	see "choose an operation"
	type_keys Enter x
	see "step 1 "
	type_keys Escape q
	see "left with 0"
	local peak
	peak=$(screen | awk '$1 == "peak_memory_kb" { print $2 }')
	echo "peak: $peak kB"
	[ "$peak" -gt 5000 ]
	[ "$peak" -lt 60000 ]
}

hostile_names_at() {
	local evil file
	evil=$'\033[2J\033]0;pwned\a\n\x9bm\xff'
	file=$BATS_TEST_TMPDIR/$'a\033[31m\nb\xffc\xe2\x80\xaed\x9b'
	start_target name "$evil" "$file"
	start "$1" vmatop "$pid"
	see "START"
	see '\x1b[2J'
	see 'a\x1b[31m'
	see "F1Help"
	# every line but those with the names is as long as it is without them
	[ "$(screen | wc -l)" -eq "${1#*x}" ]
	type_keys v
	see "perms"
	type_keys Escape a
	see "anon_vma forest"
	type_keys Escape l
	see "Open files"
	see 'a\x1b[31m'
	type_keys Escape Escape
	see "processes"
	see "max_map_count"
	type_keys "$pid"
	see "PID: $pid"
	type_keys w
	see '\x1b[2J'
	[ "$(tmux -L "$socket" display-message -p '#{pane_title}')" != pwned ]
	see "F1Help"
}

@test "hostile names change their own cell only, at 80x24" {
	hostile_names_at 80x24
}

@test "hostile names change their own cell only, at 120x40" {
	hostile_names_at 120x40
}

@test "hostile names change their own cell only, at 200x60" {
	hostile_names_at 200x60
}

@test "a path of 4 KiB stays on its line, and can be read whole" {
	local dir=$BATS_TEST_TMPDIR i
	for ((i = 0; i < 15; i++)); do
		dir=$dir/$(printf "%0240d" "$i")
		mkdir "$dir" || skip "the file system takes no such path"
	done
	start_target name long "$dir/end-of-it"
	start 100x30 vmatop "$pid"
	see "end-of-it"
	see "F1Help"
	type_keys p
	see "000000"
	see "F1Help"
	[ "$(screen | wc -l)" -eq 30 ]
	type_keys -l "/end-of-it"
	type_keys Enter w
	see "PERMS"
	type_keys End
	see "end-of-it"
	type_keys Escape v
	see "perms"
}

# Signals that end it, and one that is a crash, each as the program's own status.
terminal_after() { # $1 size, $2 signal, $3 status
	start_target 16
	start "$1" "ulimit -c 0; vmatop" "$pid"
	see "START"
	kill -"$2" "$(viewer)"
	terminal_is_restored "$3"
	stop
}

@test "SIGTERM and SIGHUP give the terminal back at 80x24, 120x40 and 200x60" {
	local size
	for size in 80x24 120x40 200x60; do
		terminal_after "$size" TERM 143
		terminal_after "$size" HUP 129
	done
}

@test "an interrupt and a crash give the terminal back at 80x24, 120x40 and 200x60" {
	local size
	for size in 80x24 120x40 200x60; do
		terminal_after "$size" INT 130
		terminal_after "$size" SEGV 139
		terminal_after "$size" ABRT 134
	done
}

@test "the terminal is given back from every view, and after so many readings" {
	local keys
	start_target 16
	for keys in v m a y s F1 F2 F6 e /; do
		start 100x30 vmatop "$pid"
		see "START"
		type_keys "$keys"
		see_not "F10Quit"
		kill -TERM "$(viewer)"
		terminal_is_restored 143
		stop
	done
	start 100x30 vmatop -d 0.1 -n 3 "$pid"
	terminal_is_restored 0
}

@test "without a terminal it says so, and wrong words are usage errors" {
	run vmatop $$ </dev/null
	[ "$status" -eq 1 ]
	assert_contains "$output" "needs a terminal"
	run vmatop --theme nosuch
	[ "$status" -eq 2 ]
	run vmatop -F 'RSS >'  1
	[ "$status" -eq 2 ]
	run vmatop nonsense other
	[ "$status" -eq 2 ]
	run vmatop -n 0 1
	[ "$status" -eq 2 ]
	run vmatop -p 1,x
	[ "$status" -eq 2 ]
	run vmatop -o NOSUCH 1
	[ "$status" -eq 2 ]
	run vmatop -o +NOSUCH 1
	[ "$status" -eq 2 ]
	run vmatop -s help
	[ "$status" -eq 0 ]
	assert_contains "$output" "mappings	ANON_VMA"
}
