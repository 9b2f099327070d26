// SPDX-License-Identifier: LGPL-2.1-or-later
/* The VMAs: flags, offsets, names, policies (rules I1-I5). */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/range.h"
#include "rebuild/build.h"

/* Flags of a mapping whose smaps record nobody could read. */
static u64 flags_from_perms(const struct vma_fact_map *m)
{
	u64 flags = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;

	flags |= m->perms[0] == 'r' ? VM_READ : 0;
	flags |= m->perms[1] == 'w' ? VM_WRITE : 0;
	flags |= m->perms[2] == 'x' ? VM_EXEC : 0;
	if (m->perms[3] == 's')
		return flags | VM_SHARED | VM_MAYSHARE;
	if (has_label(m, "[vvar"))
		return (flags & ~(VM_MAYWRITE | VM_MAYEXEC)) | VM_IO | VM_DONTEXPAND |
		       VM_DONTDUMP | VM_PFNMAP;
	if (is_label(m, "[vdso]"))
		return flags | VM_DONTEXPAND;
	if (flags & VM_WRITE)
		flags |= VM_ACCOUNT;
	if (is_label(m, "[stack]"))
		flags |= VM_GROWSDOWN;
	return flags;
}

static u64 find_flags(struct build *b, size_t map)
{
	const struct vma_fact_map *m = &b->f->maps[map];

	if (b->bpf[map]) {
		known_set(b, map, VMA_FIELD_FLAGS, HOW_EXACT);
		return vma_flags_from_kernel(b->k, b->bpf[map]->vm_flags);
	}
	known_set(b, map, VMA_FIELD_FLAGS, m->has_flags ? HOW_EXACT : HOW_PERMS);
	return m->has_flags ? m->flags : flags_from_perms(m);
}

/*
 * exec's stack with all pieces that mprotect cut from it: what grows down and touches the
 * mapping that holds start_stack.
 */
static void find_stack(struct build *b)
{
	const struct vma_facts *f = b->f;
	size_t i = b->stack;

	if (i == f->nr_maps || f->maps[i].gate)
		return;
	b->stack_start = f->maps[i].start;
	b->stack_end = f->maps[i].end;
	for (size_t j = i; j-- && f->maps[j].end == b->stack_start &&
			   (f->maps[j].flags & VM_GROWSDOWN);)
		b->stack_start = f->maps[j].start;
	for (size_t j = i + 1; j < f->nr_maps && f->maps[j].start == b->stack_end &&
			       (f->maps[j].flags & VM_GROWSDOWN); j++)
		b->stack_end = f->maps[j].end;
}

static u64 find_pgoff(struct build *b, size_t map, const struct vma_file *file)
{
	const struct vma_fact_map *m = &b->f->maps[map];
	enum how how = HOW_EXACT;
	u64 pgoff = pages(m->offset);

	if (b->bpf[map]) {
		pgoff = b->bpf[map]->vm_pgoff;
	} else if (file && file->kind == VMA_KIND_SPECIAL) {
		how = HOW_SPECIAL;
		pgoff = 0;
	} else if (!file && m->start >= b->stack_start && m->end <= b->stack_end) {
		/* It was built at the top of the address space and then moved (rule I4). */
		how = HOW_STACK;
		pgoff = pages(b->mm->task_size) - pages(b->stack_end - m->start);
	} else if (!file) {
		how = HOW_ADDRESS;
		pgoff = pages(m->start);
	}
	known_set(b, map, VMA_FIELD_PGOFF, how);
	return pgoff;
}

/* "[anon:NAME]" and "[anon_shmem:NAME]". */
static u32 find_name(struct build *b, size_t map)
{
	static const char *const heads[] = { "[anon:", "[anon_shmem:" };
	const struct vma_fact_map *m = &b->f->maps[map];
	const char *path = m->path;
	char name[256];

	known_set(b, map, VMA_FIELD_NAME,
		  is_label(m, "[heap]") || is_label(m, "[stack]") ? HOW_HIDDEN_NAME : HOW_EXACT);
	if (*path != '[')
		return 0;
	size_t len = strlen(path);
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		size_t head = strlen(heads[i]);

		if (strncmp(path, heads[i], head) || len < head + 1 || len - head > sizeof(name))
			continue;
		memcpy(name, path + head, len - head - 1);
		name[len - head - 1] = '\0';
		return vma_name_intern(b->w, name);
	}
	return 0;
}

