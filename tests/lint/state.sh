#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The library keeps nothing between calls and prints nothing: two users in one program never meet.
. "${VMACTL_SRC:-.}/tests/lib/tap.sh"

archive=$VMACTL_BUILD/.libs/libvmactl-all.a
[ -f "$archive" ] || skip_all "the library is not built"
if objdump -t "$archive" | grep -qE '__asan_|__ubsan_'; then
	skip_all "a sanitizer adds variables of its own"
fi

# Tables with pointers land in .data.rel.ro: constant once loaded.
no_writable_variable() {
	local found
	found=$(objdump -t "$archive" | awk '
		/^[^ ]+\.l?o:/ || /^In archive/ { object = $1 }
		$0 ~ / O \.(data|bss|tdata|tbss)(\.[^r]|[ \t])/ { print object, $NF }')
	[ -z "$found" ] && return 0
	printf '%s\n' "$found"
	return 1
}

# _exit() in a forked child is no end of the program. In a build with assertions check.h speaks on its way to abort(): those go to stderr only.
prints_nothing() {
	local found
	found=$(nm -A -u "$archive" 2>/dev/null |
		grep -E ' U (__)?(v?printf(_chk)?|puts|putchar|perror|stdout|exit|err|errx|warn|warnx)(@.*)?$')
	[ -z "$found" ] && return 0
	printf '%s\n' "$found"
	return 1
}

check "the library has no writable variable" no_writable_variable
check "the library neither prints to standard output nor ends the program" prints_nothing
finish
