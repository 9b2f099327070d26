#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every rule that an explanation, a reason or a provenance names stands in vmactl-rules(7).
. "${VMACTL_SRC:-.}/tests/lib/tap.sh"
cd "$VMACTL_SRC" || exit 99

# Ids like S3, M1.16, MA2 or T12, where they are data: events, reasons, provenance.
named() {
	grep -hoE '\.rule = "[A-Z0-9.]+"' lib/engine/*.c | cut -d'"' -f2
	grep -hE '^WHY\(' lib/libvmactl/why.def | cut -d'"' -f2
	grep -hoE '"(A|B|F|G|I|K|L|M|O|P|R|S|T|U)[0-9]+(\.[0-9]+)?"' lib/rebuild/*.c lib/topology/*.c \
		bin/vmactl/cmd-fork.c | tr -d '"'
}

explained() {
	grep -hE '^\.BR? [A-Z]+[0-9]' man/vmactl-rules.7 | grep -oE '[A-Z]+[0-9]+(\.[0-9]+)?'
}

every_rule_is_explained() {
	missing=$(comm -23 <(named | sort -u | grep .) <(explained | sort -u))
	[ -z "$missing" ] || { echo "not in man/vmactl-rules.7: $missing"; return 1; }
}

no_rule_is_explained_twice() {
	twice=$(explained | sort | uniq -d)
	[ -z "$twice" ] || { echo "twice in man/vmactl-rules.7: $twice"; return 1; }
}

check "every rule that is named is explained in vmactl-rules(7)" every_rule_is_explained
check "no rule is explained twice" no_rule_is_explained_twice
finish
