// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/btf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/cleanup.h"

#define SIZE_MAX_BTF (256U << 20) /* vmlinux has 6 MiB */
#define DEPTH_MAX 8               /* of members without a name */

/* THE table of kinds: the bytes behind struct btf_type, and those of each of its vlen entries. */
static const struct {
	bool known;
	u8 fixed, each;
} kinds[32] = {
	[1 /* INT */] = { true, 4, 0 },
	[2 /* PTR */] = { true, 0, 0 },
	[3 /* ARRAY */] = { true, sizeof(struct btf_array), 0 },
	[4 /* STRUCT */] = { true, 0, sizeof(struct btf_member) },
	[5 /* UNION */] = { true, 0, sizeof(struct btf_member) },
	[6 /* ENUM */] = { true, 0, sizeof(struct btf_enum) },
	[7 /* FWD */] = { true, 0, 0 },
	[8 /* TYPEDEF */] = { true, 0, 0 },
	[9 /* VOLATILE */] = { true, 0, 0 },
	[10 /* CONST */] = { true, 0, 0 },
	[11 /* RESTRICT */] = { true, 0, 0 },
	[12 /* FUNC */] = { true, 0, 0 },
	[13 /* FUNC_PROTO */] = { true, 0, sizeof(struct btf_param) },
	[14 /* VAR */] = { true, 4, 0 },
	[15 /* DATASEC */] = { true, 0, 12 },
	[16 /* FLOAT */] = { true, 0, 0 },
	[17 /* DECL_TAG, 5.16 */] = { true, 4, 0 },
	[18 /* TYPE_TAG, 5.17 */] = { true, 0, 0 },
	[19 /* ENUM64, 6.0 */] = { true, 0, 12 },
};

/* ---------------------------------------------------------------- the file */

static int read_whole(struct kernel_btf *b, int fd)
{
	b->data = malloc(b->len);
	if (!b->data)
		return -ENOMEM;
	for (size_t got = 0; got < b->len;) {
		ssize_t n = read(fd, b->data + got, b->len - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		got += (size_t)n;
	}
	return 0;
}

/* Since 6.16 the kernel lends its pages; before it copies. */
static int load(struct kernel_btf *b, const char *path)
{
	AUTO(undo_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (st.st_size < (off_t)sizeof(struct btf_header) || st.st_size > SIZE_MAX_BTF)
		return -EBADMSG;
	b->len = (size_t)st.st_size;
	void *data = mmap(NULL, b->len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return read_whole(b, fd);
	b->data = data;
	b->mapped = true;
	return 0;
}

static int find_sections(struct kernel_btf *b)
{
	const struct btf_header *h = (const void *)b->data;
	u64 types, strings;

	if (h->magic != BTF_MAGIC || h->hdr_len < sizeof(*h) || h->hdr_len % 4 || h->type_off % 4)
		return -EBADMSG;
	types = (u64)h->hdr_len + h->type_off;
	strings = (u64)h->hdr_len + h->str_off;
	if (types + h->type_len > b->len || strings + h->str_len > b->len || !h->str_len ||
	    b->data[strings + h->str_len - 1])
		return -EBADMSG;
	b->types = b->data + types;
	b->types_len = h->type_len;
	b->strings = b->data + strings;
	b->strings_len = h->str_len;
	return 0;
}

/* ---------------------------------------------------------------- types */

static const char *name_at(const struct kernel_btf *b, u32 off)
{
	return off < b->strings_len ? b->strings + off : "";
}

static const struct btf_type *type_at(const struct kernel_btf *b, u32 id)
{
	return id && id < b->nr ? (const void *)(b->types + b->at[id]) : NULL;
}

static bool is_compound(const struct btf_type *t)
{
	return BTF_INFO_KIND(t->info) == BTF_KIND_STRUCT || BTF_INFO_KIND(t->info) == BTF_KIND_UNION;
}

static void take(const struct kernel_btf *b, const struct btf_type *t, struct btf_wanted *wanted,
		 size_t nr)
{
	u32 kind = BTF_INFO_KIND(t->info);

	if (!t->name_off || (kind != BTF_KIND_FUNC && !is_compound(t)))
		return;
	const char *name = name_at(b, t->name_off);
	for (size_t i = 0; i < nr; i++)
		if (wanted[i].kind == kind && !wanted[i].id && *name == *wanted[i].name &&
		    !strcmp(name, wanted[i].name))
			wanted[i].id = b->nr;
}

static int index_types(struct kernel_btf *b, struct btf_wanted *wanted, size_t nr)
{
	size_t at = 0;

	b->at = malloc((b->types_len / sizeof(struct btf_type) + 1) * sizeof(*b->at));
	if (!b->at)
		return -ENOMEM;
	for (b->nr = 1; at + sizeof(struct btf_type) <= b->types_len; b->nr++) {
		const struct btf_type *t = (const void *)(b->types + at);
		u32 kind = BTF_INFO_KIND(t->info);
		size_t size = sizeof(*t) + kinds[kind].fixed +
			      (size_t)BTF_INFO_VLEN(t->info) * kinds[kind].each;

		if (!kinds[kind].known || at + size > b->types_len)
			return -EBADMSG;
		b->at[b->nr] = (u32)at;
		take(b, t, wanted, nr);
		at += size;
	}
	return at == b->types_len ? 0 : -EBADMSG;
}

int btf_open(struct kernel_btf *b, const char *path, struct btf_wanted *wanted, size_t nr)
{
	memset(b, 0, sizeof(*b));
	int rc = load(b, path);
	if (!rc)
		rc = find_sections(b);
	if (!rc)
		rc = index_types(b, wanted, nr);
	if (rc)
		btf_close(b);
	return rc;
}

void btf_close(struct kernel_btf *b)
{
	if (b->mapped)
		munmap(b->data, b->len);
	else
		free(b->data);
	free(b->at);
	memset(b, 0, sizeof(*b));
}

static int find_member(const struct kernel_btf *b, u32 id, const char *name, int depth)
{
	const struct btf_type *t = type_at(b, id);

	if (!t || !is_compound(t) || depth > DEPTH_MAX)
		return -1;
	const struct btf_member *m = (const void *)(t + 1);
	for (u32 i = 0; i < BTF_INFO_VLEN(t->info); i++) {
		u32 bits = BTF_INFO_KFLAG(t->info) ? BTF_MEMBER_BIT_OFFSET(m[i].offset)
						   : m[i].offset;
		int inner = 0;

		if (!m[i].name_off)
			inner = find_member(b, m[i].type, name, depth + 1);
		else if (strcmp(name_at(b, m[i].name_off), name))
			continue;
		if (inner >= 0)
			return (int)(bits / 8) + inner;
	}
	return -1;
}

int btf_offset(const struct kernel_btf *b, u32 id, const char *name)
{
	return find_member(b, id, name, 0);
}
