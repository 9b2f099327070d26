// SPDX-License-Identifier: GPL-2.0-or-later
/* A simulation as a script: the calls as strace would have printed them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "sim.h"

/* Descriptors for contexts of userfaultfd: nobody has opened these in the log. */
#define UFFD_FD(context) (100 + (context))

/* A string of C, as strace quotes it. */
static void put_quoted(struct strbuf *b, const char *s)
{
	strbuf_addc(b, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			strbuf_addf(b, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			strbuf_addf(b, "\\%03o", c);
		else
			strbuf_addc(b, (char)c);
	}
	strbuf_addc(b, '"');
}

static void put_arg(struct strbuf *b, const struct sim_node *n, size_t i)
{
	char text[VMA_SENTENCE];

	strbuf_adds(b, vma_explain_arg(vma_op_at(n->call.op)->arg[i], n->call.arg[i], text,
				       sizeof(text)));
}

static void put_prctl(struct strbuf *b, const struct sim_node *n)
{
	static const struct {
		enum vma_op_id op;
		const char *word;
	} words[] = { { VMA_OP_SET_MEMORY_MERGE, "PR_SET_MEMORY_MERGE" },
		      { VMA_OP_SET_THP_DISABLE, "PR_SET_THP_DISABLE" },
		      { VMA_OP_SET_MDWE, "PR_SET_MDWE" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].op == n->call.op)
			strbuf_addf(b, "prctl(%s, %" PRIu64 ", 0, 0, 0)", words[i].word,
				    n->call.arg[0]);
}

static void put_name(struct strbuf *b, const struct sim_node *n)
{
	strbuf_addf(b, "prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0x%" PRIx64 ", %" PRIu64 ", ",
		    n->call.arg[0], n->call.arg[1]);
	if (n->call.name)
		put_quoted(b, n->name);
	else
		strbuf_adds(b, "NULL");
	strbuf_adds(b, ")");
}

static void put_rlimit(struct strbuf *b, const struct sim_node *n)
{
	strbuf_adds(b, "prlimit64(0, ");
	put_arg(b, n, 0);
	strbuf_adds(b, ", {rlim_cur=");
	put_arg(b, n, 1);
	strbuf_adds(b, ", rlim_max=");
	put_arg(b, n, 2);
	strbuf_adds(b, "}, NULL)");
}

static void put_policy(struct strbuf *b, const struct sim_node *n)
{
	bool mbind = n->call.op == VMA_OP_MBIND;
	size_t mask = mbind ? 3 : 1;

	strbuf_adds(b, mbind ? "mbind(" : "set_mempolicy(");
	for (size_t i = 0; i < (mbind ? 6U : 3U); i++) {
		strbuf_adds(b, i ? ", " : "");
		if (i == mask && n->call.arg[i])
			strbuf_addf(b, "[0x%016" PRIx64 "]", n->call.arg[i]);
		else if (i == mask)
			strbuf_adds(b, "NULL");
		else
			put_arg(b, n, i);
	}
	strbuf_adds(b, ")");
}

static void put_process_madvise(struct strbuf *b, const struct sim_node *n)
{
	strbuf_addf(b, "process_madvise(100, [{iov_base=0x%" PRIx64 ", iov_len=%" PRIu64 "}], 1, ",
		    n->call.arg[0], n->call.arg[1]);
	put_arg(b, n, 2);
	strbuf_adds(b, ", 0)");
}

static void put_fork(struct strbuf *b, const struct sim_node *n)
{
	(void)n;
	strbuf_adds(b, "fork()");
}

static void put_exit(struct strbuf *b, const struct sim_node *n)
{
	(void)n;
	strbuf_adds(b, "exit_group(0)");
}

static void put_uffd_api(struct strbuf *b, const struct sim_node *n)
{
	strbuf_addf(b, "ioctl(%" PRIu64 ", UFFDIO_API, {api=0xaa, features=0x%" PRIx64 "})",
		    UFFD_FD(n->call.arg[0]), n->call.arg[1]);
}

static void put_uffd_register(struct strbuf *b, const struct sim_node *n)
{
	strbuf_addf(b, "ioctl(%" PRIu64 ", UFFDIO_REGISTER, {range={start=0x%" PRIx64
		    ", len=0x%" PRIx64 "}, mode=0x%" PRIx64 "})",
		    UFFD_FD(n->call.arg[0]), n->call.arg[1], n->call.arg[2], n->call.arg[3]);
}

static void put_uffd_unregister(struct strbuf *b, const struct sim_node *n)
{
	strbuf_addf(b, "ioctl(%" PRIu64 ", UFFDIO_UNREGISTER, {start=0x%" PRIx64 ", len=0x%" PRIx64
		    "})", UFFD_FD(n->call.arg[0]), n->call.arg[1], n->call.arg[2]);
}

static void put_uffd_close(struct strbuf *b, const struct sim_node *n)
{
	strbuf_addf(b, "close(%" PRIu64 ")", UFFD_FD(n->call.arg[0]));
}

/* Operations that strace shows under another name or in another form. */
static const struct {
	enum vma_op_id op;
	void (*put)(struct strbuf *b, const struct sim_node *n);
} forms[] = {
	{ VMA_OP_SET_VMA_NAME, put_name },	 { VMA_OP_SET_MEMORY_MERGE, put_prctl },
	{ VMA_OP_SET_THP_DISABLE, put_prctl },	 { VMA_OP_SET_MDWE, put_prctl },
	{ VMA_OP_SETRLIMIT, put_rlimit },	 { VMA_OP_MBIND, put_policy },
	{ VMA_OP_SET_MEMPOLICY, put_policy },	 { VMA_OP_PROCESS_MADVISE, put_process_madvise },
	{ VMA_OP_FORK, put_fork },		 { VMA_OP_EXIT, put_exit },
	{ VMA_OP_UFFD_API, put_uffd_api },	 { VMA_OP_UFFD_REGISTER, put_uffd_register },
	{ VMA_OP_UFFD_CLOSE, put_uffd_close },	 { VMA_OP_UFFD_UNREGISTER, put_uffd_unregister },
};

static bool seen_context(const struct sim *m, const struct sim_node *n)
{
	for (u32 i = n->parent; i; i = m->node[i].parent)
		if (vma_op_at(m->node[i].call.op)->arg[0] == VMA_ARG_UFFD &&
		    m->node[i].call.arg[0] == n->call.arg[0])
			return true;
	return false;
}

/* The descriptor of a context that is used for the first time. */
static void open_context(struct strbuf *b, const struct sim *m, u32 pid, const struct sim_node *n)
{
	if (vma_op_at(n->call.op)->arg[0] == VMA_ARG_UFFD && !seen_context(m, n))
		strbuf_addf(b, "%u userfaultfd(0) = %" PRIu64 "\n", pid, UFFD_FD(n->call.arg[0]));
}

/* The segment that shmat is about, as if it had been made here. */
static void make_segment(struct strbuf *b, const struct sim *m, u32 pid, const struct sim_node *n)
{
	const struct vma_file *f = n->path ? &n->file : vma_file_at(sim_world(m), n->call.file);

	if (n->call.op == VMA_OP_SHMAT && f && n->call.file != VMA_FILE_BAD)
		strbuf_addf(b, "%u shmget(IPC_PRIVATE, %" PRIu64 ", IPC_CREAT|0700) = %" PRIu64 "\n",
			    pid, f->size, n->call.arg[0]);
}

static void open_file(struct strbuf *b, const struct sim *m, u32 pid, const struct sim_node *n)
{
	const struct vma_file *f = n->path ? &n->file : vma_file_at(sim_world(m), n->call.file);

	if (!f || n->call.op == VMA_OP_SHMAT || n->call.file == VMA_FILE_BAD)
		return;
	strbuf_addf(b, "%u openat(AT_FDCWD, ", pid);
	put_quoted(b, n->path ? n->path : f->path);
	strbuf_addf(b, ", %s) = 3\n",
		    !f->writable ? "O_RDONLY" : f->readable ? "O_RDWR" : "O_WRONLY");
}

static void put_result(struct strbuf *b, const struct sim_node *n, const char *text)
{
	const char *result = strstr(text, ") = ");

	if (n->call.op == VMA_OP_EXIT || !result)
		strbuf_adds(b, " = ?");
	else
		strbuf_adds(b, result + 1);
	strbuf_addc(b, '\n');
}

static void put_node(struct strbuf *b, const struct sim *m, const struct sim_node *n)
{
	const struct vma_mm *mm = vma_mm_by_id(sim_world(m), n->mm);
	struct vma_call call = n->call;
	u32 pid = mm ? mm->pid : 0;
	char text[VMA_SENTENCE + 200];

	if (call.name)
		call.name = n->name;
	vma_explain_result(&call, &n->res, text, sizeof(text));
	open_context(b, m, pid, n);
	make_segment(b, m, pid, n);
	open_file(b, m, pid, n);
	strbuf_addf(b, "%u ", pid);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (forms[i].op != call.op)
			continue;
		forms[i].put(b, n);
		put_result(b, n, text);
		return;
	}
	strbuf_addf(b, "%s\n", text);
}

int sim_save(const struct sim *m, const char *path, struct vma_err *err)
{
	u32 way[256];
	size_t nr = 0;
	struct strbuf b;

	for (u32 i = m->at; i && nr < 256; i = m->node[i].parent)
		way[nr++] = i;
	if (!nr)
		return vma_fail(err, ENOENT, "there is no operation to save");
	strbuf_init(&b);
	strbuf_addf(&b, "# simulated in vmatop; vmactl replay FILE --from %u checks it\n",
		    m->base->facts->pid);
	while (nr)
		put_node(&b, m, &m->node[way[--nr]]);
	AUTO(undo_fclose) FILE *f = fopen(path, "wxe");
	int rc = 0;
	if (b.failed)
		rc = vma_fail(err, ENOMEM, "out of memory");
	else if (!f)
		rc = vma_fail(err, errno, "%s: cannot write: %m", path);
	else if (fwrite(strbuf_str(&b), 1, b.len, f) != b.len || fflush(f))
		rc = vma_fail(err, errno, "%s: cannot write: %m", path);
	strbuf_fini(&b);
	return rc;
}
