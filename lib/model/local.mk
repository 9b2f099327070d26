# SPDX-License-Identifier: LGPL-2.1-or-later
# lib/model: the kernel's objects. One line a file.
model_sources = \
	lib/model/anon.c lib/model/anon.h \
	lib/model/file.c \
	lib/model/flags.c \
	lib/model/kernel.c \
	lib/model/lookup.c \
	lib/model/pages.c \
	lib/model/pool.c lib/model/pool.h \
	lib/model/tree.c lib/model/tree.h \
	lib/model/tree-check.c \
	lib/model/tree-edit.c \
	lib/model/tree-gap.c \
	lib/model/tree-node.h \
	lib/model/tree-shape.c \
	lib/model/validate.c \
	lib/model/world.c lib/model/world.h
