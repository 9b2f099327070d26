#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vmactl verify as a user meets it. Whether the predictions are right is tests/differential/live.

bats_require_minimum_version 1.5.0 # run --separate-stderr
load ../lib/common

# Another kernel's rules. Both sides label a heap next to .bss alike, which changed in 6.6: else
# they would differ before the first call.
case $(uname -r) in
[45].* | 6.[0-5].*) other=4.18 ;;
6.6.*) other=6.12 ;;
*) other=6.6 ;;
esac

setup_file() {
	run vmactl verify --ops 1
	[ "$status" -ne 1 ] || export VERIFY_UNABLE=$output
}

setup() {
	[ -z "$VERIFY_UNABLE" ] || skip "$VERIFY_UNABLE"
}

verify() {
	run --separate-stderr vmactl verify "$@"
}

# The processes that vmactl $1 started, as soon as there are any; fails when it is gone before.
children_of() {
	while kill -0 "$1"; do
		pgrep -P "$1" && return
	done
	return 1
}

@test "the profiles are listed, one a line" {
	verify --list-profiles
	[ "$status" -eq 0 ]
	assert_contains "$output" "basic    mmap at fixed addresses"
	[ "${#lines[@]}" -eq 11 ]
}

@test "an unknown profile is wrong usage" {
	verify --profile basic,nonsense
	[ "$status" -eq 2 ]
	assert_contains "$stderr" "nonsense: no such profile"
}

@test "a kernel that is none is wrong usage" {
	verify --kernel banana
	[ "$status" -eq 2 ]
	assert_contains "$stderr" "banana"
}

@test "an operand is wrong usage" {
	verify 1
	[ "$status" -eq 2 ]
}

@test "a directory that cannot be used is one clear line" {
	verify --directory /nonexistent --ops 5
	[ "$status" -eq 1 ]
	assert_contains "$stderr" "/nonexistent"
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "a run without a divergence ends with the figures and status 0" {
	verify --ops 300 --seed 1
	[ "$status" -eq 0 ]
	assert_contains "$output" "300 operations (profile basic, seed 1) in 1 processes"
	assert_contains "$output" "0 divergences"
}

@test "the same seed does the same calls, whatever the number of jobs" {
	need jq
	verify --ops 600 --episode 100 --seed 77 --json
	[ "$status" -eq 0 ]
	local once
	once=$(jq -c .operations <<<"$output")
	verify --ops 600 --episode 100 --seed 77 --json --jobs 2
	assert_eq "$(jq -c .operations <<<"$output")" "$once"
	verify --ops 600 --episode 100 --seed 78 --json
	[ "$(jq -c .operations <<<"$output")" != "$once" ]
}

@test "the rules of another kernel are found out and cut down to few calls" {
	need jq
	verify --kernel $other --seed 1 --ops 20000 --json
	[ "$status" -eq 3 ]
	jq -e '.divergences | length == 1' <<<"$output"
	jq -e '.divergences[0] | .calls <= 8 and .calls <= .calls_before' <<<"$output"
	jq -e '.divergences[0].detail | test("predicted") and test("kernel")' <<<"$output"
}

@test "a divergence comes back with its own seed in the first episode" {
	need jq
	verify --kernel $other --seed 1 --ops 20000 --json
	[ "$status" -eq 3 ]
	local seed signature='.divergences[0] | [.what, .calls_before]' first
	seed=$(jq .divergences[0].seed <<<"$output")
	first=$(jq -c "$signature" <<<"$output")
	verify --kernel $other --seed "$seed" --json
	[ "$status" -eq 3 ]
	assert_eq "$(jq -c "$signature" <<<"$output")" "$first"
	jq -e '.processes == 1' <<<"$output"
}

@test "the script of a divergence is text that strace could have written" {
	need jq
	verify --kernel $other --seed 1 --ops 20000 --json
	[ "$status" -eq 3 ]
	local line
	while read -r line; do
		[[ -z $line || $line =~ ^('# '|('[pid '[0-9]+'] ')?[a-z0-9_]+\(.*\)\ =\ (-1\ [A-Z]+\ \(.*\)|[0-9a-fx?]+)$) ]] ||
			{ echo "not strace's: $line"; return 1; }
	done < <(jq -r .divergences[0].script <<<"$output")
}

@test "several divergences are told apart" {
	need jq
	verify --kernel $other --profile full --seed 1 --findings 3 --ops 20000 --json
	[ "$status" -eq 3 ]
	jq -e '.divergences | length == 3' <<<"$output"
	jq -e '[.divergences[] | [.what, .call, .detail]] | unique | length == 3' <<<"$output"
}

@test "nothing is left in the directory for temporary files" {
	mkdir "$BATS_TEST_TMPDIR/empty"
	verify --ops 200 --directory "$BATS_TEST_TMPDIR/empty"
	[ "$status" -eq 0 ]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/empty")" ]
}

