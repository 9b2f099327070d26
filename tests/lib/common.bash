# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Loaded by every .bats file: load ../lib/common
#
# Makes a test runnable by hand too (bats tests/cli/inspect.bats after ./setup build).
: "${VMACTL_SRC:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${VMACTL_BUILD:=$VMACTL_SRC/build}"
export VMACTL_SRC VMACTL_BUILD
case ":$PATH:" in
*":$VMACTL_BUILD/bin/vmactl:"*) ;;
*) PATH=$VMACTL_BUILD/bin/vmactl:$VMACTL_BUILD/bin/vmatop:$PATH ;;
esac
export PATH

# Skips the test unless every named program is there.
need() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

# Says what was seen when a comparison fails; bats shows it with the failed test.
assert_eq() {
	[ "$1" = "$2" ] && return 0
	printf 'expected: %s\n     got: %s\n' "$2" "$1"
	return 1
}

assert_contains() {
	case $1 in
	*"$2"*) return 0 ;;
	esac
	printf 'expected to contain: %s\n                got: %s\n' "$2" "$1"
	return 1
}

# $1: command, whose schema the JSON document on standard input must fit.
assert_valid() {
	local document violations
	document=$(cat)
	jq -e '.schema == "vmactl/1"' <<<"$document" >/dev/null || {
		printf 'no document: %s\n' "${document:0:300}"
		return 1
	}
	violations=$(jq -r --slurpfile schema "$VMACTL_SRC/lib/report/schema/$1.schema.json" \
		-f "$VMACTL_SRC/tests/lib/schema.jq" <<<"$document") || return 1
	[ -z "$violations" ] && return 0
	printf '%s\n' "$violations"
	return 1
}

# A command that must fail: "! command" alone does not fail a test.
refute() {
	! "$@"
}

# Starts a process that sleeps, waits until it does nothing else any more, sets $pid. The caller
# kills it in teardown.
start_sleeper() {
	sleep 300 3>&- &
	pid=$!
	until grep -q '^[0-9]* (sleep) S' "/proc/$pid/stat"; do :; done
}
