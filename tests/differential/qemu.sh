#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "vmactl verify" on kernels that do not run here: Debian's, emulated by QEMU.
#
# Too slow for make check; "make check-qemu" runs it. Kernel packages come through apt, as this
# machine has it configured, and stay in the build directory. Nothing is installed.
#
# Environment:
#   QEMU_KERNELS   releases, default "6.1 6.12": of each the newest package that apt knows.
#                  A file name (a bzImage) is taken as it is.
#   QEMU_PROFILES  default: the seven of verify that ask for nothing from the machine
#   QEMU_OPS       calls of each profile, default 2000
#   QEMU_SEED      default 20000
#   QEMU_SECONDS   a kernel that needs longer is stopped, default 1200
. "${VMACTL_SRC:-$(dirname "$0")/../..}/tests/lib/tap.sh"

kernels=${QEMU_KERNELS:-6.1 6.12}
profiles=${QEMU_PROFILES:-basic files full hints limits fork stack}
ops=${QEMU_OPS:-2000}
seed=${QEMU_SEED:-20000}
seconds=${QEMU_SECONDS:-1200}
dir=$VMACTL_BUILD/tests/differential/qemu

vmactl=$VMACTL_BUILD/bin/vmactl/vmactl
[ -x "$vmactl" ] || vmactl=$(command -v vmactl) || skip_all "vmactl is not built"
# libtool's wrapper script stands in for a program that uses the shared library
[ "$(head -c 2 "$vmactl")" != '#!' ] || vmactl=$(dirname "$vmactl")/.libs/vmactl
[ "$(uname -m)" = x86_64 ] || skip_all "the emulated machine is x86-64"
for tool in qemu-system-x86_64 cpio gzip ldd dpkg-deb timeout; do
	command -v "$tool" >/dev/null || skip_all "$tool is not installed"
done
for busybox in /bin/busybox /usr/bin/busybox; do
	[ -x "$busybox" ] && break
done
[ -x "$busybox" ] || skip_all "busybox-static is not installed"
mkdir -p "$dir" || exit 1

# ---------------------------------------------------------------- the kernels

# The package of a release's newest kernel: unsigned ones are the same without a signature.
package_of() {
	apt-cache pkgnames "linux-image-$1" 2>/dev/null |
		grep -xE "linux-image-${1//./\\.}(\.[0-9]+)*(-[0-9]+|\+deb[0-9]+)-amd64(-unsigned)?" |
		while read -r name; do
			# What is known by name alone cannot be had.
			apt-cache policy "$name" | grep -q 'Candidate: [0-9]' && echo "$name"
		done | LC_ALL=C sort -V | tail -1
}

# Says where the kernel image of release $1 lies, after getting it when it is not there yet.
image_of() {
	local package
	if [ -f "$1" ]; then
		echo "$1"
		return
	fi
	if ! compgen -G "$dir/$1/boot/vmlinuz*" >/dev/null; then
		package=$(package_of "$1")
		[ -n "$package" ] || return 1
		mkdir -p "$dir/$1" || return 1
		(cd "$dir/$1" && apt-get -q download "$package" && dpkg-deb -x "$package"_*.deb . &&
			rm -rf -- *.deb lib usr) >"$dir/$1.log" 2>&1 || return 1
	fi
	compgen -G "$dir/$1/boot/vmlinuz*" | head -1
}

# ---------------------------------------------------------------- the root file system

# Files are mapped from tmpfs: the initramfs itself is of a kind (ramfs) that nobody uses. Huge
# pages are made where MADV_HUGEPAGE asks for them, and by faults alone: khugepaged would make them
# whenever it likes, and with "always" a page table that was left behind empty rules one out, which
# the model does not remember.
write_init() {
	cat <<END
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
export PATH=/bin LC_ALL=C.UTF-8
echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
echo 4294967295 >/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs
echo "== kernel \$(uname -r)"
for profile in $profiles; do
	echo "== profile \$profile"
	vmactl verify --quiet --profile "\$profile" --ops $ops --seed $seed
	echo "== status \$?"
done
echo "== end"
poweroff -f
END
}

make_initramfs() {
	local root=$dir/root lib name
	rm -rf "$root" || return 1
	mkdir -p "$root"/{bin,proc,sys,tmp,dev} || return 1
	cp "$busybox" "$root/bin/busybox" || return 1
	for name in sh mount poweroff uname; do
		ln -s busybox "$root/bin/$name"
	done
	cp "$vmactl" "$root/bin/vmactl" || return 1
	strip "$root/bin/vmactl" 2>/dev/null
	for lib in $(ldd "$vmactl" | grep -o '/[^ ]*'); do
		install -D -m 755 "$lib" "$root$lib" || return 1
	done
	write_init >"$root/init" && chmod 755 "$root/init" || return 1
	(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$dir/initramfs.gz"
}

# ---------------------------------------------------------------- running

# Emulated, because a virtual machine in a virtual machine is slower still or does not start.
# la57: a larger address space than ours. cx16: QEMU 7.2 emulates cmpxchg16b wrongly.
boot() {
	timeout "$seconds" qemu-system-x86_64 -accel tcg -cpu max,la57=off,cx16=off -m 2G \
		-kernel "$1" -initrd "$dir/initramfs.gz" -nographic -no-reboot -nic none \
		-append "console=ttyS0 quiet panic=-1 no_timer_check rdinit=/init" \
		</dev/null 2>&1 | tr -d '\r'
}

# The part of the log that belongs to profile $2; it has to end well.
profile_agrees() {
	local said
	said=$(sed -n "/^== profile $2\$/,/^== status/p" "$1")
	# The firmware's and the kernel's last words, when it did not come that far.
	[ -n "$said" ] || { tail -5 "$1"; return 1; }
	printf '%s\n' "$said"
	grep -qx '== status 0' <<<"$said" || return 1
	# No divergence among no calls would say nothing.
	grep -q ": $ops operations .* 0 divergences" <<<"$said"
}

make_initramfs || skip_all "cannot make an initramfs in $dir"
for kernel in $kernels; do
	name=$(basename "$kernel")
	if ! image=$(image_of "$kernel"); then
		skip "calls go as predicted on Debian's Linux $name" "apt has no such kernel"
		continue
	fi
	log=$dir/$name.txt
	boot "$image" >"$log"
	release=$(sed -n 's/^.*== kernel //p' "$log")
	for profile in $profiles; do
		check "$ops calls of profile $profile go as predicted on ${release:-$name}" \
			profile_agrees "$log" "$profile"
	done
done
finish
