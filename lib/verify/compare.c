/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a puppet's state and holding it against the model. */
#include "verify/compare.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/range.h"
#include "libvmactl/read.h"

#define FILL_LINE "\n600000000000-" /* STAGE_FILL in maps and smaps */

void vma_compare_init(struct stage *st)
{
	const struct vma_kernel *k = vma_world_kernel(st->world);
	const struct vma_flag *f;
	struct vma_kernel running;

	/* What status shows is no prediction, for whatever kernel. */
	st->rss_exact = !vma_kernel_choose(&running, NULL, NULL) && running.rss_exact;
	for (size_t i = 0; (f = vma_flag_at(i)); i++) {
		const char *code = vma_flag_code(k, f);

		if ((*code && *code != '?') || (1ULL << f->bit & VM_PKEY_FLAGS))
			st->shown_flags |= 1ULL << f->bit;
	}
	if (!vma_world_system(st->world)->soft_dirty)
		st->shown_flags &= ~VM_SOFTDIRTY;
}

/* Of a long list of mappings only those before the ones that just count. */
static bool reaches_fill(struct stage *st, size_t from, size_t *n)
{
	char *hit;

	if (!st->nr_filled)
		return false;
	st->text[*n] = '\0';
	hit = strstr(st->text + from, FILL_LINE);
	if (hit)
		*n = (size_t)(hit - st->text) + 1;
	return hit;
}

