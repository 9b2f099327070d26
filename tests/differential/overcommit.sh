#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The verdict of "vmactl fork" in the three modes of vm.overcommit_memory, against a fork that really
# happens or is refused. The settings are the whole machine's and are changed for some tenths of a
# second, so this must be asked for: VMACTL_TEST_SYSCTL=yes. In the strict mode all others keep
# 2 GiB of room; only a process that wants more is refused.
. "${VMACTL_SRC:-$(dirname "$0")/../..}/tests/lib/tap.sh"

vmactl=${VMACTL:-$VMACTL_BUILD/bin/vmactl/vmactl}
[ -x "$vmactl" ] || vmactl=$(command -v vmactl) || skip_all "vmactl is not built"
[ "${VMACTL_TEST_SYSCTL-}" = yes ] || skip_all "changes vm.overcommit_memory: VMACTL_TEST_SYSCTL=yes"
command -v jq >/dev/null || skip_all "there is no jq"
vm=/proc/sys/vm
[ -w $vm/overcommit_memory ] || skip_all "vm.overcommit_memory may not be set"
tmp=$(mktemp -d) || exit 1
was_mode=$(cat $vm/overcommit_memory)
was_kbytes=$(cat $vm/overcommit_kbytes)
was_ratio=$(cat $vm/overcommit_ratio)
pids=()

restore() {
	echo "$was_mode" >$vm/overcommit_memory
	# the one that is not 0 counts; setting one clears the other
	if [ "$was_kbytes" -ne 0 ]; then
		echo "$was_kbytes" >$vm/overcommit_kbytes
	else
		echo "$was_ratio" >$vm/overcommit_ratio
	fi
}
clean() {
	restore
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
	rm -rf "$tmp"
}
trap clean EXIT
trap 'exit 1' INT TERM HUP

${CC:-cc} -O1 -o "$tmp/scene" "$VMACTL_SRC/tests/cli/topology.c" || skip_all "no C compiler"

# meminfo KEY, in kB
meminfo() {
	awk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo
}

# A process with $1 MiB that count as committed; it forks when it is told. Sets pid, in and out.
charged() {
	mkfifo "$tmp/in.$1" "$tmp/out.$1"
	"$tmp/scene" charged "$1" <"$tmp/in.$1" >"$tmp/out.$1" &
	pid=$!
	pids+=("$pid")
	exec {in}>"$tmp/in.$1" {out}<"$tmp/out.$1"
	read -r _ <&"$out"
}

# What was said and what happened, both as an errno; the settings hold for that long only.
# forks MODE KBYTES
forks() {
	if [ "$2" -ne 0 ]; then
		echo "$2" >$vm/overcommit_kbytes
	fi
	echo "$1" >$vm/overcommit_memory
	said=$("$vmactl" fork --no-time --json "$pid" 2>"$tmp/err")
	echo >&"$in"
	read -r -t 5 happened <&"$out"
	restore
	said=$(jq -r '.fork.verdict.value' <<<"$said")
}

agrees() {
	local want=$3
	forks "$1" "$2"
	echo "said: $said; the fork: errno $happened"
	case $said in
	granted) [ "$happened" = 0 ] && [ "$want" = granted ] ;;
	refused*) [ "$happened" = 12 ] && [ "$want" = refused ] ;;
	*) false ;;
	esac
}

ram=$((($(meminfo MemTotal) + $(meminfo SwapTotal)) / 1024))
roomy=$(($(meminfo Committed_AS) + (2 << 20)))

charged 1024
check "0: a fork of 1 GiB is granted" agrees 0 0 granted
check "1: a fork of 1 GiB is granted" agrees 1 0 granted
check "2: a fork of 1 GiB is granted where there is room for 2" agrees 2 $((roomy + (1 << 20))) granted
charged 4096
check "2: a fork of 4 GiB is refused where there is room for 2" agrees 2 "$((roomy + (4 << 20)))" refused
check "0: a fork of 4 GiB is granted" agrees 0 0 granted
# more than there is: only "always" lets it be mapped at all
echo 1 >$vm/overcommit_memory
charged $((ram + 1024))
restore
check "0: a fork with a mapping larger than memory is refused" agrees 0 0 refused
check "1: a fork with a mapping larger than memory is granted" agrees 1 0 granted
check "the settings are as they were" test \
	"$(cat $vm/overcommit_memory) $(cat $vm/overcommit_kbytes) $(cat $vm/overcommit_ratio)" \
	= "$was_mode $was_kbytes $was_ratio"
finish
