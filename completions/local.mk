# SPDX-License-Identifier: GPL-2.0-or-later
# Bash completions, named after the program they complete: dist_bashcompletion_DATA += completions/NAME
dist_bashcompletion_DATA += completions/vmactl
dist_bashcompletion_DATA += completions/vmatop
