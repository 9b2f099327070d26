/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Findings: kept, or dropped because somebody accepted them. */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "attrib/audit.h"
#include "base/cleanup.h"
#include "base/escape.h"

struct suppression {
	const char *rule, *object, *comm; /* "*" for all */
};

struct vma_suppressions {
	char *text; /* the words point into it */
	struct suppression *line;
	size_t nr;
};

static void undo_suppressions(struct vma_suppressions **s)
{
	vma_suppressions_free(*s);
}

void vma_suppressions_free(struct vma_suppressions *s)
{
	if (!s)
		return;
	free(s->text);
	free(s->line);
	free(s);
}

static bool is_rule(const char *word)
{
	const struct vma_audit_rule *r;

	for (size_t i = 0; (r = vma_audit_rule_at(i)); i++)
		if (!strcmp(r->id, word))
			return true;
	return !strcmp(word, "*");
}

/* The words of one line into @s; 0 words: nothing on it, -1: too many. */
static int words(char *line, struct suppression *s)
{
	const char **slot[] = { &s->rule, &s->object, &s->comm };
	char *save = NULL;
	int n = 0;

	line[strcspn(line, "#")] = '\0';
	for (char *w = strtok_r(line, " \t\r", &save); w; w = strtok_r(NULL, " \t\r", &save)) {
		if (n == 3)
			return -1;
		*slot[n++] = w;
	}
	return n;
}

static int parse_lines(struct vma_suppressions *s, const char *name, struct vma_err *err)
{
	char *next = s->text, shown[64];

	for (unsigned int nr = 1; next; nr++) {
		char *line = next;
		struct suppression one = { NULL, "*", "*" };
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		int n = words(line, &one);
		if (n < 0)
			return vma_fail(err, EINVAL, "%s:%u: more than RULE OBJECT COMMAND", name,
					nr);
		if (!n)
			continue;
		if (!is_rule(one.rule)) {
			vma_escape_terminal(one.rule, shown, sizeof(shown));
			return vma_fail(err, EINVAL, "%s:%u: unknown rule %s", name, nr, shown);
		}
		s->line[s->nr++] = one;
	}
	return 0;
}

int vma_suppressions_parse(const char *text, const char *name, struct vma_suppressions **out,
			   struct vma_err *err)
{
	AUTO(undo_suppressions) struct vma_suppressions *s = calloc(1, sizeof(*s));
	size_t lines = 1;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	if (!s || !(s->text = strdup(text)) || !(s->line = calloc(lines, sizeof(*s->line))))
		return vma_fail(err, ENOMEM, "out of memory");
	int rc = parse_lines(s, name, err);
	if (rc)
		return rc;
	*out = TAKE(s);
	return 0;
}

bool audit_accepted(const struct vma_suppressions *s, const char *rule, const char *object,
		    const char *comm)
{
	for (size_t i = 0; s && i < s->nr; i++) {
		const struct suppression *l = &s->line[i];
		if ((!strcmp(l->rule, "*") || !strcmp(l->rule, rule)) &&
		    !fnmatch(l->object, object, 0) && !fnmatch(l->comm, comm, 0))
			return true;
	}
	return false;
}

static struct vma_finding *add(struct audit *x)
{
	struct vma_findings *f = x->out;

	if (f->nr == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 16;
		void *p = reallocarray(f->finding, cap, sizeof(*f->finding));
		if (!p) {
			x->failed = true;
			return NULL;
		}
		f->finding = p;
		f->cap = cap;
	}
	struct vma_finding *one = &f->finding[f->nr];
	memset(one, 0, sizeof(*one));
	one->rule = x->rule;
	one->map = -1;
	return one;
}

/* Counts it, or drops it when it is accepted. */
static void keep(struct audit *x, struct vma_finding *one)
{
	const char *comm = x->a->facts->comm ? x->a->facts->comm : "";

	if (audit_accepted(x->accept, one->rule->id, one->object, comm))
		x->out->suppressed++;
	else
		x->out->nr++;
}

void audit_map(struct audit *x, size_t i, const char *fmt, ...)
{
	const struct vma_place *p = &x->a->places[i];
	const char *object = p->object >= 0 ? vma_object_name(&x->a->objects[p->object])
			     : *x->a->facts->maps[i].path ? x->a->facts->maps[i].path
							  : vma_category_name(p->category);
	struct vma_finding *one = add(x);
	va_list ap;

	if (!one)
		return;
	one->map = (s64)i;
	one->addr = x->a->facts->maps[i].start;
	snprintf(one->object, sizeof(one->object), "%s", object);
	va_start(ap, fmt);
	vsnprintf(one->evidence, sizeof(one->evidence), fmt, ap);
	va_end(ap);
	keep(x, one);
}

void audit_process(struct audit *x, const char *fmt, ...)
{
	struct vma_finding *one = add(x);
	va_list ap;

	if (!one)
		return;
	va_start(ap, fmt);
	vsnprintf(one->evidence, sizeof(one->evidence), fmt, ap);
	va_end(ap);
	keep(x, one);
}

void vma_findings_fini(struct vma_findings *f)
{
	free(f->finding);
	memset(f, 0, sizeof(*f));
}
