# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Loaded by tests that want the process of tests/cli/threads.c: sets dir, pid.

threads_start() {
	dir=$(mktemp -d)
	pid=
	${CC:-cc} -g -O1 -fno-omit-frame-pointer -pthread -o "$dir/threads" \
		"$VMACTL_SRC/tests/cli/threads.c" || skip "no C compiler"
	(cd "$dir" && ulimit -c unlimited && exec ./threads) >"$dir/out" 2>&1 3>&- &
	pid=$!
	for _ in $(seq 100); do
		grep -q ready "$dir/out" && return
		sleep 0.05
	done
	false
}

threads_stop() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
	[ -z "$dir" ] || rm -rf "$dir"
}
