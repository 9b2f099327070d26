#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vmactl replay as a user meets it. Real kernels' answers are tests/differential/recordings.sh.

load ../lib/common

anon='MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0'

setup() {
	log=$BATS_TEST_TMPDIR/log
}

# A log from the arguments, one line each.
write_log() {
	printf '%s\n' "$@" >"$log"
}

replay() {
	run --separate-stderr vmactl replay "$@"
}

# One recording of the differential tests, unpacked.
recording() {
	tar -C "$BATS_TEST_TMPDIR" -xzf "$VMACTL_SRC/tests/differential/recordings/$1.tar.gz"
	recording=$BATS_TEST_TMPDIR/$2
}

@test "a log that goes as predicted says so with status 0" {
	write_log "mmap(0x10000000, 12288, PROT_READ, $anon) = 0x10000000" \
		"mprotect(0x10001000, 4096, PROT_NONE) = 0"
	replay "$log"
	[ "$status" -eq 0 ]
	assert_contains "$output" "2 lines, 2 calls, 2 simulated"
	assert_contains "$output" "2 of 2 results as predicted"
	assert_contains "$output" "0 mappings at the start, 3 at the end, at most 3 (call 2)"
	assert_contains "$output" "+2         1 calls  mprotect"
}

@test "--final lists what each address space ended with, as maps does" {
	write_log "5  mmap(0x10000000, 12288, PROT_READ, $anon) = 0x10000000" \
		"5  fork() = 6" \
		"6  munmap(0x10001000, 4096) = 0" \
		"6  +++ exited with 0 +++"
	replay --final --quiet "$log"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "pid 6 at its end: 2 mappings" ]
	[ "${lines[1]}" = "10000000-10001000 r--p 00000000 00:00 0 " ]
	[ "${lines[3]}" = "pid 5 at its end: 1 mappings" ]
	[ "${lines[4]}" = "10000000-10003000 r--p 00000000 00:00 0 " ]
	replay --final --quiet --json "$log"
	[ "$(jq -sc '[.[] | select(.final) | [.pid, (.vmas | length), .counters.map_count]]' \
		<<<"$output")" = '[[6,2,2],[5,1,1]]' ]
}

@test "a program that the log names from here is read" {
	need strace
	cp /bin/true "$BATS_TEST_TMPDIR/program"
	cd "$BATS_TEST_TMPDIR"
	strace -f -o "$log" ./program || skip "strace may not trace here"
	replay --final "$log"
	[ "$status" -eq 0 ]
	assert_contains "$output" "r-xp 00002000"
	assert_contains "$output" "$BATS_TEST_TMPDIR/program"
}

@test "standard input and a packed log are logs too" {
	need gzip
	write_log "mmap(0x10000000, 4096, PROT_READ, $anon) = 0x10000000"
	replay - <"$log"
	[ "$status" -eq 0 ]
	gzip "$log"
	replay "$log.gz"
	[ "$status" -eq 0 ]
	assert_contains "$output" "1 of 1 results as predicted"
}

@test "a packed log that is damaged is a failure" {
	need gzip
	write_log "mmap(0x10000000, 4096, PROT_READ, $anon) = 0x10000000"
	gzip "$log"
	head -c 20 "$log.gz" >"$log.cut.gz"
	replay "$log.cut.gz"
	[ "$status" -eq 1 ]
	assert_contains "$stderr" "gzip could not unpack it"
}

@test "a difference is told with its line, both answers and the reason, and status 3" {
	write_log "# comment" "munmap(0x10000001, 4096) = 0"
	replay "$log"
	[ "$status" -eq 3 ]
	assert_contains "$output" "call 1, line 2, pid 0: munmap(0x10000001, 4096) = 0"
	assert_contains "$output" "recorded 0, predicted -1 EINVAL: the address is not on a page boundary"
	assert_contains "$output" "first difference at call 1"
}

@test "what is not understood is told with line and column, and status 4" {
	write_log "mmap(0x10000000, 4096, PROT_READ, $anon) = 0x10000000" \
		$'what \e[31mis\e[0m this' "munmap(0x10000000, 4096) = 0"
	replay "$log"
	[ "$status" -eq 4 ]
	assert_contains "$stderr" "log:2:5: expected (: what \\x1b[31mis"
	assert_contains "$output" "2 of 2 results as predicted"
}

@test "any file does no harm" {
	replay "$(command -v bash)"
	[ "$status" -eq 4 ]
	[ "${#stderr_lines[@]}" -eq 11 ]
}

@test "an empty log has nothing to compare" {
	replay - </dev/null
	[ "$status" -eq 0 ]
	assert_contains "$output" "no call to compare"
}

@test "JSON is one object a call with the answers of both" {
	need jq
	write_log "openat(AT_FDCWD, \"/x\", O_RDONLY) = 3" \
		"mmap(0x10000000, 8192, PROT_READ, $anon) = 0x10000000" \
		"munmap(0x10000000, 0) = -1 EINVAL (Invalid argument)"
	replay --json --states "$log"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	assert_eq "$(jq -c '[.n,.call,.simulated,.result,.errno,.agree]' <<<"$output")" \
'[1,"openat",false,3,null,true]
[2,"mmap",true,"0x10000000",null,true]
[3,"munmap",true,-1,"EINVAL",true]'
	assert_eq "$(jq -c '.vmas|map([.start,.end,.perms])' <<<"${lines[2]}")" \
		'[["0x10000000","0x10002000","r--p"]]'
	assert_eq "$(jq '.counters.map_count' <<<"${lines[2]}")" 1
	assert_eq "$(jq -r '.events[].event' <<<"${lines[1]}" | head -1)" insert
}

