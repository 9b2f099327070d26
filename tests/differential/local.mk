# SPDX-License-Identifier: GPL-2.0-or-later
# Predictions against real kernels: recordings.sh asks those of other machines, the others the one that
# runs here.
differential_tests = \
	tests/differential/forest.sh \
	tests/differential/live.bats \
	tests/differential/overcommit.sh \
	tests/differential/programs.sh \
	tests/differential/recordings.sh \
	tests/differential/trees.sh

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
EXTRA_DIST += $(differential_tests) tests/differential/trees.c $(recordings)

# Breaks one rule of the engine after the other and runs the tests above against it: too slow for
# make check.
mutations = \
	tests/differential/mutate.d/calls.mut \
	tests/differential/mutate.d/limits.mut \
	tests/differential/mutate.d/locks.mut \
	tests/differential/mutate.d/merge.mut \
	tests/differential/mutate.d/others.mut

EXTRA_DIST += tests/differential/mutate.sh $(mutations)

.PHONY: check-mutations
check-mutations: $(check_PROGRAMS) bin/vmactl/vmactl
	$(AM_TESTS_ENVIRONMENT) MUTATE_CFLAGS='$(BUILD_CFLAGS)' \
	MUTATE_LIBS='$(BUILD_LDFLAGS) $(outside_libraries) $(CMOCKA_LIBS)' \
	bash $(top_srcdir)/tests/differential/mutate.sh

# The same on kernels that do not run here, fetched through apt and emulated: too slow for make
# check as well.
EXTRA_DIST += tests/differential/kernels.sh

.PHONY: check-kernels
check-kernels: bin/vmactl/vmactl
	@mkdir -p tests/differential
	@$(AM_TESTS_ENVIRONMENT) bash $(top_srcdir)/tests/differential/kernels.sh | \
		tee tests/differential/kernels.tap
	@grep -q '^1\.\.' tests/differential/kernels.tap
	@! grep '^not ok' tests/differential/kernels.tap

clean-local: clean-kernels
.PHONY: clean-kernels
clean-kernels:
	rm -rf tests/differential/kernels tests/differential/kernels.tap