@test "an interrupt ends the run early, with the figures and no process left" {
	need pgrep
	vmactl verify --seconds 60 --jobs 2 >"$BATS_TEST_TMPDIR/out" 3>&- &
	local pid=$! child children
	children=$(children_of $pid)
	kill -INT $pid
	wait $pid
	assert_contains "$(<"$BATS_TEST_TMPDIR/out")" "stopped early"
	for child in $children; do
		! kill -0 "$child" 2>/dev/null
	done
}

@test "a killed run leaves no process behind" {
	need pgrep
	vmactl verify --seconds 60 >/dev/null 3>&- &
	local pid=$! child children
	children=$(children_of $pid)
	kill -KILL $pid
	wait $pid || true
	# The kernel delivers the signal at once, the exit takes a moment.
	for child in $children; do
		timeout 20 tail --pid="$child" -f /dev/null
	done
}

@test "vmactl replay reads the script: right for this kernel, wrong for the other" {
	need jq
	vmactl replay --help >/dev/null || skip "there is no replay"
	local script=$BATS_TEST_TMPDIR/script
	verify --kernel $other --profile full --seed 1 --findings 4 --ops 20000 --json
	[ "$status" -eq 3 ]
	jq -r '[.divergences[] | select(.what == "result")][0].script' <<<"$output" >"$script"
	[ -s "$script" ]
	run vmactl replay "$script"
	[ "$status" -eq 0 ]
	run vmactl replay --kernel $other "$script"
	[ "$status" -eq 3 ]
}

@test "six processes live at once, and a line says how often" {
	verify --profile fork --ops 400 --seed 3 --json
	[ "$status" -eq 0 ]
	jq -e '.disturbed >= 0 and (.alive | add) == .ops and .alive[5] > 0 and .alive[6] == 0' <<<"$output"
	verify --profile fork --ops 400 --seed 3
	assert_contains "$output" "alive at once: 1: "
}

@test "the demonstration of each property agrees, or says why it is not made" {
	need jq
	verify --demos --json
	[ "$status" -eq 0 ]
	local known
	known=$(vmactl kernels 6.12 --noheadings | wc -l)
	jq -e --argjson n "$known" '.demonstrations | length == $n' <<<"$output"
	jq -e '[.demonstrations[] | select(.verdict == "agrees" and .calls > 0)] | length >= 45' <<<"$output"
	jq -e '[.demonstrations[] | select(.verdict == "skipped" and (.why | length) < 10)] == []' \
		<<<"$output"
}

@test "where the rules of another kernel differ, its demonstration diverges" {
	need jq
	local here
	verify --demos --json
	here=$output
	verify --demos --json --kernel $other
	[ "$status" -eq 3 ]
	jq -e '[.demonstrations[] | select(.verdict == "diverges")] | length >= 5' <<<"$output"
	jq -e '[.demonstrations[] | select(.verdict == "diverges") | .script | test("predicted|kernel")] | all' \
		<<<"$output"
	# What one has and the other lacks has to show, or the calls demonstrate nothing. Few cannot:
	# a page offset is shown by BPF alone, and one change may hide another.
	jq -en --argjson a "$here" --argjson b "$output" '
		[[$a.demonstrations, $b.demonstrations] | transpose[] |
		 select(.[0].has != .[1].has and .[1].verdict == "agrees") | .[0].property] |
		length <= 2'
}

@test "the demonstrations are one line each for people, with the figures last" {
	verify --demos
	[ "$status" -eq 0 ]
	assert_contains "$output" "mremap_checks_first           agrees"
	assert_contains "$output" "maple_tree                    skipped: only speed and memory differ"
	[[ ${lines[-1]} =~ ': of '[0-9]+' demonstrations '[0-9]+' agree, 0 diverge, '[0-9]+' skipped'$ ]]
}

@test "the demonstrations are no random calls" {
	verify --demos --profile full
	[ "$status" -eq 2 ]
	assert_contains "$stderr" "--demos makes no random calls"
}
