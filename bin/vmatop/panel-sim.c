// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Simulate: choose an operation, fill its arguments in, see before and after. Nothing that is done
 * here reaches the process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "sim.h"

enum mode { PICK, FORM, RESULT };

struct state {
	enum mode mode;
	bool on; /* @sim has been started */
	struct sim sim;
	struct list ops, form, result;
	enum vma_op_id op;
	char arg[VMA_OP_ARGS][128];
	u64 addr; /* the mapping that arguments are taken from */
};

static size_t nr_args(const struct vma_op *op)
{
	size_t n = 0;

	while (n < VMA_OP_ARGS && op->arg[n] != VMA_ARG_NONE)
		n++;
	return n;
}

static const struct sim_node *present(const struct state *s)
{
	return &s->sim.node[s->sim.at];
}

/* ---------------------------------------------------------------- the list of operations, the form */

static void put_synopsis(const struct vma_op *op, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "%s", op->name);

	for (size_t i = 0; i < nr_args(op) && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i ? ", " : "(", op->argname[i]);
	if (n < size)
		snprintf(out + n, size - n, "%s", nr_args(op) ? ")" : "()");
}

static void draw_ops(struct state *s, struct area area)
{
	char text[160];

	term_fill(area.y, 0, area.cols, ST_HEAD, ' ');
	term_put(area.y, 0, area.cols, ST_HEAD, "Simulate: choose an operation (Enter)");
	list_fit(&s->ops, VMA_OP_NR - 1, area.rows - 1);
	for (int y = 0; y < s->ops.rows && s->ops.top + (size_t)y < s->ops.nr; y++) {
		size_t i = s->ops.top + (size_t)y;
		const struct vma_op *op = vma_op_at((enum vma_op_id)(i + 1));
		enum style st = i == s->ops.cursor ? ST_CURSOR : ST_NORMAL;

		term_fill(area.y + 1 + y, 0, area.cols, st, ' ');
		put_synopsis(op, text, sizeof(text));
		term_put(area.y + 1 + y, 1, 45, st, text);
		term_put(area.y + 1 + y, 47, area.cols - 47, i == s->ops.cursor ? st : ST_DIM,
			 op->help);
	}
}

/* The words an argument takes. */
static void draw_words(const struct vma_op *op, size_t i, int y, int rows, int cols)
{
	bool flags = false;
	const struct vma_word *w = vma_arg_words(op->arg[i], &flags);
	int x = 2;

	if (op->arg[i] == VMA_ARG_ADDR)
		term_put(y, 2, cols - 2, ST_DIM,
			 "0x7f.., [heap], [stack], libc.so.6, libc.so.6+0x1000, a symbol, NULL");
	if (op->arg[i] == VMA_ARG_FD)
		term_put(y, 2, cols - 2, ST_DIM,
			 "-1, PATH, rw:PATH, the name of a mapped file, a descriptor of the process");
	if (op->arg[i] == VMA_ARG_SHMID)
		term_put(y, 2, cols - 2, ST_DIM, "new:SIZE, or the id of a segment (ipcs -m)");
	if (op->arg[i] == VMA_ARG_LEN)
		term_put(y, 2, cols - 2, ST_DIM, "bytes, 4K, 2M, 1G");
	if (!w)
		return;
	x += term_put(y, x, cols - x, ST_DIM, flags ? "joined by |: " : "one of: ");
	for (; w->name && rows > 0; w++) {
		if (x + (int)strlen(w->name) + 1 >= cols) {
			x = 4;
			y++;
			rows--;
		}
		if (rows > 0)
			x += term_putf(y, x, cols - x, ST_DIM, "%s ", w->name);
	}
}

static void draw_form(struct app *a, struct state *s, struct area area)
{
	const struct vma_op *op = vma_op_at(s->op);
	size_t nr = nr_args(op);

	(void)a;
	term_fill(area.y, 0, area.cols, ST_HEAD, ' ');
	term_putf(area.y, 0, area.cols, ST_HEAD, "%s: %s", op->name, op->help);
	list_fit(&s->form, nr + 1, area.rows > 8 ? 8 : area.rows - 1);
	for (size_t i = 0; i <= nr && (int)i < s->form.rows; i++) {
		enum style st = i == s->form.cursor ? ST_CURSOR : ST_NORMAL;
		int y = area.y + 1 + (int)i;

		term_fill(y, 0, area.cols, st, ' ');
		if (i == nr) {
			term_put(y, 2, area.cols - 2, i == s->form.cursor ? st : ST_BOLD, "[ Run ]");
			continue;
		}
		term_put(y, 2, 14, st, op->argname[i]);
		term_put(y, 17, area.cols - 17, st, s->arg[i]);
	}
	if (s->form.cursor < nr)
		draw_words(op, s->form.cursor, area.y + (int)nr + 3,
			   area.rows - (int)nr - 3, area.cols);
}

