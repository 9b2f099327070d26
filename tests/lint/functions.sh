#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A function fits on a screen or two, a file has one subject.
. "${VMACTL_SRC:-.}/tests/lib/tap.sh"
cd "$VMACTL_SRC" || exit 1

ctags --version 2>/dev/null | grep -q Universal || skip_all "universal-ctags is not installed"

no_function_over() {
	find lib bin -name '*.[ch]' | LC_ALL=C sort |
		ctags -L - -f - --languages=C --langmap=C:.c.h --kinds-C=f --fields=+ne --sort=no |
		awk -F'\t' -v most="$1" '{
			first = last = 0
			for (i = 4; i <= NF; i++) {
				if ($i ~ /^line:/) first = substr($i, 6)
				if ($i ~ /^end:/) last = substr($i, 5)
			}
			seen++
			if (last - first + 1 > most) {
				print $2 ":" first ": " $1 "() has " last - first + 1 " lines"
				failed = 1
			}
		}
		END {
			if (!seen) print "ctags saw no function at all"
			exit failed || !seen
		}'
}

no_file_over() {
	find lib bin -name '*.[ch]' | LC_ALL=C sort | xargs wc -l |
		awk -v most="$1" '$2 != "total" && $1 > most { print $2 " has " $1 " lines"; failed = 1 }
			END { exit failed }'
}

check "no function is over 80 lines" no_function_over 80
check "no source file is over 1000 lines" no_file_over 1000
finish
