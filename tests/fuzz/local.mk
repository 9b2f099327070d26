# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzz entry points. "make check" runs each over its corpus and some damaged copies (fuzz.h); for
# hours of it, build one with clang -fsanitize=fuzzer,address -DVMACTL_LIBFUZZER.
fuzz_tests = \
	tests/fuzz/maps \
	tests/fuzz/smaps \
	tests/fuzz/status \
	tests/fuzz/strace

check_PROGRAMS += $(fuzz_tests)
TESTS += $(fuzz_tests)
EXTRA_DIST += $(fuzz_tests:=.c) tests/fuzz/core.c tests/fuzz/fuzz.h tests/fuzz/corpus