/* ---------------------------------------------------------------- the result */

/* Lines above the rows: the call, its reason, counters, a rule; behind them the events. */
struct page {
	struct app *a;
	struct state *s;
	struct area area;
	size_t line; /* that is put next */
};

static bool on_screen(struct page *p, int *y)
{
	size_t at = p->line++;

	*y = p->area.y + (int)(at - p->s->result.top);
	return at >= p->s->result.top && at < p->s->result.top + (size_t)p->area.rows;
}

static void put_line(struct page *p, enum style st, const char *text)
{
	int y;

	if (on_screen(p, &y))
		term_put(y, 0, p->area.cols, st, text);
}

static int add_counter(char *out, size_t size, int n, const char *name, u64 before, u64 after,
		       bool pages)
{
	char a[VMA_SIZE_TEXT], b[VMA_SIZE_TEXT];

	if (before == after || n >= (int)size)
		return n;
	if (!pages)
		return n + snprintf(out + n, size - (size_t)n, "%s %llu -> %llu  ", name,
				    (unsigned long long)before, (unsigned long long)after);
	return n + snprintf(out + n, size - (size_t)n, "%s %s -> %s  ", name,
			    vma_size_text(before << VMA_PAGE_SHIFT, a),
			    vma_size_text(after << VMA_PAGE_SHIFT, b));
}

static void put_counters(struct page *p, const struct sim_node *n)
{
	const struct sim_counters *b = &n->before, *c = &n->after;
	char text[400];
	u64 max = vma_world_system(sim_world(&p->s->sim))->max_map_count;
	int k = snprintf(text, sizeof(text), "map_count %llu -> %llu of %llu  ",
			 (unsigned long long)b->map_count, (unsigned long long)c->map_count,
			 (unsigned long long)max);

	k = add_counter(text, sizeof(text), k, "total_vm", b->total_vm, c->total_vm, true);
	k = add_counter(text, sizeof(text), k, "data_vm", b->data_vm, c->data_vm, true);
	k = add_counter(text, sizeof(text), k, "stack_vm", b->stack_vm, c->stack_vm, true);
	k = add_counter(text, sizeof(text), k, "exec_vm", b->exec_vm, c->exec_vm, true);
	k = add_counter(text, sizeof(text), k, "locked_vm", b->locked_vm, c->locked_vm, true);
	k = add_counter(text, sizeof(text), k, "rss_anon", b->rss_anon, c->rss_anon, true);
	k = add_counter(text, sizeof(text), k, "rss_file", b->rss_file, c->rss_file, true);
	k = add_counter(text, sizeof(text), k, "rss_shmem", b->rss_shmem, c->rss_shmem, true);
	add_counter(text, sizeof(text), k, "brk", b->brk, c->brk, false);
	put_line(p, ST_BOLD, text);
}

static void draw_side(const struct sim_side *side, int y, int x, int width, enum style st, char mark)
{
	char perms[5], size[VMA_SIZE_TEXT], anon[16] = "-";

	if (!side->there)
		return;
	if (side->anon_vma)
		snprintf(anon, sizeof(anon), "%u", side->anon_vma);
	term_putf(y, x, width, st, "%c%12llx %6s %s a%s %s", mark, (unsigned long long)side->start,
		  vma_size_text(side->end - side->start, size),
		  vma_flags_perms(side->flags, perms), anon, side->label);
}

