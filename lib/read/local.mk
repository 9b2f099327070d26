# SPDX-License-Identifier: LGPL-2.1-or-later
# Every .c and .h of this room, paths from the top, sorted: what is not listed is not built.
read_sources =

# ELF images, core files, symbols and stacks.
read_sources += \
	lib/read/core-facts.c \
	lib/read/core.c \
	lib/read/elf.c
