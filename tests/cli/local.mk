# SPDX-License-Identifier: GPL-2.0-or-later
# One .bats a command, sorted.
cli_tests = \
	tests/cli/anon.bats \
	tests/cli/audit.bats \
	tests/cli/bpf.bats \
	tests/cli/command-line.bats \
	tests/cli/core.bats \
	tests/cli/demo.bats \
	tests/cli/fork.bats \
	tests/cli/inspect.bats \
	tests/cli/kernels.bats \
	tests/cli/limits.bats \
	tests/cli/list.bats \
	tests/cli/locks.bats \
	tests/cli/man-examples.bats \
	tests/cli/replay.bats \
	tests/cli/pages.bats \
	tests/cli/rmap.bats \
	tests/cli/simulate.bats \
	tests/cli/stacks.bats \
	tests/cli/topology-json.bats \
	tests/cli/unprivileged.bats \
	tests/cli/verify.bats \
	tests/cli/where.bats \
	tests/cli/why.bats

TESTS += $(cli_tests)
EXTRA_DIST += $(cli_tests)
EXTRA_DIST += tests/cli/planted.c tests/cli/puppet.c tests/cli/threads.c tests/cli/topology.c
