# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# TAP for tests written in shell:
#
#   . "$VMACTL_SRC/tests/lib/tap.sh"
#   check "a sentence that would interest a user" COMMAND [ARG...]   ok when COMMAND succeeds
#   skip  "a sentence" "what the machine lacks"
#   finish
#
# What COMMAND prints is shown as comments when it fails. A test that neither fails nor finishes
# (it died half-way) has no plan, and that fails.
tap_nr=0
tap_failed=0
: "${VMACTL_SRC:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${VMACTL_BUILD:=$VMACTL_SRC/build}"
export VMACTL_SRC VMACTL_BUILD

check() {
	local title=$1 said
	shift
	tap_nr=$((tap_nr + 1))
	if said=$("$@" 2>&1); then
		echo "ok $tap_nr - $title"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_nr - $title"
		printf '%s\n' "$said" | sed 's/^/#   /'
	fi
}

skip() {
	tap_nr=$((tap_nr + 1))
	echo "ok $tap_nr - $1 # SKIP $2"
}

# Everything is skipped: the machine or the tree lacks what this file is about.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

finish() {
	echo "1..$tap_nr"
	exit 0
}
