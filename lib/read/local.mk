# SPDX-License-Identifier: LGPL-2.1-or-later
# Every .c and .h of this room, paths from the top, sorted: what is not listed is not built.
read_sources =

# ELF images, core files, symbols and stacks.
read_sources += \
	lib/read/core-facts.c \
	lib/read/core.c \
	lib/read/eh-frame.c lib/read/eh-frame.h \
	lib/read/elf.c \
	lib/read/memory.c \
	lib/read/symbols.c \
	lib/read/threads.c \
	lib/read/unwind.c

# Processes: /proc and captured directories laid out alike.
read_sources += \
	lib/read/captured.c lib/read/captured.h \
	lib/read/facts.c lib/read/facts.h \
	lib/read/files.c lib/read/files.h \
	lib/read/frames.c \
	lib/read/lineage.c lib/read/lineage.h \
	lib/read/lines.c lib/read/lines.h \
	lib/read/probe.c \
	lib/read/proc-maps.c lib/read/proc-maps.h \
	lib/read/proc-numa.c lib/read/proc-numa.h \
	lib/read/proc-pagemap.c lib/read/proc-pagemap.h \
	lib/read/proc-smaps.c lib/read/proc-smaps.h \
	lib/read/proc-status.c lib/read/proc-status.h \
	lib/read/processes.c lib/read/processes.h \
	lib/read/read.c \
	lib/read/smaps-bodies.c lib/read/smaps-bodies.h \
	lib/read/source.c lib/read/source.h \
	lib/read/system.c lib/read/system.h \
	lib/read/text.h

# The kernel's own values. Without clang, bpftool or libbpf only a refusal is built.
read_sources += \
	lib/read/bpf-facts.c \
	lib/read/bpf-image.c \
	lib/read/bpf-walk.c lib/read/bpf-walk.h \
	lib/read/bpf.c lib/read/bpf.h \
	lib/read/bpf/kernel.h \
	lib/read/bpf/record.h
EXTRA_DIST += lib/read/bpf/task-vma.bpf.c lib/read/bpf/walk.bpf.c

nodist_read_sources =
if HAVE_BPF
bpf_skeletons = lib/read/bpf/task-vma.skel.h lib/read/bpf/walk.lskel.h
nodist_read_sources += $(bpf_skeletons)
BUILT_SOURCES += $(bpf_skeletons)
CLEANFILES += \
	$(bpf_skeletons) \
	lib/read/bpf/task-vma.bpf.o lib/read/bpf/task-vma.linked.o \
	lib/read/bpf/walk.bpf.o lib/read/bpf/walk.linked.o

# -g brings the type information that CO-RE lives on; linking drops the rest of it.
BPF_CFLAGS = -target bpf -g -O2 -std=gnu11 -ffreestanding -Wall -Wextra \
	-Wno-unused-const-variable -Wno-unused-function -fdebug-prefix-map=$(top_srcdir)=.
bpf_headers = lib/read/bpf/kernel.h lib/read/bpf/record.h lib/libvmactl/read.h lib/libvmactl/types.h

BPF_COMPILE = $(AM_V_GEN)$(MKDIR_P) $(@D) && $(CLANG) $(BPF_CFLAGS) -I$(top_srcdir)/lib \
	$(LIBBPF_CFLAGS) -o $@ -c

lib/read/bpf/task-vma.bpf.o: lib/read/bpf/task-vma.bpf.c $(bpf_headers)
	$(BPF_COMPILE) $(top_srcdir)/lib/read/bpf/task-vma.bpf.c

lib/read/bpf/walk.bpf.o: lib/read/bpf/walk.bpf.c $(bpf_headers)
	$(BPF_COMPILE) $(top_srcdir)/lib/read/bpf/walk.bpf.c

lib/read/bpf/task-vma.linked.o: lib/read/bpf/task-vma.bpf.o
	$(AM_V_GEN)$(BPFTOOL) gen object $@ lib/read/bpf/task-vma.bpf.o

lib/read/bpf/walk.linked.o: lib/read/bpf/walk.bpf.o
	$(AM_V_GEN)$(BPFTOOL) gen object $@ lib/read/bpf/walk.bpf.o

lib/read/bpf/task-vma.skel.h: lib/read/bpf/task-vma.linked.o
	$(AM_V_GEN)$(BPFTOOL) gen skeleton lib/read/bpf/task-vma.linked.o name task_vma_bpf \
		>$@.tmp && mv -f $@.tmp $@

# A light skeleton (-L) has the kernel do the relocations, which 5.17 can: it loads in 1 ms, where
# libbpf takes 20 to do the same to the same program. The pragma keeps our warnings away from it.
lib/read/bpf/walk.lskel.h: lib/read/bpf/walk.linked.o
	$(AM_V_GEN){ echo '#pragma GCC system_header' && \
		$(BPFTOOL) gen skeleton -L lib/read/bpf/walk.linked.o name walk_bpf; } \
		>$@.tmp && mv -f $@.tmp $@

lib/read/bpf.lo: $(bpf_skeletons)
endif
