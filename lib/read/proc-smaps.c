// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/proc-smaps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/strbuf.h"
#include "read/proc-maps.h"
#include "read/smaps-bodies.h"
#include "read/text.h"

/* THE table of smaps keys, in the order of enum vma_smaps_key. */
static const char *const keys[VMA_SMAPS_NR] = {
	"Size", "KernelPageSize", "MMUPageSize", "Rss",
	"Pss", "Pss_Dirty", "Shared_Clean", "Shared_Dirty",
	"Private_Clean", "Private_Dirty", "Referenced",
	"Anonymous", "KSM", "LazyFree", "AnonHugePages",
	"ShmemPmdMapped", "FilePmdMapped", "Shared_Hugetlb",
	"Private_Hugetlb", "Swap", "SwapPss", "Locked",
	"THPeligible", "ProtectionKey",
};

struct smaps {
	struct lines *l;
	vma_map_fn *fn;
	void *ctx;
	struct vma_fact_map rec; /* the header; all of it when it is given to @fn */
	struct maps_address before;
	struct smaps_bodies *bodies;
	bool open;        /* a header was seen, the record was not given to @fn yet */
	bool has_end;     /* some record had VmFlags, so each must */
	u32 unknown_keys;
	struct strbuf path, unknown_codes;
	const struct vma_flag *by_code[26][26];
};

const char *vma_smaps_key_name(enum vma_smaps_key key)
{
	return (size_t)key < ARRAY_SIZE(keys) ? keys[key] : "";
}

static u8 find_key(const char *name, size_t len)
{
	if (len == 7 && !memcmp(name, "VmFlags", 7))
		return SMAPS_FLAGS;
	for (u8 i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i]) == len && !memcmp(keys[i], name, len))
			return i;
	return SMAPS_UNKNOWN;
}

/* ---------------------------------------------------------------- one line of a record */

/* Asked for each flag of each new VmFlags line: a table instead of vma_flag_by_code(). */
static void index_codes(struct smaps *s)
{
	const struct vma_flag *f;

	for (size_t i = 0; (f = vma_flag_at(i)); i++)
		if (f->code[0])
			s->by_code[f->code[0] - 'a'][f->code[1] - 'a'] = f;
}

static const struct vma_flag *find_code(const struct smaps *s, const char *word, size_t len)
{
	if (len != 2 || word[0] < 'a' || word[0] > 'z' || word[1] < 'a' || word[1] > 'z')
		return NULL;
	return s->by_code[word[0] - 'a'][word[1] - 'a'];
}

/* Flag codes are printed in ascending bit order; "dw" of 5.10 stands at bit 11, not ours. */
static bool is_above_lockonfault(const struct vma_flag *f)
{
	return f->bit >= VMA_BIT_LOCKONFAULT && f->bit != VMA_BIT_DENYWRITE;
}

static void add_unknown(struct smaps *s, const char *word, size_t len)
{
	if (s->unknown_codes.len)
		strbuf_addc(&s->unknown_codes, ' ');
	strbuf_add(&s->unknown_codes, word, len);
}

/*
 * "rd wr mr mw me lo ?? ac ". Kernels before "lf" print LOCKONFAULT as "??": it is that one when
 * it stands between the codes of lower and of higher bits (rule I1).
 */
static u64 parse_flags(struct smaps *s, const char *p)
{
	bool above = false, guessed = false;
	u64 flags = 0;

	strbuf_reset(&s->unknown_codes);
	for (p = text_skip_blanks(p); *p != '\n'; p = text_skip_blanks(p)) {
		const char *word = p;

		while (*p != ' ' && *p != '\n')
			p++;
		size_t len = (size_t)(p - word);
		const struct vma_flag *f = find_code(s, word, len);
		if (!f && len == 2 && !memcmp(word, "??", 2) && !above && !guessed) {
			guessed = true;
			continue;
		}
		if (!f) {
			add_unknown(s, word, len);
			continue;
		}
		flags |= 1ULL << f->bit;
		if (is_above_lockonfault(f)) {
			above = true;
		} else if (guessed) { /* no: something lower followed */
			guessed = false;
			add_unknown(s, "??", 2);
		}
	}
	return guessed ? flags | VM_LOCKONFAULT : flags;
}

