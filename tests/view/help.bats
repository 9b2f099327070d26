#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every key that the table names, typed in every view that it is named for.
load view

teardown_file() {
	rm -f "$BATS_FILE_TMPDIR/typed"
}

# The viewer in a theme where nothing but the cursor is on white, with a reading a minute.
begin() {
	start 120x40 vmatop -d 60 --theme colorblind "$@"
}

# A token of a label as tmux calls the key.
type_token() {
	case $1 in
	PgUp) type_keys PageUp ;;
	PgDn) type_keys PageDown ;;
	Esc) type_keys Escape ;;
	S-Tab) type_keys BTab ;;
	Ctrl-L) type_keys C-l ;;
	0-9) type_keys "$pid" ;;
	F[0-9]* | S-F3 | Up | Down | Home | End | Left | Right | Enter | Tab | Space) type_keys "$1" ;;
	*) type_keys -l -- "$1" ;;
	esac
}

typed() {
	printf '%s %s\n' "$place" "$1" >>"$BATS_FILE_TMPDIR/typed"
}

# $1 token, $2 what is on the screen then, the rest: keys that lead back to $marker.
k() {
	local token=$1 text=$2
	shift 2
	type_token "$token"
	see "$text" || {
		echo "after $token in $place"
		return 1
	}
	typed "$token"
	[ $# -gt 0 ] || return 0
	type_keys "$@"
	see "$marker"
}

# The line that the cursor is on.
cursor() {
	tmux -L "$socket" capture-pane -p -e | grep -n '\[47m' | tail -n 1 | cut -d: -f1
}

# $1 token: moves the cursor of a list.
moves() {
	local before i
	before=$(cursor)
	type_token "$1"
	for ((i = 0; i < 60; i++)); do
		[ "$(cursor)" != "$before" ] && break
		sleep 0.1
	done
	[ "$i" -lt 60 ] || {
		echo "$1 does not move the cursor in $place"
		screen
		return 1
	}
	typed "$1"
}

# Keys that all lists have, with the cursor on the first line of more than one.
list_keys() {
	moves Down
	moves Up
	moves j
	moves k
	moves PgDn
	moves PgUp
	moves End
	moves Home
	moves G
	type_keys Home
}

# Keys that every view has; those that move are tried and leave it as it was.
common_keys() {
	local token
	if [ "$place" != help ]; then
		for token in F1 '?' h; do
			k "$token" "keys of this view" Escape
		done
	fi
	type_token '#'
	see_not "[Map]"
	see_not "vmatop: processes"
	typed '#'
	type_token '#'
	k Z "PAUSED"
	type_token Z
	see_not "PAUSED"
	k Ctrl-L "$marker"
	k r "$marker"
}

# Keys that move in a list of one screen or less.
short_keys() {
	local token
	for token in Up Down k j PgUp PgDn Home End G; do
		k "$token" "$marker"
	done
}

back_keys() { # $1 keys that open the view again, from $2
	local token
	for token in F10 Esc q; do
		k "$token" "$2"
		type_keys "$1"
		see "$marker"
	done
}

search_keys() { # $1 a word that occurs more than once
	k F3 "Search:" Escape
	k / "Search:" Escape
	type_keys F3
	type_keys -l "$1"
	see "Search: $1"
	type_keys Enter
	see_not "Search:"
	moves n
	moves S-F3
	type_keys Home
}

history_keys() {
	type_keys r
	see "read "
	sleep 0.3
	k Left "PAST"
	type_token Right
	see_not "PAST"
	typed Right
	type_keys Left
	see "PAST"
	type_token 0
	see_not "PAST"
	typed 0
}

tab_keys() { # $1 what Tab shows, $2 what Shift-Tab shows
	k Tab "$1" BTab
	k S-Tab "$2" Tab
}

@test "the keys of the list of processes" {
	local token
	place=procs marker="vmatop: processes"
	start_target 16
	begin
	see "VMAS-"
	common_keys
	list_keys
	search_keys root
	k F2 "Setup:" Escape
	k C "Setup:" Escape
	k S "Setup:" Escape
	k F6 "Sort by" Escape
	k '>' "Sort by" Escape
	k . "Sort by" Escape
	k N "PID+"
	k I "PID-"
	k P "sorted by SIZE"
	k M "RSS-"
	k T "VMAS-"
	k 0-9 "PID: $pid"
	k e "Environment of $pid" Escape
	k l "Open files of $pid" Escape
	k x "Locks on files of $pid" Escape
	k b "Stacks of the threads of $pid" Escape
	k w "RSS_ANON " Escape
	k Space "1 tagged"
	type_token U
	see_not "tagged"
	typed U
	k c "tagged"
	type_keys U
	type_keys N "$pid" # there may be more processes than lines
	see "PID: $pid"
	k p "/target"
	k F "follow on"
	k - "not a tree"
	k + "not a tree"
	k '*' "not a tree"
	k F4 "Filter:" Escape
	k '\' "Filter:" Escape
	type_keys N "$pid"
	see "PID: $pid"
	k Enter "$pid target" Escape
	type_keys "$pid"
	k F9 "choose an operation" Escape Escape
	type_keys "$pid"
	k s "choose an operation" Escape Escape
	type_token t
	typed t
	see "- "
	type_token F5
	typed F5
	k F10 "left with 0"
	stop
	begin
	see "VMAS-"
	k q "left with 0"
}

@test "the keys of the map" {
	place=space marker="START"
	start_target 16
	begin -o +INODE "$pid"
	see "INODE"
	common_keys
	list_keys
	search_keys libc
	history_keys
	tab_keys "perms" "choose an operation"
	k F2 "Setup:" Escape
	k C "Setup:" Escape
	k S "Setup:" Escape
	k F4 "Filter:" Escape
	k '\' "Filter:" Escape
	k F5 "a letter is" Escape
	k m "a letter is" Escape
	k F6 "Sort by" Escape
	k '>' "Sort by" Escape
	k . "Sort by" Escape
	k F7 "anon_vma forest" Escape
	k a "anon_vma forest" Escape
	k F8 "EVENTS" Escape
	k y "EVENTS" Escape
	k F9 "choose an operation" Escape
	k s "choose an operation" Escape
	k Enter "perms" Escape
	k v "perms" Escape
	k Space "1 tagged"
	type_token U
	see_not "tagged"
	typed U
	k I "START-"
	k P "SIZE-"
	k M "RSS-"
	k N "START+"
	k + "zoom 1"
	k z "zoom 2"
	k - "zoom 1"
	k '*' "zoom 0"
	k g "gap of"
	type_keys g
	k p "/target"
	k F "follow on"
	k e "Environment of $pid" Escape
	k l "Open files of $pid" Escape
	k x "Locks on files of $pid" Escape
	k b "Stacks of the threads of $pid" Escape
	k w "FLAG_NAMES" Escape
	k Esc "vmatop: processes"
	see "max_map_count"
	type_keys "$pid"
	see "PID: $pid"
	type_keys Enter
	see "$marker"
	k F10 "left with 0"
	stop
	begin "$pid"
	see "START"
	k q "left with 0"
}

@test "the keys of a mapping in full" {
	place=vma marker="perms"
	begin "$$"
	see "START"
	type_keys v
	see "$marker"
	common_keys
	list_keys
	search_keys a
	history_keys
	tab_keys "a letter is" "START"
	back_keys v "START"
	k F5 "a letter is" Escape v
	k m "a letter is" Escape v
	k F7 "anon_vma forest" Escape v
	k a "anon_vma forest" Escape v
	k F9 "choose an operation" Escape v
	k s "choose an operation" Escape v
	k w "mapping " Escape
}

@test "the keys of the pages" {
	place=pages marker="a letter is"
	begin "$$"
	see "START"
	type_keys m
	see "$marker"
	common_keys
	short_keys
	history_keys
	tab_keys "anon_vma forest" "perms"
	back_keys m "START"
	k F9 "choose an operation" Escape m
	k s "choose an operation" Escape m
	k Enter "perms" Escape
	k v "perms" Escape
	k + "$marker"
	k z "$marker"
	k - "$marker"
	k '*' "$marker"
}

@test "the keys of the forest" {
	place=anon marker="anon_vma forest"
	begin "$$"
	see "START"
	type_keys a
	see "anon_vma 1"
	common_keys
	list_keys
	search_keys anon
	history_keys
	tab_keys "EVENTS" "a letter is"
	back_keys a "START"
	type_keys Home
	k - "+ anon_vma 1 "
	k + "- anon_vma 1 "
	k '*' "+ anon_vma 2"
	type_keys '*'
	see "- anon_vma 2"
	k Enter "+ anon_vma 1 "
}

@test "the keys of the history" {
	place=history marker="EVENTS"
	begin "$$"
	see "START"
	type_keys y
	see "$marker"
	common_keys
	short_keys
	history_keys
	tab_keys "choose an operation" "anon_vma forest"
	back_keys y "START"
	type_keys Home
	k Enter "START" y
}

@test "the keys of simulate" {
	begin "$$"
	see "START"
	type_keys -l "/[stack]"
	type_keys Enter s
	place=sim-pick marker="choose an operation"
	see "$marker"
	common_keys
	list_keys
	search_keys set
	tab_keys "START" "EVENTS"
	back_keys s "START"
	type_keys Home Down
	k Enter "[ Run ]"
	place=sim-form marker="[ Run ]"
	common_keys
	short_keys
	k Tab "START" BTab Home Down Enter
	k S-Tab "EVENTS" Tab Home Down Enter
}

@test "the keys of a form and of a result" {
	begin "$$"
	see "START"
	type_keys -l "/[stack]"
	type_keys Enter s
	place=sim-form marker="[ Run ]"
	see "choose an operation"
	type_keys Home Down Enter
	see "$marker"
	type_keys Home
	k Enter "Enter: done" Escape
	k F10 "choose an operation" Enter
	k Esc "choose an operation" Enter
	k q "choose an operation" Enter
	k x "step 1 "
	type_keys o Enter
	see "$marker"
	k F2 "step 2 "
	place=sim marker="step "
	common_keys
	short_keys
	k F3 "step 1 "
	k F4 "step 2 "
	k u "step 1 "
	k R "step 2 "
	k F5 "no other operation"
	k b "no other operation"
	k F6 "Save as" Escape
	k w "Save as" Escape
	k F7 "one process only"
	k p "one process only"
	k F2 "choose an operation" Escape
	k o "choose an operation" Escape
	k Enter "choose an operation" Escape
	tab_keys "START" "EVENTS"
	back_keys s "START"
}

@test "the keys of help, setup, the sort columns and a screen of lines" {
	place=help marker="keys of this view"
	# an environment of its own: that of make fills more than a screen with one variable
	# shellcheck disable=SC2046 # forty words
	env -i PATH="$PATH" $(printf 'VARIABLE_%d=x ' {1..40}) bash -c 'sleep 600; :' 3>&- &
	pids+=("$!")
	until grep -q VARIABLE_40 "/proc/$!/environ"; do
		sleep 0.05
	done
	begin "$!"
	see "START"
	type_keys F1
	see "$marker"
	common_keys
	list_keys
	search_keys a
	back_keys F1 "START"
	type_keys Escape
	place=setup marker="Setup:"
	type_keys F2
	see "$marker"
	common_keys
	list_keys
	type_keys Down Down Down Down
	k F8 "[x] SIZE"
	k F7 "[x] SIZE"
	k ']' "[x] SIZE"
	k '[' "[x] SIZE"
	k Space "[ ] SIZE"
	type_keys End
	k Enter "[x] "
	back_keys F2 "PATH"
	type_keys Escape
	place=sort marker="Sort by"
	type_keys F6
	see "$marker"
	common_keys
	list_keys
	back_keys F6 "START"
	type_keys Home
	k Enter "START"
	place=text marker="Environment of"
	see "START"
	type_keys e
	see "PATH="
	common_keys
	list_keys
	search_keys =
	k w "are cut" w
	back_keys e "START"
}

@test "no key of the table was left out" {
	local label places place token missing=0 nr=0
	set -f # one of the keys is *
	while IFS=$'\t' read -r label _ places _; do
		for place in ${places//,/ }; do
			for token in $label; do
				nr=$((nr + 1))
				grep -qxF -- "$place $token" "$BATS_FILE_TMPDIR/typed" && continue
				echo "not typed: $token in $place"
				missing=$((missing + 1))
			done
		done
	done < <(vmatop --list-keys)
	[ "$nr" -gt 300 ]
	[ "$missing" -eq 0 ]
}
