# SPDX-License-Identifier: GPL-2.0-or-later
# Manual pages, one += a page, sorted: dist_man_MANS += man/vmactl-why.1
dist_man_MANS += man/vmactl.1
dist_man_MANS += man/vmactl-audit.1
dist_man_MANS += man/vmactl-fork.1
dist_man_MANS += man/vmactl-inspect.1
dist_man_MANS += man/vmactl-json.5
dist_man_MANS += man/vmactl-kernels.1
dist_man_MANS += man/vmactl-limits.1
dist_man_MANS += man/vmactl-list.1
dist_man_MANS += man/vmactl-replay.1
dist_man_MANS += man/vmactl-script.5
dist_man_MANS += man/vmactl-simulate.1
dist_man_MANS += man/vmactl-pages.1
dist_man_MANS += man/vmactl-stacks.1
dist_man_MANS += man/vmactl-verify.1
dist_man_MANS += man/vmactl-where.1
dist_man_MANS += man/vmactl.1
