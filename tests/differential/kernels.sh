#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Predictions against kernels that do not run here: Debian's, emulated by QEMU.
#
# Too slow for make check; "make check-kernels" runs it. The packages come through apt, from suites
# beside those that this machine is configured for; lists and packages stay in the build directory.
# Nothing is installed.
#
# Environment:
#   KERNELS           default "5.10 6.1 6.12 7.2": of each the newest package that apt knows. A file
#                     name (a bzImage) is taken as it is.
#   KERNELS_PROFILES  default: all that vmactl verify --list-profiles names
#   KERNELS_OPS       calls of each profile, default 2000
#   KERNELS_SEED      default 20000
#   KERNELS_SECONDS   a kernel that needs longer is stopped, default 2400
. "${VMACTL_SRC:-$(dirname "$0")/../..}/tests/lib/tap.sh"

kernels=${KERNELS:-5.10 6.1 6.12 7.2}
ops=${KERNELS_OPS:-2000}
seed=${KERNELS_SEED:-20000}
seconds=${KERNELS_SECONDS:-2400}
dir=$VMACTL_BUILD/tests/differential/kernels
suites="bullseye bookworm trixie forky"

vmactl=$VMACTL_BUILD/bin/vmactl/vmactl
[ -x "$vmactl" ] || vmactl=$(command -v vmactl) || skip_all "vmactl is not built"
# libtool's wrapper script stands in for a program that uses the shared library
[ "$(head -c 2 "$vmactl")" != '#!' ] || vmactl=$(dirname "$vmactl")/.libs/vmactl
[ "$(uname -m)" = x86_64 ] || skip_all "the emulated machine is x86-64"
PATH=$PATH:/usr/sbin:/sbin # mkfs
for tool in qemu-system-x86_64 cpio gzip ldd apt-get dpkg-deb mkfs.ext4 timeout; do
	command -v "$tool" >/dev/null || skip_all "$tool is not installed"
done
for busybox in /bin/busybox /usr/bin/busybox; do
	[ -x "$busybox" ] && break
done
[ -x "$busybox" ] || skip_all "busybox-static is not installed"
profiles=${KERNELS_PROFILES:-$("$vmactl" verify --list-profiles | awk '{ print $1 }')}
mkdir -p "$dir"/apt/{lists,cache}/partial || exit 1

# ---------------------------------------------------------------- packages

# Where this machine gets Debian from: the first site whose suites look like $1.
site_of() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(SITE) $(RELEASE) $(ORIGIN)' "Created-By: Packages" 2>/dev/null |
		awk -v like="$1" '$3 == "Debian" && $2 ~ like { print $1; exit }'
}

write_sources() {
	local key="" main security
	main=$(site_of '^[a-z]+$')
	security=$(site_of '-security$')
	[ -n "$main" ] || return 1
	for key in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg} ""; do
		[ -f "$key" ] && break
	done
	for suite in $suites; do
		echo "deb [arch=amd64${key:+ signed-by=$key}] $main $suite main"
		[ -z "$security" ] ||
			echo "deb [arch=amd64${key:+ signed-by=$key}] $security $suite-security main"
	done
}

# apt with lists, packages and preferences of our own.
with_apt() {
	local tool=$1
	shift
	timeout 600 "$tool" -q -o Dir::Etc::SourceList="$dir/apt/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null -o Dir::State::Lists="$dir/apt/lists" \
		-o Dir::Cache="$dir/apt/cache" -o Acquire::Retries=2 -o Acquire::http::Timeout=30 "$@"
}

# "VERSION NAME" of the newest package of a release. The signed ones sort after -unsigned.
package_of() {
	local names
	names=$(with_apt apt-cache pkgnames "linux-image-$1" 2>/dev/null |
		grep -E '^[^ ]*-cloud-amd64(-unsigned)?$')
	[ -n "$names" ] || return 1
	# shellcheck disable=SC2086 # a list of names
	with_apt apt-cache --no-all-versions show $names 2>/dev/null |
		awk -v release="$1." '
			/^Package: / { name = $2 }
			/^Version: / && index($2, release) == 1 { print $2, name }' |
		LC_ALL=C sort -k1,1V -k2,2r | tail -1
}

# The image among the files of a package, unpacked in the working directory.
find_image() {
	find boot usr/lib/modules lib/modules -name 'vmlinuz*' -type f 2>/dev/null | head -1
}

