#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What all commands have in common.
load ../lib/common

@test "help and version go to standard output, with status 0" {
	run vmactl --help
	[ "$status" -eq 0 ]
	assert_contains "$output" "Usage:"
	run vmactl -V
	[ "$status" -eq 0 ]
	assert_contains "$output" "vmactl "
}

@test "every command has help" {
	for command in $(vmactl --list-commands | cut -f1); do
		run vmactl "$command" --help
		[ "$status" -eq 0 ]
		assert_contains "$output" "vmactl $command"
		assert_contains "$output" "--help"
	done
}

@test "no command, a wrong one, a wrong option: status 2 and one line" {
	for words in "" inspct "--jsn list" "list --jsn" "list -Z" "list --sort" "list --cost=maps" \
		"inspect --cost=most 1" "kernels --color=blue"; do
		# shellcheck disable=SC2086 # words
		run vmactl $words
		echo "'$words': $status: $output"
		[ "$status" -eq 2 ]
		assert_eq "$(wc -l <<<"$output")" 1
	done
}

@test "a misspelt command or option gets a suggestion" {
	run vmactl inspct
	assert_contains "$output" "did you mean inspect?"
	run vmactl list --sotr PID
	assert_contains "$output" "did you mean --sort?"
	run vmactl list -o PDI
	assert_contains "$output" "did you mean PID?"
}

@test "options may stand before or after what they are for" {
	one=$(vmactl kernels --diff 6.1 6.12 -rn)
	assert_eq "$(vmactl kernels -rn 6.1 --diff 6.12)" "$one"
	assert_eq "$(vmactl kernels 6.1 6.12 -r -n -d)" "$one"
	[ -n "$one" ]
}

@test "after -- everything is an operand" {
	run vmactl inspect -- --json
	[ "$status" -ne 0 ]
	assert_contains "$output" "--json"
	refute grep -q 'no TARGET' <<<"$output"
}

@test "colours only when asked for or on a terminal, and never with NO_COLOR" {
	esc=$'\033'
	refute grep -q "$esc" <<<"$(vmactl inspect self)"
	vmactl inspect --color=always self | grep -q "$esc"
	need script
	TERM=xterm script -qc 'vmactl inspect self' /dev/null | grep -q "$esc"
	refute grep -q "$esc" <<<"$(NO_COLOR=1 TERM=xterm script -qc 'vmactl inspect self' /dev/null)"
	NO_COLOR='' TERM=xterm script -qc 'vmactl inspect self' /dev/null | grep -q "$esc"
}

@test "hostile words on the command line do not reach the terminal" {
	run vmactl $'in\033[31mspect'
	[ "$status" -eq 2 ]
	refute grep -q $'\033' <<<"$output"
}

@test "columns: a list replaces, +LIST adds, --output-all is all" {
	run vmactl kernels -o RELEASE -r
	assert_eq "$(head -1 <<<"$output")" RELEASE
	run vmactl kernels -o +RELEASE -r
	assert_eq "$(head -1 <<<"$output")" "RELEASE VERIFIED RUNNING PROPERTIES RELEASE"
	run vmactl list --output-all -r -Q 'PID == 0'
	assert_eq "$(head -1 <<<"$output" | wc -w)" \
		"$(vmactl list --list-columns -rn | wc -l)"
}
