# SPDX-License-Identifier: GPL-2.0-or-later
# Predictions against real kernels: live.bats asks the one that runs here, recordings.sh those of
# other machines.
differential_tests = \
	tests/differential/live.bats \
	tests/differential/recordings.sh

recordings = \
	tests/differential/recordings/5.10-basic.tar.gz \
	tests/differential/recordings/5.10-files.tar.gz \
	tests/differential/recordings/5.10-fork.tar.gz \
	tests/differential/recordings/5.10-full.tar.gz \
	tests/differential/recordings/5.10-hints.tar.gz \
	tests/differential/recordings/5.10-limits.tar.gz \
	tests/differential/recordings/5.10-probes.tar.gz \
	tests/differential/recordings/6.1-basic.tar.gz \
	tests/differential/recordings/6.1-files.tar.gz \
	tests/differential/recordings/6.1-fork.tar.gz \
	tests/differential/recordings/6.1-full.tar.gz \
	tests/differential/recordings/6.1-hints.tar.gz \
	tests/differential/recordings/6.1-limits.tar.gz \
	tests/differential/recordings/6.1-probes.tar.gz \
	tests/differential/recordings/6.12-basic.tar.gz \
	tests/differential/recordings/6.12-files.tar.gz \
	tests/differential/recordings/6.12-fork.tar.gz \
	tests/differential/recordings/6.12-full.tar.gz \
	tests/differential/recordings/6.12-hints.tar.gz \
	tests/differential/recordings/6.12-limits.tar.gz \
	tests/differential/recordings/6.12-probes.tar.gz \
	tests/differential/recordings/6.18-basic.tar.gz \
	tests/differential/recordings/6.18-files.tar.gz \
	tests/differential/recordings/6.18-fork.tar.gz \
	tests/differential/recordings/6.18-full.tar.gz \
	tests/differential/recordings/6.18-hints.tar.gz \
	tests/differential/recordings/6.18-limits.tar.gz \
	tests/differential/recordings/6.18-probes.tar.gz \
	tests/differential/recordings/7.2-basic.tar.gz \
	tests/differential/recordings/7.2-files.tar.gz \
	tests/differential/recordings/7.2-fork.tar.gz \
	tests/differential/recordings/7.2-full.tar.gz \
	tests/differential/recordings/7.2-hints.tar.gz \
	tests/differential/recordings/7.2-limits.tar.gz \
	tests/differential/recordings/7.2-probes.tar.gz

TESTS += $(differential_tests)
EXTRA_DIST += $(differential_tests) $(recordings)
