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
