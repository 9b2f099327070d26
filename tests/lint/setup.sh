#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ./setup in whatever order: what was installed after configure ran becomes part of the build. In a
# tree that holds nothing else, with tools that only write down that they were called.
. "${VMACTL_SRC:-.}/tests/lib/tap.sh"

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir"/tree/{lib,bin,man,completions,tests} "$dir/tools"
cp "$VMACTL_SRC/setup" "$dir/tree/"
touch "$dir/tree/configure.ac" "$dir/tree/Makefile.am"

tool() {
	{ echo '#!/bin/sh'; cat; } >"$dir/tools/$1" && chmod +x "$dir/tools/$1"
}
# $2: a module; the machine has those that $dir/have names.
tool pkg-config <<END
grep -qx "\$2" "$dir/have"
END
tool autoreconf <<END
cp "$dir/tools/configure" "$dir/tree/configure"
touch "$dir/tree/Makefile.in"
END
tool configure <<END
echo configure >>"$dir/calls"
if grep -qx cmocka "$dir/have"; then libs=-lcmocka; fi
echo "CMOCKA_LIBS = \$libs" >Makefile
END
tool make <<END
for word; do last=\$word; done
echo "make \$last" >>"$dir/calls"
echo '# PASS:  4' >"$dir/tree/build/test-suite.log"
END

# $1...: a word for setup, then what the machine has. Prints what was called, on one line.
setup_with() {
	local word=$1 status
	shift
	printf '%s\n' "$@" >"$dir/have"
	: >"$dir/calls"
	PATH=$dir/tools:$PATH VMACTL_PACKAGES=no VMACTL_BUILD='' VMACTL_CONFIGURE='' \
		"$dir/tree/setup" "$word" >"$dir/said" 2>&1
	status=$?
	tr '\n' ' ' <"$dir/calls"
	cat "$dir/said" >&2
	return $status
}

afresh() {
	rm -rf "$dir/tree/build"
}

configures_again_for_unit_tests() {
	afresh
	[ "$(setup_with build libbpf)" = 'configure make all ' ] &&
		[ "$(setup_with check libbpf cmocka)" = 'configure make all make check ' ]
}

configures_once() {
	afresh
	[ "$(setup_with check libbpf cmocka)" = 'configure make all make check ' ] &&
		[ "$(setup_with build libbpf cmocka)" = 'make all ' ] &&
		[ "$(setup_with check libbpf cmocka)" = 'make all make check ' ]
}

makes_objects_again() {
	afresh
	[ "$(setup_with build nothing)" = 'configure make all ' ] &&
		[ "$(setup_with build libbpf)" = 'configure make clean make all ' ]
}

fails_without_unit_tests() {
	afresh
	! setup_with check libbpf >"$dir/called" && ! grep -q 'make check' "$dir/called" &&
		grep -q libcmocka-dev "$dir/said"
}

# What setup looks for, and configure above writes, is in a real Makefile.
the_makefile_names_cmocka() {
	grep '^CMOCKA_LIBS = ' "$VMACTL_BUILD/Makefile"
}

check "what check installs after build is configured in" configures_again_for_unit_tests
check "nothing is configured twice where nothing changed" configures_once
check "objects are made again when a library came that they may use" makes_objects_again
check "check without the unit tests fails and says what is missing" fails_without_unit_tests
if [ -f "$VMACTL_BUILD/Makefile" ]; then
	check "the build says whether it has cmocka" the_makefile_names_cmocka
else
	skip "the build says whether it has cmocka" "there is no build"
fi
finish
