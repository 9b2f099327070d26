// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl where: what is at an address. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "commands.h"
#include "libvmactl/attrib.h"
#include "target.h"

struct options {
	bool no_lines;
};

const struct cli_option cmd_where_options[] = {
	{ .name = "no-lines", .kind = CLI_FLAG, .offset = offsetof(struct options, no_lines),
	  .help = "do not look for source lines (debug information is not read)" },
	CLI_END,
};

static inline void undo_attrib(struct vma_attrib **a)
{
	vma_attrib_free(*a);
}

/* Text of another process, made harmless; one line needs up to three of them. */
struct shown {
	char text[3][1024];
};

static const char *show(struct shown *s, int i, const char *text)
{
	vma_escape_terminal(text, s->text[i], sizeof(s->text[i]));
	return s->text[i];
}

static const char *page_name(u32 state)
{
	static const char *const names[] = {
		[VMA_PAGE_NONE] = "none", [VMA_PAGE_ZERO] = "zero", [VMA_PAGE_ANON] = "anon",
		[VMA_PAGE_ANON_SHARED] = "anon-shared-or-zero", [VMA_PAGE_FILE] = "file",
		[VMA_PAGE_SHMEM] = "shmem", [VMA_PAGE_SWAP] = "swap", [VMA_PAGE_GUARD] = "guard",
		[VMA_PAGE_SPECIAL] = "special",
	};

	state &= 0xf;
	return state < ARRAY_SIZE(names) && names[state] ? names[state] : "?";
}

/* What is known of the page: from pagemap, or whether the core holds it. */
static const char *page_of(const struct vma_attrib *a, u64 addr)
{
	const struct vma_facts *f = vma_attrib_facts(a);
	s64 i = vma_attrib_map_at(a, addr);
	char byte;
	u32 state;

	if (i < 0)
		return NULL;
	if (f->is_core)
		return !vma_attrib_memory(a) ? NULL
		       : vma_memory_read(vma_attrib_memory(a), addr, &byte, 1) == 1
			       ? "in the core"
			       : "not in the core";
	return vma_where_page(a, addr, &state) ? page_name(state) : NULL;
}

/* ---------------------------------------------------------------- for people */

static void print_map(const char *head, const struct vma_fact_map *m, const char *tail)
{
	struct shown s;

	printf("  %-9s %llx-%llx %s %08llx %s%s%s\n", head, (unsigned long long)m->start,
	       (unsigned long long)m->end, m->perms, (unsigned long long)m->offset,
	       show(&s, 0, m->path), *m->path && *tail ? " " : "", tail);
}

static void print_neighbour(const struct vma_facts *f, const char *head, s64 i, u64 distance)
{
	char size[VMA_SIZE_TEXT], tail[64];

	if (i < 0) {
		printf("  %-9s nothing\n", head);
		return;
	}
	snprintf(tail, sizeof(tail), distance ? "(%s away)" : "(adjacent)",
		 vma_size_text(distance, size));
	print_map(head, &f->maps[i], tail);
}

static void print_neighbours(const struct vma_facts *f, const struct vma_where *w)
{
	u64 start = w->map < 0 ? w->addr : f->maps[w->map].start;
	u64 end = w->map < 0 ? w->addr : f->maps[w->map].end;

	print_neighbour(f, "below", w->below, w->below < 0 ? 0 : start - f->maps[w->below].end);
	print_neighbour(f, "above", w->above, w->above < 0 ? 0 : f->maps[w->above].start - end);
}

static void print_object(const struct vma_attrib *a, const struct vma_where *w)
{
	const struct vma_object *o = w->object;
	char segment[64], id[VMA_BUILD_ID_TEXT];
	struct shown s;

	printf("  %-9s %s, loaded at 0x%llx", "object", show(&s, 0, vma_object_name(o)),
	       (unsigned long long)o->bias);
	if (o->elf.build_id_len)
		printf(", build-id %s",
		       vma_build_id_text(o->elf.build_id, o->elf.build_id_len, id));
	printf("%s%s\n", *o->why ? ": " : "", *o->why ? show(&s, 1, o->why) : "");
	if (w->segment < 0)
		return;
	printf("  %-9s %s", "segment",
	       vma_place_segment(a, (size_t)w->map, segment, sizeof(segment)));
	if (w->section >= 0)
		printf(", section %s+0x%llx", show(&s, 0, o->elf.sections[w->section].name),
		       (unsigned long long)(w->addr - o->bias - o->elf.sections[w->section].addr));
	printf("\n");
}

