// SPDX-License-Identifier: LGPL-2.1-or-later
/* The model against the states of a recording, class by class. */
#include "script/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "script/replay.h"

#define TOLD 40 /* divergences whose VMAs are put into words */

/* THE table of classes; the informative ones do not decide. */
static const struct {
	const char *name;
	bool counts;
} classes[VMA_CHECK_NR] = {
	[VMA_CHECK_RESULT] = { "result", true },
	[VMA_CHECK_RANGES] = { "ranges", true },
	[VMA_CHECK_PERMS] = { "perms", true },
	[VMA_CHECK_FLAGS] = { "flags", true },
	[VMA_CHECK_PGOFF] = { "pgoff", true },
	[VMA_CHECK_IDENT] = { "ident", true },
	[VMA_CHECK_COUNTERS] = { "counters", true },
	[VMA_CHECK_ANON_PRESENCE] = { "anon_presence", true },
	[VMA_CHECK_ANON_PARTITION] = { "anon_partition", true },
	[VMA_CHECK_PGOFF_ANON] = { "pgoff_anon", false },
	[VMA_CHECK_CHAIN] = { "chain", false },
};

const char *vma_check_name(enum vma_check_class c)
{
	return (size_t)c < VMA_CHECK_NR ? classes[c].name : "?";
}

bool vma_check_counts(enum vma_check_class c)
{
	return (size_t)c < VMA_CHECK_NR && classes[c].counts;
}

/* ---------------------------------------------------------------- the object */

struct check *check_new(void)
{
	struct check *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	strbuf_init(&c->call);
	strbuf_init(&c->message);
	strbuf_init(&c->result);
	strbuf_init(&c->context);
	return c;
}

void check_free(struct check *c)
{
	if (!c)
		return;
	record_free(c);
	strbuf_fini(&c->call);
	strbuf_fini(&c->message);
	strbuf_fini(&c->result);
	strbuf_fini(&c->context);
	free(c->k2s.to);
	free(c->k2s.stamp);
	free(c->s2k.to);
	free(c->s2k.stamp);
	free(c);
}

void check_record(struct vma_replay *r, const char *text, size_t len)
{
	if (!record_line(r->check, text, len))
		replay_complain(r, 1, "a state record that cannot be read", text, len);
}

/* ---------------------------------------------------------------- telling */

/* One comparison under way. */
struct cmp {
	struct vma_replay *r;
	struct check *c;
	const struct kstate *k;
	const struct vma_mm *mm;
	bool differs, decides;
};

static void tell(struct cmp *cmp, enum vma_check_class cls, u64 start, u64 end)
{
	struct check *c = cmp->c;
	struct vma_divergence d = {
		.n = c->n, .line = c->line, .call = strbuf_str(&c->call), .call_len = c->call.len,
		.pid = cmp->k ? cmp->k->pid : c->call_pid, .cls = cls,
		.message = strbuf_str(&c->message), .context = "",
	};

	cmp->decides |= classes[cls].counts;
	if (c->n && !c->total[cls].first_n)
		c->total[cls].first_n = c->n;
	if (!cmp->r->opts.diverge)
		return;
	strbuf_reset(&c->context);
	if (cmp->k && cmp->mm && start < end && c->told < TOLD) {
		check_context(&c->context, cmp->k, cmp->mm, start, end);
		c->told++;
	}
	d.context = strbuf_str(&c->context);
	cmp->r->opts.diverge(cmp->r->opts.ctx, &d);
}

#define SAY(cmp, ...)                                          \
	do {                                                   \
		strbuf_reset(&(cmp)->c->message);              \
		strbuf_addf(&(cmp)->c->message, __VA_ARGS__);  \
	} while (0)

static void book(struct cmp *cmp, enum vma_check_class cls, bool agree)
{
	if (!cmp->c->n)
		return; /* the starting state is told, not counted */
	cmp->c->total[cls].of++;
	cmp->c->total[cls].agree += agree;
}

/* ---------------------------------------------------------------- ids of both sides */

static bool pairs_reserve(struct pairs *p, u32 id)
{
	u32 cap = p->cap ? p->cap : 256;
	u32 *to, *stamp;

	if (id < p->cap)
		return true;
	while (cap <= id)
		cap *= 2;
	to = reallocarray(p->to, cap, sizeof(*to));
	if (to)
		p->to = to;
	stamp = to ? reallocarray(p->stamp, cap, sizeof(*stamp)) : NULL;
	if (!stamp)
		return false;
	p->stamp = stamp;
	memset(p->stamp + p->cap, 0, (cap - p->cap) * sizeof(*stamp));
	p->cap = cap;
	return true;
}

