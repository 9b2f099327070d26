#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Do the tests notice when a rule is wrong? Breaks one rule of the engine after the other and runs
# the fast tests against it: the unit tests of the engine and the model, then the recordings.
#
#   make check-mutations            all of mutate.d
#   mutate.sh 'G1.*'                the rules whose title matches a pattern
#   MUTATE_BY=recordings            what the recordings alone would notice (and no unit test)
#
# mutate.d/*.mut: a title, lines with - (as they stand in the source, found in exactly one place
# of lib/engine and lib/model) and lines with + instead of them. A rule that is not found any more,
# or does not compile, fails: the source has moved on and the table must follow.
. "${VMACTL_SRC:-$(dirname "$0")/../..}/tests/lib/tap.sh"

src=$VMACTL_SRC
build=$VMACTL_BUILD
archive=$build/.libs/libvmactl-all.a
cc=${CC:-gcc}
read -ra libs <<<"${MUTATE_LIBS:--lcmocka}"
pattern=${1:-*}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
[ -e "$archive" ] || skip_all "the library is not built in $build"
shopt -s nullglob
units=("$build"/tests/unit/{engine,model}-*.o)
program=("$build"/bin/vmactl/*.o)
[ "${#units[@]}" -gt 0 ] || skip_all "the unit tests are not built"

# The library without its engine and model is the same for all; their objects come in front of it,
# the broken one first, so that the linker takes each name where it meets it first.
picture=("$build"/.libs/libpicture.a)
for tar in "$src"/tests/differential/recordings/*.tar.gz; do
	mkdir -p "$tmp/recordings/$(basename "$tar" .tar.gz)"
	tar -C "$tmp/recordings/$(basename "$tar" .tar.gz)" -xzf "$tar" || exit 1
done
# The probes first: they ask for the rare.
groups=("$tmp"/recordings/*-probes)
for group in "$tmp"/recordings/*; do
	[[ $group == *-probes ]] || groups+=("$group")
done

link() {
	"$cc" -fno-lto -o "$1" "$tmp/broken.o" "${@:2}" "${picture[@]}" "$archive" "${libs[@]}"
}

# Which test notices? Its name on standard output; fails when none does.
noticed() {
	local unit group dirs
	[ "${MUTATE_BY:-}" = recordings ] || for unit in "${units[@]}"; do
		link "$tmp/unit" "$unit" || { echo "$unit cannot be linked" >&2; return 2; }
		timeout 60 "$tmp/unit" >"$tmp/said" 2>&1 || { basename "$unit" .o; return 0; }
	done
	[ "${#program[@]}" -gt 0 ] || return 1
	link "$tmp/vmactl" "${program[@]}" || return 2
	for group in "${groups[@]}"; do
		mapfile -t dirs < <(find "$group" -name 'trace.txt*' -printf '%h\n' | LC_ALL=C sort)
		timeout 300 "$tmp/vmactl" replay --check --show 1 "${dirs[@]}" >"$tmp/said" 2>&1 ||
			{ echo "recordings ($(basename "$group"))"; return 0; }
	done
	return 1
}

# The one source file that has the text.
file_with() {
	local file text found=()
	for file in "$src"/lib/engine/*.c "$src"/lib/model/*.c; do
		text=$(<"$file")
		[[ $text == *"$1"* ]] || continue
		[[ ${text#*"$1"} == *"$1"* ]] && { echo "twice in $file" >&2; return 1; }
		found+=("$file")
	done
	[ "${#found[@]}" -eq 1 ] || { echo "found in ${#found[@]} files" >&2; return 1; }
	printf '%s\n' "${found[0]}"
}

survivors=()
total=0
break_rule() {
	local title=$1 old=$2 new=$3 file text by
	file=$(file_with "$old") || { echo "not ok: the table does not fit the source"; return 1; }
	text=$(<"$file")
	printf '%s\n' "${text/"$old"/"$new"}" >"$tmp/broken.c"
	# CPPFLAGS of the build are not needed: these rooms use nothing but their own headers
	# shellcheck disable=SC2086 # several options
	"$cc" -c -O1 -w -D_GNU_SOURCE= -I"$src/lib" ${MUTATE_CFLAGS:-} \
		-o "$tmp/broken.o" "$tmp/broken.c" || return 1
	by=$(noticed)
	case $? in
	0) echo "# $title: noticed by $by" ;;
	1) survivors+=("$title"); echo "# $title: NOBODY NOTICES" ;;
	*) return 1 ;;
	esac
	total=$((total + 1))
}

apply_table() {
	local line title='' old='' new=''
	flush() {
		# shellcheck disable=SC2053 # a pattern
		if [ -n "$title" ] && [[ $title == $pattern ]]; then
			break_rule "$title" "${old%$'\n'}" "${new%$'\n'}" ||
				{ echo "# $title: cannot be tried"; broken=$((broken + 1)); }
		fi
		old='' new=''
	}
	while IFS= read -r line; do
		case $line in
		'#'*) ;;
		-*) old+=${line#-}$'\n' ;;
		+*) new+=${line#+}$'\n' ;;
		*) flush; title=$line ;;
		esac
	done <"$1"
	flush
}

# Who fails before anything is broken would notice everything.
: >"$tmp/broken.c"
"$cc" -c -o "$tmp/broken.o" "$tmp/broken.c" || exit 1
by=$(noticed)
[ $? -eq 1 ] || { check "the tests pass before a rule is broken: ${by:-no link}" false; finish; }

broken=0
for table in "$src"/tests/differential/mutate.d/*.mut; do
	apply_table "$table"
done
echo "# $((total - ${#survivors[@]})) of $total broken rules were noticed"
check "every entry of mutate.d fits the source" [ "$broken" -eq 0 ]
# 29 of 30: one in thirty may be a rule that cannot be seen from outside
check "the tests notice a broken rule" [ $((${#survivors[@]} * 30)) -le "$total" ]
finish
