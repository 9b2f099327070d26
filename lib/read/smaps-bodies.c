// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/smaps-bodies.h"

#include <stdlib.h>
#include <string.h>

#include "read/text.h"

#define BODIES 8
#define SLOTS 40
#define SLOT_TEXT 104

/*
 * Counters are printed as a key padded to 16 columns, 8 columns for the number, " kB" and a newline;
 * @wide says that this one is.
 */
#define WIDE_KEY 16
#define WIDE_LEN 28

struct slot {
	u16 at;     /* where in the text of a body */
	u8 key;
	u8 len;     /* line_len() knows that of the flags */
	u8 key_len;
	bool wide;
};

struct body {
	u32 used;   /* the record that it was last */
	u32 number; /* the record since which it is as it is */
	struct smaps_said said;
	size_t len;
	char text[SLOTS * SLOT_TEXT];
};

/* The flags seen last, for bodies that are not as before. */
#define FLAG_LINES 6

struct flag_line {
	u64 value;
	u8 len; /* 0: none */
	char text[SLOT_TEXT];
};

struct smaps_bodies {
	u32 nr;            /* records */
	size_t pos;        /* lines of this one */
	struct body *at;   /* the one that it is, or becomes */
	bool astray;       /* it had a line that cannot be learnt; @loose is what it says */
	struct smaps_said loose;
	size_t nr_slots;
	struct slot slot[SLOTS];
	size_t nr_bodies;
	struct body body[BODIES];
	struct flag_line flag_line[FLAG_LINES];
	unsigned int next_flag_line;
};

struct smaps_bodies *bodies_new(void)
{
	struct smaps_bodies *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->at = b->body;
	b->nr_bodies = 1;
	return b;
}

void bodies_free(struct smaps_bodies *b)
{
	free(b);
}

void bodies_next(struct smaps_bodies *b)
{
	b->nr++;
	b->pos = 0;
	b->astray = false;
}

/* ---------------------------------------------------------------- what lines say */

static void say(struct smaps_said *said, u8 key, u64 value)
{
	if (key < VMA_SMAPS_NR) {
		said->kb[key] = value;
		said->have |= 1U << key;
	} else if (key == SMAPS_FLAGS) {
		said->flags = value;
		said->has_flags = true;
	} else {
		said->unknown++;
	}
}

/* What the first lines of the body say, up to where the record is. */
static struct smaps_said said_so_far(const struct smaps_bodies *b)
{
	const struct smaps_said *all = &b->at->said;
	struct smaps_said part = { .have = 0 };

	for (size_t i = 0; i < b->pos; i++) {
		u8 key = b->slot[i].key;

		say(&part, key, key < VMA_SMAPS_NR ? all->kb[key] : all->flags);
	}
	return part;
}

const struct smaps_said *bodies_said(struct smaps_bodies *b, u32 *number)
{
	if (!b->astray && b->pos == b->nr_slots) {
		*number = b->at->number;
		return &b->at->said;
	}
	if (!b->astray)
		b->loose = said_so_far(b);
	*number = 0;
	return &b->loose;
}

const char *smaps_value(const char *p, u64 *value)
{
	while (*p == ' ')
		p++;
	if (!text_dec(&p, value))
		return NULL;
	if (p[0] == ' ' && p[1] == 'k' && p[2] == 'B')
		p += 3;
	return *p == '\n' ? p + 1 : NULL;
}

/* ---------------------------------------------------------------- lines that were not there before */

/* Other flags of the body; false when they are not where the slots have them. */
static bool change_flags(struct smaps_bodies *b, u64 value, const char *line, size_t len)
{
	struct body *body = b->at;

	if (b->pos >= b->nr_slots || b->slot[b->pos].key != SMAPS_FLAGS || len > SLOT_TEXT)
		return false;
	body->len = (size_t)b->slot[b->pos].at + len;
	memcpy(body->text + body->len - len, line, len);
	body->said.flags = value;
	return true;
}

/* What follows the lines so far, if anything, is forgotten, and so are the bodies that have it. */
static void cut(struct smaps_bodies *b, const struct smaps_said *so_far)
{
	if (b->at != b->body)
		b->body[0] = *b->at;
	b->at = b->body;
	b->nr_bodies = 1;
	if (b->pos == b->nr_slots)
		return;
	b->at->said = *so_far;
	b->at->len = b->slot[b->pos].at;
	b->nr_slots = b->pos;
}

/* The line as the last of the body; false when it cannot be that. */
static bool learn_line(struct smaps_bodies *b, const struct smaps_line *line)
{
	struct smaps_said so_far = said_so_far(b);
	bool twice = line->key < VMA_SMAPS_NR && so_far.have & 1U << line->key;

	if (b->pos == SLOTS || line->len > SLOT_TEXT || twice || so_far.has_flags)
		return false;
	cut(b, &so_far);
	struct body *body = b->at;
	b->slot[b->nr_slots++] = (struct slot){
		.at = (u16)body->len, .key = line->key, .len = (u8)line->len,
		.key_len = (u8)line->key_len,
		.wide = line->key < VMA_SMAPS_NR && line->len == WIDE_LEN &&
			line->key_len <= WIDE_KEY &&
			!memcmp(line->text + WIDE_LEN - 4, " kB\n", 4),
	};
	memcpy(body->text + body->len, line->text, line->len);
	body->len += line->len;
	body->number = b->nr;
	say(&body->said, line->key, line->value);
	return true;
}

static void learn_flags(struct smaps_bodies *b, const struct smaps_line *line)
{
	struct flag_line *f = &b->flag_line[b->next_flag_line++ % FLAG_LINES];

	f->len = 0;
	if (line->len > SLOT_TEXT)
		return;
	memcpy(f->text, line->text, line->len);
	f->value = line->value;
	f->len = (u8)line->len;
}