/* Notes that a of the kernel is b of the model; false when that contradicts what was noted. */
static bool same_id(struct check *c, u32 a, u32 b)
{
	if (a > 1U << 20 || b > 1U << 20 || !pairs_reserve(&c->k2s, a) || !pairs_reserve(&c->s2k, b))
		return a == b;
	if (c->k2s.stamp[a] != c->stamp) {
		c->k2s.stamp[a] = c->stamp;
		c->k2s.to[a] = b;
	}
	if (c->s2k.stamp[b] != c->stamp) {
		c->s2k.stamp[b] = c->stamp;
		c->s2k.to[b] = a;
	}
	return c->k2s.to[a] == b && c->s2k.to[b] == a;
}

/* ---------------------------------------------------------------- classes of one VMA */

#define RANGE "%llx-%llx: "
#define RANGE_OF(k) (unsigned long long)(k)->start, (unsigned long long)(k)->end

static bool same_perms(struct cmp *cmp, const struct kvma *k, const struct vma *v)
{
	char perms[5];

	if (!memcmp(k->perms, vma_flags_perms(v->vm_flags, perms), 4))
		return true;
	SAY(cmp, RANGE "kernel %s, simulator %s", RANGE_OF(k), k->perms, perms);
	return false;
}

static bool same_flags(struct cmp *cmp, const struct kvma *k, const struct vma *v)
{
	char codes[VMA_FLAGS_TEXT], ours[VMA_FLAGS_TEXT], theirs[VMA_FLAGS_TEXT];
	size_t len;

	vma_flags_codes(vma_world_kernel(cmp->r->world), v->vm_flags, ',', codes);
	len = strlen(codes);
	if (len == k->flags_len && !memcmp(codes, k->flags, len))
		return true;
	check_missing_codes(k->flags, k->flags_len, codes, len, theirs, sizeof(theirs));
	check_missing_codes(codes, len, k->flags, k->flags_len, ours, sizeof(ours));
	if (!*ours && !*theirs)
		return true;
	SAY(cmp, RANGE "kernel only {%s}, simulator only {%s}", RANGE_OF(k), theirs, ours);
	return false;
}

static bool same_pgoff(struct cmp *cmp, const struct kvma *k, const struct vma *v)
{
	if (!k->ino || k->offset >> VMA_PAGE_SHIFT == v->vm_pgoff)
		return true;
	SAY(cmp, RANGE "kernel page 0x%llx of the file, simulator 0x%llx", RANGE_OF(k),
	    (unsigned long long)(k->offset >> VMA_PAGE_SHIFT), (unsigned long long)v->vm_pgoff);
	return false;
}

static bool same_pgoff_anon(struct cmp *cmp, const struct kvma *k, const struct vma *v)
{
	if (k->ino || !k->has_pgoff || k->special || k->pgoff == v->vm_pgoff)
		return true;
	SAY(cmp, RANGE "kernel 0x%llx, simulator 0x%llx", RANGE_OF(k), (unsigned long long)k->pgoff,
	    (unsigned long long)v->vm_pgoff);
	return false;
}

static bool same_presence(struct cmp *cmp, const struct kvma *k, const struct vma *v)
{
	if (!k->av == !v->anon_vma)
		return true;
	SAY(cmp, RANGE "kernel has %s, simulator %s", RANGE_OF(k), k->av ? "one" : "none",
	    v->anon_vma ? "one" : "none");
	return false;
}

static bool same_partition(struct cmp *cmp, const struct kvma *k, const struct vma *v)
{
	if (same_id(cmp->c, k->av, v->anon_vma))
		return true;
	SAY(cmp, RANGE "kernel has anon_vma %u, simulator %u, which do not pair up with the rest",
	    RANGE_OF(k), k->av, v->anon_vma);
	return false;
}

/* Root, parent, and each link of the chain in its order. */
static bool same_chain(struct cmp *cmp, const struct kvma *k, const struct vma *v)
{
	const struct vma_anon *a = vma_anon_at(cmp->r->world, v->anon_vma);
	u32 i = 0, link;
	bool same = !k->av || !a ||
		    (same_id(cmp->c, k->av, a->id) && same_id(cmp->c, k->root, a->root) &&
		     same_id(cmp->c, k->parent, a->parent));

	for (link = v->avc; link && i < k->nr_chain && same; i++) {
		const struct vma_avc *avc = vma_avc_at(cmp->r->world, link);

		same = same_id(cmp->c, k->chain[i], avc->anon_vma);
		link = avc->next;
	}
	if (same && i == k->nr_chain && (!link || i == KVMA_CHAIN))
		return true;
	SAY(cmp, RANGE "%s", RANGE_OF(k),
	    same ? "chains of different length" : "chain, root or parent differ");
	return false;
}

