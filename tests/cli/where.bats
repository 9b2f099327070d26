#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vmactl where: addresses to names and back, against nm, readelf and addr2line.
load ../lib/common
load ../lib/threads

setup() { threads_start; }
teardown() { threads_stop; }

# A member of the only address asked for.
member() {
	sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" | head -n 1
}

@test "a function is found by name, at the address nm says" {
	need nm
	run vmactl where --json "$pid" recurses
	assert_eq "$status" 0
	bias=$(echo "$output" | member bias)
	value=$(nm "$dir/threads" | awk '$3 == "recurses" { print $1 }')
	assert_contains "$output" "\"address\": \"$(printf '0x%x' $((bias + 0x$value)))\""
}

@test "every symbol of the program leads back to its name" {
	need nm
	bias=$(vmactl where --json "$pid" main | member bias)
	nm -C "$dir/threads" | awk '$2 ~ /[TD]/ { print $1, $3 }' | while read -r value name; do
		case $name in main | recurses | waits_here | known_variable) ;; *) continue ;; esac
		run vmactl where --json "$pid" "$(printf '0x%x' $((bias + 0x$value)))"
		assert_contains "$output" "\"name\": \"$name\""
	done
}

@test "source lines equal addr2line, inlined frames too" {
	need nm addr2line
	bias=$(vmactl where --json "$pid" main | member bias)
	start=$((0x$(nm "$dir/threads" | awk '$3 == "waits_here" { print $1 }')))
	for offset in 0 5 12 20 28; do
		at=$((start + offset))
		want=$(addr2line -ife "$dir/threads" "$(printf '0x%x' $at)" |
			sed -n 's|.*/\(threads.c:[0-9]*\).*|\1|p')
		[ -n "$want" ]
		got=$(vmactl where "$pid" "$(printf '0x%x' $((bias + at)))" |
			sed -n 's|.*/\(threads.c:[0-9]*\).*|\1|p')
		assert_eq "$got" "$want"
	done
}

@test "segments and sections of every mapping equal readelf" {
	need readelf
	bias=$(vmactl where --json "$pid" main | member bias)
	[ "$(readelf -SW "$dir/threads" | grep -c ' A')" -gt 15 ]
	readelf -SW "$dir/threads" | sed -n 's/^ *\[ *[0-9]*\] \(\.[^ ]*\) *[A-Z_]* *\([0-9a-f]*\) .* A.*$/\1 \2/p' |
		while read -r name value; do
			[ "$name" = .tbss ] && continue
			run vmactl where --json "$pid" "threads:$name"
			assert_eq "$status" 0
			assert_contains "$output" "\"address\": \"$(printf '0x%x' $((bias + 0x$value)))\""
			assert_contains "$output" "\"section\": \"$name\""
		done
}

@test "numbers, labels, objects and offsets are addresses" {
	for text in '[stack]' '[vdso]+0x10' libc.so.6 libc.so.6+0x1000 libc.so.6:.text exe:main \
		main+4 known_variable 0x1000; do
		run vmactl where "$pid" "$text"
		assert_eq "$text $status" "$text 0"
	done
}

@test "what is not mapped says how far the neighbours are" {
	run vmactl where "$pid" 0x1000
	assert_eq "$status" 0
	assert_contains "$output" "0x1000: not mapped"
	assert_contains "$output" "below     nothing"
	assert_contains "$output" " away)"
}

@test "an unknown name is one clear line and status 1" {
	run vmactl where "$pid" no_such_symbol
	assert_eq "$status" 1
	assert_eq "$output" "vmactl: no_such_symbol: not a number, label, object or symbol of this process"
}

@test "symbols of a deleted program are still found" {
	rm "$dir/threads"
	run vmactl where "$pid" exe:recurses
	assert_eq "$status" 0
	assert_contains "$output" "recurses+0x0"
}

@test "the thread's stack is named with its thread and rule" {
	tid=$(ls "/proc/$pid/task" | tail -n 1)
	run vmactl inspect "$pid" -o START,CATEGORY,TID,RULE --raw
	assert_eq "$status" 0
	assert_contains "$output" "thread-stack $tid"
	assert_contains "$output" " guard "
}

@test "mappings are grouped by object and by category" {
	run vmactl inspect "$pid" --group-by category -o SIZE
	assert_eq "$status" 0
	assert_contains "$output" "thread-stack"
	run vmactl inspect "$pid" --group-by object -o SIZE
	assert_contains "$output" "libc.so.6"
	run vmactl inspect "$pid" --group-by segment -o SIZE
	assert_contains "$output" "r-x"
}

@test "without an address the usage is wrong" {
	run vmactl where "$pid"
	assert_eq "$status" 2
}

@test "a program in another mount namespace is read through its own root" {
	need unshare readelf
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	mkdir "$dir/over" "$dir/bin"
	cp "$dir/threads" "$dir/bin/program"
	echo "not the program" >"$dir/over/program"
	# Inside, over/ is bin/; outside, the same path leads to another file.
	unshare -m sh -c "mount --bind $dir/bin $dir/over && exec $dir/over/program" >"$dir/inner" 3>&- &
	inner=$!
	for _ in $(seq 100); do
		grep -q ready "$dir/inner" && break
		sleep 0.05
	done
	[ -s "$dir/inner" ] || { kill $inner 2>/dev/null; skip "unshare -m is not permitted"; }
	run vmactl where --json "$inner" recurses
	kill -KILL $inner
	assert_eq "$status" 0
	assert_contains "$output" '"name": "recurses"'
	assert_contains "$output" '"elf_note": null'
}

@test "without privilege symbols still come from the same inode" {
	need setpriv
	[ "$(id -u)" -eq 0 ] || skip "needs root to become somebody else"
	chmod 755 "$dir"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/threads" >"$dir/theirs" 3>&- &
	theirs=$!
	for _ in $(seq 100); do
		grep -q ready "$dir/theirs" && break
		sleep 0.05
	done
	run setpriv --reuid 65534 --regid 65534 --clear-groups vmactl where --json "$theirs" recurses
	kill -KILL $theirs
	assert_contains "$output" '"name": "recurses"'
	assert_contains "$output" '"elf_source": "root"'
}
