#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Cores as TARGET: what a core can hold equals the live process; what it cannot is said.
load ../lib/common
load ../lib/threads

setup() { threads_start; }
teardown() { threads_stop; }

COLUMNS=START,END,SIZE,OFFSET,PATH

# Kills the process so that the kernel writes a core into its directory; sets core.
kernel_core() {
	case $(cat /proc/sys/kernel/core_pattern) in
	core) ;;
	*) skip "kernel.core_pattern is not 'core'" ;;
	esac
	kill -SEGV "$pid"
	wait "$pid" 2>/dev/null || true
	core=$(ls "$dir"/core* 2>/dev/null | head -n 1)
	[ -n "$core" ] || skip "the kernel wrote no core"
}

gdb_core() {
	need gcore
	gcore -o "$dir/gcore" "$pid" >/dev/null 2>&1 || skip "gcore failed"
	core=$dir/gcore.$pid
}

# rwx of each mapping without the fourth letter, which no core holds.
access() {
	vmactl inspect "$1" -o START,PERMS --raw | awk 'NR > 1 { print $1, substr($2, 1, 3) }' |
		grep -v ^0xffffffffff
}

@test "a kernel core equals the live process" {
	vmactl inspect "$pid" -o $COLUMNS --raw | grep -v vsyscall >"$dir/live"
	access "$pid" >"$dir/live-access"
	kernel_core
	vmactl inspect "$core" -o $COLUMNS --raw 2>/dev/null | grep -v vsyscall >"$dir/dead" || true
	diff "$dir/live" "$dir/dead"
	access "$core" >"$dir/dead-access" 2>/dev/null
	diff "$dir/live-access" "$dir/dead-access"
}

@test "categories and segments of a kernel core equal the live process" {
	vmactl inspect "$pid" -o START,SEGMENT,SECTIONS,BUILD_ID,OBJECT --raw | grep -v ^0xffffffffff >"$dir/live"
	kernel_core
	vmactl inspect "$core" -o START,SEGMENT,SECTIONS,BUILD_ID,OBJECT --raw 2>/dev/null |
		grep -v ^0xffffffffff >"$dir/dead" || true
	diff "$dir/live" "$dir/dead"
}

@test "stacks of a kernel core equal those of the live process" {
	vmactl stacks -k "$pid" | awk '/^  #/ { print $2 }' | sort >"$dir/live"
	kernel_core
	vmactl stacks -k "$core" 2>/dev/null | awk '/^  #/ { print $2 }' | sort >"$dir/dead"
	diff "$dir/live" "$dir/dead"
}

@test "a core of gcore has every file mapping, stack and thread" {
	vmactl inspect "$pid" -o START,END,OFFSET,PATH --raw | grep ' /' | grep -v zero >"$dir/live"
	gdb_core
	vmactl inspect "$core" -o START,END,OFFSET,PATH --raw 2>/dev/null | grep ' /' | grep -v zero >"$dir/dead" || true
	diff "$dir/live" "$dir/dead"
	run vmactl stacks -k "$core"
	assert_contains "$output" "3 threads"
	assert_eq "$(echo "$output" | grep -c '^  #')" "$(vmactl stacks -k "$pid" | grep -c '^  #')"
}

@test "the preview equals the core: every segment and the size" {
	need readelf
	vmactl inspect --core-preview "$pid" -o START,DUMPED --raw -b | tail -n +2 |
		tr -d '?' | sort >"$dir/want"
	size=$(vmactl inspect --core-preview --json "$pid" | sed -n 's/^ *"core_size": \([0-9]*\).*/\1/p')
	kernel_core
	readelf -lW "$core" | awk '/LOAD/ && $3 !~ /^0xffff/ { print $3, $5 }' |
		while read -r start bytes; do
			printf '0x%x %d\n' "$start" "$bytes"
		done | sort >"$dir/got"
	diff "$dir/want" "$dir/got"
	assert_eq "$size" "$(stat -c %s "$core")"
}

@test "memory left out is said" {
	kernel_core
	run vmactl where "$core" libc.so.6:.text
	assert_contains "$output" "not in the core"
	run vmactl where "$core" known_variable
	assert_contains "$output" "in the core"
}

@test "a truncated core still opens and says so" {
	kernel_core
	truncate -s 20000 "$core"
	run vmactl inspect "$core" --json
	assert_contains "$output" "the end of the core"
}

@test "a file that is no core is refused with one line" {
	run vmactl inspect /bin/ls
	assert_eq "$status" 1
	assert_contains "$output" "not a core"
	printf '\177ELF' >"$dir/short"
	run vmactl inspect "$dir/short"
	assert_eq "$status" 1
	assert_eq "${#lines[@]}" 1
}