/* Identity of files: any renaming will do, as inodes that appear later cannot be known. */
static u64 file_key(const struct vma_world *w, const struct vma *v)
{
	const struct vma_file *f = vma_file_at(w, v->file);

	if (!f || f->kind == VMA_KIND_SPECIAL)
		return 0;
	/* The segment with id 0 has inode 0, in the kernel too. */
	if (!f->inode)
		return f->kind == VMA_KIND_SYSV ? 0 : 1ULL << 63 | f->mapping;
	return f->inode << 24 ^ (u64)f->dev_major << 12 ^ f->dev_minor;
}

static u64 kernel_key(const struct kvma *k)
{
	return k->ino ? k->ino << 24 ^ (u64)k->dev_major << 12 ^ k->dev_minor : 0;
}

static void compare_ident(struct cmp *cmp)
{
	const struct vma_world *w = cmp->r->world;
	const struct vma *v = vma_first(cmp->mm);
	bool agree = true;

	for (size_t i = 0; v && i < cmp->k->nr && agree; v = vma_next(cmp->mm, v), i++) {
		const struct kvma *k = &cmp->k->vmas[i];
		const struct vma *u = vma_first(cmp->mm);

		/* inode 0 is no proof: the first SysV segment has it */
		agree = !kernel_key(k) == !file_key(w, v) ||
			(!k->dev_major && k->dev_minor == 1);
		if (!agree)
			SAY(cmp, RANGE "kernel maps %s, simulator %s", RANGE_OF(k),
			    k->ino ? "a file" : "no file", file_key(w, v) ? "a file" : "none");
		for (size_t j = 0; u && j < i && agree; u = vma_next(cmp->mm, u), j++) {
			const struct kvma *o = &cmp->k->vmas[j];

			if (!kernel_key(k) || !kernel_key(o))
				continue;
			agree = (kernel_key(k) == kernel_key(o)) ==
				(file_key(w, v) == file_key(w, u));
			if (!agree)
				SAY(cmp, RANGE "kernel maps %s file as %llx, simulator does not agree",
				    RANGE_OF(k), kernel_key(k) == kernel_key(o) ? "the same" : "another",
				    (unsigned long long)o->start);
		}
		if (!agree)
			tell(cmp, VMA_CHECK_IDENT, k->start, k->end);
	}
	book(cmp, VMA_CHECK_IDENT, agree);
}

/* ---------------------------------------------------------------- a whole state */

static bool compare_ranges(struct cmp *cmp)
{
	const struct kstate *k = cmp->k;
	const struct vma *v = vma_first(cmp->mm);
	size_t i = 0;
	u64 start, end;

	while (v && i < k->nr && v->vm_start == k->vmas[i].start && v->vm_end == k->vmas[i].end) {
		v = vma_next(cmp->mm, v);
		i++;
	}
	if (!v && i == k->nr)
		return true;
	start = v ? v->vm_start : k->vmas[i].start;
	end = v ? v->vm_end : k->vmas[i].end;
	if (v && i < k->nr && k->vmas[i].start < start) {
		start = k->vmas[i].start;
		end = k->vmas[i].end;
	}
	strbuf_reset(&cmp->c->message);
	strbuf_adds(&cmp->c->message, "kernel has ");
	if (i < k->nr)
		strbuf_addf(&cmp->c->message, "%llx-%llx", RANGE_OF(&k->vmas[i]));
	else
		strbuf_adds(&cmp->c->message, "no more");
	if (v)
		strbuf_addf(&cmp->c->message, ", simulator %llx-%llx",
			    (unsigned long long)v->vm_start, (unsigned long long)v->vm_end);
	else
		strbuf_adds(&cmp->c->message, ", simulator no more");
	tell(cmp, VMA_CHECK_RANGES, start, end);
	return false;
}

static void compare_class(struct cmp *cmp, enum vma_check_class cls,
			  bool (*same)(struct cmp *, const struct kvma *, const struct vma *))
{
	const struct vma *v = vma_first(cmp->mm);
	bool agree = true;

	cmp->c->stamp++;
	for (size_t i = 0; v && i < cmp->k->nr && agree; v = vma_next(cmp->mm, v), i++) {
		agree = same(cmp, &cmp->k->vmas[i], v);
		if (!agree)
			tell(cmp, cls, cmp->k->vmas[i].start, cmp->k->vmas[i].end);
	}
	book(cmp, cls, agree);
}

static void compare_counters(struct cmp *cmp)
{
	const struct vma_mm *mm = cmp->mm;
	const u64 *k = cmp->k->count;
	const struct {
		const char *name;
		u64 kernel, model;
	} rows[] = {
		{ "map_count", k[COUNT_MAP], mm->map_count },
		{ "total_vm kB", k[COUNT_SIZE], mm->total_vm * 4 },
		{ "locked_vm kB", k[COUNT_LCK], mm->locked_vm * 4 },
		{ "data_vm kB", k[COUNT_DATA], mm->data_vm * 4 },
		{ "stack_vm kB", k[COUNT_STK], mm->stack_vm * 4 },
		{ "exec_vm kB", k[COUNT_EXE] + k[COUNT_LIB], mm->exec_vm * 4 },
	};
	bool agree = true;

	strbuf_reset(&cmp->c->message);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].kernel == rows[i].model)
			continue;
		strbuf_addf(&cmp->c->message, "%s%s kernel %llu, simulator %llu", agree ? "" : "; ",
			    rows[i].name, (unsigned long long)rows[i].kernel,
			    (unsigned long long)rows[i].model);
		agree = false;
	}
	if (!agree)
		tell(cmp, VMA_CHECK_COUNTERS, 0, 0);
	book(cmp, VMA_CHECK_COUNTERS, agree);
}