@test "hostile text in a log is still JSON" {
	need jq
	printf 'memfd_create("\\377\\"x\xff\x01", 0) = 3\nnonsense\x80(1) = 2\n%s\n' \
		"mmap(0x10000000, 4096, PROT_READ, MAP_SHARED|MAP_FIXED, 3, 0) = 0x10000000" >"$log"
	replay --json --states "$log"
	jq -e . <<<"$output" >/dev/null
	replay --json --quiet "$log"
	jq -e . <<<"$output" >/dev/null
}

@test "the quiet summary in JSON has the figures" {
	need jq
	write_log "mmap(0x10000000, 4096, PROT_READ, $anon) = 0x10000000" "munmap(1, 1) = 0"
	replay --json --quiet "$log"
	[ "$status" -eq 3 ]
	assert_eq "$(jq -c '[.schema,.calls,.agreed,.disagreed,.first.n,.processes[0].peak]' <<<"$output")" \
		'["vmactl/1",2,1,1,2,1]'
}

@test "strict keeps the prediction, follow the recorded address" {
	need jq
	write_log "mmap(0x10000000, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x30000000"
	replay --json --states --strict "$log"
	[ "$status" -eq 3 ]
	assert_eq "$(jq -r '.vmas[0].start' <<<"$output")" 0x10000000
	replay --json --states "$log"
	assert_eq "$(jq -r '.vmas[0].start' <<<"$output")" 0x30000000
	assert_eq "$(jq -r '.state' <<<"$output")" learned
}

@test "a recording's directory is replayed from its own capture" {
	recording 6.12-basic basic-1000
	replay --quiet "$recording"
	[ "$status" -eq 0 ]
	assert_contains "$output" "400 of 400 results as predicted"
	replay --check "$recording"
	[ "$status" -eq 0 ]
	assert_contains "$output" "400 of 400 calls agree in everything"
	assert_contains "$output" "anon_partition"
}

@test "a recording of another kernel's rules is found out, with the mappings of both sides" {
	recording 5.10-basic basic-1000
	replay --check --kernel 7.2 --show 1 "$recording"
	[ "$status" -eq 3 ]
	assert_contains "$output" "    kernel     "
	assert_contains "$output" "    simulator  "
	assert_contains "$output" "first at call "
}

@test "the limit of calls is kept" {
	recording 6.12-basic basic-1000
	replay --limit 10 "$recording"
	[ "$status" -eq 0 ]
	assert_contains "$output" "10 calls"
}

@test "a running process is a start" {
	sleep 60 &
	local pid=$!
	write_log "mprotect(0x10000000, 4096, PROT_READ) = -1 ENOMEM (Cannot allocate memory)"
	replay "$log" --from "$pid"
	kill "$pid"
	[ "$status" -eq 0 ]
	[[ $output =~ "pid $pid: "[1-9][0-9]*" mappings at the start" ]]
}

@test "what strace writes of a real program is understood to the last line" {
	need strace
	strace -f -tt -T -y -o "$log" sh -c 'ls / | cat; true' >/dev/null 2>&1 || skip "strace may not trace here"
	replay "$log"
	assert_eq "$stderr" ""
	assert_contains "$output" ", 0 different"
	[ "$status" -eq 0 ]
}

# The stack's address is in no log; everything else must be where the kernel has it.
@test "after an execve the mappings are those of /proc/PID/maps" {
	need strace jq
	strace -o "$log" cat /proc/self/maps >"$BATS_TEST_TMPDIR/maps" 2>/dev/null ||
		skip "strace may not trace here"
	awk '!/\[stack\]|\[vsyscall\]/ { print $1, $2 }' "$BATS_TEST_TMPDIR/maps" >"$BATS_TEST_TMPDIR/want"
	replay --json --states "$log"
	[ "$status" -eq 0 ]
	# what was mapped when cat read the file
	jq -r 'select(.call == "read" and .result > 1000) |
		[.vmas[] | select(.path != "[stack]") |
		"\(.start[2:])-\(.end[2:]) \(.perms)"] | join("\n")' <<<"$output" >"$BATS_TEST_TMPDIR/states"
	tail -n "$(wc -l <"$BATS_TEST_TMPDIR/want")" "$BATS_TEST_TMPDIR/states" >"$BATS_TEST_TMPDIR/got"
	diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
	# only where the heap begins is drawn at random
	assert_eq "$(jq -s 'map(select(.state != "model"))|length' <<<"$output")" 1
}

@test "wrong use is status 2 and one line" {
	local args
	for args in "" "--states x" "--strict --follow x" "--json x y" "--banana x"; do
		# shellcheck disable=SC2086 # several words
		replay $args
		[ "$status" -eq 2 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
	done
}

@test "a log that is not there, and a process that is not" {
	replay /nonexistent/log
	[ "$status" -eq 1 ]
	assert_contains "$stderr" "/nonexistent/log: No such file or directory"
	replay --from 4194304 - </dev/null
	[ "$status" -eq 42 ]
	mkdir "$BATS_TEST_TMPDIR/empty"
	replay "$BATS_TEST_TMPDIR/empty"
	[ "$status" -eq 1 ]
	assert_contains "$stderr" "a directory without trace.txt"
}
