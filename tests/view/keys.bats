#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load view

@test "the help of a view shows every key that the table has for it" {
	start_target 16
	start 200x60 vmatop "$pid"
	see "START"
	type_keys F1
	see "keys of this view"
	local label rest help
	while IFS=$'\t' read -r label _ rest help; do
		[[ ",$rest," == *,space,* ]] || continue
		see "$label  ${help:0:20}"
	done < <(vmatop --list-keys)
}

@test "the function bar says what the table says, and every key of it does something" {
	start_target 16
	start 120x40 vmatop -d 60 "$pid"
	see "START"
	local label bar places rest before nr=0
	while IFS=$'\t' read -r label bar places rest; do
		[[ $bar != - && ",$places," == *,space,* ]] || continue
		see "${label%% *}$bar"
		before=$(screen)
		type_keys "${label%% *}"
		changes_from "$before"
		nr=$((nr + 1))
		[ "$label" = "F10 q" ] && break
		type_keys Escape
		see "F10Quit"
	done < <(vmatop --list-keys)
	[ "$nr" -eq 10 ]
	see "left with 0"
}

# Waits until the screen is not $1 any more.
changes_from() {
	local i
	for ((i = 0; i < 60; i++)); do
		[ "$(screen)" != "$1" ] && return 0
		sleep 0.1
	done
	return 1
}

@test "the list: sort, invert, filter, search, tags, gaps, zoom, path, follow, header, pause" {
	start_target 16
	start 120x40 vmatop -d 0.2 "$pid"
	see "START+"
	type_keys P
	see "SIZE-"
	type_keys I
	see "SIZE+"
	type_keys N
	see "START+"
	type_keys M
	see "RSS-"
	type_keys N F4
	see "Filter:"
	type_keys -l "libc.so"
	type_keys Enter
	see 'filter: PATH =~'
	type_keys F4
	see "Filter:"
	type_keys C-u Enter
	see_not "filter:"
	type_keys F4
	type_keys -l "NOSUCH == 1"
	type_keys Enter
	see "filter: "
	see "NOSUCH"
	type_keys g
	see "gap of"
	type_keys g
	see_not "gap of"
	type_keys Space Space
	see "2 tagged"
	type_keys U
	see_not "tagged"
	type_keys + +
	see "zoom 2"
	type_keys -l -- -
	see "zoom 1"
	type_keys '*'
	see "zoom 0"
	type_keys p
	see "/target"
	type_keys F
	see "follow"
	type_keys '#'
	see_not "[Map]"
	type_keys '#' Z
	see "PAUSED"
	type_keys Z
	see_not "PAUSED"
	type_keys r q
	see "left with 0"
}

@test "Tab and Shift-Tab walk through the views" {
	start_target 16
	start 120x40 vmatop "$pid"
	see "START"
	type_keys Tab
	see "perms"
	type_keys Tab
	see "a letter is"
	type_keys Tab
	see "anon_vma forest"
	type_keys Tab
	see "EVENTS"
	type_keys Tab
	see "choose an operation"
	type_keys Tab
	see "START"
	type_keys BTab
	see "choose an operation"
}

@test "the list of processes: tree, tags, user, sort" {
	start_target 16
	start 120x40 vmatop
	see "vmatop: processes"
	type_keys T
	see "VMAS-"
	type_keys N
	see "PID+"
	type_keys F5
	see "vmatop: processes"
	type_keys c
	see "tagged"
	type_keys U
	see_not "tagged"
	type_keys F4
	type_keys -l "PID == $pid"
	type_keys Enter
	see "1 of "
	type_keys F10
	see "left with 0"
}

@test "a change of the process is marked, and the history goes back before it" {
	start_target 16
	start 120x40 vmatop -d 0.1 "$pid"
	see "START"
	type_keys F8
	see "EVENTS"
	kill -USR1 "$pid"
	see "new"
	type_keys Left
	type_keys Left
	see "PAST"
	type_keys 0
	see_not "PAST"
	type_keys Escape
	see "START"
}

@test "the mouse sorts by a header, selects a line and presses the bar" {
	start_target 16
	start 120x40 vmatop -d 60 --theme colorblind "$pid"
	see "START"
	infocmp -1 "$TERM" | grep -q 'kmous=.*\[<' || skip "the terminal type has an older mouse"
	local row
	row=$(screen | grep -n "START" | head -n 1 | cut -d: -f1)
	click 30 $((row + 6))
	cursor_on $((row + 6))
	wheel 65 30 $((row + 2))
	cursor_on $((row + 9))
	wheel 64 30 $((row + 2))
	cursor_on $((row + 6))
	click 20 "$row"
	see "SIZE+"
	click 20 "$row"
	see "SIZE-"
	click 4 "$(screen | wc -l)"
	see "keys of this view"
	type_keys Escape
	see "SIZE-"
	click 30 $((row + 3))
	cursor_on $((row + 3))
	click 30 $((row + 3))
	see "perms"
}

# Waits until the cursor, the only thing on white in this theme, is on line $1 of the screen.
cursor_on() {
	local i
	for ((i = 0; i < 60; i++)); do
		tmux -L "$socket" capture-pane -p -e | sed -n "$1p" | grep -q '\[47m' && return 0
		sleep 0.1
	done
	screen
	return 1
}

# $1: 64 up, 65 down; $2 column, $3 row
wheel() {
	type_keys -l "$(printf '\033[<%d;%d;%dM' "$1" "$2" "$3")"
}

# $1 column, $2 row, from 1: as xterm reports a press and release of the left button
click() {
	type_keys -l "$(printf '\033[<0;%d;%dM\033[<0;%d;%dm' "$1" "$2" "$1" "$2")"
}
