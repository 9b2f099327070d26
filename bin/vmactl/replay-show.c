// SPDX-License-Identifier: GPL-2.0-or-later
/* What a replay says: call by call, where it differs, and the figures at the end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "replay.h"

/* ---------------------------------------------------------------- texts of a log */

/* Hostile text of a log, cut and made harmless. Returns out. */
static char *quoted(const char *text, size_t len, char *out, size_t size)
{
	char copy[1024];

	if (len > sizeof(copy) - 1)
		len = sizeof(copy) - 1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	vma_escape_terminal(copy, out, size);
	return out;
}

static void result_text(char *out, size_t size, s64 ret, int err, int sig)
{
	if (sig)
		snprintf(out, size, "SIG%s", sigabbrev_np(sig));
	else if (err)
		snprintf(out, size, "-1 %s", strerrorname_np(err) ? strerrorname_np(err) : "?");
	else if (ret < 0 || ret > 4096)
		snprintf(out, size, "0x%" PRIx64, ret);
	else
		snprintf(out, size, "%" PRId64, ret);
}

/* ---------------------------------------------------------------- a call, in JSON */

static void json_answer(struct vma_json *j, s64 ret, int err, int sig)
{
	char name[32];

	vma_json_signed(j, "result", err || sig ? -1 : ret);
	if (sig) {
		snprintf(name, sizeof(name), "SIG%s", sigabbrev_np(sig));
		vma_json_text(j, "errno", name);
	} else {
		vma_json_text(j, "errno", err ? strerrorname_np(err) : NULL);
	}
}

static void json_recorded(struct vma_json *j, const struct vma_step *s)
{
	if (!s->has_recorded) {
		vma_json_null(j, "recorded");
		return;
	}
	vma_json_object(j, "recorded");
	json_answer(j, s->recorded, s->recorded_err, s->recorded_sig);
	vma_json_end(j);
}

static void json_state(struct vma_json *j, const struct vma_step *s)
{
	const struct vma *vma;

	if (!s->mm)
		return;
	vma_json_array(j, "vmas");
	vma_for_each (s->mm, vma)
		vma_json_vma(j, NULL, s->mm, vma);
	vma_json_end(j);
	vma_json_counters(j, "counters", s->mm);
}

int replay_step_json(void *ctx, const struct vma_step *s)
{
	struct replay_run *run = ctx;
	struct vma_json *j = &run->json;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)(s->name_len < 63 ? s->name_len : 63), s->name);
	vma_json_object(j, NULL);
	vma_json_number(j, "n", s->n);
	vma_json_number(j, "line", s->line);
	vma_json_number(j, "pid", s->pid);
	vma_json_text(j, "call", name);
	vma_json_bool(j, "simulated", s->op != VMA_OP_NONE);
	if (s->op != VMA_OP_NONE)
		vma_json_result(j, s->call, s->result);
	else
		json_answer(j, s->result->ret, s->result->err, s->result->sig);
	json_recorded(j, s);
	vma_json_bool(j, "agree", s->agree);
	vma_json_text(j, "state", vma_follow_name(s->follow));
	vma_json_array(j, "events");
	for (size_t i = 0; i < s->nr_events; i++)
		if (s->events[i].kind != VMA_EV_LOCK)
			vma_json_event(j, &s->events[i]);
	vma_json_end(j);
	if (run->opt->states)
		json_state(j, s);
	vma_json_end(j);
	return run->out->error;
}

/* ---------------------------------------------------------------- a call, for people */

static const char *followed(enum vma_follow follow)
{
	switch (follow) {
	case VMA_FOLLOW_FORCED:
		return "; the recorded result is applied";
	case VMA_FOLLOW_UNDONE:
		return "; the call is taken back";
	case VMA_FOLLOW_KEPT:
		return "; the prediction stays";
	default:
		return "";
	}
}

/* Only what differs is told; what was learned is counted. */
int replay_step_text(void *ctx, const struct vma_step *s)
{
	struct replay_run *run = ctx;
	char call[512], recorded[64], model[64], why[VMA_SENTENCE];

	if (s->agree || s->follow == VMA_FOLLOW_LEARNED)
		return run->out->error;
	if (run->disagreements++ >= run->opt->show)
		return run->out->error;
	result_text(recorded, sizeof(recorded), s->recorded, s->recorded_err, s->recorded_sig);
	result_text(model, sizeof(model), s->result->ret, s->result->err, s->result->sig);
	vma_explain_why(s->result, why, sizeof(why));
	vma_out_addf(run->out, "call %" PRIu64 ", line %" PRIu64 ", pid %u: %s\n", s->n, s->line,
		     s->pid, quoted(s->text, s->text_len, call, sizeof(call)));
	vma_out_addf(run->out, "  recorded %s, predicted %s%s%s%s\n", recorded, model,
		     *why ? ": " : "", why, followed(s->follow));
	return run->out->error;
}

