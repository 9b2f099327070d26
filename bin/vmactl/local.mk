# SPDX-License-Identifier: GPL-2.0-or-later
# Every .c and .h of this folder, paths from the top, sorted. The program is built as soon as
# main.c is among them: then these lines go below the list
#   bin_PROGRAMS += bin/vmactl/vmactl
#   bin_vmactl_vmactl_SOURCES = $(vmactl_sources)
#   bin_vmactl_vmactl_LDADD = libvmactl-all.la
vmactl_sources =
