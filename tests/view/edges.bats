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
	chmod 755 "$BATS_TEST_TMPDIR"
	cp "$VMACTL_BUILD/bin/vmatop/vmatop" "$BATS_TEST_TMPDIR/vmatop" || skip "not copied"
	local way=$BATS_TEST_TMPDIR
	while [ "$way" != / ]; do
		[ $((0$(stat -c %a "$way") & 1)) -eq 1 ] || skip "nobody cannot get at $way"
		way=$(dirname "$way")
	done
	start_target 16
	start 100x30 setpriv --reuid 65534 --clear-groups "$BATS_TEST_TMPDIR/vmatop" "$pid"
	see "Not permitted"
	see "CAP_SYS_PTRACE"
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

@test "hostile names change their own cell only" {
	local evil file
	evil=$'\033[2J\033]0;pwned\a\n\x9bm\xff'
	file=$BATS_TEST_TMPDIR/$'a\033[31m\nb\xffc\xe2\x80\xaed\x9b'
	start_target name "$evil" "$file"
	start 160x40 vmatop "$pid"
	see "START"
	see '\x1b[2J'
	see '\xff'
	see 'a\x1b[31m'
	see "F1Help"
	type_keys v
	see "perms"
	type_keys Escape Escape
	see "processes"
	see "max_map_count"
	type_keys "$pid"
	see '\x1b[2J'
	[ "$(tmux -L "$socket" display-message -p '#{pane_title}')" != pwned ]
	see "F1Help"
}

@test "a path of 4 KiB stays on its line" {
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
	type_keys v
	see "perms"
}

@test "SIGTERM gives the terminal back" {
	start_target 16
	start 100x30 vmatop "$pid"
	see "START"
	kill -TERM "$(viewer)"
	terminal_is_restored 143
}

@test "SIGHUP gives the terminal back" {
	start_target 16
	start 100x30 vmatop "$pid"
	see "START"
	kill -HUP "$(viewer)"
	terminal_is_restored 129
}

@test "an interrupt and a crash give the terminal back" {
	start_target 16
	start 100x30 "ulimit -c 0; vmatop" "$pid"
	see "START"
	kill -INT "$(viewer)"
	terminal_is_restored 130
	tmux -L "$socket" kill-server
	start 100x30 "ulimit -c 0; vmatop" "$pid"
	see "START"
	kill -SEGV "$(viewer)"
	terminal_is_restored 139
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
}
