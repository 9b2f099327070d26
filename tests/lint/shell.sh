#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Our own scripts hold no trap.
. "${VMACTL_SRC:-.}/tests/lib/tap.sh"
cd "$VMACTL_SRC" || exit 1

scripts() {
	echo setup
	[ -f .ci/run ] && echo .ci/run
	grep -rlE '^#!.*\b(ba)?sh$' bin tests --exclude-dir=fixtures | LC_ALL=C sort
}

every_script_parses() {
	local script failed=0
	for script in $(scripts); do
		bash -n "$script" || failed=1
	done
	return $failed
}

shellcheck_finds_nothing() {
	# shellcheck disable=SC2046 # names without blanks
	shellcheck -x -S warning -e SC1090,SC1091 $(scripts)
}

check "every script parses" every_script_parses
if command -v shellcheck >/dev/null; then
	check "shellcheck has nothing to say" shellcheck_finds_nothing
else
	skip "shellcheck has nothing to say" "shellcheck is not installed"
fi
finish
