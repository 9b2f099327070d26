#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever --help and --list-columns offer, the manual explains and the completion completes.
. "${VMACTL_SRC:-.}/tests/lib/tap.sh"
man=$VMACTL_SRC/man
vmactl=$VMACTL_BUILD/bin/vmactl/vmactl

[ -x "$vmactl" ] || skip_all "vmactl is not built"

commands() {
	"$vmactl" --help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'
}

# The long options of a command, $1 empty: of vmactl itself.
options_of() {
	# shellcheck disable=SC2086 # no word when empty
	"$vmactl" $1 --help | grep -oE '^ +(-[A-Za-z], )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+' |
		LC_ALL=C sort -u
}

# A page as plain words: "\-\-json" is --json.
page_words() {
	sed -e 's/\\-/-/g; s/\\f[BIRP]//g' "$1"
}

# $1: option  $2: page. --json is not --json-lines.
page_has() {
	page_words "$2" | grep -qE -- "(^|[^a-z0-9-])$1([^a-z0-9-]|\$)"
}

page_has_name_and_examples() {
	local section failed=0
	for section in NAME SYNOPSIS EXAMPLES; do
		grep -qE "^\.S[Hh] \"?$section" "$1" && continue
		echo "$1: no section $section"
		failed=1
	done
	return $failed
}

# Options shared by many commands may be explained once, in vmactl(1).
command_is_in_the_manual() {
	local page=$man/vmactl-$1.1 option failed=0
	if [ ! -f "$page" ]; then
		echo "there is no $page"
		return 1
	fi
	page_has_name_and_examples "$page" || failed=1
	page_has "$1" "$man/vmactl.1" || { echo "vmactl.1 does not name $1"; failed=1; }
	for option in $(options_of "$1"); do
		page_has "$option" "$page" || page_has "$option" "$man/vmactl.1" || {
			echo "$option is neither in vmactl-$1.1 nor in vmactl.1"
			failed=1
		}
	done
	return $failed
}

# The page of simulate names one, and inspect for the others.
columns_are_in_the_manual() {
	local column failed=0
	for column in $("$vmactl" "$1" --list-columns --raw --noheadings | cut -d ' ' -f 1); do
		page_has "$column" "$man/vmactl-$1.1" && continue
		[ "$1" = simulate ] && page_has "$column" "$man/vmactl-inspect.1" && continue
		echo "column $column is not in vmactl-$1.1"
		failed=1
	done
	return $failed
}

# The words an option takes: "proc|bpf".
choices_are_in_the_manual() {
	local name choices word failed=0
	while IFS=$'\t' read -r name _ _ choices _; do
		[ "$choices" != - ] || continue
		for word in ${choices//|/ }; do
			page_has "$word" "$man/vmactl-$1.1" || page_has "$word" "$man/vmactl.1" || {
				echo "$name=$word is neither in vmactl-$1.1 nor in vmactl.1"
				failed=1
			}
		done
	done < <("$vmactl" --list-options "$1")
	return $failed
}

every_option_of_vmactl_is_in_its_page() {
	local option failed=0
	for option in $(options_of ""); do
		page_has "$option" "$man/vmactl.1" || { echo "$option"; failed=1; }
	done
	return $failed
}

# Pages of commands that are gone; pages about formats have another section.
no_page_without_command() {
	local page name failed=0
	for page in "$man"/vmactl-*.1; do
		name=${page##*/vmactl-}
		commands | grep -qx "${name%.1}" || { echo "$page: no such command"; failed=1; }
	done
	return $failed
}

# Runs the completion function as bash would on the given words and prints what it offers.
completed() {
	VMACTL=$vmactl bash -c '
		[ -r /usr/share/bash-completion/bash_completion ] &&
			. /usr/share/bash-completion/bash_completion
		. "$1" || exit 1
		shift
		PATH=$(dirname "$VMACTL"):$PATH
		function_name=$(complete -p vmactl | sed -E "s/.*-F ([^ ]+).*/\1/")
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		COMP_LINE="$*"
		COMP_POINT=${#COMP_LINE}
		"$function_name" vmactl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"
	' completed "$VMACTL_SRC/completions/vmactl" "$@" | sed 's/[ =]*$//'
}

offers_all() {
	local lacking
	[ -n "$1" ] || { echo "there is nothing to offer"; return 1; }
	lacking=$(LC_ALL=C comm -23 <(LC_ALL=C sort -u <<<"$1") <(LC_ALL=C sort -u <<<"$2"))
	[ -z "$lacking" ] && return 0
	printf 'not offered: %s\n' "$lacking"
	return 1
}

[ -n "$(commands)" ] || { echo "Bail out! vmactl --help lists no commands"; exit 1; }

check "every option of vmactl itself is in vmactl(1)" every_option_of_vmactl_is_in_its_page
for command in $(commands); do
	check "vmactl $command and its options are in the manual" command_is_in_the_manual "$command"
done
for command in $(commands); do
	check "the words that options of $command take are in the manual" \
		choices_are_in_the_manual "$command"
	options_of "$command" | grep -qx -e --list-columns || continue
	check "the columns of $command are in the manual" columns_are_in_the_manual "$command"
done
check "every manual page of a command is about a command that exists" no_page_without_command

check "the completion offers every command" \
	offers_all "$(commands)" "$(completed vmactl "")"
for command in $(commands); do
	check "the completion offers every option of $command" \
		offers_all "$(options_of "$command")" "$(completed vmactl "$command" --)"
done

if command -v groff >/dev/null; then
	no_warning() {
		local said
		said=$(groff -man -Tutf8 -ww -z "$@" 2>&1)
		[ -z "$said" ] || { printf '%s\n' "$said"; return 1; }
	}
	check "the pages are typeset without a warning" no_warning "$man"/*.[1-8]
else
	skip "the pages are typeset without a warning" "groff is not installed"
fi
finish
