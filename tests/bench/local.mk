# SPDX-License-Identifier: GPL-2.0-or-later
# Measurements: "make bench" and "make bench-quick" (see tests/bench/run). Built by these alone;
# make check only counts instructions.
EXTRA_PROGRAMS += tests/bench/bench
tests_bench_bench_SOURCES = \
	tests/bench/bench.h \
	tests/bench/calls.c \
	tests/bench/child.c \
	tests/bench/figures.c \
	tests/bench/main.c \
	tests/bench/pages.c \
	tests/bench/replay.c \
	tests/bench/target.c \
	tests/bench/text.c
tests_bench_bench_LDADD = libvmactl-all.la -lpthread -lm
tests_bench_bench_LDFLAGS = $(BUILD_LDFLAGS)

check_PROGRAMS += tests/bench/work
tests_bench_work_SOURCES = tests/bench/work.c
tests_bench_work_LDADD = libvmactl-all.la
tests_bench_work_LDFLAGS = $(BUILD_LDFLAGS)
TESTS += tests/bench/callgrind.sh

EXTRA_DIST += tests/bench/NOTES.md tests/bench/run tests/bench/callgrind.sh tests/bench/callgrind.expected
CLEANFILES += tests/bench/bench bench.json bench-quick.json

.PHONY: bench bench-quick
bench bench-quick: all tests/bench/bench$(EXEEXT)
	bash $(top_srcdir)/tests/bench/run $@ $(abs_top_builddir)
