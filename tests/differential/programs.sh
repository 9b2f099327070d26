#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Real programs from their execve to their exit: the log of strace must replay without a difference,
# and the mappings at the end must be those that /proc/PID/maps showed just before the exit.
#
# strace holds the program for a moment in exit_group; then its maps are read. The address of the
# stack and of [vsyscall] are in no log: those lines are left out. So are the device, the inode and
# the name, which a log tells only in part.
. "${VMACTL_SRC:-$(dirname "$0")/../..}/tests/lib/tap.sh"

vmactl=$VMACTL_BUILD/bin/vmactl/vmactl
[ -x "$vmactl" ] || vmactl=$(command -v vmactl) || skip_all "vmactl is not built"
command -v strace >/dev/null || skip_all "there is no strace"
[ "$(uname -m)" = x86_64 ] || skip_all "the number of exit_group is that of x86-64"
exit_group=231
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
strace -o "$tmp/try" true 2>/dev/null || skip_all "strace may not trace here"

# The maps of the first program of log $1, read while it stands in exit_group.
maps_at_exit() {
	local pid='' call
	while kill -0 "$2" 2>/dev/null; do
		[ -n "$pid" ] || read -r pid _ <"$1"
		if [ -n "$pid" ] && read -r call _ 2>/dev/null <"/proc/$pid/syscall" &&
			[ "$call" = "$exit_group" ]; then
			cat "/proc/$pid/maps"
			return
		fi
		sleep 0.02
	done
} 2>/dev/null

# Ranges, permissions and offsets of lines of maps. With $join neighbours without a name and of the
# same permissions are one.
comparable() {
	grep -vE '\[(stack|vsyscall)\]$' | LC_ALL=C sort | awk -v join="$join" '
		function put() { if (range) print from "-" to, rest }
		{
			split($1, at, "-")
			alike = join && NF == 5 && range && last == 5 && at[1] == to && rest == $2 " " $3
			if (!alike) { put(); from = at[1] }
			to = at[2]; rest = $2 " " $3; range = 1; last = NF
		}
		END { put() }'
}

# What replay --final says of the last address space of a process.
final_of() {
	awk -v pid="$1" '$1 == "pid" { mine = $2 == pid && /at its end/; if (mine) n = 0; next }
		mine && /^[0-9a-f]+-[0-9a-f]+ / { line[n++] = $0; next }
		{ mine = 0 }
		END { for (i = 0; i < n; i++) print line[i] }'
}

goes_as_recorded() {
	local log=$tmp/log pid tracer
	rm -f "$log"
	strace -f -o "$log" -e inject=exit_group:delay_enter=1000000 "$@" </dev/null >"$tmp/said" 2>&1 &
	tracer=$!
	maps_at_exit "$log" "$tracer" | comparable >"$tmp/kernel"
	wait "$tracer" || { cat "$tmp/said"; return 1; }
	[ -s "$tmp/kernel" ] || { echo "maps could not be read at the exit"; return 1; }
	if ! "$vmactl" replay --final "$log" >"$tmp/replay" 2>&1; then
		grep -v '^[0-9a-f]*-' "$tmp/replay"
		return 1
	fi
	read -r pid _ <"$log"
	final_of "$pid" <"$tmp/replay" | comparable >"$tmp/model"
	diff -u "$tmp/kernel" "$tmp/model"
}

program() {
	if command -v "$1" >/dev/null; then
		check "$1 goes from its execve to its exit as predicted" goes_as_recorded "$@"
	else
		skip "$1 goes from its execve to its exit as predicted" "it is not installed"
	fi
}

# Programs with threads that map beside each other: which of them touched its pages first is in no
# log, and decides what merges. Everything else must be the same.
join=
program_but_for_touches() {
	local join=yes
	program "$@"
}

python='import json, threading
def work(): [bytearray(1 << 20) for i in range(20)]
all = [threading.Thread(target=work) for i in range(3)]
[t.start() for t in all]; [t.join() for t in all]; json.dumps(list(range(1000)))'
cc1=$(gcc -print-prog-name=cc1 2>/dev/null)
echo 'int main(void) { return 0; }' >"$tmp/t.c"

program bash -c 'x=$(echo a | cat); for ((i = 0; i < 9999; i++)); do a[i]=$x; done'
program perl -e '@a = map { "x" x 10000 } 1 .. 500; system("true"); fork or exit 0; wait'
program /usr/bin/python3 -c "$python"
program jq -n '[range(50000)] | length'
program git --version
program "${cc1:-cc1}" -quiet "$tmp/t.c" -o "$tmp/t.s"
program_but_for_touches node -e '[...Array(100000).keys()].map(String).length'
program_but_for_touches java -Xmx64m -version
finish
