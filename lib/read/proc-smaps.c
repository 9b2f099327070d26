// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/proc-smaps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/strbuf.h"
#include "read/proc-maps.h"
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

enum { KEY_FLAGS = VMA_SMAPS_NR, KEY_UNKNOWN };

#define SLOTS 40
#define SLOT_TEXT 104

/*
 * One line of the template. Counters are printed as a key padded to 16 columns, 8 columns for the
 * number, " kB" and a newline; @wide says that this one is.
 */
#define WIDE_KEY 16
#define WIDE_LEN 28

struct slot {
	u64 value;
	u16 at;     /* where in the text of the template */
	u8 key;
	u8 len;     /* newline included */
	u8 key_len; /* colon included */
	bool wide;
};

/* The VmFlags lines seen last: a handful of texts takes turns in one process. */
#define FLAG_LINES 6

struct flag_line {
	u64 value;
	u8 len; /* 0: nothing learnt */
	char text[SLOT_TEXT];
};

/*
 * The template is the text of the record before, line by line, and @rec holds what it says: what
 * is the same again needs not be read. So @rec is always the sum of slots[0..nr_slots), but while
 * @astray, when the record has lines that no template takes.
 */
struct smaps {
	struct lines *l;
	vma_map_fn *fn;
	void *ctx;
	struct vma_fact_map rec;
	struct maps_address before;
	u64 flags;        /* of rec, without the protection key */
	u32 unknown;      /* lines of rec with a key nobody knows */
	bool open;        /* a header was seen, the record was not given to @fn yet */
	bool has_end;     /* some record had VmFlags, so each must */
	bool astray;
	size_t pos;       /* lines since the header */
	u32 unknown_keys;
	struct strbuf path, unknown_codes;
	size_t nr_slots;
	struct slot slots[SLOTS];
	size_t text_len;
	char text[SLOTS * SLOT_TEXT];
	struct flag_line flag_lines[FLAG_LINES];
	unsigned int next_flag_line;
	const struct vma_flag *by_code[26][26];
};

const char *vma_smaps_key_name(enum vma_smaps_key key)
{
	return (size_t)key < ARRAY_SIZE(keys) ? keys[key] : "";
}

static u8 find_key(const char *name, size_t len)
{
	if (len == 7 && !memcmp(name, "VmFlags", 7))
		return KEY_FLAGS;
	for (u8 i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i]) == len && !memcmp(keys[i], name, len))
			return i;
	return KEY_UNKNOWN;
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

static void apply(struct smaps *s, u8 key, u64 value)
{
	if (key < VMA_SMAPS_NR) {
		s->rec.kb[key] = value;
		s->rec.have |= 1U << key;
	} else if (key == KEY_FLAGS) {
		s->flags = value;
		s->rec.has_flags = true;
	} else {
		s->unknown++;
	}
}

/* What the first @nr lines of the template say, and no more. */
static void restore(struct smaps *s, size_t nr)
{
	memset(s->rec.kb, 0, sizeof(s->rec.kb));
	s->rec.have = s->unknown = 0;
	s->rec.has_flags = false;
	s->flags = 0;
	for (size_t i = 0; i < nr; i++)
		apply(s, s->slots[i].key, s->slots[i].value);
}

/* Nothing of the template holds from this line on. */
static void cut_template(struct smaps *s)
{
	if (s->pos >= s->nr_slots)
		return;
	s->text_len = s->slots[s->pos].at;
	s->nr_slots = s->pos;
	restore(s, s->pos);
}

/* The line at the end of the template; false when it cannot be there. */
static bool learn(struct smaps *s, u8 key, u64 value, const char *line, size_t len, size_t key_len)
{
	if (s->pos != s->nr_slots || s->nr_slots == SLOTS || len > SLOT_TEXT)
		return false;
	struct slot *slot = &s->slots[s->nr_slots++];
	*slot = (struct slot){
		.value = value, .at = (u16)s->text_len, .key = key, .len = (u8)len,
		.key_len = (u8)key_len,
		.wide = key < VMA_SMAPS_NR && len == WIDE_LEN && key_len <= WIDE_KEY &&
			!memcmp(line + WIDE_LEN - 4, " kB\n", 4),
	};
	memcpy(s->text + s->text_len, line, len);
	s->text_len += len;
	return true;
}

