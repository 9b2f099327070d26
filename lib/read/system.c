// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/range.h"
#include "libvmactl/model.h"
#include "read/text.h"

/* ---------------------------------------------------------------- sysctls */

enum kind { KIND_U64, KIND_U32, KIND_BOOL };

#define AT(member, kind_) .offset = offsetof(struct vma_facts, member), .kind = KIND_##kind_

/* THE table of settings that are one number in a file below proc/. */
static const struct setting {
	const char *path;
	u32 bit;
	size_t offset;
	enum kind kind;
} settings[] = {
	{ "sys/vm/max_map_count", VMA_SYS_MAX_MAP_COUNT, AT(system.max_map_count, U64) },
	{ "sys/vm/overcommit_memory", VMA_SYS_OVERCOMMIT_MEMORY,
	  AT(system.overcommit_memory, U32) },
	{ "sys/vm/overcommit_ratio", VMA_SYS_OVERCOMMIT_RATIO, AT(system.overcommit_ratio, U64) },
	{ "sys/vm/overcommit_kbytes", VMA_SYS_OVERCOMMIT_KBYTES,
	  AT(system.overcommit_kbytes, U64) },
	{ "sys/vm/admin_reserve_kbytes", VMA_SYS_ADMIN_RESERVE,
	  AT(system.admin_reserve_kbytes, U64) },
	{ "sys/vm/user_reserve_kbytes", VMA_SYS_USER_RESERVE, AT(system.user_reserve_kbytes, U64) },
	{ "sys/vm/mmap_min_addr", VMA_SYS_MMAP_MIN_ADDR, AT(system.mmap_min_addr, U64) },
	{ "sys/vm/legacy_va_layout", VMA_SYS_LEGACY_VA_LAYOUT, AT(legacy_va_layout, BOOL) },
	{ "sys/vm/unprivileged_userfaultfd", VMA_SYS_USERFAULTFD,
	  AT(system.unprivileged_userfaultfd, BOOL) },
	{ "sys/kernel/randomize_va_space", VMA_SYS_RANDOMIZE, AT(randomize_va_space, U32) },
};

static void store(void *at, enum kind kind, u64 value)
{
	switch (kind) {
	case KIND_U64:
		memcpy(at, &value, sizeof(value));
		break;
	case KIND_U32:
		memcpy(at, &(u32){ (u32)value }, sizeof(u32));
		break;
	case KIND_BOOL:
		memcpy(at, &(bool){ value != 0 }, sizeof(bool));
		break;
	}
}

static int read_settings(const struct source *s, struct vma_facts *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *set = &settings[i];
		u64 value;
		int rc = source_number(s->proc_dir, set->path, &value);

		if (!rc) {
			store((char *)f + set->offset, set->kind, value);
			f->have_sysctl |= set->bit;
			f->have_system = true;
		} else if (rc != -ENOENT && facts_missing(f, set->path, -rc, NULL)) {
			return -ENOMEM;
		}
	}
	return 0;
}

/* ---------------------------------------------------------------- memory */

static bool meminfo_number(const char *text, const char *key, u64 *out)
{
	const char *p = strstr(text, key);

	if (!p || (p != text && p[-1] != '\n'))
		return false;
	p = text_skip_blanks(p + strlen(key));
	return text_dec(&p, out);
}

bool meminfo_parse(struct vma_facts *f, const char *text)
{
	u64 kb, nr, size;

	if (!meminfo_number(text, "MemTotal:", &kb))
		return false;
	f->system.totalram_pages = kb / 4;
	f->have_sysctl |= VMA_SYS_TOTALRAM;
	f->have_system = true;
	if (meminfo_number(text, "SwapTotal:", &kb)) {
		f->system.totalswap_pages = kb / 4;
		f->have_sysctl |= VMA_SYS_TOTALSWAP;
	}
	if (meminfo_number(text, "Committed_AS:", &kb)) {
		f->system.committed_pages = kb / 4;
		f->have_sysctl |= VMA_SYS_COMMITTED;
	}
	/* Hugetlb counts all sizes; kernels without that line had one size only. */
	if (meminfo_number(text, "Hugetlb:", &kb)) {
		f->system.hugetlb_pages = kb / 4;
		f->have_sysctl |= VMA_SYS_HUGETLB;
	} else if (meminfo_number(text, "HugePages_Total:", &nr) &&
		   meminfo_number(text, "Hugepagesize:", &size)) {
		f->system.hugetlb_pages = nr * (size / 4);
		f->have_sysctl |= VMA_SYS_HUGETLB;
	}
	if (meminfo_number(text, "HugePages_Free:", &nr) &&
	    meminfo_number(text, "HugePages_Rsvd:", &kb) &&
	    meminfo_number(text, "Hugepagesize:", &size) && nr >= kb)
		f->system.hugetlb_free_pages = (nr - kb) * (size / 4);
	return true;
}

