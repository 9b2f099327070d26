# SPDX-License-Identifier: GPL-2.0-or-later
# A unit test is one file, tests/unit/ROOM-FILE.c, and one line in unit_tests (sorted). It is
# linked with everything in lib/, internal names too, and with the helpers in tests/lib/.
unit_tests = \
	tests/unit/attrib-exec \
	tests/unit/attrib-where \
	tests/unit/base-error \
	tests/unit/base-escape \
	tests/unit/base-strbuf \
	tests/unit/live-live \
	tests/unit/read-bpf \
	tests/unit/read-core \
	tests/unit/read-maps \
	tests/unit/read-pagemap \
	tests/unit/read-process \
	tests/unit/read-smaps \
	tests/unit/read-status \
	tests/unit/read-unwind \
	tests/unit/rebuild-live \
	tests/unit/rebuild-model \
	tests/unit/report-explain \
	tests/unit/report-filter \
	tests/unit/report-json \
	tests/unit/report-number \
	tests/unit/report-writer \
	tests/unit/script-check \
	tests/unit/script-lex \
	tests/unit/script-replay \
	tests/unit/topology-why \
	tests/unit/verify-step

if HAVE_CMOCKA
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
EXTRA_DIST += $(unit_tests:=.c)

# One _SOURCES line is not needed: automake takes NAME.c.
LDADD = libvmactl-all.la $(CMOCKA_LIBS)
