# SPDX-License-Identifier: LGPL-2.1-or-later
# Every .c and .h of this room, paths from the top, sorted: what is not listed is not built.
read_sources =

# ELF images, core files, symbols and stacks.
read_sources += \
	lib/read/core-facts.c \
	lib/read/core.c \
	lib/read/elf.c

# Processes: /proc and captured directories laid out alike.
read_sources += \
	lib/read/captured.c lib/read/captured.h \
	lib/read/facts.c lib/read/facts.h \
	lib/read/files.c lib/read/files.h \
	lib/read/lines.c lib/read/lines.h \
	lib/read/probe.c \
	lib/read/proc-maps.c lib/read/proc-maps.h \
	lib/read/proc-numa.c lib/read/proc-numa.h \
	lib/read/proc-pagemap.c lib/read/proc-pagemap.h \
	lib/read/proc-smaps.c lib/read/proc-smaps.h \
	lib/read/proc-status.c lib/read/proc-status.h \
	lib/read/read.c \
	lib/read/source.c lib/read/source.h \
	lib/read/system.c lib/read/system.h \
	lib/read/text.h
