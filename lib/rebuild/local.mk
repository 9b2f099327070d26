# SPDX-License-Identifier: LGPL-2.1-or-later
# Every .c and .h of this room, paths from the top, sorted: what is not listed is not built.
rebuild_sources = \
	lib/rebuild/build.h \
	lib/rebuild/file.c \
	lib/rebuild/filearg.c lib/rebuild/filearg.h \
	lib/rebuild/known.c \
	lib/rebuild/layout.c \
	lib/rebuild/mm.c \
	lib/rebuild/open.c \
	lib/rebuild/pages.c \
	lib/rebuild/rebuild.c \
	lib/rebuild/survey.c \
	lib/rebuild/topology.c \
	lib/rebuild/world.c
