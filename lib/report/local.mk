# SPDX-License-Identifier: LGPL-2.1-or-later
# Every .c and .h of this room, paths from the top, sorted: what is not listed is not built.
report_sources = \
	lib/report/callargs.c lib/report/callargs.h \
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
	lib/report/process-columns.c lib/report/process-columns.h \
	lib/report/put.h \
	lib/report/sort.c \
	lib/report/table.c lib/report/table.h \
	lib/report/writer.c

# What --json prints, one schema a command.
schemadir = $(datadir)/vmactl/schema
dist_schema_DATA = \
	lib/report/schema/anon.schema.json \
	lib/report/schema/fork.schema.json \
	lib/report/schema/inspect.schema.json \
	lib/report/schema/kernels.schema.json \
	lib/report/schema/limits.schema.json \
	lib/report/schema/list.schema.json \
	lib/report/schema/locks.schema.json \
	lib/report/schema/pages.schema.json \
	lib/report/schema/rmap.schema.json \
	lib/report/schema/simulate.schema.json \
	lib/report/schema/why.schema.json
