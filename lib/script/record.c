// SPDX-License-Identifier: LGPL-2.1-or-later
/* State records of recordings: lines that begin with @ + or -. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "script/chars.h"
#include "script/check.h"

#define GATE 0xffffffffff600000ULL /* [vsyscall] is no VMA */

/* ---------------------------------------------------------------- words of a record */

struct words_of {
	const char *p, *end;
};

/* The next word between single blanks; false at the end. */
static bool next_word(struct words_of *w, const char **s, size_t *len)
{
	const char *q;

	if (w->p >= w->end)
		return false;
	q = memchr(w->p, ' ', (size_t)(w->end - w->p));
	q = q ? q : w->end;
	*s = w->p;
	*len = (size_t)(q - w->p);
	w->p = q < w->end ? q + 1 : q;
	return true;
}

static const char *hex(const char *p, const char *end, u64 *v)
{
	const char *q = p;

	for (*v = 0; q < end && is_char(*q, CHAR_HEX); q++)
		*v = *v << 4 | hex_value[(u8)*q];
	return q > p ? q : NULL;
}

static const char *dec(const char *p, const char *end, u64 *v)
{
	const char *q = p;

	for (*v = 0; q < end && is_char(*q, CHAR_DIGIT); q++)
		*v = *v * 10 + (u64)(*q - '0');
	return q > p ? q : NULL;
}

/* "START-END" */
static bool range(const char *s, size_t len, u64 *start, u64 *end)
{
	const char *p = hex(s, s + len, start);

	return p && p < s + len && *p == '-' && hex(p + 1, s + len, end) == s + len;
}

/* The value of "key=..." when the word is that. */
static const char *value_of(const char *s, size_t len, const char *key)
{
	size_t n = strlen(key);

	return len > n && !memcmp(s, key, n) && s[n] == '=' ? s + n + 1 : NULL;
}

/* ---------------------------------------------------------------- a VMA */

static bool fixed_fields(struct kvma *v, struct words_of *w)
{
	const char *s;
	size_t len;
	u64 major, minor;

	if (!next_word(w, &s, &len) || !range(s, len, &v->start, &v->end))
		return false;
	if (!next_word(w, &s, &len) || len != 4)
		return false;
	memcpy(v->perms, s, 4);
	if (!next_word(w, &s, &len) || hex(s, s + len, &v->offset) != s + len)
		return false;
	if (!next_word(w, &s, &len))
		return false;
	s = hex(s, s + len, &major);
	if (!s || *s != ':' || !hex(s + 1, w->end, &minor))
		return false;
	v->dev_major = (u32)major;
	v->dev_minor = (u32)minor;
	if (!next_word(w, &s, &len) || dec(s, s + len, &v->ino) != s + len)
		return false;
	if (!next_word(w, &v->flags, &len))
		return false;
	v->flags_len = len == 1 && *v->flags == '-' ? 0 : (u32)len;
	return true;
}

static void chain_of(struct kvma *v, const char *p, const char *end)
{
	u64 id;

	while ((p = dec(p, end, &id))) {
		if (v->nr_chain < KVMA_CHAIN)
			v->chain[v->nr_chain++] = (u32)id;
		if (p >= end || *p != ',')
			break;
		p++;
	}
}

/* key=value words until the path begins. */
static void optional_fields(struct kvma *v, struct words_of *w)
{
	static const struct {
		const char *key;
		size_t offset;
	} ids[] = {
		{ "av", offsetof(struct kvma, av) },
		{ "root", offsetof(struct kvma, root) },
		{ "parent", offsetof(struct kvma, parent) },
	};
	struct words_of before = *w;
	const char *s, *val;
	size_t len;
	u64 id;

	while (next_word(w, &s, &len)) {
		bool known = value_of(s, len, "anon") || value_of(s, len, "pkey") ||
			     value_of(s, len, "pol");

		if ((val = value_of(s, len, "pgoff")))
			known = v->has_pgoff = hex(val, s + len, &v->pgoff);
		if ((val = value_of(s, len, "chain"))) {
			chain_of(v, val, s + len);
			known = true;
		}
		for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
			val = value_of(s, len, ids[i].key);
			if (!val || !dec(val, s + len, &id))
				continue;
			*(u32 *)((char *)v + ids[i].offset) = (u32)id;
			known = true;
		}
		if (!known)
			break;
		before = *w;
	}
	v->special = before.end - before.p > 2 && before.p[0] == '[' && before.p[1] == 'v';
}

static bool parse_vma(struct kvma *v, const char *text, size_t len)
{
	struct words_of w;

	*v = (struct kvma){ .text = strndup(text, len) };
	if (!v->text)
		return false;
	w = (struct words_of){ v->text, v->text + strlen(v->text) };
	if (!fixed_fields(v, &w)) {
		free(v->text);
		return false;
	}
	optional_fields(v, &w);
	return true;
}

