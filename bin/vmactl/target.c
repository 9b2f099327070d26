// SPDX-License-Identifier: GPL-2.0-or-later
#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/escape.h"
#include "libvmactl/attrib.h"
#include "report/callargs.h"

u32 target_levels(const struct cli *cli, u32 levels)
{
	static const u32 allowed[] = {
		[CLI_COST_ANY] = ~0U,
		[CLI_COST_MAPS] = VMA_READ_MAPS | VMA_READ_STATUS | VMA_READ_SYSTEM,
		[CLI_COST_PAGEMAP] = VMA_READ_MAPS | VMA_READ_STATUS | VMA_READ_SYSTEM |
				     VMA_READ_PAGES,
		[CLI_COST_SMAPS] = VMA_READ_MAPS | VMA_READ_STATUS | VMA_READ_SYSTEM |
				   VMA_READ_PAGES | VMA_READ_SMAPS | VMA_READ_NUMA,
	};

	return levels & allowed[cli->shared.cost] & 0xffff;
}

int target_open(const struct cli *cli, const char *target, u32 levels, struct vma_model **out)
{
	struct vma_open_opts opts = { .procfs = cli->shared.procfs, .kernel = cli->shared.kernel,
				      .levels = target_levels(cli, levels) };
	struct vma_err err;

	return vma_open(target, &opts, out, &err) ? cli_fail(&err) : CLI_OK;
}

static void report_cost(const struct vma_facts *f)
{
	for (size_t i = 0; i < f->nr_cost; i++) {
		const struct vma_read_cost *c = &f->cost[i];

		fprintf(stderr, "vmactl: cost: %s: %s: %llu bytes in %u reads, %.3f ms",
			f->source ? f->source : "?", c->what, (unsigned long long)c->bytes,
			c->reads, (double)c->ns / 1e6);
		if (c->longest && f->live)
			fprintf(stderr, ", longest %.3f ms", (double)c->longest / 1e6);
		fputc('\n', stderr);
	}
}

static const struct {
	const char *what;
	u32 level;
} sources[] = {
	{ "maps", VMA_READ_MAPS },	{ "smaps", VMA_READ_SMAPS },
	{ "numa_maps", VMA_READ_NUMA }, { "pagemap", VMA_READ_PAGES },
	{ "bpf", VMA_READ_BPF },
};

/* Was it asked for by what is shown? Small things (auxv, limits) are only said to be missing. */
static bool wanted(const char *what, u32 levels)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (!strcmp(what, sources[i].what))
			return levels & sources[i].level;
	return false;
}

int target_report(const struct cli *cli, const struct vma_facts *f, u32 levels)
{
	int status = CLI_OK;

	levels = target_levels(cli, levels);
	for (size_t i = 0; i < f->nr_missing; i++) {
		const struct vma_missing *m = &f->missing[i];

		if (!wanted(m->what, levels))
			continue;
		cli_error(CLI_PARTIAL, "%s: %s: not read: %s%s%s%s", f->source, m->what,
			  strerror(m->err), m->remedy ? " (" : "", m->remedy ? m->remedy : "",
			  m->remedy ? ")" : "");
		status = CLI_PARTIAL;
	}
	if (f->changed)
		status = cli_error(CLI_PARTIAL, "%s: changed while it was read (stop it first, "
				   "or try again)", f->source);
	if (cli->shared.cost_report)
		report_cost(f);
	return status;
}

static struct vma_provenance known(const void *ctx, const struct vma *vma, enum vma_field f)
{
	return vma_model_known(ctx, vma, f);
}

void target_view(struct vma_view *view, const struct vma_model *m)
{
	*view = (struct vma_view){ .pid = m->facts->pid, .mm = m->mm,
				   .kernel = vma_world_kernel(m->world), .known = known,
				   .known_ctx = m };
}

char *target_name(const struct vma_model *m, char *out, size_t size)
{
	char comm[80];

	vma_escape_terminal(m->facts->comm ? m->facts->comm : "?", comm, sizeof(comm));
	snprintf(out, size, "%u (%s)", m->facts->pid, comm);
	return out;
}

static void json_missing(struct vma_json *j, const struct vma_facts *f)
{
	vma_json_array(j, "missing");
	for (size_t i = 0; i < f->nr_missing; i++) {
		vma_json_object(j, NULL);
		vma_json_text(j, "what", f->missing[i].what);
		vma_json_text(j, "why", strerror(f->missing[i].err));
		vma_json_text(j, "remedy", f->missing[i].remedy);
		vma_json_end(j);
	}
	vma_json_end(j);
}

int target_empty(const struct cli *cli, const char *target)
{
	const struct vma_read_opts opts = { .procfs = cli->shared.procfs,
					    .levels = VMA_READ_MAPS | VMA_READ_STATUS };
	struct vma_facts *f;
	struct vma_err err;

	if (vma_facts_read(target, &opts, &f, &err))
		return cli_fail(&err);
	vma_facts_free(f);
	return cli_error(CLI_FAILURE, "%s: no mappings (a kernel thread, or it has just exited)",
			 target);
}

void target_json(struct vma_json *j, const char *target, const struct vma_model *m)
{
	const struct vma_facts *f = m->facts;
	const struct vma_kernel *k = vma_world_kernel(m->world);

	vma_json_text(j, "target", target);
	vma_json_text(j, "source", f->source);
	vma_json_number(j, "pid", f->pid);
	vma_json_text(j, "comm", f->comm);
	vma_json_text(j, "kernel", k->release);
	vma_json_bool(j, "verified", k->verified);
	vma_json_bool(j, "changed", f->changed);
	json_missing(j, f);
}

bool target_address(const struct vma_model *m, const char *text, u64 *out, struct vma_err *err)
{
	int rc = callargs_mapping(m->mm, text, out, err);

	return rc > 0 || (!rc && !vma_resolve_address(m->facts, text, out, err));
}
