#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vmactl audit: every planted fault is found, a sound program gives nothing.
load ../lib/common

setup() {
	dir=$(mktemp -d)
	${CC:-cc} -g -O0 -pthread -Wl,-z,relro -Wl,-z,now -o "$dir/planted" \
		"$VMACTL_SRC/tests/cli/planted.c" || skip "no C compiler"
	pid=
}

teardown() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || true
	rm -rf "$dir"
}

# Starts the program with a fault planted; sets pid and addr.
plant() {
	"$dir/planted" "$1" >"$dir/addr" 3>&- &
	pid=$!
	for _ in $(seq 100); do
		[ -s "$dir/addr" ] && break
		sleep 0.05
	done
	addr=$(cat "$dir/addr")
	[ -n "$addr" ]
}

# The rules that fired, one a line.
rules_of() {
	vmactl audit --json "$pid" | sed -n 's/^ *"rule": "\(.*\)",$/\1/p' | sort -u
}

@test "a sound program gives no finding and exit status 0" {
	plant nothing
	run vmactl audit "$pid"
	assert_eq "$output" ""
	assert_eq "$status" 0
}

@test "each planted fault is found, with exit status 3" {
	for rule in wx-mapping anon-exec exec-stack exec-heap wx-alias text-differs text-dirty \
		relro-undone core-leak stack-guard near-limit; do
		plant "$rule"
		run vmactl audit "$pid"
		assert_eq "$rule $status" "$rule 3"
		assert_contains "$(rules_of)" "$rule"
		kill "$pid"
		wait "$pid" 2>/dev/null || true
		rm "$dir/addr"
	done
}

@test "the finding names the address that was planted" {
	plant wx-mapping
	run vmactl audit "$pid"
	assert_contains "$output" "wx-mapping: $addr"
}

@test "a deleted program is found" {
	plant nothing
	rm "$dir/planted"
	run vmactl audit "$pid"
	assert_eq "$status" 3
	assert_contains "$output" "deleted-object"
}

@test "an executable-stack program is found" {
	${CC:-cc} -pthread -z execstack -o "$dir/planted" "$VMACTL_SRC/tests/cli/planted.c"
	plant nothing
	run vmactl audit "$pid"
	assert_contains "$output" "exec-stack-wanted"
	assert_contains "$output" "error: $pid (planted): exec-stack:"
}

@test "a program without RELRO is found" {
	${CC:-cc} -pthread -Wl,-z,norelro -o "$dir/planted" "$VMACTL_SRC/tests/cli/planted.c"
	plant nothing
	run vmactl audit "$pid"
	assert_contains "$output" "relro-missing"
}

@test "a suppression takes a finding away and is counted" {
	plant anon-exec
	printf '# known\nanon-exec anon-exec planted\n' >"$dir/ok"
	run vmactl audit --suppress "$dir/ok" --json "$pid"
	assert_eq "$status" 0
	assert_contains "$output" '"suppressed": 1'
	printf 'anon-exec * other\n' >"$dir/ok"
	run vmactl audit --suppress "$dir/ok" "$pid"
	assert_eq "$status" 3
}

@test "a wrong suppression file is refused with its line" {
	plant nothing
	printf '\nno-such-rule\n' >"$dir/bad"
	run vmactl audit --suppress "$dir/bad" "$pid"
	assert_eq "$status" 1
	assert_contains "$output" "$dir/bad:2: unknown rule no-such-rule"
}

@test "errors only leaves warnings out" {
	plant anon-exec
	run vmactl audit --level error "$pid"
	assert_eq "$output" ""
	assert_eq "$status" 0
}

@test "SARIF holds the rule, the level and the address" {
	need python3
	plant wx-mapping
	vmactl audit --sarif "$pid" >"$dir/sarif" || true
	run python3 - "$dir/sarif" "$addr" <<-'PY'
		import json, sys
		s = json.load(open(sys.argv[1]))
		assert s["version"] == "2.1.0"
		run = s["runs"][0]
		r = [x for x in run["results"] if x["ruleId"] == "wx-mapping"]
		assert len(r) == 1, r
		assert r[0]["level"] == "error"
		a = r[0]["locations"][0]["physicalLocation"]["address"]["absoluteAddress"]
		assert a == int(sys.argv[2], 16), a
		assert run["tool"]["driver"]["rules"][r[0]["ruleIndex"]]["id"] == "wx-mapping"
	PY
	echo "$output"
	assert_eq "$status" 0
}

@test "without a target, and with both, the usage is wrong" {
	run vmactl audit
	assert_eq "$status" 2
	run vmactl audit --all 1
	assert_eq "$status" 2
}

@test "--rules lists every rule with its level" {
	run vmactl audit --rules
	assert_eq "$status" 0
	assert_contains "$output" "wx-mapping         error"
}