/* The whole of a /proc file from its start into st->text, NUL-terminated. */
static int read_text(struct stage *st, int fd, size_t *len, struct vma_err *err)
{
	size_t n = 0, seen = 0;

	for (;;) {
		ssize_t got;

		if (n + 16384 > st->cap_text) {
			char *more = realloc(st->text, 2 * (st->cap_text + 16384));

			if (!more)
				return vma_fail(err, ENOMEM, "out of memory");
			st->text = more;
			st->cap_text = 2 * (st->cap_text + 16384);
		}
		got = pread(fd, st->text + n, st->cap_text - n - 1, (off_t)n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return vma_fail(err, errno, "cannot read the test process: %m");
		if (!got)
			break;
		n += (size_t)got;
		if (reaches_fill(st, seen, &n))
			break;
		seen = n > sizeof(FILL_LINE) ? n - sizeof(FILL_LINE) : 0;
	}
	st->text[n] = '\0';
	*len = n;
	return 0;
}

/* ---------------------------------------------------------------- mappings */

struct walk {
	struct stage *st;
	struct vma_mm *mm;
	struct vma_iter it;
	enum what what;
	u64 at; /* WHAT_PAGES, and which */
	struct pages_differ pages;
	s64 *lacking; /* by kind, kB: not in the model */
	struct strbuf *lines; /* second pass: one line a mapping */
};

/* Beyond what is read. */
static bool is_filled(const struct stage *st, const struct vma *vma)
{
	return st->nr_filled && vma->vm_start >= STAGE_FILL;
}

static u64 shown_offset(const struct stage *st, const struct vma *vma)
{
	return vma_has_vm_file(st->world, vma) ? vma->vm_pgoff << VMA_PAGE_SHIFT : 0;
}

/* A file of the model stands for one inode of the kernel, and the other way round. */
static bool is_same_file(struct stage *st, const struct vma *vma, const struct vma_fact_map *m)
{
	const struct vma_file *f = vma_has_vm_file(st->world, vma) ?
				   vma_file_at(st->world, vma->file) : NULL;

	if (!f)
		return !m->inode && !m->dev_major && !m->dev_minor;
	for (size_t i = 0; i < st->nr_idents; i++) {
		const struct identity *id = &st->idents[i];
		const bool same = id->inode == m->inode && id->dev_major == m->dev_major &&
				  id->dev_minor == m->dev_minor;

		if (same || id->mapping == f->mapping)
			return same && id->mapping == f->mapping;
	}
	if (st->nr_idents == st->cap_idents) {
		size_t cap = st->cap_idents ? 2 * st->cap_idents : 16;
		struct identity *v = realloc(st->idents, cap * sizeof(*v));

		if (!v)
			return true; /* cannot tell */
		st->idents = v;
		st->cap_idents = cap;
	}
	st->idents[st->nr_idents++] = (struct identity){
		f->mapping, m->dev_major, m->dev_minor, m->inode,
	};
	return true;
}

static bool is_same_name(const struct stage *st, const struct vma_mm *mm, const struct vma *vma,
			 const struct vma_fact_map *m)
{
	char label[VMA_LABEL_MAX];
	const struct vma_file *f = vma_has_vm_file(st->world, vma) ?
				   vma_file_at(st->world, vma->file) : NULL;

	if (f && !f->internal && !vma->name)
		return true; /* its identity was compared */
	return !strcmp(vma_label(mm, vma, label, sizeof(label)), m->path);
}

static bool has_same_pages(struct walk *w, const struct vma *vma, const struct vma_fact_map *m)
{
	const u32 need = 1U << VMA_SMAPS_ANONYMOUS | 1U << VMA_SMAPS_RSS | 1U << VMA_SMAPS_SWAP;

	w->at = vma->vm_start;
	return (m->have & need) != need ||
	       vma_same_pages(w->st, w->mm, vma, m, w->lacking, &w->pages);
}

static enum what compare_map(struct walk *w, const struct vma *vma, const struct vma_fact_map *m)
{
	struct stage *st = w->st;
	char perms[5];

	if (!vma || vma->vm_start != m->start || vma->vm_end != m->end)
		return WHAT_RANGES;
	if (memcmp(vma_flags_perms(vma->vm_flags, perms), m->perms, 4))
		return WHAT_FLAGS;
	if (m->has_flags && (vma->vm_flags ^ m->flags) & st->shown_flags)
		return WHAT_FLAGS;
	if (shown_offset(st, vma) != m->offset)
		return WHAT_OFFSET;
	if (!is_same_file(st, vma, m))
		return WHAT_FILE;
	if (!is_same_name(st, w->mm, vma, m))
		return WHAT_NAME;
	return has_same_pages(w, vma, m) ? WHAT_NONE : WHAT_PAGES;
}

static int on_map(void *ctx, const struct vma_fact_map *m)
{
	struct walk *w = ctx;

	if (m->gate)
		return 0;
	w->what = compare_map(w, vma_iter_next(&w->it), m);
	return w->what != WHAT_NONE;
}

/* ---------------------------------------------------------------- telling the difference */

static void line(struct strbuf *b, const struct stage *st, u64 start, u64 end, const char *perms,
		 u64 offset, u64 flags, const char *path)
{
	char codes[VMA_FLAGS_TEXT];

	const unsigned int pkey = vma_pkey(flags);

	strbuf_addf(b, "%" PRIx64 "-%" PRIx64 " %.4s %" PRIx64 " [%s] ", start, end, perms, offset,
		    vma_flags_codes(vma_world_kernel(st->world), flags & st->shown_flags, ' ',
				    codes));
	if (pkey)
		strbuf_addf(b, "key %u ", pkey);
	strbuf_addf(b, "%s\n", path);
}

static int on_map_line(void *ctx, const struct vma_fact_map *m)
{
	struct walk *w = ctx;

	if (!m->gate)
		line(w->lines, w->st, m->start, m->end, m->perms, m->offset, m->flags, m->path);
	return 0;
}

static void model_lines(struct strbuf *b, const struct stage *st, const struct vma_mm *mm)
{
	const struct vma *vma;
	char perms[5], label[VMA_LABEL_MAX];

	vma_for_each(mm, vma) {
		if (is_filled(st, vma))
			break;
		line(b, st, vma->vm_start, vma->vm_end, vma_flags_perms(vma->vm_flags, perms),
		     shown_offset(st, vma), vma->vm_flags, vma_label(mm, vma, label, sizeof(label)));
	}
}

static bool has_line(const char *text, const char *l, size_t n)
{
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		if (!strncmp(p, l, n))
			return true;
	return false;
}

/* Lines of @ours, which begins with a newline, that @theirs lacks. */
static void missing_lines(struct strbuf *b, const char *ours, const char *theirs, const char *mark)
{
	const char *p = ours;

	for (const char *end; (end = strchr(p + 1, '\n')); p = end)
		if (!has_line(theirs, p, (size_t)(end - p) + 1))
			strbuf_addf(b, "%s%.*s\n", mark, (int)(end - p - 1), p + 1);
}

void vma_tell_lines(struct strbuf *b, const char *ours, const char *theirs)
{
	missing_lines(b, ours, theirs, "predicted ");
	missing_lines(b, theirs, ours, "kernel    ");
}

static void tell_maps(struct walk *w, size_t len, struct difference *diff)
{
	struct strbuf kernel, ours;
	struct walk again = { .st = w->st, .mm = w->mm, .lines = &kernel };

	strbuf_init(&kernel);
	strbuf_init(&ours);
	strbuf_addc(&kernel, '\n');
	strbuf_addc(&ours, '\n');
	vma_smaps_parse(w->st->text, len, on_map_line, &again, NULL);
	model_lines(&ours, w->st, w->mm);
	vma_tell_lines(&diff->detail, strbuf_str(&ours), strbuf_str(&kernel));
	strbuf_fini(&kernel);
	strbuf_fini(&ours);
}

static int compare_maps(struct stage *st, unsigned int who, s64 lacking[RSS_NR],
			struct difference *diff, struct vma_err *err)
{
	struct vma_mm *mm = vma_stage_mm(st, who);
	struct walk w = { .st = st, .mm = mm, .it = vma_iter_at(mm, 0), .lacking = lacking };
	const struct vma *next;
	size_t len;
	int rc = read_text(st, st->proc[who].smaps, &len, err);

	if (rc)
		return rc;
	rc = vma_smaps_parse(st->text, len, on_map, &w, err);
	if (rc < 0)
		return rc;
	if (!w.what && (next = vma_iter_next(&w.it)) && !is_filled(st, next))
		w.what = WHAT_RANGES;
	if (!w.what)
		return 0;
	diff->what = w.what;
	if (w.what == WHAT_PAGES)
		strbuf_addf(&diff->detail, "%" PRIx64 ": %s: predicted %" PRIu64
			    " kB, kernel %" PRIu64 " kB\n", w.at, w.pages.what,
			    w.pages.predicted_kb, w.pages.kernel_kb);
	else
		tell_maps(&w, len, diff);
	return 0;
}

/* ---------------------------------------------------------------- counters */

struct counter {
	const char *key; /* in status */
	size_t offset;   /* in struct vma_mm */
	u8 rss;          /* 1 + enum rss, 0 for the others */
};

static const struct counter counters[] = {
	{ "\nVmPeak:", offsetof(struct vma_mm, hiwater_vm), 0 },
	{ "\nVmSize:", offsetof(struct vma_mm, total_vm), 0 },
	{ "\nVmLck:", offsetof(struct vma_mm, locked_vm), 0 },
	{ "\nVmPin:", offsetof(struct vma_mm, pinned_vm), 0 },
	{ "\nRssAnon:", offsetof(struct vma_mm, rss_anon), 1 + RSS_ANON },
	{ "\nRssFile:", offsetof(struct vma_mm, rss_file), 1 + RSS_FILE },
	{ "\nRssShmem:", offsetof(struct vma_mm, rss_shmem), 1 + RSS_SHMEM },
	{ "\nVmData:", offsetof(struct vma_mm, data_vm), 0 },
	{ "\nVmStk:", offsetof(struct vma_mm, stack_vm), 0 },
	{ "\nVmExe:", offsetof(struct vma_mm, end_code), 0 },
	{ "\nVmLib:", offsetof(struct vma_mm, exec_vm), 0 },
};

/* The figure after @key, found at or after *@at, which moves there: keys come in order. */
static u64 status_kb(const char **at, const char *key)
{
	const char *p = strstr(*at, key);

	if (!p)
		return 0;
	*at = p;
	return strtoull(p + strlen(key), NULL, 10);
}

/* In kB, as task_mem() prints them. */
static u64 own_counter(const struct vma_mm *mm, size_t offset)
{
	const u64 v = *(const u64 *)((const char *)mm + offset);
	const u64 text = page_up(mm->end_code) - page_down(mm->start_code);
	const u64 exe = min_u64(text, mm->exec_vm << VMA_PAGE_SHIFT) >> 10;

	if (offset == offsetof(struct vma_mm, end_code))
		return exe; /* the program's own, of what is executable now */
	if (offset == offsetof(struct vma_mm, exec_vm))
		return v * 4 - exe;
	/* The peak is brought up to date only where memory goes away. */
	if (offset == offsetof(struct vma_mm, hiwater_vm))
		return 4 * max_u64(v, mm->total_vm);
	return v * 4;
}

static int compare_counters(struct stage *st, unsigned int who, const s64 lacking[RSS_NR],
			    struct difference *diff, struct vma_err *err)
{
	const struct vma_mm *mm = vma_stage_mm(st, who);
	const char *at;
	size_t len;
	int rc = read_text(st, st->proc[who].status, &len, err);

	if (rc)
		return rc;
	at = st->text;
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		const struct counter *c = &counters[i];
		const u64 ours = own_counter(mm, c->offset) +
				 (u64)(c->rss ? lacking[c->rss - 1] : 0);
		const u64 kernel = status_kb(&at, c->key);

		if (ours == kernel || (c->rss && !st->rss_exact))
			continue;
		diff->what = WHAT_COUNTERS;
		strbuf_addf(&diff->detail, "%.*s: predicted %" PRIu64 " kB, kernel %" PRIu64
			    " kB\n", (int)strlen(c->key) - 2, c->key + 1, ours, kernel);
	}
	return 0;
}