static int read_meminfo(const struct source *s, struct vma_facts *f)
{
	struct strbuf b = { 0 };
	int rc = source_slurp(s->proc_dir, "meminfo", &b);

	if (!rc && !meminfo_parse(f, strbuf_str(&b)))
		rc = -EBADMSG;
	strbuf_fini(&b);
	return rc ? facts_missing(f, "meminfo", -rc, NULL) : 0;
}

/* ---------------------------------------------------------------- huge pages, nodes */

/* "always [madvise] never": the word in brackets into @out. */
static bool chosen_word(const char *text, char *out, size_t size)
{
	const char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;

	if (!close || (size_t)(close - open) > size)
		return false;
	memcpy(out, open + 1, (size_t)(close - open) - 1);
	out[close - open - 1] = '\0';
	return true;
}

static bool read_choice(int dir, const char *path, char *out, size_t size)
{
	struct strbuf b = { 0 };
	bool ok = source_slurp(dir, path, &b) == 0 && chosen_word(strbuf_str(&b), out, size);

	strbuf_fini(&b);
	return ok;
}

static bool shmem_wants_huge(const char *word)
{
	return strcmp(word, "never") && strcmp(word, "deny") && strcmp(word, "inherit");
}

#define THP_DIR "kernel/mm/transparent_hugepage"

