# SPDX-License-Identifier: GPL-2.0-or-later
# Manual pages, one += a page, sorted: dist_man_MANS += man/vmactl.1
dist_man_MANS += man/vmactl-verify.1
