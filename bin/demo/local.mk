# SPDX-License-Identifier: GPL-2.0-or-later
# The process that ./setup run looks at when it is given nothing to look at. Not installed.
demo_sources = bin/demo/demo.c

noinst_PROGRAMS += bin/demo/vmactl-demo
bin_demo_vmactl_demo_SOURCES = $(demo_sources)
EXTRA_DIST += bin/demo/show
