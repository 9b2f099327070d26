# SPDX-License-Identifier: LGPL-2.1-or-later
# Every .c and .h of this room, paths from the top, sorted: what is not listed is not built.
verify_sources = \
	lib/verify/calls.c \
	lib/verify/compare-bpf.c \
	lib/verify/compare-locks.c \
	lib/verify/compare-pages.c \
	lib/verify/compare.c lib/verify/compare.h \
	lib/verify/episode.c lib/verify/episode.h \
	lib/verify/exec.c \
	lib/verify/gen.c lib/verify/gen.h \
	lib/verify/makers-more.c \
	lib/verify/makers.c \
	lib/verify/profile.c lib/verify/profile.h \
	lib/verify/shrink.c \
	lib/verify/spare.c lib/verify/spare.h \
	lib/verify/stage.c lib/verify/stage.h \
	lib/verify/step.c lib/verify/step.h \
	lib/verify/verify.c
