# SPDX-License-Identifier: LGPL-2.1-or-later
# Every .c and .h of this room, paths from the top, sorted: what is not listed is not built.
attrib_sources = \
	lib/attrib/attrib.c \
	lib/attrib/attrib.h \
	lib/attrib/audit.c \
	lib/attrib/audit.h \
	lib/attrib/category.c \
	lib/attrib/exec.c \
	lib/attrib/finding.c \
	lib/attrib/object.c \
	lib/attrib/preview.c \
	lib/attrib/stacks.c \
	lib/attrib/text.c \
	lib/attrib/where.c
