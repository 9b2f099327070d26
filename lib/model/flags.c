// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "base/check.h"
#include "model/world.h"

static const struct vma_flag flags[] = {
#define FLAG(name, bit, code, help) { #name, bit, code, help },
#include "libvmactl/flags.def"
#undef FLAG
};

/*
 * Where a kernel differs from our bits and codes (rules F1, F2, T10). A flag that has rows here
 * exists only in the releases the rows cover; one without rows is the same everywhere.
 */
struct flag_move {
	u8 bit;            /* ours */
	u8 kernel_bit;
	u32 since, until;  /* [since, until), 0: open */
	const char *code;  /* NULL: the table's */
};

static const struct flag_move moves[] = {
	{ VMA_BIT_DENYWRITE, 11, 0, KV(5, 15), NULL },
	{ VMA_BIT_MAYBE_GUARD, 11, KV(6, 18), 0, NULL },
	{ VMA_BIT_LOCKONFAULT, 19, 0, KV(6, 9), "??" },
	{ VMA_BIT_LOCKONFAULT, 19, KV(6, 9), 0, NULL },
	{ VMA_BIT_UFFD_MINOR, 37, KV(5, 13), KV(6, 6), NULL },
	{ VMA_BIT_UFFD_MINOR, 38, KV(6, 6), KV(6, 16), NULL },
	{ VMA_BIT_UFFD_MINOR, 41, KV(6, 16), 0, NULL },
	{ VMA_BIT_SHADOW_STACK, 37, KV(6, 6), 0, NULL },
	{ VMA_BIT_ALLOW_ANY_UNCACHED, 39, KV(6, 9), 0, "??" },
	{ VMA_BIT_DROPPABLE, 40, KV(6, 11), 0, NULL },
	{ VMA_BIT_SEALED, 63, KV(6, 10), KV(6, 16), NULL },
	{ VMA_BIT_SEALED, 42, KV(6, 16), 0, NULL },
};

/* The row for a flag in a kernel. *moved: the flag has rows at all. */
static const struct flag_move *move_of(const struct vma_kernel *k, u8 bit, bool *moved)
{
	*moved = false;
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		const struct flag_move *m = &moves[i];

		if (m->bit != bit)
			continue;
		*moved = true;
		if (k && k->version >= m->since && (!m->until || k->version < m->until))
			return m;
	}
	return NULL;
}

const struct vma_flag *vma_flag_at(size_t i)
{
	return i < ARRAY_SIZE(flags) ? &flags[i] : NULL;
}

const char *vma_flag_code(const struct vma_kernel *k, const struct vma_flag *f)
{
	bool moved;
	const struct flag_move *m = move_of(k, f->bit, &moved);

	if (!moved || !k)
		return f->code;
	if (!m)
		return "";
	return m->code ? m->code : f->code;
}

const struct vma_flag *vma_flag_by_code(const struct vma_kernel *k, const char code[2])
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		const char *c = vma_flag_code(k, &flags[i]);

		if (c[0] && c[0] == code[0] && c[1] == code[1])
			return &flags[i];
	}
	return NULL;
}

u64 vma_flags_to_kernel(const struct vma_kernel *k, u64 word)
{
	u64 raw = 0;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		bool moved;
		const struct flag_move *m;

		if (!(word & 1ULL << flags[i].bit))
			continue;
		m = move_of(k, flags[i].bit, &moved);
		if (!moved)
			raw |= 1ULL << flags[i].bit;
		else if (m)
			raw |= 1ULL << m->kernel_bit;
	}
	return raw;
}

u64 vma_flags_from_kernel(const struct vma_kernel *k, u64 raw)
{
	u64 word = 0;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		bool moved;
		const struct flag_move *m = move_of(k, flags[i].bit, &moved);

		if (!moved && raw & 1ULL << flags[i].bit)
			word |= 1ULL << flags[i].bit;
		else if (m && raw & 1ULL << m->kernel_bit)
			word |= 1ULL << flags[i].bit;
	}
	return word;
}

/* Codes come out in the order of the kernel's bits, which is not ours for a moved flag. */
char *vma_flags_codes(const struct vma_kernel *k, u64 word, char sep, char *out)
{
	const char *at_bit[64] = { NULL };
	char *p = out;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		bool moved;
		const struct flag_move *m;
		const char *code;

		if (!(word & 1ULL << flags[i].bit))
			continue;
		code = vma_flag_code(k, &flags[i]);
		m = move_of(k, flags[i].bit, &moved);
		if (code[0])
			at_bit[m ? m->kernel_bit : flags[i].bit] = code;
	}
	for (int bit = 0; bit < 64; bit++) {
		if (!at_bit[bit])
			continue;
		if (p != out)
			*p++ = sep;
		memcpy(p, at_bit[bit], 2);
		p += 2;
	}
	*p = '\0';
	return out;
}

char *vma_flags_perms(u64 word, char *out)
{
	out[0] = word & VM_READ ? 'r' : '-';
	out[1] = word & VM_WRITE ? 'w' : '-';
	out[2] = word & VM_EXEC ? 'x' : '-';
	out[3] = word & VM_MAYSHARE ? 's' : 'p';
	out[4] = '\0';
	return out;
}

/* Rules T1, T3: x86-64 page table bits present 1, rw 2, user 4, accessed 0x20, protnone 0x100. */
u64 vma_page_prot(u64 word, bool write_notify)
{
	const u64 nx = 1ULL << 63;
	bool shared = word & VM_SHARED && !write_notify;
	u64 prot;

	if (!(word & VM_ACCESS_FLAGS))
		return 0x120 | (u64)vma_pkey(word) << 59;
	prot = 0x25;
	if (shared && word & VM_WRITE)
		prot |= 2;
	if (!(word & VM_EXEC))
		prot |= nx;
	return prot | (u64)vma_pkey(word) << 59;
}

enum vma_class vma_class_of(u64 word)
{
	return class_of(word);
}
