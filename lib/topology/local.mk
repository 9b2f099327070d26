# SPDX-License-Identifier: LGPL-2.1-or-later
# Every .c and .h of this room, paths from the top, sorted: what is not listed is not built.
topology_sources = \
	lib/topology/bill.c \
	lib/topology/calibrate.c \
	lib/topology/family.c \
	lib/topology/forest-frames.c \
	lib/topology/forest-infer.c \
	lib/topology/forest.c lib/topology/forest.h \
	lib/topology/why.c
