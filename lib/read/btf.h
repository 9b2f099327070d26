/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef READ_BTF_H
#define READ_BTF_H
/*
 * The running kernel's description of its own types (/sys/kernel/btf/vmlinux): where a field lies.
 * For a handful of fields one pass over the types takes a millisecond; libbpf, which indexes
 * everything in it, takes thirty.
 */
#include "libvmactl/types.h"

struct btf_type;

struct kernel_btf {
	char *data;
	size_t len;
	bool mapped;
	const char *types, *strings;
	size_t types_len, strings_len;
	u32 *at; /* of each type: where it is in types; [0] is void */
	u32 nr;
};

/* A type to look for. @kind: BTF_KIND_STRUCT, _UNION or _FUNC; @id: 0 until found. */
struct btf_wanted {
	const char *name;
	u32 kind, id;
};

/*
 * Opens @path and looks all of @wanted up, the first of a name; what is not there keeps the id 0.
 * 0, -errno, -EBADMSG when it makes no sense.
 */
int btf_open(struct kernel_btf *b, const char *path, struct btf_wanted *wanted, size_t nr);
void btf_close(struct kernel_btf *b);

/* Bytes from the start of the struct or union @id to its member @name, also within members
 * without a name; -1 when it has none. */
int btf_offset(const struct kernel_btf *b, u32 id, const char *name);

#endif