void replay_complaint(void *ctx, const struct vma_complaint *c)
{
	struct replay_run *run = ctx;
	char text[80];

	if (run->complaints++ >= run->opt->show)
		return;
	/* what was printed so far belongs before it */
	vma_out_flush(run->out);
	cli_error(CLI_PARTIAL, "%s:%" PRIu64 ":%u: %s%s%s", run->name, c->line, c->column, c->what,
		  c->text_len ? ": " : "", quoted(c->text, c->text_len, text, sizeof(text)));
}

static void indented(struct vma_out *out, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		vma_out_adds(out, "    ");
		vma_out_add(out, text, len);
		vma_out_adds(out, "\n");
		text += len + (text[len] == '\n');
	}
}

void replay_divergence(void *ctx, const struct vma_divergence *d)
{
	struct replay_run *run = ctx;
	char text[512];

	if (!vma_check_counts(d->cls) || run->cli->shared.json || run->opt->quiet)
		return;
	if (run->last_told != d->n + 1 && run->divergences++ >= run->opt->show)
		return;
	if (run->last_told != d->n + 1) {
		run->last_told = d->n + 1;
		if (d->n)
			vma_out_addf(run->out, "%s: call %" PRIu64 ", line %" PRIu64 ": %s\n", run->name,
				     d->n, d->line, quoted(d->call, d->call_len, text, sizeof(text)));
		else
			vma_out_addf(run->out, "%s: the starting state\n", run->name);
	}
	vma_out_addf(run->out, "  %s%s", vma_check_name(d->cls), d->pid ? " of " : "");
	if (d->pid)
		vma_out_addf(run->out, "%u", d->pid);
	vma_out_addf(run->out, ": %s\n", d->message);
	indented(run->out, d->context);
}

/* ---------------------------------------------------------------- the end of an address space */

static void final_json(struct vma_json *j, const struct vma_mm *mm)
{
	const struct vma *vma;

	vma_json_object(j, NULL);
	vma_json_number(j, "pid", mm->pid);
	vma_json_bool(j, "final", true);
	vma_json_array(j, "vmas");
	vma_for_each (mm, vma)
		vma_json_vma(j, NULL, mm, vma);
	vma_json_end(j);
	vma_json_counters(j, "counters", mm);
	vma_json_end(j);
}

/* A line of /proc/PID/maps: the name begins in column 74. */
static void final_line(struct vma_out *out, const struct vma_mm *mm, const struct vma *vma)
{
	const struct vma_file *f =
		vma_has_vm_file(mm->world, vma) ? vma_file_at(mm->world, vma->file) : NULL;
	char label[VMA_LABEL_MAX], path[2 * VMA_LABEL_MAX], perms[8], line[160];

	snprintf(line, sizeof(line), "%08" PRIx64 "-%08" PRIx64 " %s %08" PRIx64 " %02x:%02x %" PRIu64,
		 vma->vm_start, vma->vm_end, vma_flags_perms(vma->vm_flags, perms),
		 f ? vma->vm_pgoff << VMA_PAGE_SHIFT : 0, f ? f->dev_major : 0, f ? f->dev_minor : 0,
		 f ? f->inode : 0);
	vma_label(mm, vma, label, sizeof(label));
	vma_escape_terminal(label, path, sizeof(path));
	if (*path)
		vma_out_addf(out, "%-72s %s\n", line, path);
	else
		vma_out_addf(out, "%s \n", line);
}

void replay_leave(void *ctx, const struct vma_mm *mm)
{
	struct replay_run *run = ctx;
	const struct vma *vma;

	if (!mm->map_count)
		return; /* what was there before the first execve is unknown */
	if (run->cli->shared.json) {
		final_json(&run->json, mm);
		return;
	}
	vma_out_addf(run->out, "pid %u at its end: %u mappings\n", mm->pid, mm->map_count);
	vma_for_each (mm, vma)
		final_line(run->out, mm, vma);
}

/* ---------------------------------------------------------------- the end, for people */

static double percent(u64 part, u64 whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 100.0;
}

