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
	u8 key;
	u8 len;     /* of text, newline included; 0: nothing learnt */
	u8 key_len; /* colon included */
	bool wide;
	char text[SLOT_TEXT];
};

/* The VmFlags lines seen last: a handful of texts takes turns in one process. */
#define FLAG_LINES 6

struct smaps {
	struct lines *l;
	vma_map_fn *fn;
	void *ctx;
	struct vma_fact_map rec;
	bool open;        /* a header was seen, the record was not given to @fn yet */
	bool has_end;     /* some record had VmFlags, so each must */
	size_t pos;       /* lines since the header */
	u32 unknown_keys;
	struct strbuf path, unknown;
	struct slot slots[SLOTS];
	struct slot flag_lines[FLAG_LINES];
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
	if (s->unknown.len)
		strbuf_addc(&s->unknown, ' ');
	strbuf_add(&s->unknown, word, len);
}

/*
 * "rd wr mr mw me lo ?? ac ". Kernels before "lf" print LOCKONFAULT as "??": it is that one when
 * it stands between the codes of lower and of higher bits (rule I1).
 */
static u64 parse_flags(struct smaps *s, const char *p)
{
	bool above = false, guessed = false;
	u64 flags = 0;

	strbuf_reset(&s->unknown);
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
		s->rec.flags = value;
		s->rec.has_flags = true;
	} else {
		s->unknown_keys++;
	}
}

static void learn(struct slot *slot, u8 key, u64 value, const char *line, size_t len,
		  size_t key_len)
{
	slot->len = 0;
	if (len > SLOT_TEXT)
		return;
	memcpy(slot->text, line, len);
	slot->key = key;
	slot->key_len = (u8)key_len;
	slot->value = value;
	slot->len = (u8)len;
	slot->wide = key < VMA_SMAPS_NR && len == WIDE_LEN && key_len <= WIDE_KEY &&
		     !memcmp(line + WIDE_LEN - 4, " kB\n", 4);
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
	if (key == KEY_FLAGS) {
		value = parse_flags(s, colon + 1);
		if (s->unknown.failed)
			return vma_fail(err, ENOMEM, "%s: out of memory", s->l->name);
		s->rec.unknown = s->unknown.len ? strbuf_str(&s->unknown) : NULL;
		if (!s->unknown.len)
			learn(&s->flag_lines[s->next_flag_line++ % FLAG_LINES], key, value, line,
			      len, key_len);
	} else if (key != KEY_UNKNOWN && !take_value(colon + 1, &value)) {
		return lines_bad(s->l, line, colon + 1, "not a number", err);
	}
	apply(s, key, value);
	if (s->pos < SLOTS)
		learn(&s->slots[s->pos], key, value, line, len, key_len);
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

/* A wide line of the same key as @slot: true, and its value in the slot. */
static inline bool take_wide(struct slot *slot, const char *line)
{
	u64 number = word_at(line + WIDE_KEY);

	/* Two words of key; then the last word, half of which is " kB" and the newline. */
	if ((word_at(line) ^ word_at(slot->text)) |
	    (word_at(line + 8) ^ word_at(slot->text + 8)) |
	    (word_at(line + 20) ^ word_at(slot->text + 20)) >> 32)
		return false;
	if (number == word_at(slot->text + WIDE_KEY))
		return true;
	if (!wide_value(line + WIDE_KEY, &slot->value))
		return false;
	memcpy(slot->text + WIDE_KEY, &number, 8);
	return true;
}

/* A line of the same key as @slot: bytes taken, 0 when it is something else. */
static size_t take_narrow(struct slot *slot, const char *line, size_t left)
{
	u64 value;

	if (slot->len <= left && text_same(line, slot->text, slot->len))
		return slot->len;
	if (left < slot->key_len || !text_same(line, slot->text, slot->key_len) ||
	    slot->key >= VMA_SMAPS_NR)
		return 0;
	const char *end = take_value(line + slot->key_len, &value);
	if (!end)
		return 0;
	learn(slot, slot->key, value, line, (size_t)(end - line), slot->key_len);
	return (size_t)(end - line);
}

static size_t take_old_flags(struct smaps *s, const char *line, size_t left)
{
	for (size_t i = 0; i < FLAG_LINES; i++) {
		const struct slot *f = &s->flag_lines[i];

		if (f->len && f->len <= left && text_same(line, f->text, f->len)) {
			apply(s, KEY_FLAGS, f->value);
			return f->len;
		}
	}
	return 0;
}

/* Lines as the template foretells them, as many as there are; the rest is somebody else's. */
static void take_known_lines(struct smaps *s)
{
	const char *p = lines_at(s->l);
	size_t left = s->l->limit - s->l->pos, pos = s->pos;

	for (; pos < SLOTS && s->slots[pos].len; pos++) {
		struct slot *slot = &s->slots[pos];
		size_t took = WIDE_LEN;

		if (slot->key == KEY_FLAGS) {
			took = take_old_flags(s, p, left);
		} else {
			if (!slot->wide || left < WIDE_LEN || !take_wide(slot, p))
				took = take_narrow(slot, p, left);
			if (took)
				apply(s, slot->key, slot->value);
		}
		if (!took)
			break;
		p += took;
		left -= took;
	}
	s->l->nr += pos - s->pos;
	s->l->pos = s->l->limit - left;
	s->pos = pos;
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

	if (!s->open)
		return 0;
	s->open = false;
	if (m->has_flags)
		s->has_end = true;
	else if (s->has_end)
		return vma_fail(err, EBADMSG, "%s: line %llu: the record before ends too early",
				s->l->name, (unsigned long long)s->l->nr + 1);
	if (m->have & 1U << VMA_SMAPS_PROTECTIONKEY)
		m->flags |= m->kb[VMA_SMAPS_PROTECTIONKEY] << VMA_BIT_PKEY_BIT0 & VM_PKEY_FLAGS;
	return s->fn(s->ctx, m);
}

static int take_header(struct smaps *s, struct vma_err *err)
{
	int rc = give_record(s, err);

	if (rc)
		return rc;
	memset(&s->rec, 0, sizeof(s->rec));
	rc = maps_take_line(s->l, &s->rec, err);
	if (rc)
		return rc;
	/* The window moves on before the record ends. */
	strbuf_reset(&s->path);
	strbuf_adds(&s->path, s->rec.path);
	if (s->path.failed)
		return vma_fail(err, ENOMEM, "%s: out of memory", s->l->name);
	s->rec.path = strbuf_str(&s->path);
	s->open = true;
	s->pos = 0;
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
	strbuf_fini(&s->unknown);
	free(s);
	return rc;
}