static void print_symbol(const struct vma_where *w)
{
	struct shown s;

	if (w->has_symbol)
		printf("  %-9s %s+0x%llx\n", "symbol", show(&s, 0, w->symbol.name),
		       (unsigned long long)(w->addr - w->symbol.addr));
	for (size_t i = 0; i < w->nr_lines; i++) {
		const struct vma_source_line *l = &w->lines[i];
		printf("  %-9s %s:%d", i ? "" : "source", l->file ? show(&s, 0, l->file) : "?",
		       l->line);
		if (l->function)
			printf(" in %s%s", show(&s, 1, l->function),
			       l->inlined ? " (inlined)" : "");
		printf("\n");
	}
}

static void print_where(const struct vma_attrib *a, const struct vma_where *w)
{
	const struct vma_facts *f = vma_attrib_facts(a);
	const char *page = page_of(a, w->addr);
	struct shown s;

	printf("0x%llx", (unsigned long long)w->addr);
	if (w->map < 0) {
		printf(": not mapped\n");
	} else {
		const struct vma_place *p = vma_attrib_place(a, (size_t)w->map);
		printf(": %s", vma_category_name(p->category));
		if (w->object)
			printf(" of %s", show(&s, 0, vma_object_name(w->object)));
		if (p->tid)
			printf(" of thread %u", p->tid);
		printf("%s%s%s\n", p->how.rule ? " (" : "", p->how.rule ? p->how.rule : "",
		       p->how.rule ? ")" : "");
		print_map("mapping", &f->maps[w->map], "");
		if (w->object)
			print_object(a, w);
		print_symbol(w);
		printf("  %-9s %s\n", "page", page ? page : "unknown");
	}
	print_neighbours(f, w);
}

/* ---------------------------------------------------------------- for programs */

static void json_neighbour(struct vma_json *j, const char *key, const struct vma_facts *f, s64 i,
			   u64 distance)
{
	if (i < 0) {
		vma_json_null(j, key);
		return;
	}
	vma_json_object(j, key);
	vma_json_hex(j, "start", f->maps[i].start);
	vma_json_hex(j, "end", f->maps[i].end);
	vma_json_text(j, "perms", f->maps[i].perms);
	vma_json_text(j, "path", f->maps[i].path);
	vma_json_number(j, "distance", distance);
	vma_json_end(j);
}

static void json_object(struct vma_json *j, const struct vma_attrib *a, const struct vma_where *w)
{
	const struct vma_object *o = w->object;
	char segment[64], id[VMA_BUILD_ID_TEXT];

	vma_json_text(j, "object", o ? vma_object_name(o) : NULL);
	vma_json_text(j, "object_path", o ? o->path : NULL);
	if (o)
		vma_json_hex(j, "bias", o->bias);
	else
		vma_json_null(j, "bias");
	vma_json_text(j, "elf_source", o ? vma_object_from_name(o->from) : NULL);
	vma_json_text(j, "elf_note", o && *o->why ? o->why : NULL);
	vma_json_text(j, "build_id", o && o->elf.build_id_len
					     ? vma_build_id_text(o->elf.build_id,
								 o->elf.build_id_len, id)
					     : NULL);
	vma_json_text(j, "segment", w->segment >= 0 ? vma_place_segment(a, (size_t)w->map, segment,
									sizeof(segment))
						    : NULL);
	vma_json_text(j, "section", w->section >= 0 ? o->elf.sections[w->section].name : NULL);
	if (w->has_symbol) {
		vma_json_object(j, "symbol");
		vma_json_text(j, "name", w->symbol.name);
		vma_json_hex(j, "address", w->symbol.addr);
		vma_json_number(j, "offset", w->addr - w->symbol.addr);
		vma_json_number(j, "size", w->symbol.size);
		vma_json_end(j);
	} else {
		vma_json_null(j, "symbol");
	}
}

