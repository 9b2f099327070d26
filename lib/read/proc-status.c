// SPDX-License-Identifier: LGPL-2.1-or-later
#include "read/proc-status.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "read/lineage.h"
#include "read/text.h"

/* THE table of numbers in status. A number in kB or a plain one; of Uid the effective one. */
static const struct {
	const char *name;
	enum vma_status_key key;
} status_keys[] = {
	{ "VmPeak", VMA_ST_VMPEAK },
	{ "VmSize", VMA_ST_VMSIZE },
	{ "VmLck", VMA_ST_VMLCK },
	{ "VmPin", VMA_ST_VMPIN },
	{ "VmHWM", VMA_ST_VMHWM },
	{ "VmRSS", VMA_ST_VMRSS },
	{ "RssAnon", VMA_ST_RSSANON },
	{ "RssFile", VMA_ST_RSSFILE },
	{ "RssShmem", VMA_ST_RSSSHMEM },
	{ "VmData", VMA_ST_VMDATA },
	{ "VmStk", VMA_ST_VMSTK },
	{ "VmExe", VMA_ST_VMEXE },
	{ "VmLib", VMA_ST_VMLIB },
	{ "VmPTE", VMA_ST_VMPTE },
	{ "VmSwap", VMA_ST_VMSWAP },
	{ "HugetlbPages", VMA_ST_HUGETLBPAGES },
	{ "Threads", VMA_ST_THREADS },
	{ "Tgid", VMA_ST_TGID },
	{ "PPid", VMA_ST_PPID },
	{ "Uid", VMA_ST_UID },
	{ "THP_enabled", VMA_ST_THP_ENABLED },
};

static void status_number(struct vma_facts *f, const char *name, size_t len, const char *p)
{
	u64 value;

	for (size_t i = 0; i < ARRAY_SIZE(status_keys); i++) {
		enum vma_status_key key = status_keys[i].key;

		if (strlen(status_keys[i].name) != len || memcmp(status_keys[i].name, name, len))
			continue;
		p = text_skip_blanks(p);
		if (!text_dec(&p, &value))
			return;
		if (key == VMA_ST_UID) { /* real, effective, saved, file system */
			p = text_skip_blanks(p);
			if (!text_dec(&p, &value))
				return;
		}
		f->status[key] = value;
		f->have_status |= 1U << key;
		return;
	}
}

bool status_parse(struct vma_facts *f, const char *text)
{
	const char *line = text;

	while (*line) {
		const char *end = strchrnul(line, '\n');
		const char *colon = memchr(line, ':', (size_t)(end - line));

		if (colon) {
			const char *p = text_skip_blanks(colon + 1);
			u64 value;

			status_number(f, line, (size_t)(colon - line), p);
			if (text_starts(line, "CapEff:") && text_hex(&p, &value)) {
				f->cap_eff = value;
				f->have_caps = true;
			} else if (text_starts(line, "Kthread:")) {
				f->kernel_thread = *p == '1';
			} else if (text_starts(line, "State:")) {
				f->state = *p;
			}
		}
		line = *end ? end + 1 : end;
	}
	return f->have_status & 1U << VMA_ST_TGID;
}

/* THE table of stat fields, by the number proc(5) gives them. */
static const struct {
	u8 field;
	enum vma_stat_key key;
} stat_fields[] = {
	{ 22, VMA_STAT_STARTTIME },  { 26, VMA_STAT_START_CODE }, { 27, VMA_STAT_END_CODE },
	{ 28, VMA_STAT_START_STACK }, { 45, VMA_STAT_START_DATA }, { 46, VMA_STAT_END_DATA },
	{ 47, VMA_STAT_START_BRK },  { 48, VMA_STAT_ARG_START },  { 49, VMA_STAT_ARG_END },
	{ 50, VMA_STAT_ENV_START },  { 51, VMA_STAT_ENV_END },
};

/* Field 9 is the flags of the task: fork sets this one, exec clears it. */
#define STAT_FLAGS 9
#define PF_FORKNOEXEC 0x40

static void stat_field(struct vma_facts *f, unsigned int field, u64 value)
{
	if (field == STAT_FLAGS)
		f->forked = !!(value & PF_FORKNOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(stat_fields); i++) {
		if (stat_fields[i].field != field)
			continue;
		f->stat[stat_fields[i].key] = value;
		f->have_stat |= 1U << stat_fields[i].key;
	}
}

/* "12 (a name) with) S 1 ...": the name ends at the last parenthesis. */
bool stat_parse(struct vma_facts *f, const char *text)
{
	const char *p = strrchr(text, ')');

	if (!p || p[1] != ' ' || !p[2])
		return false;
	if (!f->state)
		f->state = p[2];
	p += 3;
	for (unsigned int field = 4; *p; field++) {
		u64 value;

		p = text_skip_blanks(p);
		if (*p == '-')
			p++; /* none of ours is signed */
		if (!text_dec(&p, &value))
			break;
		stat_field(f, field, value);
	}
	/* Who may not ptrace the process sees 1 for the code and 0 for the other addresses. */
	if ((f->have_stat & 1U << VMA_STAT_START_CODE) && f->stat[VMA_STAT_START_CODE] <= 1)
		f->have_stat &= 1U << VMA_STAT_STARTTIME;
	return f->have_stat;
}

bool statm_parse(struct vma_facts *f, const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(f->statm); i++) {
		text = text_skip_blanks(text);
		if (!text_dec(&text, &f->statm[i]))
			return false;
	}
	f->have_statm = true;
	return true;
}

