# SPDX-License-Identifier: GPL-2.0-or-later
# Every .c and .h of this folder, paths from the top, sorted.
vmatop_sources = \
	bin/vmatop/app.c bin/vmatop/app.h \
	bin/vmatop/config.c bin/vmatop/config.h \
	bin/vmatop/detail.c bin/vmatop/detail.h \
	bin/vmatop/figures.c bin/vmatop/figures.h \
	bin/vmatop/folds.c bin/vmatop/folds.h \
	bin/vmatop/forest.c bin/vmatop/forest.h \
	bin/vmatop/history.c bin/vmatop/history.h \
	bin/vmatop/keys.c bin/vmatop/keys.h \
	bin/vmatop/list.c bin/vmatop/list.h \
	bin/vmatop/listing.c \
	bin/vmatop/main.c \
	bin/vmatop/options.c bin/vmatop/options.h \
	bin/vmatop/pack.c bin/vmatop/pack.h \
	bin/vmatop/panel-anon.c \
	bin/vmatop/panel-help.c \
	bin/vmatop/panel-history.c \
	bin/vmatop/panel-pages.c \
	bin/vmatop/panel-procs.c \
	bin/vmatop/panel-setup.c \
	bin/vmatop/panel-sim.c \
	bin/vmatop/panel-sort.c \
	bin/vmatop/panel-space.c \
	bin/vmatop/panel-text.c \
	bin/vmatop/panel-vma.c \
	bin/vmatop/panel.c bin/vmatop/panel.h \
	bin/vmatop/procs.c bin/vmatop/procs.h \
	bin/vmatop/prompt.c bin/vmatop/prompt.h \
	bin/vmatop/reader.c \
	bin/vmatop/sample-marks.c \
	bin/vmatop/sample-read.c \
	bin/vmatop/sample.c bin/vmatop/sample.h \
	bin/vmatop/search.c \
	bin/vmatop/sim-args.c \
	bin/vmatop/sim-save.c \
	bin/vmatop/sim.c bin/vmatop/sim.h \
	bin/vmatop/table.c bin/vmatop/table.h \
	bin/vmatop/term.c bin/vmatop/term.h \
	bin/vmatop/text.c bin/vmatop/text.h \
	bin/vmatop/theme.c bin/vmatop/theme.h \
	bin/vmatop/worker.c bin/vmatop/worker.h

bin_PROGRAMS += bin/vmatop/vmatop
bin_vmatop_vmatop_SOURCES = $(vmatop_sources)
# curses comes with the plain headers: ncursesw's own flags would take our feature macros back
bin_vmatop_vmatop_CFLAGS = $(AM_CFLAGS) -pthread
bin_vmatop_vmatop_LDADD = libvmactl-all.la $(NCURSES_LIBS)
bin_vmatop_vmatop_LDFLAGS = $(BUILD_LDFLAGS)
