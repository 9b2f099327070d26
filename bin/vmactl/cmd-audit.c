// SPDX-License-Identifier: GPL-2.0-or-later
/* vmactl audit: what is wrong, or looks so, in an address space. */
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/strbuf.h"
#include "commands.h"
#include "target.h"

struct options {
	bool all, sarif, rules;
	int level;
	const char *suppress;
};

#define FIELD(name) .offset = offsetof(struct options, name)
const struct cli_option cmd_audit_options[] = {
	{ "all", 'a', CLI_FLAG, FIELD(all), .help = "every process that may be read" },
	{ "level", 'l', CLI_CHOICE, FIELD(level), "LEVEL",
	  "leave out what is below: note, warning or error", .choices = "note|warning|error" },
	{ "suppress", 0, CLI_STRING, FIELD(suppress), "FILE",
	  "what is known and accepted: lines of RULE [OBJECT [COMMAND]]" },
	{ "sarif", 0, CLI_FLAG, FIELD(sarif), .help = "write SARIF 2.1.0" },
	{ "rules", 0, CLI_FLAG, FIELD(rules), .help = "list the rules" },
	CLI_END,
};

#define LEVELS (VMA_READ_MAPS | VMA_READ_SMAPS | VMA_READ_STATUS | VMA_READ_SYSTEM)

struct run {
	struct cli *cli;
	struct options o;
	struct vma_suppressions *accept;
	struct vma_out out;
	struct vma_json json;
	u64 findings, suppressed, processes;
};

static void undo_run(struct run *r)
{
	vma_suppressions_free(r->accept);
	vma_out_fini(&r->out);
}

static inline void undo_attrib(struct vma_attrib **a)
{
	vma_attrib_free(*a);
}

/* ---------------------------------------------------------------- writers */

static void print_findings(const struct audited *x)
{
	char comm[80], object[600], evidence[600];

	vma_escape_terminal(x->facts->comm ? x->facts->comm : "?", comm, sizeof(comm));
	for (size_t i = 0; i < x->findings->nr; i++) {
		const struct vma_finding *f = &x->findings->finding[i];
		vma_escape_terminal(f->object, object, sizeof(object));
		vma_escape_terminal(f->evidence, evidence, sizeof(evidence));
		printf("%s: %u (%s): %s: ", vma_severity_name(f->rule->severity), x->facts->pid,
		       comm, f->rule->id);
		if (f->map >= 0)
			printf("0x%llx %s: ", (unsigned long long)f->addr, object);
		printf("%s\n    %s; remedy: %s\n", evidence, f->rule->title, f->rule->remedy);
	}
}

static void json_findings(struct vma_json *j, const struct audited *x)
{
	for (size_t i = 0; i < x->findings->nr; i++) {
		const struct vma_finding *f = &x->findings->finding[i];
		const struct vma_fact_map *m = f->map < 0 ? NULL : &x->facts->maps[f->map];
		vma_json_object(j, NULL);
		vma_json_text(j, "rule", f->rule->id);
		vma_json_text(j, "severity", vma_severity_name(f->rule->severity));
		vma_json_text(j, "title", f->rule->title);
		vma_json_number(j, "pid", x->facts->pid);
		vma_json_text(j, "comm", x->facts->comm);
		if (m) {
			vma_json_hex(j, "start", m->start);
			vma_json_hex(j, "end", m->end);
			vma_json_text(j, "perms", m->perms);
			vma_json_text(j, "path", m->path);
			vma_json_text(j, "object", f->object);
		}
		vma_json_text(j, "evidence", f->evidence);
		vma_json_text(j, "remedy", f->rule->remedy);
		vma_json_end(j);
	}
}

/* ---------------------------------------------------------------- processes */

static int audit_one(struct run *r, const char *target, bool quiet)
{
	AUTO(undo_model) struct vma_model *m = NULL;
	AUTO(undo_attrib) struct vma_attrib *a = NULL;
	struct vma_open_opts opts = { .procfs = r->cli->shared.procfs,
				      .kernel = r->cli->shared.kernel,
				      .levels = target_levels(r->cli, LEVELS) };
	struct vma_findings findings;
	struct vma_err err;

	int rc = vma_open(target, &opts, &m, &err);
	if (rc) /* with --all a process may end, or be somebody else's */
		return quiet ? CLI_OK : cli_fail(&err);
	if (m->facts->kernel_thread || !m->facts->nr_maps)
		return CLI_OK;
	if (vma_attrib_new(m->facts, VMA_ATTRIB_ALL, &a, &err) ||
	    vma_audit(a, (enum vma_severity)r->o.level, r->accept, &findings, &err))
		return cli_fail(&err);
	struct audited x = { target, m->facts, a, &findings };
	r->processes++;
	r->findings += findings.nr;
	r->suppressed += findings.suppressed;
	if (r->o.sarif)
		sarif_process(&r->json, &x);
	else if (r->cli->shared.json)
		json_findings(&r->json, &x);
	else
		print_findings(&x);
	vma_findings_fini(&findings);
	return quiet ? CLI_OK : target_report(r->cli, m->facts, LEVELS);
}