static void json_lines(struct vma_json *j, const struct vma_where *w)
{
	vma_json_array(j, "source");
	for (size_t i = 0; i < w->nr_lines; i++) {
		vma_json_object(j, NULL);
		vma_json_text(j, "file", w->lines[i].file);
		vma_json_signed(j, "line", w->lines[i].line);
		vma_json_text(j, "function", w->lines[i].function);
		vma_json_bool(j, "inlined", w->lines[i].inlined);
		vma_json_end(j);
	}
	vma_json_end(j);
}

static void json_where(struct vma_json *j, const struct vma_attrib *a, const struct vma_where *w,
		       const char *asked)
{
	const struct vma_facts *f = vma_attrib_facts(a);
	const struct vma_fact_map *m = w->map < 0 ? NULL : &f->maps[w->map];
	u64 start = m ? m->start : w->addr, end = m ? m->end : w->addr;

	vma_json_object(j, NULL);
	vma_json_text(j, "asked", asked);
	vma_json_hex(j, "address", w->addr);
	vma_json_bool(j, "mapped", m);
	if (m) {
		const struct vma_place *p = vma_attrib_place(a, (size_t)w->map);
		vma_json_hex(j, "start", m->start);
		vma_json_hex(j, "end", m->end);
		vma_json_text(j, "perms", m->perms);
		vma_json_hex(j, "offset", m->offset);
		vma_json_text(j, "path", m->path);
		vma_json_text(j, "category", vma_category_name(p->category));
		vma_json_text(j, "category_rule", p->how.rule);
		vma_json_text(j, "known", vma_known_name((enum vma_known)p->how.known));
		vma_json_number(j, "tid", p->tid);
		json_object(j, a, w);
		json_lines(j, w);
		vma_json_text(j, "page", page_of(a, w->addr));
	}
	json_neighbour(j, "below", f, w->below, w->below < 0 ? 0 : start - f->maps[w->below].end);
	json_neighbour(j, "above", f, w->above, w->above < 0 ? 0 : f->maps[w->above].start - end);
	vma_json_end(j);
}

/* ---------------------------------------------------------------- the command */

static int answer(struct cli *cli, const struct options *o, struct vma_attrib *a,
		  struct vma_json *j)
{
	int status = CLI_OK;

	for (int i = 1; i < cli->argc; i++) {
		struct vma_where w;
		struct vma_err err;
		u64 addr;
		if (vma_where_resolve(a, cli->argv[i], &addr, &err)) {
			status = cli_worse(status, cli_error(CLI_FAILURE, "%s", err.msg));
			continue;
		}
		vma_where(a, addr, !o->no_lines, &w);
		if (j)
			json_where(j, a, &w, cli->argv[i]);
		else
			print_where(a, &w);
	}
	return status;
}

int cmd_where(struct cli *cli)
{
	AUTO(undo_model) struct vma_model *m = NULL;
	AUTO(undo_attrib) struct vma_attrib *a = NULL;
	struct options o = { .no_lines = false };
	struct vma_json j;
	struct vma_out out;
	struct vma_err err;

	if (!cli_parse(cli, &o))
		return cli->status;
	if (cli->argc < 2)
		return cli_usage(cli, "TARGET and at least one address are needed");
	int status = target_open(cli, cli->argv[0],
				 VMA_READ_MAPS | VMA_READ_STATUS | VMA_READ_SYSTEM, &m);
	if (status)
		return status;
	if (vma_attrib_new(m->facts, VMA_ATTRIB_ALL, &a, &err))
		return cli_fail(&err);
	if (!cli->shared.json) {
		status = answer(cli, &o, a, NULL);
		return cli_finish(cli_worse(status, target_report(cli, m->facts, VMA_READ_MAPS)));
	}
	if (vma_out_init(&out, STDOUT_FILENO))
		return cli_error(CLI_FAILURE, "out of memory");
	vma_json_init(&j, &out, false);
	vma_json_object(&j, NULL);
	vma_json_schema(&j);
	target_json(&j, cli->argv[0], m);
	vma_json_array(&j, "addresses");
	status = answer(cli, &o, a, &j);
	vma_json_end(&j);
	vma_json_end(&j);
	if (vma_out_flush(&out))
		status = cli_worse(status, cli_error(CLI_FAILURE, "standard output: cannot write"));
	vma_out_fini(&out);
	return cli_worse(status, target_report(cli, m->facts, VMA_READ_MAPS));
}
