#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The floors of the house: a file includes its own room and lower floors, nothing else. Rooms on
# one floor do not know each other, apart from the pairs in "exceptions".
. "${VMACTL_SRC:-.}/tests/lib/tap.sh"
cd "$VMACTL_SRC" || exit 1

# room or public header -> floor
floors="
base 1  error.h 1  types.h 1
model 2  flags.def 2  kernel.def 2  known.h 2  model.h 2
engine 3  engine.h 3  lock.h 3  why.def 3
read 3  read.h 3  elf.h 3  unwind.h 3
live 3  live.h 3
attrib 4  attrib.h 4  category.def 4
rebuild 4  rebuild.h 4
script 4  script.h 4
report 4  report.h 4
topology 4  topology.h 4
verify 4  verify.h 4
vmactl 5
vmatop 5
demo 5
libvmactl.h 6
"
# room:neighbour it may include. These start from a real process: they need it rebuilt.
exceptions="
script:rebuild
topology:rebuild
verify:rebuild
"
# public headers whose room has another name
rooms="
error.h base  types.h base
known.h model  flags.def model  kernel.def model
why.def engine  lock.h engine
elf.h read  unwind.h read
category.def attrib
"

no_include_points_up() {
	find lib bin -name '*.[ch]' -o -name '*.def' | LC_ALL=C sort | xargs -r grep -nHoE \
		'^[[:space:]]*#[[:space:]]*include "[^"]+"' |
	awk -v floors="$floors" -v rooms="$rooms" -v exceptions="$exceptions" '
	BEGIN {
		n = split(floors, w)
		for (i = 1; i < n; i += 2) floor[w[i]] = w[i + 1]
		n = split(rooms, w)
		for (i = 1; i < n; i += 2) home[w[i]] = w[i + 1]
		n = split(exceptions, w)
		for (i = 1; i <= n; i++) allowed[w[i]] = 1
	}
	# the key into floor[] of a path below lib/: its room, or the public header itself
	function key(path,   part) {
		split(path, part, "/")
		return part[1] == "libvmactl" ? part[2] : part[1]
	}
	function room(k) {
		if (k in home) return home[k]
		sub(/\.h$/, "", k)
		return k
	}
	function bad(why) {
		print where ": #include \"" header "\": " why
		failed = 1
	}
	{
		split($0, f, ":")
		file = f[1]
		where = f[1] ":" f[2]
		header = $0
		sub(/^[^"]*"/, "", header)
		sub(/".*$/, "", header)
		from = file
		sub(/^(lib|bin)\//, "", from)
		from = key(from)
		if (header !~ /\//) {
			# its own folder, or nothing
			beside = file
			sub(/[^\/]*$/, header, beside)
			if ((getline line < beside) < 0) bad("not in this folder: name the room")
			close(beside)
			next
		}
		to = key(header)
		if (!(from in floor)) bad("the room " from " is on no floor; see tests/lint/layers.sh")
		else if (!(to in floor)) bad(to " is on no floor; see tests/lint/layers.sh")
		else if (from == "libvmactl.h") next
		else if (to == "libvmactl.h") bad("for users only: include the room you need")
		else if (floor[to] > floor[from]) bad("floor " floor[to] " from floor " floor[from])
		else if (floor[to] == floor[from] && room(to) != room(from) &&
			 !((room(from) ":" room(to)) in allowed))
			bad("a neighbour: " room(to) " from " room(from))
	}
	END { exit failed }'
}

# The engine and the model compute; they do not read, write, ask the clock or end the program.
model_and_engine_do_no_io() {
	local calls='printf|fprintf|vprintf|vfprintf|dprintf|puts|fputs|putchar|putc|fputc|fwrite'
	calls+='|perror|fopen|fdopen|freopen|open|openat|close|read|write|pread|pwrite|ioctl|mmap'
	calls+='|munmap|mprotect|syscall|exit|_exit|abort|getenv|setenv|setlocale|localeconv|time'
	calls+='|clock|clock_gettime|gettimeofday|sysconf|getpid|rand|random|srand|kill|signal|system'
	local headers='unistd|fcntl|time|locale|signal|dirent|pthread|sys/stat|sys/time|sys/ioctl'
	headers+='|sys/syscall|sys/socket|sys/ptrace|sys/resource|sys/wait'
	local found
	found=$(find lib/model lib/engine -name '*.[ch]' | LC_ALL=C sort | while read -r file; do
		sed -E 's,//.*,,; s,"([^"\\]|\\.)*","",g' "$file" |
			awk '{ while (match($0, /\/\*([^*]|\*+[^*\/])*\*+\//))
				$0 = substr($0, 1, RSTART - 1) " " substr($0, RSTART + RLENGTH)
			       if (in_comment) { if (!sub(/^.*\*\//, "")) { print ""; next } in_comment = 0 }
			       if (sub(/\/\*.*$/, "")) in_comment = 1
			       print }' |
			grep -nE "(^|[^A-Za-z0-9_.>])($calls)[[:space:]]*\(|#[[:space:]]*include <($headers)\.h>" |
			sed "s,^,$file:,"
	done)
	[ -z "$found" ] && return 0
	printf '%s\n' "$found"
	return 1
}

# An outside library is named in one place, so that to replace it is to rewrite that place.
# $1: what its headers look like  $2: the files that may include it  $3: how many of them at most
library_is_named_only_in() {
	local found
	found=$(grep -rlE "^[[:space:]]*#[[:space:]]*include <($1)" lib bin --include='*.[ch]' |
		LC_ALL=C sort)
	if printf '%s\n' "$found" | grep -vE "^($2)?\$"; then
		echo "may be included only by $2"
		return 1
	fi
	if [ "$(printf '%s' "$found" | grep -c .)" -gt "$3" ]; then
		printf '%s\n' "$found" "more than $3 files"
		return 1
	fi
}

check "every include points to the same room or a lower floor" no_include_points_up
check "the model and the engine do no I/O and ask nobody" model_and_engine_do_no_io
check "libsmartcols is named only in lib/report/table.c" \
	library_is_named_only_in 'libsmartcols' 'lib/report/table\.c' 1
check "the JSON library is named in one file" \
	library_is_named_only_in 'json-c/|json\.h' 'lib/(read|report)/[a-z-]+\.c' 1
check "curses is named only in bin/vmatop/term.c" \
	library_is_named_only_in 'n?cursesw?[./]|ncursesw/|term\.h' 'bin/vmatop/term\.c' 1
check "libelf and libdw are named only in lib/read" \
	library_is_named_only_in '(gelf|libelf|dwarf)\.h|elfutils/' 'lib/read/[a-z-]+\.[ch]' 4
check "libunwind is named in one file of lib/read" \
	library_is_named_only_in 'libunwind' 'lib/read/[a-z-]+\.c' 1
check "libbpf is named in one file of lib/read" \
	library_is_named_only_in 'bpf/(lib)?bpf\.h|linux/(bpf|btf)\.h' 'lib/read/[a-z-]+\.c' 1
check "libcap-ng is named in one file" \
	library_is_named_only_in 'cap-ng\.h' '(lib/(read|live)|bin/vmactl)/[a-z-]+\.c' 1
check "zstd is named in one file" library_is_named_only_in 'zstd' 'lib/read/[a-z-]+\.c' 1
finish
