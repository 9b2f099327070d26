#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Recordings of real kernels: every call replayed on the model must come out as it was recorded,
# with the same mappings, flags, offsets, counters and anon_vmas after it.
#
# recordings/KERNEL-PROFILE.tar.gz hold one directory a recording: trace.txt.gz (calls and states),
# the /proc files from before the first call, and what the puppet's machine was like. More of them
# can be checked with: VMACTL_RECORDINGS=DIR, where DIR has recordings at any depth.
. "${VMACTL_SRC:-$(dirname "$0")/../..}/tests/lib/tap.sh"

vmactl=$VMACTL_BUILD/bin/vmactl/vmactl
[ -x "$vmactl" ] || vmactl=$(command -v vmactl) || skip_all "vmactl is not built"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# Replays every recording below a directory; says how many calls agreed, or where they do not.
replay_below() {
	local dirs said status
	mapfile -t dirs < <(find "$1" -name 'trace.txt*' -printf '%h\n' | LC_ALL=C sort -u)
	[ "${#dirs[@]}" -gt 0 ] || { echo "no recording in $1"; return 1; }
	said=$("$vmactl" replay --check --show 3 "${dirs[@]}" 2>&1)
	status=$?
	printf '%s\n' "$said"
	[ "$status" -eq 0 ] || return 1
	# a recording that nothing was compared with proves nothing
	! grep -qE ' 0 of +0 calls' <<<"$said"
}

unpack_and_replay() {
	mkdir "$tmp/$2" && tar -C "$tmp/$2" -xzf "$1" || return 1
	replay_below "$tmp/$2"
}

for tar in "$VMACTL_SRC"/tests/differential/recordings/*.tar.gz; do
	name=$(basename "$tar" .tar.gz)
	check "calls of the kind \"${name#*-}\" go as Linux ${name%%-*} did them" \
		unpack_and_replay "$tar" "$name"
	rm -rf "${tmp:?}/$name"
done
if [ -n "$VMACTL_RECORDINGS" ]; then
	check "the recordings in $VMACTL_RECORDINGS go as they were recorded" \
		replay_below "$VMACTL_RECORDINGS"
fi
finish