static u16 find_policy(struct build *b, size_t map)
{
	const char *policy = b->f->maps[map].policy;
	enum how how = HOW_UNKNOWN;

	if (policy)
		how = strcmp(policy, "default") ? HOW_EXACT : HOW_POLICY_DEFAULT;
	known_set(b, map, VMA_FIELD_POLICY, how);
	return policy ? vma_policy_intern(b->w, policy) : 0;
}

bool same_line(const struct vma *left, const struct vma *right)
{
	return left->vm_end == right->vm_start && left->file == right->file &&
	       left->vm_pgoff + vma_pages(left) == right->vm_pgoff &&
	       left->policy == right->policy && left->name == right->name;
}

/* The number of a userfaultfd, by the kernel's address of it; more than a few are never seen. */
static u16 exact_uffd(struct build *b, u64 ctx)
{
	u16 i = 0;

	while (i < MAX_UFFD && b->uffd[i] && b->uffd[i] != ctx)
		i++;
	if (i < MAX_UFFD)
		b->uffd[i] = ctx;
	return (u16)(i + 1);
}

/* All that is registered is taken for one userfaultfd, unless neighbours did not merge. */
static u16 find_uffd(struct build *b, size_t map, const struct vma *vma, const struct vma *left)
{
	if (b->bpf[map] && b->f->mm_bpf && (b->f->mm_bpf->have & VMA_BPF_UFFD)) {
		known_set(b, map, VMA_FIELD_UFFD, HOW_EXACT);
		return b->bpf[map]->uffd_ctx ? exact_uffd(b, b->bpf[map]->uffd_ctx) : 0;
	}
	if (!(vma->vm_flags & VM_UFFD_FLAGS)) {
		known_set(b, map, VMA_FIELD_UFFD, b->f->maps[map].has_flags ? HOW_EXACT
									    : HOW_UNKNOWN);
		return 0;
	}
	known_set(b, map, VMA_FIELD_UFFD, HOW_UFFD);
	if (left && left->uffd && left->vm_flags == vma->vm_flags && same_line(left, vma))
		return left->uffd == 1 ? 2 : 1;
	return 1;
}

static void know_the_rest(struct build *b, size_t map, const struct vma *vma)
{
	bool notify = (vma->vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE);

	known_set(b, map, VMA_FIELD_RANGE, HOW_EXACT);
	known_set(b, map, VMA_FIELD_PAGE_PROT, notify ? HOW_PROT_NOTIFY : HOW_PROT);
}

/* Nothing tells of locks but the kernel itself; else the numbers begin anew. A writer who is at
 * work just now is taken for done. */
static void find_lock(struct build *b, size_t map)
{
	const struct vma_fact_bpf *bpf = b->bpf[map];

	if (!bpf || !b->f->mm_bpf || !(b->f->mm_bpf->have & VMA_BPF_LOCK_SEQ))
		return;
	b->vmas[map]->vm_lock_seq = bpf->lock_seq;
	b->mm->mm_lock_seq = bpf->mm_seq + (b->k->mm_lock_seqcount && bpf->mm_seq & 1);
}

/* A key in use is allocated; the one of an execute-only mapping was made by the kernel (M6). */
static void know_pkey(struct build *b, u64 flags)
{
	unsigned int key = vma_pkey(flags);

	if (!key)
		return;
	b->mm->pkeys |= (u16)(1U << key);
	if ((flags & VM_ACCESS_FLAGS) == VM_EXEC)
		b->mm->exec_only_pkey = (s32)key;
}

int build_vmas(struct build *b, const u32 *file, struct vma_err *err)
{
	const struct vma *left = NULL;

	find_stack(b);
	vma_mm_expect(b->mm, (u32)b->f->nr_maps);
	for (size_t i = 0; i < b->f->nr_maps; i++) {
		const struct vma_fact_map *m = &b->f->maps[i];
		struct vma init = { .vm_start = m->start, .vm_end = m->end, .file = file[i] };

		if (m->gate)
			continue;
		init.vm_flags = find_flags(b, i);
		know_pkey(b, init.vm_flags);
		init.vm_pgoff = find_pgoff(b, i, vma_file_at(b->w, file[i]));
		init.name = find_name(b, i);
		init.policy = find_policy(b, i);
		init.uffd = find_uffd(b, i, &init, left);
		know_the_rest(b, i, &init);
		if (left && m->start < left->vm_end)
			return vma_fail(err, EINVAL, "%s: mappings overlap at %llx", b->name,
					(unsigned long long)m->start);
		b->vmas[i] = vma_mm_add(b->mm, &init);
		if (!b->vmas[i])
			return vma_fail(err, ENOMEM, "out of memory");
		find_lock(b, i);
		left = b->vmas[i];
	}
	return 0;
}
