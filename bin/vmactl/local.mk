# SPDX-License-Identifier: GPL-2.0-or-later
# Every .c and .h of this folder, paths from the top, sorted.
vmactl_sources = \
	bin/vmactl/anon-check-show.c \
	bin/vmactl/anon-check.c bin/vmactl/anon-check.h \
	bin/vmactl/audit-sarif.c bin/vmactl/audit.h \
	bin/vmactl/cli-groups.c \
	bin/vmactl/cli-help.c \
	bin/vmactl/cli-say.c \
	bin/vmactl/cli.c bin/vmactl/cli.h \
	bin/vmactl/cmd-anon.c \
	bin/vmactl/cmd-audit.c \
	bin/vmactl/cmd-fork.c \
	bin/vmactl/cmd-inspect.c \
	bin/vmactl/cmd-kernels.c \
	bin/vmactl/cmd-limits.c \
	bin/vmactl/cmd-list.c \
	bin/vmactl/cmd-locks.c \
	bin/vmactl/cmd-pages.c \
	bin/vmactl/cmd-replay.c \
	bin/vmactl/cmd-rmap.c \
	bin/vmactl/cmd-simulate.c \
	bin/vmactl/cmd-verify.c \
	bin/vmactl/cmd-where.c \
	bin/vmactl/cmd-why.c \
	bin/vmactl/cmd-stacks.c \
	bin/vmactl/commands.c bin/vmactl/commands.def bin/vmactl/commands.h \
	bin/vmactl/complete.c bin/vmactl/complete.h \
	bin/vmactl/family.c bin/vmactl/family.h \
	bin/vmactl/fields.c bin/vmactl/fields.h \
	bin/vmactl/inference-show.c \
	bin/vmactl/inference.c bin/vmactl/inference.h \
	bin/vmactl/inspect-core.c bin/vmactl/inspect-core.h \
	bin/vmactl/inspect-bpf.c \
	bin/vmactl/inspect-mm.c \
	bin/vmactl/inspect-vma.c \
	bin/vmactl/inspect-walk.c \
	bin/vmactl/inspect.h \
	bin/vmactl/limits-cgroup.c \
	bin/vmactl/limits.c bin/vmactl/limits.h \
	bin/vmactl/listing.c bin/vmactl/listing.h \
	bin/vmactl/main.c \
	bin/vmactl/opargs.c bin/vmactl/opargs.h \
	bin/vmactl/replay-show.c bin/vmactl/replay.h \
	bin/vmactl/simulate-exec.c bin/vmactl/simulate-exec.h \
	bin/vmactl/tally.c bin/vmactl/tally.h \
	bin/vmactl/target.c bin/vmactl/target.h \
	bin/vmactl/truth.c bin/vmactl/truth.h \
	bin/vmactl/verify-demos.c bin/vmactl/verify.h

bin_PROGRAMS += bin/vmactl/vmactl
bin_vmactl_vmactl_SOURCES = $(vmactl_sources)
bin_vmactl_vmactl_LDADD = libvmactl-all.la
bin_vmactl_vmactl_LDFLAGS = $(BUILD_LDFLAGS)
