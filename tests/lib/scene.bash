# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Loaded by tests that want the processes of tests/cli/topology.c.

# For setup_file.
scene_build() {
	need jq
	${CC:-cc} -O1 -o "$BATS_FILE_TMPDIR/scene" "$VMACTL_SRC/tests/cli/topology.c"
}

# Starts the scene $1; sets parent, child (0: none), the child's own child, and arena.
scene() {
	rm -f "$BATS_TEST_TMPDIR/scene"
	"$BATS_FILE_TMPDIR/scene" "$1" >"$BATS_TEST_TMPDIR/scene" 3>&- &
	parent=$!
	# shellcheck disable=SC2034 # arena is for the tests
	until read -r child arena 2>/dev/null <"$BATS_TEST_TMPDIR/scene"; do sleep 0.02; done
	grandchild=
	[[ $1 != @(tree|orphan) ]] || grandchild=$(cat "/proc/$child/task/$child/children")
	grandchild=${grandchild% }
}

# For teardown, and before another scene.
scene_stop() {
	[ -z "${grandchild-}" ] || kill "$grandchild" 2>/dev/null || true
	[ "${child:-0}" = 0 ] || kill "$child" 2>/dev/null || true
	[ -z "${parent-}" ] || kill "$parent" 2>/dev/null || true
}
