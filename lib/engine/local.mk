# SPDX-License-Identifier: LGPL-2.1-or-later
# lib/engine: what the kernel would do. One line a file.
engine_sources = \
	lib/engine/account.c \
	lib/engine/brk.c \
	lib/engine/engine.h \
	lib/engine/fault.c \
	lib/engine/fork.c \
	lib/engine/lock-vma.c \
	lib/engine/lock.c \
	lib/engine/lockdep.c \
	lib/engine/madvise.c \
	lib/engine/merge.c \
	lib/engine/mlock.c \
	lib/engine/mmap.c \
	lib/engine/modify.c \
	lib/engine/mprotect.c \
	lib/engine/mremap.c lib/engine/mremap.h \
	lib/engine/mremap-move.c \
	lib/engine/mseal.c \
	lib/engine/object.c \
	lib/engine/op.c \
	lib/engine/place.c \
	lib/engine/policy.c \
	lib/engine/prctl.c \
	lib/engine/remap.c \
	lib/engine/shm.c \
	lib/engine/split.c \
	lib/engine/stack.c \
	lib/engine/uffd.c \
	lib/engine/unmap.c \
	lib/engine/why.c \
	lib/engine/words.c