/* In the order of RLIMIT_*. */
static const char *const limit_names[VMA_NR_RLIMITS] = {
	"Max cpu time", "Max file size", "Max data size", "Max stack size", "Max core file size",
	"Max resident set", "Max processes", "Max open files", "Max locked memory",
	"Max address space", "Max file locks", "Max pending signals", "Max msgqueue size",
	"Max nice priority", "Max realtime priority", "Max realtime timeout",
};

static bool limit_value(const char **p, u64 *out)
{
	*p = text_skip_blanks(*p);
	if (text_starts(*p, "unlimited")) {
		*p += strlen("unlimited");
		*out = VMA_RLIM_INFINITY;
		return true;
	}
	return text_dec(p, out);
}

bool limits_parse(struct vma_facts *f, const char *text)
{
	unsigned int seen = 0;

	for (const char *line = text; *line; line = strchrnul(line, '\n'), line += *line == '\n') {
		for (size_t i = 0; i < VMA_NR_RLIMITS; i++) {
			const char *p = line + strlen(limit_names[i]);
			struct vma_rlimit r;

			if (!text_starts(line, limit_names[i]) || *p != ' ')
				continue;
			if (!limit_value(&p, &r.cur) || !limit_value(&p, &r.max))
				return false;
			f->rlimit[i] = r;
			seen |= 1U << i;
		}
	}
	f->have_limits = seen == (1U << VMA_NR_RLIMITS) - 1;
	return f->have_limits;
}

bool auxv_parse(struct vma_facts *f, const char *bytes, size_t len)
{
	f->nr_aux = 0;
	for (size_t i = 0; i + 16 <= len; i += 16) {
		u64 pair[2];

		memcpy(pair, bytes + i, sizeof(pair));
		if (!pair[0])
			return true;
		if (facts_add_aux(f, pair[0], pair[1]))
			return false;
	}
	return false; /* the list ends with AT_NULL */
}

/* ---------------------------------------------------------------- reading them */

static bool parse_auxv(struct vma_facts *f, const struct strbuf *b)
{
	return auxv_parse(f, strbuf_str(b), b->len);
}

static bool parse_status(struct vma_facts *f, const struct strbuf *b)
{
	return status_parse(f, strbuf_str(b));
}

static bool parse_stat(struct vma_facts *f, const struct strbuf *b)
{
	return stat_parse(f, strbuf_str(b));
}

static bool parse_statm(struct vma_facts *f, const struct strbuf *b)
{
	return statm_parse(f, strbuf_str(b));
}

static bool parse_limits(struct vma_facts *f, const struct strbuf *b)
{
	return limits_parse(f, strbuf_str(b));
}

static bool parse_personality(struct vma_facts *f, const struct strbuf *b)
{
	const char *p = strbuf_str(b);
	u64 value;

	if (!text_hex(&p, &value) || value > UINT32_MAX)
		return false;
	f->personality = (u32)value;
	f->have_personality = true;
	return true;
}

static bool parse_comm(struct vma_facts *f, const struct strbuf *b)
{
	size_t len = b->len;

	if (len && b->s[len - 1] == '\n')
		len--;
	f->comm = facts_text(f, strbuf_str(b), len);
	return f->comm;
}

static bool parse_cmdline(struct vma_facts *f, const struct strbuf *b)
{
	size_t len = b->len;

	while (len && !b->s[len - 1])
		len--;
	f->cmdline = facts_text(f, strbuf_str(b), len);
	if (!f->cmdline)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!f->cmdline[i])
			f->cmdline[i] = ' ';
	return true;
}

/* THE table of the small files. A new one: a parser and this row. */
static const struct {
	const char *name;
	bool (*parse)(struct vma_facts *f, const struct strbuf *b);
} files[] = {
	{ "status", parse_status },
	{ "stat", parse_stat },
	{ "statm", parse_statm },
	{ "limits", parse_limits },
	{ "auxv", parse_auxv },
	{ "personality", parse_personality },
	{ "comm", parse_comm },
	{ "cmdline", parse_cmdline },
};

static int read_exe(const struct source *s, struct vma_facts *f)
{
	char path[PATH_MAX];
	ssize_t n = readlinkat(s->pid_dir, "exe", path, sizeof(path) - 1);

	/* Kernel threads have none, captured directories seldom. */
	if (n < 0)
		return errno == ENOENT ? 0 : facts_missing(f, "exe", errno, source_remedy(errno));
	f->exe = facts_text(f, path, (size_t)n);
	return f->exe ? 0 : -ENOMEM;
}

/* Of a capture only its own stat is there; that of a thread says nothing about the process. */
static void note_capture(const struct source *s, struct vma_facts *f)
{
	if (s->tid && s->tid != s->pid)
		f->forked = -1;
	f->mm_of = s->pid;
	f->forks = f->forked ? -1 : 0;
}

int status_read(const struct source *s, struct vma_facts *f)
{
	struct strbuf b = { 0 };
	u64 bytes = 0, began = source_clock();
	u32 reads = 0;
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && !rc; i++) {
		int bad = source_slurp(s->pid_dir, files[i].name, &b);

		if (!bad && !files[i].parse(f, &b))
			bad = -EBADMSG;
		if (bad && !(f->kernel_thread && (bad == -EBADMSG || bad == -ESRCH)))
			rc = facts_missing(f, files[i].name, -bad, source_remedy(-bad));
		bytes += b.len;
		reads++;
	}
	strbuf_fini(&b);
	if (s->live)
		lineage_read(s, f);
	else
		note_capture(s, f);
	if (!rc)
		rc = read_exe(s, f);
	if (!rc)
		rc = facts_cost(f, "status", bytes, reads, source_clock() - began, 0);
	return rc;
}
