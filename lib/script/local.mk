# SPDX-License-Identifier: LGPL-2.1-or-later
# Every .c and .h of this room, paths from the top, sorted: what is not listed is not built.
script_sources = \
	lib/script/bind-fd.c \
	lib/script/bind-mem.c \
	lib/script/bind-sysv.c \
	lib/script/bind-task.c \
	lib/script/bind.h \
	lib/script/blame.c \
	lib/script/capture.c \
	lib/script/chars.h \
	lib/script/check-text.c \
	lib/script/check.c \
	lib/script/check.h \
	lib/script/demo.c \
	lib/script/demo.def \
	lib/script/demo.h \
	lib/script/desc.c \
	lib/script/desc.h \
	lib/script/exec.c \
	lib/script/exec.h \
	lib/script/fdtab.c \
	lib/script/follow.c \
	lib/script/lex-args.c \
	lib/script/lex-parts.h \
	lib/script/lex-prefix.c \
	lib/script/lex-result.c \
	lib/script/lex.c \
	lib/script/lex.h \
	lib/script/record.c \
	lib/script/replay.c \
	lib/script/replay.h \
	lib/script/scan.c \
	lib/script/scan.h \
	lib/script/step.c \
	lib/script/syscall.c \
	lib/script/task.c \
	lib/script/task.h \
	lib/script/words.c \
	lib/script/words.h
