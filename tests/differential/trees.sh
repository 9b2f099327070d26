#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What "vmactl anon" infers about random trees of processes, against the kernel: what is called
# certain is so, and what is not known is said to be unknown. VMACTL_TREES=N: so many trees.
. "${VMACTL_SRC:-$(dirname "$0")/../..}/tests/lib/tap.sh"

vmactl=${VMACTL:-$VMACTL_BUILD/bin/vmactl/vmactl}
[ -x "$vmactl" ] || vmactl=$(command -v vmactl) || skip_all "vmactl is not built"
"$vmactl" anon --check-inference $$ >/dev/null 2>&1
[ $? -ne 1 ] || skip_all "the kernel cannot be asked (BPF, root)"
command -v jq >/dev/null || skip_all "there is no jq"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
${CC:-cc} -O1 -o "$tmp/trees" "$VMACTL_SRC/tests/differential/trees.c" || skip_all "there is no compiler"
trees=${VMACTL_TREES:-20}

one() {
	local status
	coproc TREE { "$tmp/trees" "$1"; }
	read -r -a pids <&"${TREE[0]}"
	"$vmactl" anon --check-inference --output-all --json "${pids[@]}" >>"$tmp/out" 2>>"$tmp/err"
	status=$?
	# the grandparent of all waits for the end of its input
	eval "exec ${TREE[1]}>&-"
	wait "$TREE_PID"
	[ "$status" -eq 0 ] || echo "tree $1 of processes ${pids[*]}: status $status" >>"$tmp/err"
}

sum() {
	jq -s "$1" "$tmp/out"
}

certain() {
	cat "$tmp/err"
	[ ! -s "$tmp/err" ] && [ "$(sum 'length')" -eq "$trees" ]
}

for ((i = 1; i <= trees; i++)); do
	one "$i"
done 2>/dev/null
check "what is called certain of $trees random trees of processes is what the kernel has" certain
check "there were orphans, and what cannot be known of them is unknown" \
	jq -se '[.[].fields[] | select(.known == "unknown" and .field == "parent") | .unknown] | add > 0' "$tmp/out"
check "of what is said of parents and chains at least 95 of 100 are right" \
	jq -se '[.[].fields[] | select(.known == null and .scope == "all" and (.field == "parent" or
		.field == "chain"))] | (map(.agree) | add) as $right | (map(.differ) | add) as $wrong |
		$right > 19 * $wrong' "$tmp/out"
jq -rs '[.[].fields[] | select(.known == null and .scope == "all")] | group_by(.field) | .[] |
	"# \(.[0].field): \(map(.agree) | add) right, \(map(.differ) | add) wrong, " +
	"\(map(.unknown) | add) unknown of \(map(.truth) | add)"' "$tmp/out"
finish
