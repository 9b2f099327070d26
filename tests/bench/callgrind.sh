#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing became slower unnoticed: the instructions of five fixed pieces of work (work.c), counted
# by callgrind, against the counts kept in callgrind.expected. Times would say more about the
# machine than about the code; instructions hardly depend on it.
#
# After a change that is meant: UPDATE=1 VMACTL_BUILD=... bash tests/bench/callgrind.sh
. "${VMACTL_SRC:-$(dirname "$0")/../..}/tests/lib/tap.sh"
tolerance=8 # percent more than expected

expected=$VMACTL_SRC/tests/bench/callgrind.expected
work=$VMACTL_BUILD/tests/bench/work
[ -x "$VMACTL_BUILD/tests/bench/.libs/work" ] && work=$VMACTL_BUILD/tests/bench/.libs/work
command -v valgrind >/dev/null || skip_all "valgrind is not installed"
[ -x "$work" ] || skip_all "tests/bench/work is not built"

# What the counts hold for; another compiler or -Og makes other code.
kind() {
	local compiler flags
	compiler=$("${CC:-gcc}" -dumpfullversion 2>/dev/null | cut -d. -f1)
	"${CC:-gcc}" --version | grep -qi clang && compiler=clang-$compiler
	flags=$(sed -n 's/^CFLAGS = //p' "$VMACTL_BUILD/Makefile" | tr ' ' '\n' |
		grep -E '^-(O|fsan|march|flto)' | tr '\n' ' ')
	grep -qE '^BUILD_CFLAGS = .*-fsanitize' "$VMACTL_BUILD/Makefile" && flags+="sanitized "
	grep -qE '^BUILD_CFLAGS = .*-fstack-protector' "$VMACTL_BUILD/Makefile" && flags+="hardened "
	grep -qE '^LTO_CFLAGS = .*-flto' "$VMACTL_BUILD/Makefile" && flags+="lto "
	printf '%s %s %s' "$(uname -m)" "$compiler" "${flags% }"
}

# The C library picks its string functions by the processor: the plainest everywhere.
export GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2_Usable,-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM

count() {
	timeout 100 valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		--toggle-collect="work_$1" "$work" "$1" 2>&1 | sed -n 's/.*Collected : //p'
}

no_more_than_expected() {
	local now before
	now=$(count "$1")
	before=$(awk -v name="$1" '$1 == name { print $2 }' "$expected")
	[ -n "$now" ] && [ "$now" -gt 0 ] || { echo "callgrind counted nothing"; return 1; }
	[ -n "$before" ] || { echo "callgrind.expected has no row $1 (now $now)"; return 1; }
	echo "$now instructions, $before expected, at most $tolerance % more allowed"
	[ $((now * 100)) -le $((before * (100 + tolerance))) ]
}

names="engine model replay maps smaps"
if [ -n "${UPDATE:-}" ]; then
	{
		echo "# SPDX-License-Identifier: GPL-2.0-or-later"
		echo "# Instructions of work.c, see callgrind.sh; $(date +%Y-%m-%d)"
		echo "kind: $(kind)"
		for name in $names; do
			echo "$name $(count "$name")"
		done
	} >"$expected.new" && mv "$expected.new" "$expected"
	cat "$expected"
	exit
fi
[ "$(sed -n 's/^kind: //p' "$expected")" = "$(kind)" ] ||
	skip_all "the counts are for $(sed -n 's/^kind: //p' "$expected"), this is $(kind)"
for name in $names; do
	check "$name takes no more instructions than it did" no_more_than_expected "$name"
done
finish
