# SPDX-License-Identifier: GPL-2.0-or-later
# The process that ./setup run shows when it is given nothing to show. Not installed.
demo_sources =
