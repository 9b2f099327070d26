#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A stranger's program, built against what "make install" leaves behind, and nothing of ours.
. "${VMACTL_SRC:-.}/tests/lib/tap.sh"

[ -f "$VMACTL_BUILD/Makefile" ] || skip_all "there is no build to install from"
grep -q 'BUILD_CFLAGS = .*-fsanitize' "$VMACTL_BUILD/Makefile" &&
	skip_all "a sanitizer build does not link with programs that have none"
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
prefix=$(sed -n 's/^prefix = //p' "$VMACTL_BUILD/Makefile")
export PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_PATH=$root$prefix/lib/pkgconfig
read -ra cc <<<"${CC:-cc}"

cat >"$root/program.c" <<'END'
#include <libvmactl/libvmactl.h>
#include <stdio.h>

int main(void)
{
	struct vma_kernel kernel;
	struct vma_err err = { 0 };

	if (vma_kernel_init(&kernel, "6.12.3-example", &err)) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	if (vma_kernel_init(&kernel, "none", &err) == 0)
		return 2;
	printf("%s %s\n", vma_flag_by_code(&kernel, "wr")->name, err.msg[0] ? "said why" : "silent");
	return 0;
}
END

install_it() {
	MAKEFLAGS='' make -s -C "$VMACTL_BUILD" install DESTDIR="$root"
}

# $1: program  $2...: how to link
build_and_run() {
	local program=$1 said flags
	shift
	read -ra flags <<<"$(pkg-config --cflags libvmactl)"
	"${cc[@]}" -std=gnu11 "${flags[@]}" -o "$program" "$root/program.c" "$@" || return 1
	said=$(LD_LIBRARY_PATH=$root$prefix/lib "$program") || return 1
	[ "$said" = "WRITE said why" ] || { echo "it printed: $said"; return 1; }
}

with_the_shared_library() {
	local libs
	read -ra libs <<<"$(pkg-config --libs libvmactl)"
	build_and_run "$root/shared" "${libs[@]}" && ldd "$root/shared" | grep -q 'libvmactl\.so\.0'
}

# Only our library is taken from its archive: not every other one comes with a static form.
with_the_static_library() {
	local libs needs
	read -ra needs <<<"$(pkg-config --print-requires-private libvmactl | tr '\n' ' ')"
	read -ra libs <<<"$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --libs "${needs[@]}")"
	build_and_run "$root/static" "$root$prefix/lib/libvmactl.a" "${libs[@]}" &&
		! ldd "$root/static" | grep -q libvmactl
}

uninstall_it() {
	local left
	MAKEFLAGS='' make -s -C "$VMACTL_BUILD" uninstall DESTDIR="$root"
	left=$(find "$root$prefix" ! -type d)
	[ -z "$left" ] || { echo "left behind: $left"; return 1; }
}

command -v pkg-config >/dev/null || skip_all "pkg-config is not installed"
check "make install needs nothing but a place" install_it
check "a program builds and runs with the installed shared library" with_the_shared_library
if [ -f "$VMACTL_BUILD/.libs/libvmactl.a" ]; then
	check "a program builds and runs with the installed static library" with_the_static_library
else
	skip "a program builds and runs with the installed static library" "none was built"
fi
check "make uninstall leaves nothing behind" uninstall_it
finish