/* Since 6.11 each size has its own switch; any that is on makes shmem mappings aligned (A9). */
static bool some_size_wants_huge(int sys_dir)
{
	int fd = openat(sys_dir, THP_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(undo_closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	char path[320], word[32];

	while (dir && (e = readdir(dir))) {
		if (!text_starts(e->d_name, "hugepages-"))
			continue;
		snprintf(path, sizeof(path), "%s/shmem_enabled", e->d_name);
		if (read_choice(fd, path, word, sizeof(word)) && shmem_wants_huge(word))
			return true;
	}
	return false;
}

static void read_thp(const struct source *s, struct vma_facts *f)
{
	char word[32];

	if (read_choice(s->sys_dir, THP_DIR "/enabled", word, sizeof(word))) {
		f->system.thp_built_in = true;
		f->system.thp_enabled = !strcmp(word, "always") ? 2 : !strcmp(word, "madvise");
		f->have_sysctl |= VMA_SYS_THP;
		f->have_system = true;
	} else if (s->live) {
		f->system.thp_built_in = false;
		f->have_sysctl |= VMA_SYS_THP;
	}
	if (read_choice(s->sys_dir, THP_DIR "/shmem_enabled", word, sizeof(word))) {
		f->system.shmem_huge = shmem_wants_huge(word) || some_size_wants_huge(s->sys_dir);
		f->have_sysctl |= VMA_SYS_SHMEM_HUGE;
	}
}

/* Root's to read, where debugfs is mounted. */
static void read_fault_around(const struct source *s, struct vma_facts *f)
{
	u64 bytes;

	if (source_number(s->sys_dir, "kernel/debug/fault_around_bytes", &bytes) ||
	    bytes < VMA_PAGE_SIZE || bytes > VMA_PMD_SIZE || (bytes & (bytes - 1)))
		return;
	f->system.fault_around_bytes = bytes;
	f->have_sysctl |= VMA_SYS_FAULT_AROUND;
}

/* "0", "0-3", "0,2-3": how many. */
static u32 count_nodes(const char *p)
{
	u64 from, to, nr = 0;

	while (text_dec(&p, &from)) {
		to = from;
		if (text_char(&p, '-') && (!text_dec(&p, &to) || to < from))
			return 0;
		nr += to - from + 1;
		if (!text_char(&p, ','))
			break;
	}
	return nr <= 1024 ? (u32)nr : 0;
}

static void read_nodes(const struct source *s, struct vma_facts *f)
{
	struct strbuf b = { 0 };

	if (source_slurp(s->sys_dir, "devices/system/node/online", &b) == 0) {
		f->system.nr_nodes = count_nodes(strbuf_str(&b));
		if (f->system.nr_nodes)
			f->have_sysctl |= VMA_SYS_NODES;
	}
	strbuf_fini(&b);
}

/* ---------------------------------------------------------------- kernel */

/* The boot option that widens the gap below stacks, in pages. */
static void read_boot_options(const struct source *s, struct vma_facts *f)
{
	struct strbuf b = { 0 };
	const char *p;
	u64 gap;

	if (s->live && source_slurp(s->proc_dir, "cmdline", &b) == 0) {
		p = strstr(strbuf_str(&b), "stack_guard_gap=");
		if (p && (p == b.s || p[-1] == ' ')) {
			p += strlen("stack_guard_gap=");
			if (text_dec(&p, &gap)) {
				f->system.stack_guard_gap = gap;
				f->have_sysctl |= VMA_SYS_GUARD_GAP;
			}
		}
	}
	if (source_slurp(s->sys_dir, "module/kernel/parameters/ignore_rlimit_data", &b) == 0) {
		f->system.ignore_rlimit_data = *strbuf_str(&b) == 'Y';
		f->have_sysctl |= VMA_SYS_IGNORE_RLIMIT_DATA;
	}
	strbuf_fini(&b);
}

int vma_kernel_choose(struct vma_kernel *k, const char *release, struct vma_err *err)
{
	char name[VMA_KERNEL_NAME];
	struct utsname u;

	if (release)
		return vma_kernel_init(k, release, err);
	if (uname(&u) < 0)
		return vma_fail(err, errno, "cannot ask for the kernel release: %m");
	return vma_kernel_init(k, vma_kernel_name(u.release, u.version, name), err);
}

/* "6.12.1-amd64\n", or "Linux version 6.12.1-amd64 (...". */
static int read_release(const struct source *s, struct vma_facts *f)
{
	struct strbuf b = { 0 }, build = { 0 };
	char release[VMA_KERNEL_NAME], name[VMA_KERNEL_NAME];
	const char *p;
	int rc = source_slurp(s->proc_dir, "sys/kernel/osrelease", &b);
	int rc_build = source_slurp(s->proc_dir, "version", &build);

	/* Without the version we know a bit less; without the other it has the release too. */
	p = strbuf_str(rc ? &build : &b);
	rc = rc ? rc_build : 0;
	if (text_starts(p, "Linux version "))
		p += strlen("Linux version ");
	size_t len = strcspn(p, " \n");
	if (rc || !len) {
		rc = facts_missing(f, "kernel release", rc ? -rc : EBADMSG, "use --kernel");
	} else {
		snprintf(release, sizeof(release), "%.*s", (int)min_u64(len, 64), p);
		vma_kernel_name(release, strbuf_str(&build), name);
		f->release = facts_text(f, name, strlen(name));
		rc = f->release ? 0 : -ENOMEM;
	}
	strbuf_fini(&b);
	strbuf_fini(&build);
	return rc;
}

int system_read(const struct source *s, struct vma_facts *f)
{
	u64 began = source_clock();
	int rc = read_release(s, f);

	if (!rc)
		rc = read_settings(s, f);
	if (!rc)
		rc = read_meminfo(s, f);
	if (rc)
		return rc;
	read_thp(s, f);
	read_fault_around(s, f);
	read_nodes(s, f);
	read_boot_options(s, f);
	if (s->live)
		system_probe(f);
	return facts_cost(f, "system", 0, (u32)ARRAY_SIZE(settings) + 7, source_clock() - began,
			  0);
}
