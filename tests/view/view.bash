# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Drives vmatop in a terminal of its own: start, type, see. Waits for what it expects, never for a
# fixed time.
load ../lib/common

setup_file() {
	need tmux
	BATS_FILE_TMPDIR=${BATS_FILE_TMPDIR:-$BATS_RUN_TMPDIR}
	"${CC:-cc}" -O1 -o "$BATS_FILE_TMPDIR/target" "$VMACTL_SRC/tests/view/target.c"
}

setup() {
	need tmux
	socket=vmatop-$$-$BATS_TEST_NUMBER
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config TERM=xterm-256color
	unset NO_COLOR
	pids=()
}

teardown() {
	[ -n "$socket" ] && tmux -L "$socket" kill-server 2>/dev/null
	[ "${#pids[@]}" -eq 0 ] || kill "${pids[@]}" 2>/dev/null
	return 0
}

# $1: of target.c. Sets $pid.
start_target() {
	"$BATS_FILE_TMPDIR/target" "$@" >"$BATS_TEST_TMPDIR/ready" 3>&- &
	pid=$!
	pids+=("$pid")
	until grep -q ready "$BATS_TEST_TMPDIR/ready"; do
		kill -0 "$pid" || return 1
	done
}

# $1: COLUMNSxROWS, then the command line. Behind it "left with STATUS" is printed.
start() {
	local size=$1
	shift
	tmux -L "$socket" -f /dev/null new-session -d -x "${size%x*}" -y "${size#*x}" \
		"LC_ALL=C.UTF-8 TERM=xterm-256color $*; echo left with \$?; stty -a; exec sleep 600"
}

# Ends the viewer and its terminal, so that start can be called again.
stop() {
	tmux -L "$socket" kill-server
	while tmux -L "$socket" has-session 2>/dev/null; do
		sleep 0.05
	done
	sleep 0.2
}

type_keys() {
	tmux -L "$socket" send-keys "$@"
}

screen() {
	tmux -L "$socket" capture-pane -p
}

# Waits until the screen shows a text.
see() {
	local i
	for ((i = 0; i < 60; i++)); do
		case $(screen) in
		*"$1"*) return 0 ;;
		esac
		sleep 0.1
	done
	printf 'not on the screen: %s\n%s\n' "$1" "$(screen)"
	return 1
}

see_not() {
	local i
	for ((i = 0; i < 60; i++)); do
		case $(screen) in
		*"$1"*) ;;
		*) return 0 ;;
		esac
		sleep 0.1
	done
	printf 'still on the screen: %s\n%s\n' "$1" "$(screen)"
	return 1
}
