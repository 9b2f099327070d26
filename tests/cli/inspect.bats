#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
load ../lib/common

setup() {
	start_sleeper
}

teardown() {
	kill "$pid" 2>/dev/null || true
}

# A captured directory whose maps is standard input.
captured() {
	mkdir -p "$BATS_TEST_TMPDIR/captured"
	cat >"$BATS_TEST_TMPDIR/captured/maps"
}

@test "ranges, permissions, offsets, devices, inodes and paths equal maps" {
	vmactl inspect -rn -o START,END,PERMS,OFFSET,DEV,INODE,PATH "$pid" >"$BATS_TEST_TMPDIR/ours"
	awk '{ split($1, a, "-"); sub(/^0+/, "", $3); if ($3 == "") $3 = 0
	       printf "0x%s 0x%s %s 0x%s %s %s %s\n", a[1], a[2], $2, $3, $4, $5, $6 == "" ? "-" : $6 }' \
		"/proc/$pid/maps" >"$BATS_TEST_TMPDIR/theirs"
	diff -u "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours"
}

@test "the model gives the same rows as the records read one by one" {
	vmactl inspect -rn -o START,END,PERMS,FLAGS,RSS,PATH "$pid" >"$BATS_TEST_TMPDIR/streamed"
	vmactl inspect -rn -o START,END,PERMS,FLAGS,RSS,PATH -s START "$pid" \
		>"$BATS_TEST_TMPDIR/sorted"
	diff -u "$BATS_TEST_TMPDIR/streamed" "$BATS_TEST_TMPDIR/sorted"
	[ -s "$BATS_TEST_TMPDIR/sorted" ]
}

@test "flags and counters equal smaps" {
	vmactl inspect -rnb -o START,FLAGS,SIZE,RSS,ANONYMOUS,SWAP "$pid" >"$BATS_TEST_TMPDIR/ours"
	awk '/^[0-9a-f]+-/ { split($1, a, "-") } /^Size:/ { s = $2 } /^Rss:/ { r = $2 }
	     /^Anonymous:/ { n = $2 } /^Swap:/ { w = $2 }
	     /^VmFlags:/ { $1 = ""; sub(/^ */, ""); sub(/ *$/, ""); gsub(/ /, ",")
		printf "0x%s %s %d %d %d %d\n", a[1], $0 == "" ? "-" : $0, s * 1024, r * 1024, n * 1024, w * 1024 }' \
		"/proc/$pid/smaps" >"$BATS_TEST_TMPDIR/theirs"
	diff -u "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours"
}

@test "every view is valid by the installed schema" {
	need jq
	vmactl inspect --json "$pid" | assert_valid inspect
	vmactl inspect --json --output-all "$pid" | assert_valid inspect
	vmactl inspect --json --gaps "$pid" | assert_valid inspect
	vmactl inspect --json --mm "$pid" | assert_valid inspect
	vmactl inspect --json --vma '[stack]' "$pid" | assert_valid inspect
	vmactl inspect --json --group-by PERMS --totals "$pid" | assert_valid inspect
}

@test "a schema that does not fit is noticed" {
	need jq
	vmactl inspect --json "$pid" | jq '.vmas[0].start = 5' >"$BATS_TEST_TMPDIR/doc"
	run assert_valid inspect <"$BATS_TEST_TMPDIR/doc"
	[ "$status" -ne 0 ]
	assert_contains "$output" ".vmas[0].start"
}

@test "JSON lines are one object a mapping" {
	need jq
	assert_eq "$(vmactl inspect --json-lines "$pid" | jq -c .start | wc -l)" \
		"$(wc -l <"/proc/$pid/maps")"
}

@test "every column of the table has a row in the manual and a type in the schema" {
	need jq
	for view in "" --gaps; do
		# shellcheck disable=SC2086 # no word when empty
		vmactl inspect $view --list-columns --json | jq -r '.columns[] | "\(.name) \(.key)"'
	done >"$BATS_TEST_TMPDIR/columns"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/columns")" -gt 40 ]
	while read -r name key; do
		grep -qx "\.B $name" "$VMACTL_SRC/man/vmactl-inspect.1" || echo "manual: $name"
		jq -e --arg k "$key" '[."$defs".vma.properties, ."$defs".gap.properties]
			| any(has($k))' "$VMACTL_SRC/lib/report/schema/inspect.schema.json" \
			>/dev/null || echo "schema: $key"
	done <"$BATS_TEST_TMPDIR/columns" >"$BATS_TEST_TMPDIR/lacking"
	cat "$BATS_TEST_TMPDIR/lacking"
	[ ! -s "$BATS_TEST_TMPDIR/lacking" ]
}

