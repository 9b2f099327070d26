# SPDX-License-Identifier: GPL-2.0-or-later
# Every .c and .h of this folder, paths from the top, sorted.
vmactl_sources = \
	bin/vmactl/cli-groups.c \
	bin/vmactl/cli-help.c \
	bin/vmactl/cli-say.c \
	bin/vmactl/cli.c bin/vmactl/cli.h \
	bin/vmactl/commands.c bin/vmactl/commands.def bin/vmactl/commands.h \
	bin/vmactl/complete.c bin/vmactl/complete.h \
	bin/vmactl/main.c
