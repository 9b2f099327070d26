// SPDX-License-Identifier: GPL-2.0-or-later
#include "forest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/topology.h"

/* So many relatives are read at most, and no more once they have so many mappings together. */
#define RELATIVES 64
#define MAPS_TOGETHER 100000
#define DEPTH_MAX 60

struct family {
	const struct vma_model *model[RELATIVES];
	size_t nr, own; /* own: index of the process itself */
	u64 maps;
};

static void undo_family(struct family *fam)
{
	for (size_t i = 0; i < fam->nr; i++)
		if (i != fam->own)
			vma_model_free((struct vma_model *)fam->model[i]);
}

static void undo_vma_forest(struct vma_forest **f)
{
	vma_forest_free(*f);
}

static void undo_forest(struct forest **f)
{
	forest_free(*f);
}

/* ---------------------------------------------------------------- the relatives */

static bool open_relative(struct family *fam, const struct sample_ask *ask, u32 pid)
{
	struct vma_open_opts opts = { .procfs = ask->procfs, .kernel = ask->kernel,
				      .levels = VMA_READ_DEFAULT };
	struct vma_model *m;
	char target[16];

	snprintf(target, sizeof(target), "%u", pid);
	if (vma_open(target, &opts, &m, NULL))
		return false;
	/* the model is enough: the records would be most of the memory */
	free(m->facts->maps);
	m->facts->maps = NULL;
	m->facts->nr_maps = 0;
	fam->maps += m->mm->map_count;
	fam->model[fam->nr++] = m;
	return true;
}

/* Parents before children, as vma_family() has them. */
static void open_family(struct family *fam, const struct sample *s, const struct sample_ask *ask,
			struct forest *out)
{
	AUTO(undo_free) u32 *pids = NULL;
	bool own = false;
	size_t nr = 0;

	fam->maps = s->model->mm->map_count;
	if (s->facts->live && vma_family(s->facts->pid, true, ask->procfs, &pids, &nr, NULL))
		nr = 0;
	for (size_t i = 0; i < nr; i++) {
		if (pids[i] == s->facts->pid) {
			fam->own = fam->nr;
			fam->model[fam->nr++] = s->model;
			own = true;
		} else if (fam->nr + 1 + !own > RELATIVES || fam->maps > MAPS_TOGETHER ||
			   !open_relative(fam, ask, pids[i])) {
			out->left_out++;
		}
	}
	if (!own) {
		fam->own = fam->nr;
		fam->model[fam->nr++] = s->model;
	}
	out->nr_processes = fam->nr;
}

/* ---------------------------------------------------------------- lines */

static u32 add_text(struct forest *out, const char *text)
{
	size_t n = strlen(text) + 1;

	if (out->nr_text && n <= out->nr_text && !strcmp(out->text + out->nr_text - n, text))
		return (u32)(out->nr_text - n); /* as the line before */
	if (out->nr_text + n > out->cap_text) {
		size_t cap = 2 * (out->cap_text + n) + 1024;
		char *more = realloc(out->text, cap);

		if (!more) {
			out->failed = true;
			return 0;
		}
		out->text = more;
		out->cap_text = cap;
	}
	memcpy(out->text + out->nr_text, text, n);
	out->nr_text += n;
	return (u32)(out->nr_text - n);
}

static struct forest_line *add_line(struct forest *out)
{
	if (out->nr == out->cap) {
		size_t cap = out->cap ? 2 * out->cap : 256;
		void *more = reallocarray(out->line, cap, sizeof(*out->line));

		if (!more) {
			out->failed = true;
			return NULL;
		}
		out->line = more;
		out->cap = cap;
	}
	out->line[out->nr] = (struct forest_line){ .id = 0 };
	return &out->line[out->nr++];
}

/* anon_vmas by parent, mappings by anon_vma: sorted indexes. */
struct walk {
	const struct vma_forest *f;
	struct forest *out;
	u32 *anon, *vma;
};

static u32 parent_of(const struct vma_forest_anon *a)
{
	return a->parent == a->id ? 0 : a->parent;
}