static void put_row(struct page *p, const struct sim_row *r)
{
	static const struct {
		enum style style;
		char mark;
	} looks[] = { [VMA_DIFF_SAME] = { ST_DIM, ' ' },
		      [VMA_DIFF_REMOVED] = { ST_REMOVED, '-' },
		      [VMA_DIFF_ADDED] = { ST_ADDED, '+' },
		      [VMA_DIFF_CHANGED] = { ST_CHANGED, '~' } };
	int half = p->area.cols / 2, y;

	if (!on_screen(p, &y))
		return;
	if (r->gap) {
		term_put(y, 2, half, ST_DIM, "...");
		term_put(y, half + 2, half, ST_DIM, "...");
		return;
	}
	draw_side(&r->before, y, 0, half - 1, looks[r->kind].style, looks[r->kind].mark);
	term_put(y, half - 1, 1, ST_DIM, "|");
	draw_side(&r->after, y, half, p->area.cols - half, looks[r->kind].style,
		  looks[r->kind].mark);
}

static void put_events(struct page *p, const struct sim_node *n)
{
	char text[VMA_SENTENCE];

	for (size_t i = 0; i < n->events.nr; i++) {
		const struct vma_event *ev = &n->events.ev[i];

		if (ev->kind != VMA_EV_CHECK && *vma_explain_event(ev, text, sizeof(text)))
			put_line(p, ST_NORMAL, text);
	}
}

static void put_heading(struct page *p, const struct sim_node *n)
{
	int half = p->area.cols / 2, y;

	if (!on_screen(p, &y))
		return;
	term_fill(y, 0, p->area.cols, ST_HEAD, ' ');
	term_put(y, 1, half - 1, ST_HEAD, n->res.mm ? "PARENT" : "BEFORE");
	term_put(y, half + 1, half - 1, ST_HEAD, n->res.mm ? "CHILD" : "AFTER");
}

static void put_node(struct page *p, const struct sim_node *n)
{
	struct vma_call call = n->call;
	char text[VMA_SENTENCE + 200];

	if (call.name)
		call.name = n->name;
	vma_explain_result(&call, &n->res, text, sizeof(text));
	put_line(p, n->res.err || n->res.sig ? ST_ERROR : ST_GOOD, text);
	if (n->res.why != VMA_WHY_NONE) {
		char why[VMA_SENTENCE];

		vma_explain_why(&n->res, why, sizeof(why));
		snprintf(text, sizeof(text), "because %s", why);
		put_line(p, ST_WARN, text);
	}
	put_counters(p, n);
	put_heading(p, n);
	for (size_t i = 0; i < n->nr_rows; i++)
		put_row(p, &n->row[i]);
	if (!n->nr_rows)
		put_line(p, ST_DIM, "no mapping changes");
	if (n->cut) {
		snprintf(text, sizeof(text), "... and %zu more", n->cut);
		put_line(p, ST_WARN, text);
	}
	put_line(p, ST_TITLE, "What happened:");
	size_t before = p->line;
	put_events(p, n);
	if (p->line == before)
		put_line(p, ST_DIM, "nothing that a mapping would show");
}

static void draw_status(struct state *s, int y, int cols)
{
	u32 which, of = sim_siblings(&s->sim, &which);
	const struct vma_mm *mm = sim_mm(&s->sim);
	char text[200];

	snprintf(text, sizeof(text), "step %u%s%s  process %u  kernel %s%s", sim_depth(&s->sim),
		 of > 1 ? "  branch " : "", "", mm ? mm->pid : 0,
		 vma_world_kernel(sim_world(&s->sim))->release,
		 vma_world_kernel(sim_world(&s->sim))->verified ? "" : " (unverified)");
	int x = term_put(y, 0, cols, ST_DIM, text);
	if (of > 1)
		x += term_putf(y, x, cols - x, ST_TITLE, "  branch %u of %u", which, of);
	term_put(y, x, cols - x, ST_DIM, "  only simulated");
}

static void draw_result(struct app *a, struct state *s, struct area area)
{
	struct page p = { .a = a, .s = s, .area = area };

	draw_status(s, area.y, area.cols);
	p.area.y++;
	p.area.rows--;
	if (!s->sim.at) {
		put_line(&p, ST_NORMAL, "This is the state as it was read. F2: choose an operation, "
			 "F4: redo.");
	} else {
		put_node(&p, present(s));
	}
	/* how long it is shows when it was put: the next key scrolls within that */
	list_fit(&s->result, p.line, p.area.rows);
}