static int audit_all(struct run *r)
{
	const char *procfs = r->cli->shared.procfs ? r->cli->shared.procfs : "/proc";
	AUTO(undo_closedir) DIR *d = opendir(procfs);
	int status = CLI_OK;
	struct dirent *e;

	if (!d)
		return cli_error(CLI_FAILURE, "%s: cannot open: %s", procfs, strerror(errno));
	while ((e = readdir(d)))
		if (*e->d_name >= '1' && *e->d_name <= '9' &&
		    (u32)strtoul(e->d_name, NULL, 10) != (u32)getpid())
			status = cli_worse(status, audit_one(r, e->d_name, true));
	return status;
}

/* ---------------------------------------------------------------- the command */

static int list_rules(const struct run *r)
{
	const struct vma_audit_rule *rule;

	for (size_t i = 0; (rule = vma_audit_rule_at(i)); i++)
		if ((int)rule->severity >= r->o.level)
			printf("%-18s %-8s %s\n", rule->id, vma_severity_name(rule->severity),
			       rule->title);
	return cli_finish(CLI_OK);
}

static int read_suppressions(struct run *r)
{
	AUTO(undo_fclose) FILE *f = fopen(r->o.suppress, "re");
	struct strbuf text;
	struct vma_err err;
	char buf[4096];
	size_t n;

	if (!f)
		return cli_error(CLI_FAILURE, "%s: cannot open: %s", r->o.suppress,
				 strerror(errno));
	strbuf_init(&text);
	while ((n = fread(buf, 1, sizeof(buf), f)) && text.len < 1 << 20)
		strbuf_add(&text, buf, n);
	int rc = text.failed ? -ENOMEM
			     : vma_suppressions_parse(strbuf_str(&text), r->o.suppress, &r->accept,
						      &err);
	strbuf_fini(&text);
	if (!rc)
		return CLI_OK;
	return cli_error(CLI_FAILURE, "%s", rc == -ENOMEM ? "out of memory" : err.msg);
}

static int run_targets(struct run *r)
{
	int status = CLI_OK;

	if (r->o.all)
		return audit_all(r);
	for (int i = 0; i < r->cli->argc; i++)
		status = cli_worse(status, audit_one(r, r->cli->argv[i], false));
	return status;
}

static void begin(struct run *r)
{
	if (r->o.sarif) {
		sarif_begin(&r->json);
	} else if (r->cli->shared.json) {
		vma_json_object(&r->json, NULL);
		vma_json_schema(&r->json);
		vma_json_array(&r->json, "findings");
	}
}

static void end(struct run *r)
{
	if (r->o.sarif) {
		sarif_end(&r->json);
	} else if (r->cli->shared.json) {
		vma_json_end(&r->json);
		vma_json_number(&r->json, "processes", r->processes);
		vma_json_number(&r->json, "suppressed", r->suppressed);
		vma_json_end(&r->json);
	}
}

int cmd_audit(struct cli *cli)
{
	AUTO(undo_run) struct run r = { .cli = cli, .o = { .level = VMA_SEVERITY_WARNING } };

	if (!cli_parse(cli, &r.o))
		return cli->status;
	if (r.o.rules)
		return list_rules(&r);
	if (r.o.all == (cli->argc > 0))
		return cli_usage(cli, "either --all or at least one TARGET is needed");
	int status = r.o.suppress ? read_suppressions(&r) : CLI_OK;
	if (status)
		return status;
	if (vma_out_init(&r.out, STDOUT_FILENO))
		return cli_error(CLI_FAILURE, "out of memory");
	vma_json_init(&r.json, &r.out, false);
	begin(&r);
	status = run_targets(&r);
	end(&r);
	if (vma_out_flush(&r.out))
		status = cli_worse(status, cli_error(CLI_FAILURE, "standard output: cannot write"));
	if (r.findings)
		status = cli_worse(status, CLI_FINDING);
	return cli_finish(status);
}