unpack() {
	with_apt apt-get download "$1" && dpkg-deb -x "$1"_*.deb .
}

# Since 7.2 the image is in a package of its own that linux-image-* depends on.
unpack_image() {
	local inner
	unpack "$1" || return 1
	[ -z "$(find_image)" ] || return 0
	inner=$(dpkg-deb -f "$1"_*.deb Depends | grep -oE 'linux-binary-[^ ,]+' | head -1)
	[ -n "$inner" ] && unpack "$inner" && [ -n "$(find_image)" ]
}

# Gets the image of release $1 to $dir/$1/vmlinuz, unless the newest is there already. What an
# earlier run left has to do when there is no network.
get_image() {
	local newest tmp=$dir/$1.new
	newest=$(package_of "$1")
	[ -n "$newest" ] || [ -s "$dir/$1/vmlinuz" ] || return 1
	[ -z "$newest" ] || [ "$newest" = "$(cat "$dir/$1/package" 2>/dev/null)" ] || {
		rm -rf "$tmp" && mkdir -p "$tmp" "$dir/$1" || return 1
		(cd "$tmp" && unpack_image "${newest#* }") >"$dir/$1.log" 2>&1 &&
			mv "$tmp/$(cd "$tmp" && find_image)" "$dir/$1/vmlinuz" &&
			echo "$newest" >"$dir/$1/package" || return 1
		rm -rf "$tmp"
	}
}

# One line: what apt said of release $1, else of the suites.
no_image_because() {
	{
		tail -n 1 "$dir/$1.log" 2>/dev/null
		grep -hE '^(E|Err|W):' "$dir/apt/update.log" 2>/dev/null
		echo "none in $suites"
	} | head -1
}

# ---------------------------------------------------------------- the root file system

# Names of the guest's tests and their commands, one a line. Files are mapped from tmpfs: the
# initramfs itself is of a kind (ramfs) that nobody uses; and from ext4, which aligns for huge pages.
list_tests() {
	local profile
	echo "demos verify --demos"
	for profile in $profiles; do
		echo "$profile verify --quiet --profile $profile --ops $ops --seed $seed"
	done
	for profile in files pages hints; do
		echo "$profile-ext4 verify --quiet --profile $profile --ops $ops --seed $seed --directory /disk"
	done
	for profile in basic fork; do
		echo "$profile-bpf verify --quiet --profile $profile --ops $ops --seed $seed --source bpf"
	done
}

# Huge pages are made where MADV_HUGEPAGE asks for them, and by faults alone: khugepaged would make
# them whenever it likes, and with "always" a page table that was left behind empty rules one out,
# which the model does not remember. Few mappings are allowed, as filling up takes long here.
# What we say goes over a line of its own: the kernel and the firmware talk on the first.
write_init() {
	cat <<'END'
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t ext4 /dev/nvme0n1 /disk
export PATH=/bin LC_ALL=C.UTF-8
exec >/dev/ttyS1 2>&1
echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
echo 4294967295 >/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs
echo 2000 >/proc/sys/vm/max_map_count
echo "== kernel $(cat /proc/version)"
END
	list_tests | while read -r name command; do
		echo "echo '== test $name'; vmactl $command; echo \"== status \$?\""
	done
	write_walk
	# The line is slow, and what it holds is lost.
	echo 'echo "== end"; sleep 1; poweroff -f'
}

# Rows streamed from the kernel's records, while /proc has no mappings to fall back on.
write_walk() {
	cat <<'END'
echo "== test walk"
sleep 1000 &
vmactl inspect --raw -o START,END,FLAGS $! >/tmp/proc
for file in maps smaps; do mount -o bind /dev/null /proc/$!/$file; done
vmactl inspect --raw --source bpf -o START,END,FLAGS $! >/tmp/bpf && cmp /tmp/proc /tmp/bpf &&
	echo "the same rows"
echo "== status $?"
END
}