static void draw(struct app *a, void *state, struct area area)
{
	struct state *s = state;

	if (!s->on) {
		const struct vma_err *e = a->shown ? &a->shown->why_no_model : NULL;

		term_put(area.y + 1, 2, area.cols - 2, e && e->code ? ST_ERROR : ST_DIM,
			 e && e->code ? e->msg
			 : a->live && a->live->err.code ? a->live->err.msg
			 : a->ended ? "the process has ended before its model was made"
				    : "rebuilding the model ...");
		return;
	}
	if (s->mode == PICK)
		draw_ops(s, area);
	else if (s->mode == FORM)
		draw_form(a, s, area);
	else
		draw_result(a, s, area);
}

/* ---------------------------------------------------------------- keys */

static void fill_form(struct app *a, struct state *s)
{
	const struct vma_op *op = vma_op_at(s->op);
	const struct vma_mm *mm = sim_mm(&s->sim);
	const struct vma *vma = mm ? vma_find(mm, s->addr) : NULL;

	(void)a;
	for (size_t i = 0; mm && i < nr_args(op); i++)
		sim_default(op, i, vma, mm, s->arg[i], sizeof(s->arg[i]));
	s->form = (struct list){ .nr = nr_args(op) + 1, .rows = 8 };
	s->mode = FORM;
}

static u32 run(struct app *a, struct state *s)
{
	const struct vma_op *op = vma_op_at(s->op);
	struct sim_call what = { .call = { .op = s->op } };
	struct vma_err err;

	if (!sim_mm(&s->sim)) {
		app_say(a, ST_ERROR, "the process has exited: undo");
		return KEY_HANDLED | KEY_REDRAW;
	}
	for (size_t i = 0; i < nr_args(op); i++)
		if (sim_parse(&s->sim, op, i, s->arg[i], &what, &err)) {
			app_say(a, ST_ERROR, "%s", err.msg);
			list_to(&s->form, i);
			return KEY_HANDLED | KEY_REDRAW;
		}
	if (sim_run(&s->sim, &what, &err)) {
		app_say(a, ST_ERROR, "%s", err.msg);
		return KEY_HANDLED | KEY_REDRAW;
	}
	s->mode = RESULT;
	list_to(&s->result, 0);
	return KEY_HANDLED | KEY_REDRAW;
}

static u32 edited(struct app *a, const char *text)
{
	struct state *s = panel_state(a, &panel_sim);

	if (text && s->form.cursor < VMA_OP_ARGS) {
		snprintf(s->arg[s->form.cursor], sizeof(s->arg[0]), "%s", text);
		list_act(&s->form, ACT_DOWN);
	}
	return 0;
}

static u32 saved(struct app *a, const char *text)
{
	struct state *s = panel_state(a, &panel_sim);
	struct vma_err err;

	if (!text || !*text)
		return 0;
	if (sim_save(&s->sim, text, &err))
		app_say(a, ST_ERROR, "%s", err.msg);
	else
		app_say(a, ST_GOOD, "saved; vmactl replay --from %s %s", a->target, text);
	return 0;
}

static void move_in_tree(struct app *a, struct state *s, enum action act)
{
	struct vma_err err;
	int rc = act == ACT_UNDO ? sim_undo(&s->sim, &err)
		 : act == ACT_REDO ? sim_redo(&s->sim, &err) : sim_branch(&s->sim, &err);

	if (rc)
		app_say(a, ST_WARN, "%s", err.msg);
	list_to(&s->result, 0);
}

static u32 key_result(struct app *a, struct state *s, enum action act)
{
	char path[64];

	switch (act) {
	case ACT_OPEN:
		s->mode = PICK;
		break;
	case ACT_UNDO:
	case ACT_REDO:
	case ACT_BRANCH:
		move_in_tree(a, s, act);
		break;
	case ACT_SWITCH:
		if (!sim_switch(&s->sim))
			app_say(a, ST_WARN, "there is one process only: simulate fork first");
		break;
	case ACT_SAVE:
		snprintf(path, sizeof(path), "vmatop-%u.strace", s->sim.base->facts->pid);
		prompt_open(&a->prompt, "Save as", path, NULL, saved);
		break;
	case ACT_DOWN:
	case ACT_UP:
		/* no line is chosen here: the page scrolls */
		if (act == ACT_DOWN && s->result.top + (size_t)s->result.rows < s->result.nr)
			s->result.top++;
		else if (act == ACT_UP && s->result.top)
			s->result.top--;
		s->result.cursor = s->result.top;
		break;
	default:
		return 0;
	}
	return KEY_HANDLED | KEY_REDRAW;
}