static void learn_flags(struct smaps *s, u64 value, const char *line, size_t len)
{
	struct flag_line *f = &s->flag_lines[s->next_flag_line++ % FLAG_LINES];

	f->len = 0;
	if (len > SLOT_TEXT)
		return;
	memcpy(f->text, line, len);
	f->value = value;
	f->len = (u8)len;
}

/* "   120 kB\n", "    0\n". Returns the text behind the newline, NULL when it is not that. */
static const char *take_value(const char *p, u64 *value)
{
	while (*p == ' ')
		p++;
	if (!text_dec(&p, value))
		return NULL;
	if (p[0] == ' ' && p[1] == 'k' && p[2] == 'B')
		p += 3;
	return *p == '\n' ? p + 1 : NULL;
}

static int take_unseen_line(struct smaps *s, const char *line, struct vma_err *err)
{
	const char *nl = memchr(line, '\n', s->l->limit - s->l->pos);
	const char *colon = memchr(line, ':', (size_t)(nl - line));
	u64 value = 0;

	if (!colon)
		return lines_bad(s->l, line, line, "no key", err);
	size_t len = (size_t)(nl + 1 - line), key_len = (size_t)(colon + 1 - line);
	u8 key = find_key(line, key_len - 1);
	bool odd = false;
	if (key == KEY_FLAGS) {
		value = parse_flags(s, colon + 1);
		if (s->unknown_codes.failed)
			return vma_fail(err, ENOMEM, "%s: out of memory", s->l->name);
		odd = s->unknown_codes.len;
		s->rec.unknown = odd ? strbuf_str(&s->unknown_codes) : NULL;
		if (!odd)
			learn_flags(s, value, line, len);
	} else if (key != KEY_UNKNOWN && !take_value(colon + 1, &value)) {
		return lines_bad(s->l, line, colon + 1, "not a number", err);
	}
	cut_template(s);
	if (odd || !learn(s, key, value, line, len, key_len))
		s->astray = true;
	apply(s, key, value);
	s->pos++;
	s->l->pos += len;
	s->l->nr++;
	return 0;
}

static inline u64 word_at(const char *p)
{
	u64 w;

	memcpy(&w, p, 8);
	return w;
}

/* The number in 8 columns, blanks at the left; false when it is not one. */
static bool wide_value(const char *p, u64 *value)
{
	const u64 ones = 0x0101010101010101;
	u64 w = word_at(p), low, digit;

	low = w & 0x0f * ones;
	digit = w >> 4 & ones;                       /* 0x30..0x39 has this bit, a blank has not */
	if ((w & 0xe0 * ones) != 0x20 * ones ||      /* only 0x20..0x3f */
	    ((low + 6 * ones) & 0x10 * ones) ||      /* no low digit above 9 */
	    (low & 0x0f * (ones ^ digit)) ||         /* not a digit: then 0x20 exactly */
	    (digit << 8 & ~digit) || !(digit >> 56)) /* nothing but digits behind a digit */
		return false;
	low = (low * 10 + (low >> 8)) & 0x00ff00ff00ff00ff;
	low = (low * 100 + (low >> 16)) & 0x0000ffff0000ffff;
	*value = (low * 10000 + (low >> 32)) & 0xffffffff;
	return true;
}

/* A line of the same key and length. */
static bool take_narrow(struct slot *slot, char *old, const char *line, size_t left)
{
	u64 value;

	if (left < slot->len || memcmp(line, old, slot->key_len) || slot->key >= VMA_SMAPS_NR ||
	    take_value(line + slot->key_len, &value) != line + slot->len)
		return false;
	memcpy(old, line, slot->len);
	slot->value = value;
	return true;
}

/* Other flags, seen before; they are the last line, so that their length may differ. */
static bool take_flags(struct smaps *s, struct slot *slot, const char *line, size_t left)
{
	if (slot->at + slot->len != s->text_len)
		return false;
	for (size_t i = 0; i < FLAG_LINES; i++) {
		const struct flag_line *f = &s->flag_lines[i];

		if (!f->len || f->len > left || !text_same(line, f->text, f->len))
			continue;
		memcpy(s->text + slot->at, f->text, f->len);
		slot->len = f->len;
		slot->value = f->value;
		s->text_len = (size_t)slot->at + f->len;
		return true;
	}
	return false;
}