static bool has_truth(const struct kstate *k)
{
	for (size_t i = 0; i < k->nr; i++)
		if (k->vmas[i].has_pgoff)
			return true;
	return false;
}

static void compare_state(struct cmp *cmp)
{
	static const struct {
		enum vma_check_class cls;
		bool (*same)(struct cmp *, const struct kvma *, const struct vma *);
		bool needs_truth; /* what /proc does not show */
	} rows[] = {
		{ VMA_CHECK_PERMS, same_perms, false },
		{ VMA_CHECK_FLAGS, same_flags, false },
		{ VMA_CHECK_PGOFF, same_pgoff, false },
		{ VMA_CHECK_ANON_PRESENCE, same_presence, true },
		{ VMA_CHECK_ANON_PARTITION, same_partition, true },
		{ VMA_CHECK_PGOFF_ANON, same_pgoff_anon, true },
		{ VMA_CHECK_CHAIN, same_chain, true },
	};
	bool ranges = compare_ranges(cmp), truth = has_truth(cmp->k);

	book(cmp, VMA_CHECK_RANGES, ranges);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].needs_truth && !truth)
			continue;
		if (ranges) {
			compare_class(cmp, rows[i].cls, rows[i].same);
			continue;
		}
		book(cmp, rows[i].cls, false); /* there is nothing to compare with */
		if (cmp->c->n && !cmp->c->total[rows[i].cls].first_n)
			cmp->c->total[rows[i].cls].first_n = cmp->c->n;
	}
	if (ranges)
		compare_ident(cmp);
	else
		book(cmp, VMA_CHECK_IDENT, false);
	compare_counters(cmp);
	cmp->differs |= cmp->decides;
}

/* ---------------------------------------------------------------- between the calls */

static void compare_result(struct cmp *cmp)
{
	struct check *c = cmp->c;

	if (!c->agree) {
		strbuf_reset(&c->message);
		strbuf_adds(&c->message, strbuf_str(&c->result));
		tell(cmp, VMA_CHECK_RESULT, 0, 0);
	}
	book(cmp, VMA_CHECK_RESULT, c->agree);
}

void check_compare(struct vma_replay *r)
{
	struct check *c = r->check;
	struct cmp cmp = { .r = r, .c = c };

	if (c->have_call)
		compare_result(&cmp);
	for (size_t i = 0; i < c->nr; i++) {
		struct task *t;

		if (!c->states[i].fresh)
			continue;
		c->states[i].fresh = false;
		if (c->states[i].gone)
			continue;
		t = c->states[i].pid == c->first_pid ? r->root :
						       task_find(&r->tasks, c->states[i].pid);
		cmp.k = &c->states[i];
		cmp.mm = t ? vma_mm_by_id(r->world, t->mm) : NULL;
		if (cmp.mm && !cmp.mm->dead)
			compare_state(&cmp);
		cmp.k = NULL;
	}
	if (c->have_call) {
		c->compared++;
		c->agreed += !cmp.decides;
	}
	c->have_call = false;
	c->target = NULL;
}

void check_call(struct vma_replay *r, const struct line *l, const struct vma_step *s)
{
	struct check *c = r->check;
	char recorded[64], model[64];

	c->n = s->n;
	c->line = s->line;
	c->call_pid = l->pid;
	c->have_call = true;
	c->agree = s->agree;
	strbuf_reset(&c->call);
	strbuf_add(&c->call, s->text, s->text_len);
	if (s->agree)
		return;
	step_result_text(recorded, sizeof(recorded), s->recorded, s->recorded_err, s->recorded_sig);
	step_result_text(model, sizeof(model), s->result->ret, s->result->err, s->result->sig);
	strbuf_reset(&c->result);
	strbuf_addf(&c->result, "kernel %s, simulator %s", recorded, model);
	if (s->result->why != VMA_WHY_NONE)
		strbuf_addf(&c->result, " (%s)", vma_why_at(s->result->why)->text);
}

void check_summary(struct vma_replay *r)
{
	memcpy(r->sum.check, r->check->total, sizeof(r->sum.check));
	r->sum.states = r->check->compared;
	r->sum.states_agree = r->check->agreed;
}