/* ---------------------------------------------------------------- the table */

static size_t position(const struct kstate *k, u64 start)
{
	size_t low = 0, high = k->nr;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (k->vmas[mid].start < start)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool add_vma(struct kstate *k, const char *text, size_t len)
{
	struct kvma v;
	size_t i;

	if (!parse_vma(&v, text, len))
		return false;
	if (v.start >= GATE) {
		free(v.text);
		return true;
	}
	if (k->nr == k->cap) {
		size_t cap = k->cap ? 2 * k->cap : 64;
		struct kvma *more = reallocarray(k->vmas, cap, sizeof(*more));

		if (!more) {
			free(v.text);
			return false;
		}
		k->vmas = more;
		k->cap = cap;
	}
	i = position(k, v.start);
	memmove(&k->vmas[i + 1], &k->vmas[i], (k->nr - i) * sizeof(v));
	k->vmas[i] = v;
	k->nr++;
	return true;
}

static bool drop_vma(struct kstate *k, const char *text, size_t len)
{
	u64 start, end;
	size_t i;

	if (!range(text, len, &start, &end))
		return false;
	if (start >= GATE)
		return true;
	i = position(k, start);
	if (i == k->nr || k->vmas[i].start != start || k->vmas[i].end != end)
		return false;
	free(k->vmas[i].text);
	memmove(&k->vmas[i], &k->vmas[i + 1], (k->nr - i - 1) * sizeof(k->vmas[0]));
	k->nr--;
	return true;
}

static void clear(struct kstate *k)
{
	for (size_t i = 0; i < k->nr; i++)
		free(k->vmas[i].text);
	k->nr = 0;
}

struct kstate *record_state(struct check *c, u32 pid)
{
	for (size_t i = 0; i < c->nr; i++)
		if (c->states[i].pid == pid && !c->states[i].gone)
			return &c->states[i];
	return NULL;
}

static struct kstate *new_state(struct check *c, u32 pid)
{
	struct kstate *k = record_state(c, pid);

	if (k)
		return k;
	if (c->nr == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 8;

		k = reallocarray(c->states, cap, sizeof(*k));
		if (!k)
			return NULL;
		c->states = k;
		c->cap = cap;
	}
	k = &c->states[c->nr++];
	*k = (struct kstate){ .pid = pid };
	if (!c->first_pid)
		c->first_pid = pid;
	return k;
}

void record_free(struct check *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		clear(&c->states[i]);
		free(c->states[i].vmas);
	}
	free(c->states);
}

/* ---------------------------------------------------------------- lines */

static bool counters(struct kstate *k, struct words_of *w)
{
	static const char *const keys[COUNT_NR] = {
		[COUNT_MAP] = "map_count", [COUNT_SIZE] = "VmSize", [COUNT_LCK] = "VmLck",
		[COUNT_DATA] = "VmData", [COUNT_STK] = "VmStk", [COUNT_EXE] = "VmExe",
		[COUNT_LIB] = "VmLib",
	};
	const char *s;
	size_t len;

	while (next_word(w, &s, &len))
		for (size_t i = 0; i < COUNT_NR; i++) {
			const char *val = value_of(s, len, keys[i]);

			if (val && !dec(val, s + len, &k->count[i]))
				return false;
		}
	return true;
}

static bool at_line(struct check *c, struct words_of *w)
{
	const char *s, *val;
	size_t len, first;
	struct kstate *k;
	u64 pid = 0;
	char what;

	if (!next_word(w, &s, &len) || len < 5)
		return false;
	what = s[1] == 's' && s[2] == 'a' ? '=' : s[1];
	first = len;
	if (what == '=') { /* @same: of the process that made the call */
		k = record_state(c, c->call_pid ? c->call_pid : c->first_pid);
		if (k)
			k->fresh = true;
		return k;
	}
	if (first == 6 && !memcmp(s, "@fault", 6))
		return true;
	if (!next_word(w, &s, &len) || !(val = value_of(s, len, "pid")) || !dec(val, s + len, &pid))
		return false;
	if (what == 'e' || what == 'd') { /* @exit, @died */
		k = record_state(c, (u32)pid);
		if (k)
			k->gone = true;
		return true;
	}
	k = new_state(c, (u32)pid);
	if (!k)
		return false;
	if (what == 'f') /* @full */
		clear(k);
	k->fresh = true;
	c->target = k;
	return counters(k, w);
}

bool record_line(struct check *c, const char *text, size_t len)
{
	struct words_of w = { text, text + len };

	if (*text == '@')
		return at_line(c, &w);
	if (!c->target)
		return false;
	return *text == '+' ? add_vma(c->target, text + 1, len - 1) :
			      drop_vma(c->target, text + 1, len - 1);
}