make_initramfs() {
	local root=$dir/root lib name
	rm -rf "$root" || return 1
	mkdir -p "$root"/{bin,proc,sys,tmp,dev,disk} || return 1
	cp "$busybox" "$root/bin/busybox" || return 1
	for name in cat cmp mount poweroff sh sleep; do
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
# Leaves $2.txt (what we say) and $2.console.
boot() {
	rm -f "$2.txt" "$2.console" "$dir/disk"
	truncate -s 64M "$dir/disk" && mkfs.ext4 -q "$dir/disk" || return 1
	timeout "$seconds" qemu-system-x86_64 -accel tcg -cpu max,la57=off,cx16=off -m 2G \
		-kernel "$1" -initrd "$dir/initramfs.gz" -display none -no-reboot -nic none \
		-serial "file:$2.console" -serial "file:$2.raw" \
		-drive "file=$dir/disk,if=none,id=disk,format=raw" -device nvme,serial=1,drive=disk \
		-append "console=ttyS0 quiet panic=-1 no_timer_check rdinit=/init" </dev/null \
		>"$2.log" 2>&1 || echo "QEMU ended with status $? after at most $seconds seconds" >>"$2.log"
	tr -d '\r' <"$2.raw" >"$2.txt"
	rm -f "$2.raw"
}

# "6.1.0-56-cloud-amd64 (6.1.192)": Debian's releases leave the stable update out.
release_of() {
	sed -nE 's/^== kernel Linux version ([^ ]+) .* Debian ([0-9.]+)-.*/\1 (\2)/p' "$1.txt"
}

said_of() {
	sed -n "/^== test $2\$/,/^== status/p" "$1.txt"
}

# The part of the log that belongs to test $2; it has to end well and hold $3.
agrees() {
	local said
	said=$(said_of "$1" "$2")
	# The kernel's and the emulator's last words, when it did not come that far.
	[ -n "$said" ] || { tail -5 "$1.console" "$1.log"; return 1; }
	printf '%s\n' "$said"
	grep -qx '== status 0' <<<"$said" || return 1
	# No divergence among no calls would say nothing.
	grep -qE "$3" <<<"$said"
}

# Why test $2 could not read with BPF, when that is how it has to be.
lacks_bpf() {
	local said reason
	said=$(said_of "$1" "$2")
	grep -o 'built without.*' <<<"$said" && return
	reason=$(grep -oE 'needs Linux [0-9.]+ or later' <<<"$said") || return 1
	# Is it older?
	set -- "$(release_of "$1")" "$(cut -d' ' -f3 <<<"$reason")"
	[ "$(printf '%s\n' "$@" | LC_ALL=C sort -V | head -1)" != "$2" ] && echo "$reason"
}

check_kernel() {
	local log=$1 on=$2 all=": $ops operations .* 0 divergences" profile title reason
	check "the demonstrations of kernel properties come out as predicted on $on" \
		agrees "$log" demos ' ([4-9][0-9]|[0-9]{3}) agree, 0 diverge'
	for profile in $profiles; do
		check "$ops calls of profile $profile go as predicted on $on" \
			agrees "$log" "$profile" "$all"
	done
	for profile in files pages hints; do
		check "$ops calls of profile $profile go as predicted with files on ext4 on $on" \
			agrees "$log" "$profile-ext4" "$all"
	done
	for profile in basic fork; do
		title="$ops calls of profile $profile leave the anon_vmas that were predicted on $on"
		if reason=$(lacks_bpf "$log" "$profile-bpf"); then
			skip "$title" "BPF: $reason"
		else
			check "$title" agrees "$log" "$profile-bpf" "$all"
		fi
	done
	title="rows come from the kernel's records alone on $on"
	if reason=$(lacks_bpf "$log" basic-bpf); then
		skip "$title" "BPF: $reason"
	else
		check "$title" agrees "$log" walk '^the same rows$'
	fi
}

make_initramfs || skip_all "cannot make an initramfs in $dir"
if write_sources >"$dir/apt/sources.list"; then
	# A suite that is not there is no reason to give up on the others.
	with_apt apt-get update >"$dir/apt/update.log" 2>&1
else
	: >"$dir/apt/sources.list"
fi
for kernel in $kernels; do
	name=$(basename "$kernel")
	image=$kernel
	if [ ! -f "$kernel" ]; then
		if ! get_image "$kernel"; then
			skip "calls go as predicted on Debian's Linux $name" \
				"apt gives no such kernel: $(no_image_because "$name")"
			continue
		fi
		image=$dir/$name/vmlinuz
	fi
	boot "$image" "$dir/$name" || { skip "Linux $name" "cannot make a disk"; continue; }
	release=$(release_of "$dir/$name")
	check_kernel "$dir/$name" "Linux ${release:-$name}"
done
finish