static u32 key_form(struct app *a, struct state *s, enum action act)
{
	if (act == ACT_RUN || (act == ACT_OPEN && s->form.cursor == nr_args(vma_op_at(s->op))))
		return run(a, s);
	if (act == ACT_BACK) {
		s->mode = PICK;
		return KEY_HANDLED | KEY_REDRAW;
	}
	if (act != ACT_OPEN)
		return 0;
	prompt_open(&a->prompt, vma_op_at(s->op)->argname[s->form.cursor], s->arg[s->form.cursor],
		    NULL, edited);
	return KEY_HANDLED | KEY_REDRAW;
}

static u32 key(struct app *a, void *state, enum action act, const struct term_event *ev)
{
	struct state *s = state;

	(void)ev;
	if (!s->on)
		return 0;
	if (s->mode == RESULT)
		return key_result(a, s, act);
	if (s->mode == FORM)
		return key_form(a, s, act);
	if (act == ACT_BACK && s->sim.nr > 1) {
		s->mode = RESULT;
		return KEY_HANDLED | KEY_REDRAW;
	}
	if (act == ACT_BACK) { /* nothing was tried: what it would be tried on need not be kept */
		sim_fini(&s->sim);
		s->on = false;
	}
	if (act != ACT_OPEN)
		return 0;
	s->op = (enum vma_op_id)(s->ops.cursor + 1);
	fill_form(a, s);
	return KEY_HANDLED | KEY_REDRAW;
}

/* All that the simulation starts from was read. A second sample beside it would cost as much. */
static bool ready(const struct sample *m)
{
	return m && m->model && (m->facts->levels & VMA_READ_PAGES || m->facts->nr_missing ||
				 !m->facts->live);
}

/* The session begins with the first such sample, and stays on it. */
static void sample(struct app *a, void *state)
{
	struct state *s = state;

	if (!s->on && ready(a->shown))
		s->on = sim_start(&s->sim, a->shown, a->procfs);
	if (s->on && !s->addr)
		s->addr = a->addr;
}

static void enter(struct app *a, void *state)
{
	struct state *s = state;

	/* what was tried stays, unless it was another process */
	if (s->on && s->sim.nr > 1 && a->shown && a->shown->facts &&
	    sample_same_process(s->sim.base, a->shown)) {
		s->mode = RESULT;
		return;
	}
	if (s->on)
		sim_fini(&s->sim);
	*s = (struct state){ .addr = a->addr };
	list_fit(&s->ops, VMA_OP_NR - 1, 8);
	list_to(&s->ops, VMA_OP_MPROTECT - 1);
	if (ready(a->shown))
		sample(a, s);
	else if (a->back)
		app_say(a, ST_WARN, "no model was made of this sample: back to now (0)");
}

static void fini(void *state)
{
	struct state *s = state;

	if (s->on)
		sim_fini(&s->sim);
}

static u32 where_now(const void *state)
{
	static const u32 where[] = { [PICK] = IN_SIM_PICK, [FORM] = IN_SIM_FORM, [RESULT] = IN_SIM };

	return where[((const struct state *)state)->mode];
}

static struct list *get_list(void *state)
{
	struct state *s = state;

	return s->mode == PICK ? &s->ops : s->mode == FORM ? &s->form : &s->result;
}

static const char *text(struct app *a, void *state, size_t i, char *buf, size_t size)
{
	const struct state *s = state;
	const struct vma_op *op = vma_op_at((enum vma_op_id)(i + 1));

	(void)a;
	if (s->mode != PICK || !op)
		return NULL;
	snprintf(buf, size, "%s %s", op->name, op->help);
	return buf;
}

const struct panel panel_sim = {
	.name = "Simulate",
	.where = IN_SIM,
	.wants = WANTS_MODEL | WANTS_PAGES | WANTS_NOTHING,
	.state_size = sizeof(struct state),
	.help = "Try an operation on a copy of the model: before and after side by side (- gone, "
		"+ new, ~ changed), the events in the order of the kernel, the reason when it is "
		"refused. aN: the anon_vma. Nothing reaches the process.",
	.draw = draw,
	.key = key,
	.enter = enter,
	.sample = sample,
	.fini = fini,
	.where_now = where_now,
	.list = get_list,
	.text = text,
};