/* ---------------------------------------------------------------- policies */

/* A line of numa_maps: "START POLICY ...", where the policy may hold blanks. */
static void compare_policy(struct stage *st, const struct vma_mm *mm, const char *p,
			   struct difference *diff)
{
	char *end;
	const u64 start = strtoull(p, &end, 16);
	const struct vma *vma = vma_lookup(mm, start);
	const struct vma_ops *ops = vma ? vma_ops_of(st->world, vma) : NULL;
	const char *ours, *hidden;
	size_t n;

	/* Where the object keeps its own policies (shmem), they are shown instead of the VMA's;
	 * where the VMA has none, the task's is. */
	if (!vma || *end != ' ' || (ops && ops->set_policy) || (!vma->policy && st->task_policy))
		return;
	ours = vma_policy_text(st->world, vma->policy);
	if (!ours || !*ours)
		ours = "default";
	end++;
	/* " of 0x3": the nodes as they were asked for; the kernel compares but does not show them. */
	hidden = strstr(ours, " of ");
	n = hidden ? (size_t)(hidden - ours) : strlen(ours);
	if (!strncmp(ours, end, n) && strchr(" \n", end[n]))
		return;
	diff->what = WHAT_POLICY;
	strbuf_addf(&diff->detail, "%" PRIx64 ": predicted %s, kernel %.*s\n", start, ours,
		    (int)strcspn(end, " \n"), end);
}

static int compare_policies(struct stage *st, unsigned int who, struct difference *diff,
			    struct vma_err *err)
{
	const struct vma_mm *mm = vma_stage_mm(st, who);
	size_t len;
	int rc;

	if (!st->policies || st->nr_filled || st->proc[who].numa_maps < 0)
		return 0;
	rc = read_text(st, st->proc[who].numa_maps, &len, err);
	if (rc)
		return rc;
	for (const char *p = st->text; p && *p; p = strchr(p, '\n')) {
		if (*p == '\n')
			p++;
		if (*p)
			compare_policy(st, mm, p, diff);
	}
	return 0;
}

int vma_stage_compare(struct stage *st, unsigned int who, struct difference *diff,
		      struct vma_err *err)
{
	s64 lacking[RSS_NR] = { 0 };
	int rc = compare_maps(st, who, lacking, diff, err);

	if (!rc && !diff->what)
		rc = compare_policies(st, who, diff, err);
	if (!rc && !diff->what)
		rc = compare_counters(st, who, lacking, diff, err);
	if (!rc && !diff->what && st->bpf && !st->nr_filled)
		rc = vma_compare_bpf(st, diff, err);
	return rc;
}
