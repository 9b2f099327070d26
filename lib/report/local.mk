# SPDX-License-Identifier: LGPL-2.1-or-later
# Every .c and .h of this room, paths from the top, sorted: what is not listed is not built.
report_sources = \
	lib/report/cells.c \
	lib/report/column.c \
	lib/report/diff.c \
	lib/report/explain.c \
	lib/report/filter-parse.c \
	lib/report/filter.c lib/report/filter.h \
	lib/report/group.c \
	lib/report/json.c \
	lib/report/list-columns.c \
	lib/report/nearest.c \
	lib/report/number.c \
	lib/report/objects.c \
	lib/report/out.c \
	lib/report/pick.c \
	lib/report/put.h \
	lib/report/sort.c \
	lib/report/table.c lib/report/table.h \
	lib/report/writer.c