static int take_unseen_line(struct smaps *s, struct vma_err *err)
{
	char *text = lines_at(s->l);
	const char *nl = memchr(text, '\n', s->l->limit - s->l->pos);
	const char *colon = memchr(text, ':', (size_t)(nl - text));
	struct smaps_line line = { .text = text, .len = (size_t)(nl + 1 - text) };
	bool odd = false;

	if (!colon)
		return lines_bad(s->l, text, text, "no key", err);
	line.key_len = (size_t)(colon + 1 - text);
	line.key = find_key(text, line.key_len - 1);
	if (line.key == SMAPS_FLAGS) {
		line.value = parse_flags(s, colon + 1);
		if (s->unknown_codes.failed)
			return vma_fail(err, ENOMEM, "%s: out of memory", s->l->name);
		odd = s->unknown_codes.len;
		s->rec.unknown = odd ? strbuf_str(&s->unknown_codes) : NULL;
	} else if (line.key != SMAPS_UNKNOWN && !smaps_value(colon + 1, &line.value)) {
		return lines_bad(s->l, text, colon + 1, "not a number", err);
	}
	bodies_add(s->bodies, &line, !odd);
	s->l->pos += line.len;
	s->l->nr++;
	return 0;
}

static int take_lines(struct smaps *s, struct vma_err *err)
{
	size_t nr, took = bodies_take(s->bodies, lines_at(s->l), s->l->limit - s->l->pos, &nr);

	s->l->pos += took;
	s->l->nr += nr;
	if (s->l->pos == s->l->limit || text_hex_digit(*lines_at(s->l)) < 16)
		return 0;
	return take_unseen_line(s, err);
}

/* ---------------------------------------------------------------- records */

static void fill(struct vma_fact_map *m, const struct smaps_said *said)
{
	m->kb = said->kb;
	m->have = said->have;
	m->has_flags = said->has_flags;
	m->flags = said->flags;
	if (said->have & 1U << VMA_SMAPS_PROTECTIONKEY)
		m->flags |= said->kb[VMA_SMAPS_PROTECTIONKEY] << VMA_BIT_PKEY_BIT0 & VM_PKEY_FLAGS;
}

static int give_record(struct smaps *s, struct vma_err *err)
{
	const struct smaps_said *said = bodies_said(s->bodies, &s->rec.body);

	if (!s->open)
		return 0;
	s->open = false;
	fill(&s->rec, said);
	if (said->has_flags)
		s->has_end = true;
	else if (s->has_end)
		return vma_fail(err, EBADMSG, "%s: line %llu: the record before ends too early",
				s->l->name, (unsigned long long)s->l->nr + 1);
	s->unknown_keys += said->unknown;
	int rc = s->fn(s->ctx, &s->rec);
	s->rec.unknown = NULL;
	return rc;
}

static int take_header(struct smaps *s, struct vma_err *err)
{
	int rc = give_record(s, err);

	if (rc)
		return rc;
	s->rec.gate = false;
	rc = maps_take_line(s->l, &s->rec, &s->before, err);
	if (rc)
		return rc;
	s->open = true;
	bodies_next(s->bodies);
	if (!*s->rec.path) {
		s->rec.path = "";
		return 0;
	}
	/* The window moves on before the record ends. */
	strbuf_reset(&s->path);
	strbuf_adds(&s->path, s->rec.path);
	if (s->path.failed)
		return vma_fail(err, ENOMEM, "%s: out of memory", s->l->name);
	s->rec.path = strbuf_str(&s->path);
	return 0;
}

static int run(struct smaps *s, struct vma_err *err)
{
	int rc;

	while ((rc = lines_more(s->l, err)) > 0) {
		/* Keys begin with a capital, addresses are lower-case hexadecimal. */
		if (text_hex_digit(*lines_at(s->l)) < 16)
			rc = take_header(s, err);
		else if (s->open)
			rc = take_lines(s, err);
		else
			rc = lines_bad(s->l, lines_at(s->l), lines_at(s->l),
				       "not an address range", err);
		if (rc)
			return rc;
	}
	return rc ? rc : give_record(s, err);
}

int smaps_run(struct lines *l, vma_map_fn *fn, void *ctx, u32 *unknown_keys, struct vma_err *err)
{
	struct smaps *s = calloc(1, sizeof(*s));
	int rc;

	if (s)
		s->bodies = bodies_new();
	if (!s || !s->bodies) {
		free(s);
		return vma_fail(err, ENOMEM, "%s: out of memory", l->name);
	}
	s->l = l;
	s->fn = fn;
	s->ctx = ctx;
	index_codes(s);
	rc = run(s, err);
	if (unknown_keys)
		*unknown_keys += s->unknown_keys;
	strbuf_fini(&s->path);
	strbuf_fini(&s->unknown_codes);
	bodies_free(s->bodies);
	free(s);
	return rc;
}
