/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * THE table of profiles. A new one is a row here, its operations a table above, and a paragraph
 * in vmactl-verify(1).
 */
#include "verify/profile.h"

#include <string.h>

#include "base/check.h"
#include "verify/gen.h"

static const struct weight basic_ops[] = {
	{ make_mmap, 28 }, { make_munmap, 14 }, { make_mprotect, 32 }, { make_touch, 26 },
	{ NULL, 0 },
};

static const struct weight full_ops[] = {
	{ make_mmap, 24 },    { make_munmap, 10 },  { make_mprotect, 16 },
	{ make_touch, 16 },   { make_mremap, 14 },  { make_madvise, 18 },
	{ make_mlock, 8 },    { make_mlockall, 1 }, { make_brk, 5 },
	{ make_mseal, 1 },    { make_mbind, 4 },    { make_name, 2 },
	{ make_remap_file_pages, 2 },               { make_uffd, 4 },     { make_shm, 4 },
	{ make_pkey, 4 },     { make_process_setting, 1 },
	{ make_process_madvise, 2 },                { make_stack_touch, 1 },
	{ make_set_mempolicy, 1 },
	{ NULL, 0 },
};

static const struct weight hints_ops[] = {
	{ make_mmap, 50 }, { make_munmap, 22 }, { make_mprotect, 6 }, { make_mremap, 12 },
	{ make_touch, 5 }, { make_brk, 4 }, { make_stack_touch, 3 }, { NULL, 0 },
};

static const struct weight files_ops[] = {
	{ make_mmap, 40 }, { make_munmap, 10 }, { make_mprotect, 20 }, { make_touch, 16 },
	{ make_mremap, 8 }, { make_madvise, 6 }, { make_remap_file_pages, 3 }, { NULL, 0 },
};

static const struct weight limits_ops[] = {
	{ make_mmap, 30 }, { make_munmap, 8 }, { make_mprotect, 14 }, { make_touch, 12 },
	{ make_mremap, 14 }, { make_mlock, 10 }, { make_mlockall, 2 }, { make_brk, 10 },
	{ make_setrlimit, 8 }, { make_madvise, 4 }, { make_stack_touch, 4 }, { NULL, 0 },
};

static const struct weight fork_ops[] = {
	{ make_mmap, 20 }, { make_munmap, 10 }, { make_mprotect, 20 }, { make_touch, 30 },
	{ make_mremap, 6 }, { make_madvise, 6 }, { make_mlock, 2 }, { make_brk, 2 },
	{ make_fork, 8 }, { make_exit, 5 }, { make_process_setting, 1 }, { NULL, 0 },
};

static const struct weight stack_ops[] = {
	{ make_mmap, 30 }, { make_munmap, 14 }, { make_mprotect, 18 }, { make_touch, 8 },
	{ make_stack_touch, 24 }, { make_mremap, 4 }, { make_setrlimit, 3 }, { NULL, 0 },
};

static const struct weight count_ops[] = {
	{ make_mmap, 30 }, { make_munmap, 12 }, { make_mprotect, 26 }, { make_touch, 10 },
	{ make_mremap, 16 }, { make_madvise, 14 }, { make_mlock, 8 }, { make_brk, 5 },
	{ make_mbind, 5 }, { make_name, 4 }, { make_remap_file_pages, 3 }, { make_uffd, 5 },
	{ make_shm, 4 }, { NULL, 0 },
};

static const struct weight pages_ops[] = {
	{ make_touch, 34 }, { make_page_advice, 34 }, { make_mmap, 10 }, { make_munmap, 4 },
	{ make_mprotect, 6 }, { make_mremap, 8 }, { make_mlock, 2 }, { make_fork, 4 },
	{ make_exit, 3 }, { make_uffd, 12 }, { NULL, 0 },
};

static const struct weight legacy_ops[] = {
	{ make_mmap, 34 }, { make_munmap, 14 }, { make_mprotect, 14 }, { make_mremap, 12 },
	{ make_touch, 12 }, { make_madvise, 6 }, { make_brk, 5 }, { make_shm, 4 },
	{ make_remap_file_pages, 3 }, { make_stack_touch, 2 }, { make_process_setting, 1 },
	{ NULL, 0 },
};