@test "a filter keeps the rows it holds for" {
	vmactl inspect -rn -o PERMS -Q 'PERMS =~ w AND NOT PATH == "[stack]"' "$pid" >"$BATS_TEST_TMPDIR/w"
	assert_eq "$(wc -l <"$BATS_TEST_TMPDIR/w")" "$(grep -v '\[stack\]' "/proc/$pid/maps" | grep -c '^[^ ]* .w')"
	run vmactl inspect -rn -o START -Q 'SIZE > 1T' "$pid"
	[ "$status" -eq 0 ]
	assert_eq "$output" ""
}

@test "a filter that is wrong says where" {
	run vmactl inspect -Q 'SIZ > 4K' "$pid"
	[ "$status" -eq 2 ]
	assert_contains "$output" "column 1: no such column: SIZ (did you mean SIZE?)"
	run vmactl inspect -Q 'SIZE > 4K AND (PERMS' "$pid"
	[ "$status" -eq 2 ]
	assert_contains "$output" "column 21: a ) is missing"
	run vmactl inspect -Q 'PATH =~ "("' "$pid"
	[ "$status" -eq 2 ]
}

@test "sorting by a column, descending with a dash" {
	vmactl inspect -rnb -o SIZE -s -SIZE "$pid" >"$BATS_TEST_TMPDIR/sizes"
	sort -nr "$BATS_TEST_TMPDIR/sizes" | diff - "$BATS_TEST_TMPDIR/sizes"
}

@test "groups and totals add up" {
	need jq
	run vmactl inspect --json --group-by PERMS -o SIZE,RSS "$pid"
	[ "$status" -eq 0 ]
	assert_eq "$(jq '[.groups[].count] | add' <<<"$output")" "$(wc -l <"/proc/$pid/maps")"
	total=$(vmactl inspect --json -t -o SIZE "$pid" | jq .totals.size)
	assert_eq "$(jq '[.groups[].size] | add' <<<"$output")" "$total"
}

@test "a range shows what touches it" {
	heap=$(awk '/\[heap\]/ { split($1, a, "-"); print a[1] }' "/proc/$pid/maps")
	run vmactl inspect -rn -o PATH --range "0x$heap" "$pid"
	assert_eq "$output" "[heap]"
	run vmactl inspect -rn -o PATH --range "0x$heap,0xffffffffffffffff" "$pid"
	assert_eq "$(tail -1 <<<"$output")" "[vsyscall]"
	run vmactl inspect --range 5,2 "$pid"
	[ "$status" -eq 2 ]
}

@test "gaps and mappings cover the address space" {
	need jq
	gaps=$(vmactl inspect --json --gaps -t -o SIZE "$pid" | jq .totals.size)
	size=$(vmactl inspect --json -t -o SIZE -Q 'PATH != "[vsyscall]"' "$pid" | jq .totals.size)
	end=$(vmactl inspect --json --gaps -o END "$pid" | jq -r '.gaps[-1].end')
	[ -n "$end" ]
	assert_eq "$((gaps + size))" "$((end))"
}

@test "several targets in one listing, one of them gone: 42" {
	run vmactl inspect -rn -o PID,START 4194999 "$pid"
	[ "$status" -eq 42 ]
	assert_contains "$output" "4194999"
	assert_contains "$output" "$pid 0x"
}

@test "what is not a process, or not there, is one line and its status" {
	for bad in 4194999 0 99999999999999999999 nonsense /nonexistent '' -- ; do
		run vmactl inspect "$bad"
		echo "'$bad': $status: $output"
		[ "$status" -eq 42 ] || [ "$status" -eq 1 ] || [ "$status" -eq 2 ]
		assert_eq "$(wc -l <<<"$output")" 1
		case $output in vmactl:*) ;; *) false ;; esac
	done
	run vmactl inspect 4194999
	[ "$status" -eq 42 ]
}

@test "a process that exits while it is looked at is no crash" {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.01 3>&- &
		victim=$!
		for _ in 1 2 3; do
			run vmactl inspect --json "$victim"
			case $status in 0 | 1 | 4 | 42) ;; *) echo "$status: $output"; false ;; esac
		done
		wait "$victim"
	done
}

@test "another user's process is not permitted, and says what would help" {
	[ "$(id -u)" -eq 0 ] || skip "needs root to become somebody else"
	need setpriv
	chmod 755 "$BATS_TEST_TMPDIR" 2>/dev/null || true
	cp "$VMACTL_BUILD/bin/vmactl/vmactl" /tmp/vmactl-test.$$
	chmod 755 /tmp/vmactl-test.$$
	run setpriv --reuid 65534 --regid 65534 --clear-groups /tmp/vmactl-test.$$ inspect "$pid"
	rm -f /tmp/vmactl-test.$$
	echo "$status $output"
	[ "$status" -eq 1 ]
	assert_eq "$(wc -l <<<"$output")" 1
	assert_contains "$output" "not permitted"
	assert_contains "$output" "root"
}