/* map_count over time in one line of bars. */
static void put_curve(struct vma_out *out, const struct vma_replay_process *p)
{
	static const char *const bars[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	u32 step = (p->nr_samples + 63) / 64;

	if (p->nr_samples < 2 || !p->peak)
		return;
	vma_out_adds(out, "    ");
	for (u32 i = 0; i < p->nr_samples; i += step)
		vma_out_adds(out, bars[(u64)p->sample[i] * 7 / p->peak]);
	if (p->stride * step == 1)
		vma_out_adds(out, "  every call\n");
	else
		vma_out_addf(out, "  every %" PRIu64 " calls\n", p->stride * step);
}

static void put_process(struct replay_run *run, const struct vma_replay_process *p)
{
	u64 limit = vma_world_system(vma_replay_world(run->replay))->max_map_count;

	vma_out_addf(run->out, "  pid %u: %u mappings at the start, %u at the end, at most %u",
		     p->pid, p->start, p->last, p->peak);
	if (p->peak_n)
		vma_out_addf(run->out, " (call %" PRIu64 ")", p->peak_n);
	vma_out_addf(run->out, " of %" PRIu64 "%s%s\n", limit, p->exited ? ", exited" : "",
		     p->known ? "" : ", address space learned from the log");
	put_curve(run->out, p);
	if (!p->limit_n)
		return;
	vma_out_addf(run->out, "    reached the limit at call %" PRIu64, p->limit_n);
	if (p->inevitable_n)
		vma_out_addf(run->out, "; never again below half of it after call %" PRIu64,
			     p->inevitable_n);
	vma_out_adds(run->out, "\n");
}

static int by_peak(const void *a, const void *b)
{
	const struct vma_replay_process *x = *(const struct vma_replay_process *const *)a;
	const struct vma_replay_process *y = *(const struct vma_replay_process *const *)b;

	if (x->peak != y->peak)
		return x->peak < y->peak ? 1 : -1;
	return x < y ? -1 : x > y;
}

static void put_processes(struct replay_run *run, const struct vma_replay_summary *s)
{
	const struct vma_replay_process **order = calloc(s->nr_processes + 1, sizeof(*order));
	size_t nr = s->nr_processes < run->opt->top ? s->nr_processes : run->opt->top;

	if (!order)
		return;
	for (size_t i = 0; i < s->nr_processes; i++)
		order[i] = &s->processes[i];
	qsort(order, s->nr_processes, sizeof(*order), by_peak);
	vma_out_adds(run->out, nr ? "address spaces, the largest first\n" : "");
	for (size_t i = 0; i < nr; i++)
		put_process(run, order[i]);
	if (nr < s->nr_processes)
		vma_out_addf(run->out, "  and %zu more\n", s->nr_processes - nr);
	free(order);
}

static void put_sites(struct replay_run *run, const struct vma_replay_summary *s)
{
	char name[512];

	if (!s->nr_sites)
		return;
	vma_out_addf(run->out, "who made mappings (%s)\n",
		     s->has_stacks ? "callers outside the C library" : "by call; strace -k would tell more");
	for (size_t i = 0; i < s->nr_sites && i < run->opt->top; i++) {
		const struct vma_replay_site *site = &s->sites[i];

		vma_out_addf(run->out, "  %+8" PRId64 "  %8" PRIu64 " calls  %s\n", site->vmas, site->calls,
			     quoted(site->name, strlen(site->name), name, sizeof(name)));
	}
}

static void put_first(struct replay_run *run, const struct vma_replay_summary *s)
{
	if (!s->first.n)
		return;
	vma_out_addf(run->out, "first difference at call %" PRIu64 ", line %" PRIu64 ": %s\n",
		     s->first.n, s->first.line, s->first_call);
	vma_out_addf(run->out, "  recorded %s, predicted %s%s%s\n", s->first_recorded, s->first_model,
		     s->first_why ? ": " : "", s->first_why ? s->first_why : "");
	if (s->uncertain)
		vma_out_addf(run->out, "  %" PRIu64 " of the differences may come from page faults, which the "
			     "log does not show\n", s->uncertain);
}

static void put_check(struct replay_run *run, const struct vma_replay_summary *s)
{
	vma_out_addf(run->out, "%s: %" PRIu64 " of %" PRIu64 " calls agree in everything\n", run->name,
		     s->states_agree, s->states);
	if (run->opt->quiet)
		return;
	for (size_t i = 0; i < VMA_CHECK_NR; i++) {
		const struct vma_check_total *t = &s->check[i];

		if (!t->of)
			continue;
		vma_out_addf(run->out, "  %-15s %6" PRIu64 " of %6" PRIu64 "%s",
			     vma_check_name((enum vma_check_class)i), t->agree, t->of,
			     vma_check_counts((enum vma_check_class)i) ? "" : "  (informative)");
		if (t->first_n)
			vma_out_addf(run->out, "  first at call %" PRIu64, t->first_n);
		vma_out_adds(run->out, "\n");
	}
}

void replay_summary_text(struct replay_run *run, const struct vma_replay_summary *s)
{
	u64 compared = s->agreed + s->disagreed + s->learned;

	if (run->complaints > run->opt->show)
		cli_error(CLI_PARTIAL, "%s: %" PRIu64 " more lines were not understood", run->name,
			  run->complaints - run->opt->show);
	if (run->opt->check) {
		put_check(run, s);
		return;
	}
	if (run->disagreements > run->opt->show)
		vma_out_addf(run->out, "and %" PRIu64 " more\n", run->disagreements - run->opt->show);
	vma_out_addf(run->out, "%s: %" PRIu64 " lines, %" PRIu64 " calls, %" PRIu64 " simulated\n",
		     run->name, s->lines, s->calls, s->modelled);
	if (!compared) {
		vma_out_adds(run->out, "no call to compare\n");
		return;
	}
	vma_out_addf(run->out, "%" PRIu64 " of %" PRIu64 " results as predicted (%.2f %%)", s->agreed,
		     compared, percent(s->agreed, compared));
	if (s->learned)
		vma_out_addf(run->out, ", %" PRIu64 " not predictable", s->learned);
	vma_out_addf(run->out, ", %" PRIu64 " different\n", s->disagreed);
	put_first(run, s);
	put_processes(run, s);
	put_sites(run, s);
}

/* ---------------------------------------------------------------- the end, in JSON */

static void json_processes(struct vma_json *j, const struct vma_replay_summary *s)
{
	vma_json_array(j, "processes");
	for (size_t i = 0; i < s->nr_processes; i++) {
		const struct vma_replay_process *p = &s->processes[i];

		vma_json_object(j, NULL);
		vma_json_number(j, "pid", p->pid);
		vma_json_bool(j, "known", p->known);
		vma_json_bool(j, "exited", p->exited);
		vma_json_number(j, "calls", p->calls);
		vma_json_number(j, "start", p->start);
		vma_json_number(j, "peak", p->peak);
		vma_json_number(j, "peak_n", p->peak_n);
		vma_json_number(j, "last", p->last);
		vma_json_number(j, "limit_n", p->limit_n);
		vma_json_number(j, "inevitable_n", p->inevitable_n);
		vma_json_number(j, "stride", p->stride);
		vma_json_array(j, "map_count");
		for (u32 k = 0; k < p->nr_samples; k++)
			vma_json_number(j, NULL, p->sample[k]);
		vma_json_end(j);
		vma_json_end(j);
	}
	vma_json_end(j);
}

static void json_sites(struct vma_json *j, const struct vma_replay_summary *s)
{
	vma_json_array(j, "sites");
	for (size_t i = 0; i < s->nr_sites; i++) {
		vma_json_object(j, NULL);
		vma_json_text(j, "site", s->sites[i].name);
		vma_json_number(j, "calls", s->sites[i].calls);
		vma_json_signed(j, "vmas", s->sites[i].vmas);
		vma_json_number(j, "added", s->sites[i].added);
		vma_json_end(j);
	}
	vma_json_end(j);
}

static void json_check(struct vma_json *j, const struct vma_replay_summary *s)
{
	vma_json_number(j, "states", s->states);
	vma_json_number(j, "states_agree", s->states_agree);
	vma_json_object(j, "classes");
	for (size_t i = 0; i < VMA_CHECK_NR; i++) {
		if (!s->check[i].of)
			continue;
		vma_json_object(j, vma_check_name((enum vma_check_class)i));
		vma_json_number(j, "agree", s->check[i].agree);
		vma_json_number(j, "of", s->check[i].of);
		vma_json_number(j, "first", s->check[i].first_n);
		vma_json_bool(j, "decides", vma_check_counts((enum vma_check_class)i));
		vma_json_end(j);
	}
	vma_json_end(j);
}

static void json_first(struct vma_json *j, const struct vma_replay_summary *s)
{
	if (!s->first.n) {
		vma_json_null(j, "first");
		return;
	}
	vma_json_object(j, "first");
	vma_json_number(j, "n", s->first.n);
	vma_json_number(j, "line", s->first.line);
	vma_json_text(j, "call", s->first_call);
	vma_json_text(j, "recorded", s->first_recorded);
	vma_json_text(j, "predicted", s->first_model);
	vma_json_text(j, "reason", s->first_why);
	vma_json_end(j);
}

void replay_summary_json(struct replay_run *run, const struct vma_replay_summary *s)
{
	struct vma_json *j = &run->json;

	vma_json_object(j, NULL);
	vma_json_schema(j);
	vma_json_text(j, "log", run->name);
	vma_json_text(j, "kernel", vma_world_kernel(vma_replay_world(run->replay))->release);
	vma_json_number(j, "lines", s->lines);
	vma_json_number(j, "calls", s->calls);
	vma_json_number(j, "simulated", s->modelled);
	vma_json_number(j, "agreed", s->agreed);
	vma_json_number(j, "disagreed", s->disagreed);
	vma_json_number(j, "learned", s->learned);
	vma_json_number(j, "uncertain", s->uncertain);
	vma_json_number(j, "not_understood", s->complaints);
	json_first(j, s);
	if (run->opt->check)
		json_check(j, s);
	json_processes(j, s);
	json_sites(j, s);
	vma_json_end(j);
}