static int by_parent(const void *x, const void *y, void *ctx)
{
	const struct vma_forest *f = ctx;
	const struct vma_forest_anon *a = &f->anon[*(const u32 *)x], *b = &f->anon[*(const u32 *)y];

	if (parent_of(a) != parent_of(b))
		return parent_of(a) < parent_of(b) ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

static int by_anon(const void *x, const void *y, void *ctx)
{
	const struct vma_forest *f = ctx;
	u32 i = *(const u32 *)x, k = *(const u32 *)y;

	if (f->vma[i].anon != f->vma[k].anon)
		return f->vma[i].anon < f->vma[k].anon ? -1 : 1;
	return i < k ? -1 : i > k;
}

/* First index whose parent (anon_vma) is not below @id. */
static size_t first_child(const struct walk *w, u32 id)
{
	size_t low = 0, high = w->f->nr_anons;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (parent_of(&w->f->anon[w->anon[mid]]) < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static size_t first_vma(const struct walk *w, u32 id)
{
	size_t low = 0, high = w->f->nr_vmas;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (w->f->vma[w->vma[mid]].anon < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void put_vma(struct walk *w, const struct vma_forest_vma *v, u8 depth)
{
	const struct vma_model *m = w->f->model[v->process];
	struct forest_line *l = add_line(w->out);
	char label[VMA_LABEL_MAX];

	if (!l)
		return;
	vma_label(m->mm, v->vma, label, sizeof(label));
	if (!*label)
		snprintf(label, sizeof(label), "(anonymous)");
	*l = (struct forest_line){ .is_vma = true, .depth = depth, .known = v->how[VMA_FOREST_CHAIN].known,
				   .start = v->vma->vm_start, .end = v->vma->vm_end, .id = v->anon,
				   .pid = m->facts->pid, .links = (u32)v->nr_chain,
				   .label = add_text(w->out, label) };
	l->key = l->start ^ (u64)l->pid << 48;
}

static void put_anon(struct walk *w, const struct vma_forest_anon *a, u8 depth)
{
	size_t at = w->out->nr;
	struct forest_line *l = add_line(w->out);

	if (!l)
		return;
	*l = (struct forest_line){ .id = a->id, .parent = a->parent, .refcount = a->refcount,
				   .children = a->num_children, .active = a->num_active_vmas,
				   .links = a->links, .depth = depth, .known = a->parent_how.known,
				   .owned = a->owned || !a->key, .open = a->open };
	for (size_t i = first_vma(w, a->id); i < w->f->nr_vmas &&
	     w->f->vma[w->vma[i]].anon == a->id; i++)
		put_vma(w, &w->f->vma[w->vma[i]], (u8)(depth + 1));
	for (size_t i = first_child(w, a->id); i < w->f->nr_anons && depth < DEPTH_MAX &&
	     parent_of(&w->f->anon[w->anon[i]]) == a->id; i++)
		put_anon(w, &w->f->anon[w->anon[i]], (u8)(depth + 1));
	l = &w->out->line[at]; /* it may have moved */
	l->below = (u32)(w->out->nr - at - 1);
	l->key = (l->below ? l[1].key : a->id) * 3 + 1;
}

static bool take_lines(const struct vma_forest *f, struct forest *out)
{
	AUTO(undo_free) u32 *anon = calloc(f->nr_anons + 1, sizeof(*anon));
	AUTO(undo_free) u32 *vma = calloc(f->nr_vmas + 1, sizeof(*vma));
	struct walk w = { .f = f, .out = out, .anon = anon, .vma = vma };

	if (!anon || !vma)
		return false;
	for (size_t i = 0; i < f->nr_anons; i++)
		anon[i] = (u32)i;
	for (size_t i = 0; i < f->nr_vmas; i++)
		vma[i] = (u32)i;
	qsort_r(anon, f->nr_anons, sizeof(*anon), by_parent, (void *)f);
	qsort_r(vma, f->nr_vmas, sizeof(*vma), by_anon, (void *)f);
	out->nr_anons = f->nr_anons;
	for (size_t i = 0; i < f->nr_anons && !parent_of(&f->anon[anon[i]]); i++)
		put_anon(&w, &f->anon[anon[i]], 0);
	return !out->failed;
}

struct forest *forest_make(const struct sample *s, const struct sample_ask *ask)
{
	AUTO(undo_forest) struct forest *out = calloc(1, sizeof(*out));
	AUTO(undo_family) struct family fam = { .nr = 0, .own = RELATIVES };
	AUTO(undo_vma_forest) struct vma_forest *f = NULL;

	if (!out)
		return NULL;
	open_family(&fam, s, ask, out);
	/* frames are compared among live processes only */
	if (vma_forest_new(fam.model, fam.nr, s->facts->live ? ask->procfs : "", &f, &out->err))
		return TAKE(out);
	return take_lines(f, out) ? TAKE(out) : NULL;
}

void forest_free(struct forest *f)
{
	if (!f)
		return;
	free(f->line);
	free(f->text);
	free(f);
}
