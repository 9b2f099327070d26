#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the headers promise is what the library gives: installed headers, export list and the
# built library name the same functions.
#
# exports.sh --names prints what the installed headers declare, ready for libvmactl.sym.
. "${VMACTL_SRC:-$(dirname "$0")/../..}/tests/lib/tap.sh"
cd "$VMACTL_SRC/lib/libvmactl" || exit 1

# A declaration starts in the first column and has its name on that line.
declared() {
	awk '/^extern/ && match($0, /[ *]vma_[a-z0-9_]+(\[[^\]]*\])?;/) {
		name = substr($0, RSTART + 1, RLENGTH - 2)
		sub(/\[.*/, "", name)
		print name
		next
	}
	/^[a-z]/ && !/^(typedef|static)/ && match($0, /[ *]vma_[a-z0-9_]+\(/) {
		print substr($0, RSTART + 1, RLENGTH - 2)
	}' ./*.h | LC_ALL=C sort -u
}

listed() {
	sed -nE 's/^\t([a-z0-9_]+);$/\1/p' libvmactl.sym
}

# What the shared library shows.
given() {
	nm -D --defined-only --without-symbol-versions "$1" | awk '$2 ~ /[A-Z]/ && $2 != "A" { print $3 }' |
		LC_ALL=C sort
}

same() {
	diff -u --label "$1" --label "$2" "$3" "$4" | grep '^[-+]'
	[ "${PIPESTATUS[0]}" -eq 0 ]
}

every_name_is_given() {
	local lacking
	lacking=$(LC_ALL=C comm -23 <(listed) <(given "$1"))
	[ -z "$lacking" ] && return 0
	printf 'promised but in no source: %s\n' $lacking
	return 1
}

nothing_else_is_given() {
	local more
	more=$(LC_ALL=C comm -13 <(listed) <(given "$1"))
	[ -z "$more" ] && return 0
	printf 'exported by accident: %s\n' $more
	return 1
}

libvmactl_h_has_them_all() {
	local header failed=0
	for header in *.h; do
		[ "$header" = libvmactl.h ] && continue
		grep -qxF "#include \"libvmactl/$header\"" libvmactl.h && continue
		echo "libvmactl.h does not include $header"
		failed=1
	done
	return $failed
}

every_header_is_installed() {
	local header failed=0
	for header in *.h *.def; do
		grep -qE "^	lib/libvmactl/$header( |\$)" local.mk && continue
		echo "$header is not in vmactlinclude_HEADERS of lib/libvmactl/local.mk"
		failed=1
	done
	return $failed
}

# $1...: compiler and its options
every_header_stands_alone() {
	local header failed=0
	for header in *.h; do
		printf '#include "libvmactl/%s"\n' "$header" |
			"$@" -Wall -Wextra -Wno-unused -Werror -fsyntax-only -I.. - || failed=1
	done
	return $failed
}

if [ "${1:-}" = --names ]; then
	declared | sed 's/.*/\t&;/'
	exit 0
fi
check "the export list names the functions of the installed headers" \
	same libvmactl.sym headers <(listed) <(declared)
check "libvmactl.h includes every public header" libvmactl_h_has_them_all
check "every public header and table is installed" every_header_is_installed
check "each public header compiles on its own" \
	every_header_stands_alone ${CC:-cc} -std=gnu11 -x c
library=$VMACTL_BUILD/.libs/libvmactl.so
if [ -f "$library" ]; then
	check "the library defines every function it promises" every_name_is_given "$library"
	check "the library shows no other name" nothing_else_is_given "$library"
else
	skip "the library defines every function it promises" "no shared library was built"
fi
finish
