# SPDX-License-Identifier: GPL-2.0-or-later
# The viewer, driven in a terminal of tmux: what is typed, and what the screen shows then.
view_tests = \
	tests/view/edges.bats \
	tests/view/help.bats \
	tests/view/keys.bats \
	tests/view/panels.bats \
	tests/view/simulate.bats \
	tests/view/targets.bats \
	tests/view/trees.bats

TESTS += $(view_tests)
EXTRA_DIST += $(view_tests) tests/view/target.c tests/view/view.bash
