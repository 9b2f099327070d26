#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may use what: the first lines of each file name its licence, lib/ the lesser one.
. "${VMACTL_SRC:-.}/tests/lib/tap.sh"
cd "$VMACTL_SRC" || exit 1

# $1: licence  $2...: where its sources are
first_lines_say() {
	local licence=$1 file failed=0
	shift
	while read -r file; do
		head -n 2 "$file" | grep -qF "SPDX-License-Identifier: $licence" && continue
		echo "$file: no \"SPDX-License-Identifier: $licence\" in its first two lines"
		failed=1
	done < <(find "$@" -type f \( -name '*.[ch]' -o -name '*.def' -o -name '*.sh' -o \
		-name '*.bats' -o -name '*.bash' -o -name '*.py' -o -name local.mk -o -name '*.sym' \) |
		LC_ALL=C sort)
	return $failed
}

shipped_text_of_both_licences() {
	grep -q 'GNU LESSER GENERAL PUBLIC LICENSE' COPYING.LGPL-2.1 &&
		grep -q 'GNU GENERAL PUBLIC LICENSE' COPYING.GPL-2
}

check "the library is LGPL-2.1-or-later" first_lines_say LGPL-2.1-or-later lib
check "the programs are GPL-2.0-or-later" first_lines_say GPL-2.0-or-later bin
check "the tests are GPL-2.0-or-later" first_lines_say GPL-2.0-or-later tests
check "the text of both licences is in the tree" shipped_text_of_both_licences
finish