@test "an empty or cut captured file is one clear line" {
	captured </dev/null
	run vmactl inspect "$BATS_TEST_TMPDIR/captured"
	echo "$status $output"
	[ "$status" -ne 0 ]
	[ "$status" -lt 128 ]
	assert_eq "$(wc -l <<<"$output")" 1
	head -c 300 "/proc/$pid/maps" | captured
	for options in "" --json --raw --json-lines; do
		# shellcheck disable=SC2086 # no word when empty
		run vmactl inspect $options "$BATS_TEST_TMPDIR/captured"
		echo "$status $output"
		[ "$status" -ne 0 ]
		[ "$status" -lt 128 ]
		assert_contains "$output" "vmactl: "
	done
}

@test "a hostile path changes nothing but its own cell, and JSON stays valid" {
	need jq
	printf '00400000-00401000 r--p 00000000 08:01 7 %s/x\033[31m\007\302\233y\\012z\377"\\q\n' \
		"$BATS_TEST_TMPDIR" | captured
	run vmactl inspect -o PATH "$BATS_TEST_TMPDIR/captured"
	[ "$status" -eq 0 ] || [ "$status" -eq 4 ]
	refute grep -q $'[\033\007]' <<<"$output"
	assert_contains "$output" '\x1b[31m\x07'
	vmactl inspect --json-lines --cost=maps "$BATS_TEST_TMPDIR/captured" >"$BATS_TEST_TMPDIR/json"
	assert_eq "$(jq -r '.path | contains("\u001b[31m")' "$BATS_TEST_TMPDIR/json")" true
	assert_contains "$(jq -r .path_hex "$BATS_TEST_TMPDIR/json")" "7aff225c71"
	run vmactl inspect -rn -o START,PATH,END "$BATS_TEST_TMPDIR/captured"
	assert_eq "$(awk '{ print NF }' <<<"$output")" 3
}

@test "a reader that goes away is no error" {
	run bash -c "vmactl inspect --json-lines $pid | head -1 >/dev/null; echo \${PIPESTATUS[0]}"
	case $output in 0 | 141) ;; *) echo "$output"; false ;; esac
}

@test "a full disk is an error" {
	[ -w /dev/full ] || skip "no /dev/full"
	run bash -c "vmactl inspect --raw $pid >/dev/full"
	[ "$status" -eq 1 ]
	assert_contains "$output" "cannot write"
}

@test "what excludes each other is refused" {
	run vmactl inspect --json --raw "$pid"
	[ "$status" -eq 2 ]
	run vmactl inspect --mm --gaps "$pid"
	[ "$status" -eq 2 ]
	run vmactl inspect
	[ "$status" -eq 2 ]
}

@test "the address of --vma may be a number, a label, an object or a symbol" {
	for addr in '[stack]' libc.so.6 libc.so.6+0x1000 malloc; do
		run vmactl inspect --vma "$addr" "$pid"
		echo "$addr: $output" | head -3
		[ "$status" -eq 0 ]
		assert_contains "$output" "vm_start"
	done
	run vmactl inspect --vma 0x10 "$pid"
	[ "$status" -eq 1 ]
	assert_contains "$output" "nothing is mapped there"
}

@test "--cost=maps does not open smaps" {
	need strace
	strace -f -e trace=openat -o "$BATS_TEST_TMPDIR/trace" vmactl inspect --cost=maps "$pid" >/dev/null ||
		skip "strace cannot run here"
	refute grep -q '/smaps"\|"smaps"' "$BATS_TEST_TMPDIR/trace"
	grep -q 'maps"' "$BATS_TEST_TMPDIR/trace"
}

@test "--vma: what has a name in maps but no file has no vm_file" {
	run --separate-stderr vmactl inspect self --vma '[stack]' --json
	[ "$(jq -c '[.. | objects | select(has("vm_file")) | .vm_file.value]' <<<"$output")" = '[null]' ]
	[ "$(jq -r '.. | objects | select(has("label")) | .label.value' <<<"$output")" = '[stack]' ]
}

@test "a zombie is called one and is not found, whichever way it is read" {
	sh -c 'sleep 0 & echo $!; exec sleep 60' >"$BATS_TEST_TMPDIR/out" 3>&- &
	local parent=$! zombie
	until read -r zombie <"$BATS_TEST_TMPDIR/out" && grep -q '^State:.Z' "/proc/$zombie/status"; do
		sleep 0.02
	done
	for way in --raw --json --json-lines --mm; do
		run vmactl inspect "$way" "$zombie"
		[ "$status" -eq 42 ]
		assert_contains "$output" "the process has exited (a zombie)"
	done
	kill "$parent"
}
