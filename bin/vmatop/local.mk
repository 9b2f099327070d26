# SPDX-License-Identifier: GPL-2.0-or-later
# Every .c and .h of this folder, paths from the top, sorted. The program is built as soon as
# main.c is among them: then these lines go below the list
#   bin_PROGRAMS += bin/vmatop/vmatop
#   bin_vmatop_vmatop_SOURCES = $(vmatop_sources)
#   bin_vmatop_vmatop_CPPFLAGS = $(AM_CPPFLAGS) $(NCURSES_CFLAGS)
#   bin_vmatop_vmatop_LDADD = libvmactl-all.la $(NCURSES_LIBS)
vmatop_sources =