static const struct weight huge_ops[] = {
	{ make_huge, 88 }, { make_mmap, 5 }, { make_munmap, 3 }, { make_fork, 3 }, { make_exit, 3 },
	{ NULL, 0 },
};

static const struct profile profiles[] = {
	{ .pub = { "basic", "mmap at fixed addresses, munmap, mprotect, page accesses" },
	  .ops = basic_ops, .arena_pages = 28, .files = 35, .wild = 3, .episode = 1000,
	  .max_puppets = 1 },
	{ .pub = { "full", "every operation" },
	  .ops = full_ops, .arena_pages = 32, .elsewhere = 18, .placed = 10, .files = 35,
	  .wild = 3, .episode = 500, .max_puppets = 1, .grows = true },
	{ .pub = { "hints", "addresses that the kernel chooses, hints, sizes around 2 MiB" },
	  .ops = hints_ops, .arena_pages = 24, .elsewhere = 50, .placed = 75, .files = 25,
	  .wild = 2, .episode = 500, .max_puppets = 1, .grows = true, .never_fills = true },
	{ .pub = { "files", "shared and private mappings of files, memfds with seals, /dev/zero" },
	  .ops = files_ops, .arena_pages = 28, .elsewhere = 5, .placed = 5, .files = 88,
	  .wild = 2, .episode = 500, .max_puppets = 1 },
	{ .pub = { "limits", "RLIMIT_AS, DATA, MEMLOCK and STACK without privilege" },
	  .ops = limits_ops, .arena_pages = 32, .elsewhere = 15, .placed = 10, .files = 20,
	  .wild = 2, .episode = 500, .max_puppets = 1, .no_caps = true, .limits = true,
	  .grows = true },
	{ .pub = { "fork", "several processes: fork, exit, copy on write" },
	  .ops = fork_ops, .arena_pages = 24, .elsewhere = 10, .placed = 5, .files = 25,
	  .wild = 1, .episode = 400, .max_puppets = 6 },
	{ .pub = { "stack", "mappings that grow down, and what stops them" },
	  .ops = stack_ops, .arena_pages = 600, .elsewhere = 25, .placed = 10, .files = 10,
	  .wild = 1, .episode = 400, .max_puppets = 1, .grows = true },
	{ .pub = { "pages", "what makes pages come and go, in up to three processes" },
	  .ops = pages_ops, .arena_pages = 24, .elsewhere = 8, .placed = 5, .files = 40, .wild = 1,
	  .episode = 500, .max_puppets = 3 },
	{ .pub = { "count", "vm.max_map_count: as many mappings as there may be, and too many" },
	  .ops = count_ops, .arena_pages = 56, .placed = 6, .files = 30, .wild = 1, .episode = 600,
	  .max_puppets = 1, .unlimited_stack = true, .slots = 40 },
	{ .pub = { "legacy", "addresses from below, PROT_READ that implies PROT_EXEC" },
	  .ops = legacy_ops, .arena_pages = 28, .elsewhere = 40, .placed = 55, .files = 35,
	  .wild = 2, .episode = 500, .max_puppets = 1, .grows = true, .never_fills = true,
	  .old_layout = true },
	{ .pub = { "huge", "huge pages (MAP_HUGETLB), none of which is ever used" },
	  .ops = huge_ops, .arena_pages = 20, .files = 20, .wild = 2, .episode = 400,
	  .max_puppets = 3, .never_fills = true, .unlimited_stack = true },
};

const struct profile *vma_profile_at(size_t i)
{
	return i < ARRAY_SIZE(profiles) ? &profiles[i] : NULL;
}

const struct profile *vma_profile_by_name(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		if (!strncmp(profiles[i].pub.name, name, len) && !profiles[i].pub.name[len])
			return &profiles[i];
	return NULL;
}

const struct vma_verify_profile *vma_verify_profile_at(size_t i)
{
	const struct profile *p = vma_profile_at(i);

	return p ? &p->pub : NULL;
}