void bodies_add(struct smaps_bodies *b, const struct smaps_line *line, bool learn)
{
	bool flags = line->key == SMAPS_FLAGS;

	learn = learn && !b->astray;
	if (learn && flags)
		learn_flags(b, line);
	if (!(learn && flags && change_flags(b, line->value, line->text, line->len)) &&
	    !(learn && learn_line(b, line))) {
		if (!b->astray)
			b->loose = said_so_far(b);
		b->astray = true;
		say(&b->loose, line->key, line->value);
	}
	b->pos++;
}

/* ---------------------------------------------------------------- lines that were there before */

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
static bool take_narrow(struct body *body, const struct slot *slot, const char *line, size_t left)
{
	char *old = body->text + slot->at;
	u64 value;

	if (left < slot->len || memcmp(line, old, slot->key_len) || slot->key >= VMA_SMAPS_NR ||
	    smaps_value(line + slot->key_len, &value) != line + slot->len)
		return false;
	memcpy(old, line, slot->len);
	body->said.kb[slot->key] = value;
	return true;
}

/* Other flags, seen before. */
static bool take_flags(struct smaps_bodies *b, const char *line, size_t left)
{
	for (size_t i = 0; i < FLAG_LINES; i++) {
		const struct flag_line *f = &b->flag_line[i];

		if (f->len && f->len <= left && text_same(line, f->text, f->len))
			return change_flags(b, f->value, f->text, f->len);
	}
	return false;
}

static size_t line_len(const struct body *body, const struct slot *slot)
{
	return slot->key == SMAPS_FLAGS ? body->len - slot->at : slot->len;
}

/* What is no counter of the usual width, or no number; bytes taken, 0 when it is another line. */
static size_t take_other(struct smaps_bodies *b, const char *line, size_t left)
{
	const struct slot *slot = &b->slot[b->pos];
	size_t len = line_len(b->at, slot);

	if (len <= left && text_same(line, b->at->text + slot->at, len))
		return len;
	if (slot->key == SMAPS_FLAGS ? take_flags(b, line, left)
				     : take_narrow(b->at, slot, line, left))
		return line_len(b->at, slot);
	return 0;
}

/* Counters where the slots have them, most of them with the value they have; how many. */
static size_t take_counters(struct smaps_bodies *b, const char *p, size_t left)
{
	const struct slot *slot = &b->slot[b->pos], *end = b->slot + b->nr_slots, *from = slot;
	struct body *body = b->at;

	for (; slot < end && slot->wide && left >= WIDE_LEN; slot++) {
		char *old = body->text + slot->at;
		u64 number = word_at(p + WIDE_KEY);

		/* Two words of key; then the last word, half of which is " kB" and the newline. */
		if ((word_at(p) ^ word_at(old)) | (word_at(p + 8) ^ word_at(old + 8)) |
		    (word_at(p + 20) ^ word_at(old + 20)) >> 32)
			break;
		if (number != word_at(old + WIDE_KEY)) {
			if (!wide_value(p + WIDE_KEY, &body->said.kb[slot->key]))
				break;
			memcpy(old + WIDE_KEY, &number, 8);
		}
		p += WIDE_LEN;
		left -= WIDE_LEN;
	}
	return (size_t)(slot - from);
}

/* One more body, as the last one is so far, or the one that was not met for longest. */
static struct body *oldest(struct smaps_bodies *b)
{
	struct body *body = b->body;

	if (b->nr_bodies < BODIES) {
		body = &b->body[b->nr_bodies++];
		body->said = b->at->said;
		body->len = b->at->len;
		memcpy(body->text, b->at->text, body->len);
		return body;
	}
	for (size_t i = 1; i < BODIES; i++)
		if (b->body[i].used < body->used)
			body = &b->body[i];
	return body;
}

/* Most bodies that differ do so in their last eight bytes: flags, and where they end. */
static inline bool is_at(const struct body *body, const char *p, size_t left)
{
	return body->len <= left && body->len >= 8 &&
	       word_at(p + body->len - 8) == word_at(body->text + body->len - 8) &&
	       !memcmp(p, body->text, body->len);
}

/* The body that stands at @p, whole; bytes taken, 0 when it is none of those that were kept. */
static size_t take_body(struct smaps_bodies *b, const char *p, size_t left)
{
	struct body *body = b->body, *end = body + b->nr_bodies;

	while (body < end && !is_at(body, p, left))
		body++;
	b->at = body < end ? body : oldest(b);
	b->at->used = b->nr;
	if (body == end)
		return 0;
	b->pos = b->nr_slots;
	return body->len;
}

/* The same line by line, from where the record is. */
static size_t take_known_lines(struct smaps_bodies *b, const char *p, size_t left)
{
	const char *from = p;

	b->at->number = b->nr;
	while (b->pos < b->nr_slots) {
		size_t nr = take_counters(b, p, left), took = nr * WIDE_LEN;

		b->pos += nr;
		if (b->pos < b->nr_slots && left > took) {
			size_t other = take_other(b, p + took, left - took);

			b->pos += other != 0;
			took += other;
		}
		if (!took)
			break;
		p += took;
		left -= took;
	}
	return (size_t)(p - from);
}

size_t bodies_take(struct smaps_bodies *b, const char *p, size_t left, size_t *nr)
{
	size_t from = b->pos, took = 0;

	if (b->astray || !b->nr_slots) {
		*nr = 0;
		return 0;
	}
	if (!b->pos)
		took = take_body(b, p, left);
	if (b->pos < b->nr_slots)
		took += take_known_lines(b, p + took, left - took);
	*nr = b->pos - from;
	return took;
}
