# SPDX-License-Identifier: GPL-2.0-or-later
# A unit test is one file, tests/unit/ROOM-FILE.c, and one line in unit_tests (sorted). It is
# linked with everything in lib/, internal names too, and with the helpers in tests/lib/.
unit_tests = \
	tests/unit/attrib-exec \
	tests/unit/attrib-where \
	tests/unit/base-error \
	tests/unit/base-escape \
	tests/unit/base-cachelines \
	tests/unit/base-strbuf \
	tests/unit/engine-brk \
	tests/unit/engine-fault \
	tests/unit/engine-fork \
	tests/unit/engine-lock \
	tests/unit/engine-madvise \
	tests/unit/engine-merge \
	tests/unit/engine-mlock \
	tests/unit/engine-mmap \
	tests/unit/engine-mprotect \
	tests/unit/engine-mremap \
	tests/unit/engine-mseal \
	tests/unit/engine-op \
	tests/unit/engine-place \
	tests/unit/engine-policy \
	tests/unit/engine-prctl \
	tests/unit/engine-remap \
	tests/unit/engine-shm \
	tests/unit/engine-split \
	tests/unit/engine-stack \
	tests/unit/engine-uffd \
	tests/unit/engine-unmap \
	tests/unit/live-live \
	tests/unit/model-flags \
	tests/unit/model-tree \
	tests/unit/model-world \
	tests/unit/read-bpf \
	tests/unit/read-bpf-walk \
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
	tests/unit/script-demo \
	tests/unit/script-lex \
	tests/unit/script-replay \
	tests/unit/topology-forest \
	tests/unit/topology-why \
	tests/unit/verify-spare \
	tests/unit/verify-step

# Address spaces as pictures, for the tests of the engine and the model.
if HAVE_CMOCKA
check_LTLIBRARIES += libpicture.la
libpicture_la_SOURCES = tests/lib/picture.c tests/lib/picture.h
picture_library = libpicture.la
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
else
TESTS += tests/unit/not-built.sh
endif
EXTRA_DIST += $(unit_tests:=.c) tests/unit/not-built.sh

# One _SOURCES line is not needed: automake takes NAME.c.
LDADD = $(picture_library) libvmactl-all.la $(CMOCKA_LIBS)
