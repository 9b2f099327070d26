#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every prediction is compared with what the running kernel does, call by call. The seeds are
# fixed: a failure here is a change of ours, or a kernel that differs from those we know.

load ../lib/common

setup_file() {
	run vmactl verify --ops 1
	[ "$status" -ne 1 ] || export VERIFY_UNABLE=$output
}

setup() {
	[ -z "$VERIFY_UNABLE" ] || skip "$VERIFY_UNABLE"
}

# $1: profile  $2: operations; the rest: more options
agrees() {
	run vmactl verify --profile "$1" --ops "$2" --seed 20000 "${@:3}"
	[ "$status" -eq 0 ] || { printf '%s\n' "$output"; return 1; }
	# No divergence among calls that were all refused would say little.
	assert_contains "$output" " mmap "
}

@test "3000 calls of profile basic go as predicted" {
	agrees basic 3000
}

@test "1000 calls of profile full go as predicted" {
	agrees full 1000
}

@test "1000 calls of profile hints go as predicted" {
	agrees hints 1000
}

@test "1000 calls of profile files go as predicted" {
	agrees files 1000
}

@test "1000 calls of profile limits go as predicted" {
	agrees limits 1000
}

@test "1000 calls of profile fork go as predicted" {
	agrees fork 1000
}

@test "1000 calls of profile stack go as predicted" {
	agrees stack 1000
}

@test "1000 calls of profile pages go as predicted" {
	agrees pages 1000
}

@test "1000 calls of profile count go as predicted" {
	local most
	read -r most </proc/sys/vm/max_map_count
	[ "$most" -ge 200 ] && [ "$most" -le 200000 ] || skip "vm.max_map_count is $most"
	agrees count 1000
}

@test "1000 calls of profile legacy go as predicted" {
	agrees legacy 1000
}

@test "1000 calls of profile huge go as predicted" {
	agrees huge 1000
}

@test "500 calls of profile basic go as predicted with random addresses" {
	agrees basic 500 --aslr
}

@test "500 calls of profile fork leave the anon_vmas that were predicted" {
	run vmactl verify --profile fork --ops 1 --source bpf
	[ "$status" -eq 0 ] || [ "$status" -eq 3 ] || skip "$output"
	agrees fork 500 --source bpf
}

@test "1000 calls of profile full write-lock the mappings that were predicted" {
	run vmactl verify --profile full --ops 1 --source bpf
	[ "$status" -eq 0 ] || [ "$status" -eq 3 ] || skip "$output"
	agrees full 1000 --source bpf
}