/* What is no counter of the usual width, and differs; bytes taken, 0 when it is something else. */
static size_t take_other(struct smaps *s, struct slot *slot, const char *line, size_t left)
{
	char *old = s->text + slot->at;

	if (slot->len <= left && text_same(line, old, slot->len))
		return slot->len;
	if (slot->key == KEY_FLAGS ? !take_flags(s, slot, line, left)
				   : !take_narrow(slot, old, line, left))
		return 0;
	apply(s, slot->key, slot->value);
	return slot->len;
}

/* Counters as the template foretells them, most of them with the value it has; how many. */
static size_t take_counters(struct smaps *s, const char *p, size_t left)
{
	struct slot *slot = &s->slots[s->pos], *end = s->slots + s->nr_slots, *from = slot;

	for (; slot < end && slot->wide && left >= WIDE_LEN; slot++) {
		char *old = s->text + slot->at;
		u64 number = word_at(p + WIDE_KEY);

		/* Two words of key; then the last word, half of which is " kB" and the newline. */
		if ((word_at(p) ^ word_at(old)) | (word_at(p + 8) ^ word_at(old + 8)) |
		    (word_at(p + 20) ^ word_at(old + 20)) >> 32)
			break;
		if (number != word_at(old + WIDE_KEY)) {
			if (!wide_value(p + WIDE_KEY, &slot->value))
				break;
			memcpy(old + WIDE_KEY, &number, 8);
			s->rec.kb[slot->key] = slot->value;
		}
		p += WIDE_LEN;
		left -= WIDE_LEN;
	}
	return (size_t)(slot - from);
}

/* Lines as the template foretells them, as many as there are; the rest is somebody else's. */
static void take_known_lines(struct smaps *s)
{
	const char *p = lines_at(s->l);
	size_t left = s->l->limit - s->l->pos, from = s->pos;

	if (!s->pos && left >= s->text_len && !memcmp(p, s->text, s->text_len)) {
		left -= s->text_len;
		s->pos = s->nr_slots;
	}
	while (s->pos < s->nr_slots) {
		size_t nr = take_counters(s, p, left), took = nr * WIDE_LEN;

		s->pos += nr;
		if (s->pos < s->nr_slots && left > took) {
			size_t other = take_other(s, &s->slots[s->pos], p + took, left - took);

			s->pos += other != 0;
			took += other;
		}
		if (!took)
			break;
		p += took;
		left -= took;
	}
	s->l->nr += s->pos - from;
	s->l->pos = s->l->limit - left;
}

static int take_lines(struct smaps *s, struct vma_err *err)
{
	take_known_lines(s);
	if (s->l->pos == s->l->limit || text_hex_digit(*lines_at(s->l)) < 16)
		return 0;
	return take_unseen_line(s, lines_at(s->l), err);
}

/* ---------------------------------------------------------------- records */

static int give_record(struct smaps *s, struct vma_err *err)
{
	struct vma_fact_map *m = &s->rec;
	bool cut = s->pos < s->nr_slots;

	if (!s->open)
		return 0;
	s->open = false;
	if (cut)
		restore(s, s->pos);
	if (m->has_flags)
		s->has_end = true;
	else if (s->has_end)
		return vma_fail(err, EBADMSG, "%s: line %llu: the record before ends too early",
				s->l->name, (unsigned long long)s->l->nr + 1);
	m->flags = s->flags;
	if (m->have & 1U << VMA_SMAPS_PROTECTIONKEY)
		m->flags |= m->kb[VMA_SMAPS_PROTECTIONKEY] << VMA_BIT_PKEY_BIT0 & VM_PKEY_FLAGS;
	s->unknown_keys += s->unknown;
	int rc = s->fn(s->ctx, m);
	if (cut || s->astray)
		restore(s, s->nr_slots);
	s->astray = false;
	m->unknown = NULL;
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
	s->pos = 0;
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

	if (!s)
		return vma_fail(err, ENOMEM, "%s: out of memory", l->name);
	s->l = l;
	s->fn = fn;
	s->ctx = ctx;
	index_codes(s);
	rc = run(s, err);
	if (unknown_keys)
		*unknown_keys += s->unknown_keys;
	strbuf_fini(&s->path);
	strbuf_fini(&s->unknown_codes);
	free(s);
	return rc;
}
