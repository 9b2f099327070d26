#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# As nobody, without groups and capabilities: of processes of one's own everything still comes, what
# is missing is named with what would help, and processes of others are refused with a reason.
load ../lib/common
load ../lib/scene

bats_require_minimum_version 1.5.0

setup_file() {
	need setpriv
	[ "$(id -u)" -eq 0 ] || skip "needs root, to become somebody else"
	export DIR=$BATS_FILE_TMPDIR
	chmod 755 "$BATS_RUN_TMPDIR" "$DIR" 2>/dev/null || true
	scene_build
	# nobody may not come to where we were built
	export OURS
	OURS=$(nobody_can_run)
	[ -n "$OURS" ] || skip "nobody cannot run $(command -v vmactl)"
	(drop=1 nobody "$DIR/scene" tree) >"$DIR/out" 2>/dev/null 3>&- &
	export PARENT=$!
	until read -r CHILD ARENA 2>/dev/null <"$DIR/out"; do sleep 0.02; done
	export CHILD ARENA
}

teardown_file() {
	[ -z "${PARENT-}" ] || kill "$(cat "/proc/$CHILD/task/$CHILD/children")" "$CHILD" "$PARENT" 2>/dev/null || true
}

nobody() {
	${drop:+exec} setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \
		--no-new-privs "$@"
}

# Where there is a vmactl that nobody may run: ours, or a copy.
nobody_can_run() {
	local ours
	for ours in "$(command -v vmactl)" "$DIR/vmactl"; do
		if [ ! -e "$ours" ]; then
			cp -L "$(command -v vmactl)" "$ours"
		fi
		nobody "$ours" --version >/dev/null 2>&1 && { echo "$ours"; return; }
	done
}

# As nobody; sets status, output and stderr.
as_nobody() {
	run --separate-stderr nobody "$OURS" "$@"
}

@test "why, fork, anon, pages, rmap and locks of a process of one's own" {
	as_nobody why "$PARENT"
	[ "$status" -eq 0 ]
	as_nobody fork --json "$PARENT"
	[ "$status" -eq 0 ]
	jq -e '.fork.vmas_copied.value > 5 and .fork.time_us.value > 0' <<<"$output"
	as_nobody anon --tree --vmas --json "$PARENT"
	[ "$status" -eq 0 ]
	jq -e --arg a "$ARENA" '[.vmas[] | select(.start[2:14] == $a[2:14]) | .chain | length] == [1, 2, 3]' \
		<<<"$output"
	as_nobody pages --json "$PARENT" "$ARENA"
	[ "$status" -eq 0 ]
	# shared or not is told without frame numbers
	jq -e '[.runs[].state] | index("anon") != null and index("anon_shared") != null' <<<"$output"
	as_nobody rmap --json "$PARENT" "$ARENA"
	[ "$status" -eq 0 ]
	jq -e '.visits | length == 3' <<<"$output"
	as_nobody locks --json "$PARENT"
	[ "$status" -eq 0 ]
}

@test "what needs more is left out, and what would help is named" {
	as_nobody anon --tree --source bpf "$PARENT"
	[ "$status" -eq 4 ]
	assert_contains "$output" inferred
	assert_contains "$stderr" "bpf: not read"
	assert_contains "$stderr" "("
	as_nobody why --source bpf "$PARENT"
	[ "$status" -eq 4 ]
	assert_contains "$stderr" "bpf: not read"
	as_nobody locks --source bpf "$PARENT"
	[ "$status" -eq 4 ]
	assert_contains "$stderr" "bpf: not read"
	as_nobody pages --frames --json "$PARENT" "$ARENA"
	[ "$status" -eq 4 ]
	assert_contains "$stderr" "CAP_SYS_ADMIN"
	jq -e '.runs | length > 0 and all(.mapped == null)' <<<"$output"
	as_nobody anon --check-inference "$PARENT"
	[ "$status" -eq 1 ]
	assert_contains "$stderr" "("
}

@test "processes of others are refused with a reason" {
	for command in why fork anon pages locks; do
		as_nobody $command $$
		[ "$status" -eq 1 ]
		assert_eq "$output" ""
		assert_contains "$stderr" "not permitted"
		assert_contains "$stderr" "("
	done
}

@test "verify runs, and says that bpf does not" {
	as_nobody verify --profile fork --ops 200 --seed 4
	[ "$status" -eq 0 ]
	assert_contains "$output" "0 divergences"
	as_nobody verify --profile fork --ops 200 --source bpf
	[ "$status" -eq 1 ]
	assert_contains "$stderr" "("
}
