#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load view

each_panel_at() {
	start_target 16
	start "$1" vmatop "$pid"
	see "START"
	type_keys v
	see "perms"
	see "start"
	type_keys Escape
	see "START"
	type_keys F5
	see "a letter is"
	type_keys Escape
	see "START"
	type_keys F7
	see "anon_vma forest"
	see "refcount"
	type_keys Escape
	see "START"
	type_keys F8
	see "EVENTS"
	type_keys Escape
	see "START"
	type_keys F9
	see "choose an operation"
	type_keys Escape
	see "START"
	type_keys F2
	see "theme"
	type_keys Escape
	see_not "Setup:"
	type_keys F6
	see "Sort by"
	type_keys Escape
	see_not "Sort by"
	type_keys F1
	see "keys of this view"
	type_keys Escape
	see "START"
	type_keys q
	see "left with 0"
}

@test "every panel opens and closes at 80x24" {
	each_panel_at 80x24
}

@test "every panel opens and closes at 120x40" {
	each_panel_at 120x40
}

@test "every panel opens and closes at 200x60" {
	each_panel_at 200x60
}

@test "without a target the processes are listed, and Enter opens one" {
	start_target 16
	start 120x40 vmatop
	see "max_map_count"
	type_keys "$pid"
	see "PID: $pid"
	type_keys Enter
	see "$pid target"
	type_keys Escape
	see "vmatop: processes"
}

@test "several PIDs are a list of these" {
	start_target 16
	start 120x40 vmatop "$pid" $$
	see "2 of 2"
	see "$pid"
}

@test "the mapping in full says why its neighbours do not merge" {
	start_target 16
	start 120x40 vmatop -o START,SIZE,PERMS,PATH -F "'PERMS == \"---p\" && SIZE == 4K'" "$pid"
	see -- "---p"
	type_keys v
	see "merges with prev"
	see "no: "
	see "derived"
}

@test "a captured directory is shown as well" {
	start 120x40 vmatop "$VMACTL_SRC/tests/fixtures/process-7.2"
	see "121 "
	see "[stack]"
	type_keys v
	see "merges with"
}

@test "resizing while it draws leaves a whole screen" {
	start_target 3000
	start 200x60 vmatop -d 0.1 "$pid"
	see "START"
	for size in 80x24 120x40 81x25 200x60 100x30; do
		tmux -L "$socket" resize-window -x "${size%x*}" -y "${size#*x}"
		type_keys Down PageDown
	done
	see "F1Help"
	see "START"
	[ "$(screen | wc -l)" -eq 30 ]
	type_keys q
	see "left with 0"
}

@test "NO_COLOR and the theme mono send no colour" {
	start_target 16
	start 100x30 env NO_COLOR=1 vmatop "$pid"
	see "START"
	refute grep -qP '\033\[[0-9;]*(3|4)[0-7]m' <<<"$(tmux -L "$socket" capture-pane -p -e)"
	type_keys q
	see "left with 0"
	stop
	start 100x30 vmatop "$pid"
	see "START"
	grep -qP '\033\[[0-9;]*(3|4)[0-7]m' <<<"$(tmux -L "$socket" capture-pane -p -e)"
}

@test "the setup is kept in the place that XDG names" {
	start_target 16
	start 100x30 vmatop "$pid"
	see "START"
	type_keys F2
	see "theme"
	type_keys Down Enter Down Down Down Enter
	see "(*) theme colorblind"
	type_keys Escape
	see_not "Setup:"
	grep -qx "theme = colorblind" "$XDG_CONFIG_HOME/vmactl/vmatop.conf"
	type_keys q
	see "left with 0"
}
