#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs every example of the manual that is marked with
#   .\" run STATUS[,STATUS]
# on the line before. When lines of output follow in the page, they must be what is printed.
load ../lib/common

# From the page $1: for each marked example a line with the statuses, a tab, and the command; then
# its output, each line with > before it.
examples() {
	awk '/^\.\\" run / { status = $3; next }
	     status != "" && /^\$ / { print status "\t" substr($0, 3); status = ""; shown = 1; next }
	     shown && /^\.RE/ { shown = 0 }
	     shown { print ">" $0 }' "$1" | sed 's/\\-/-/g; s/\\&//g; s/\\e/\\/g'
}

run_examples() {
	local status_wanted command want got status line
	while IFS= read -r line <&7; do
		case $line in
		'>'*) want+=${line#>}$'\n' ;;
		*)
			check_example
			status_wanted=${line%%$'\t'*} command=${line#*$'\t'} want=
			;;
		esac
	done
	check_example
}

check_example() {
	[ -n "${command-}" ] || return 0
	status=0
	# a command behind it keeps the shell, which $$ is, from becoming vmactl
	got=$(timeout 60 bash -c "$command"$'\n''exit $?' 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
	nr=$((nr + 1))
	case ,$status_wanted, in
	*,$status,*) ;;
	*)
		printf '%s\nstatus %s, not %s: %s\n' "$command" "$status" "$status_wanted" \
			"$(cat "$BATS_TEST_TMPDIR/stderr")"
		failed=1
		;;
	esac
	if [ -n "$want" ] && [ "${got:0:${#want}-1}" != "${want%$'\n'}" ]; then
		printf '%s\nprinted:\n%s\nthe page says:\n%s\n' "$command" "$got" "$want"
		failed=1
	fi
}

@test "the marked examples of every page do what the page says" {
	need jq
	nr=0 failed=0
	for page in "$VMACTL_SRC"/man/*.[1-8]; do
		examples "$page" >"$BATS_TEST_TMPDIR/examples"
		unset command
		run_examples 7<"$BATS_TEST_TMPDIR/examples"
	done
	echo "$nr examples"
	[ "$nr" -gt 20 ]
	[ "$failed" -eq 0 ]
}
