// SPDX-License-Identifier: LGPL-2.1-or-later
#include "script/words.h"

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/engine.h"
#include "script/chars.h"

/* Constants of calls that the engine has no row for: descriptors, processes, structures. */
#define W(name) { #name, (u64)(name) }
struct pair {
	const char *name;
	u64 value;
};
static const struct pair extra[] = {
	{ "NULL", 0 },
	/* open */
	W(AT_FDCWD), W(O_RDONLY), W(O_WRONLY), W(O_RDWR), W(O_APPEND), W(O_ASYNC), W(O_CLOEXEC),
	W(O_CREAT), W(O_DIRECT), W(O_DIRECTORY), W(O_DSYNC), W(O_EXCL), { "O_LARGEFILE", 0100000 },
	W(O_NOATIME), W(O_NOCTTY), W(O_NOFOLLOW), W(O_NONBLOCK), W(O_PATH), W(O_SYNC), W(O_TMPFILE),
	W(O_TRUNC), { "O_ACCMODE", 3 }, W(AT_EMPTY_PATH), W(AT_SYMLINK_NOFOLLOW),
	{ "MFD_CLOEXEC", 1 }, { "MFD_ALLOW_SEALING", 2 }, { "MFD_HUGETLB", 4 },
	{ "MFD_NOEXEC_SEAL", 8 }, { "MFD_EXEC", 16 }, { "MFD_HUGE_SHIFT", 26 },
	{ "MAP_HUGE_SHIFT", 26 }, { "SHM_HUGE_SHIFT", 26 }, { "MAP_FILE", 0 },
	{ "MAP_HUGE_2MB", 21U << 26 }, { "MAP_HUGE_1GB", 30U << 26 },
	/* fcntl, close_range, fallocate */
	W(F_DUPFD), W(F_DUPFD_CLOEXEC), W(F_GETFD), W(F_SETFD), W(FD_CLOEXEC), { "F_ADD_SEALS", 1033 },
	{ "F_GET_SEALS", 1034 }, { "F_SEAL_SEAL", 1 }, { "F_SEAL_SHRINK", 2 }, { "F_SEAL_GROW", 4 },
	{ "F_SEAL_WRITE", 8 }, { "F_SEAL_FUTURE_WRITE", 16 }, { "F_SEAL_EXEC", 32 },
	{ "CLOSE_RANGE_UNSHARE", 2 }, { "CLOSE_RANGE_CLOEXEC", 4 },
	{ "FALLOC_FL_KEEP_SIZE", 1 }, { "FALLOC_FL_PUNCH_HOLE", 2 }, { "FALLOC_FL_ZERO_RANGE", 16 },
	/* stat */
	W(S_IFREG), W(S_IFDIR), W(S_IFCHR), W(S_IFBLK), W(S_IFIFO), W(S_IFSOCK), W(S_IFLNK),
	W(S_ISUID), W(S_ISGID), W(S_ISVTX),
	/* clone */
	W(CLONE_VM), W(CLONE_FS), W(CLONE_FILES), W(CLONE_SIGHAND), W(CLONE_PTRACE), W(CLONE_VFORK),
	W(CLONE_PARENT), W(CLONE_THREAD), W(CLONE_NEWNS), W(CLONE_SYSVSEM), W(CLONE_SETTLS),
	W(CLONE_PARENT_SETTID), W(CLONE_CHILD_CLEARTID), W(CLONE_DETACHED), W(CLONE_UNTRACED),
	W(CLONE_CHILD_SETTID), W(CLONE_NEWCGROUP), W(CLONE_NEWUTS), W(CLONE_NEWIPC),
	W(CLONE_NEWUSER), W(CLONE_NEWPID), W(CLONE_NEWNET), W(CLONE_IO), W(CLONE_PIDFD),
	{ "CLONE_NEWTIME", 0x80 }, { "CLONE_CLEAR_SIGHAND", 1ULL << 32 },
	{ "CLONE_INTO_CGROUP", 1ULL << 33 }, W(SIGCHLD),
	/* SysV, prctl, personality */
	W(IPC_PRIVATE), W(IPC_CREAT), W(IPC_EXCL), W(IPC_RMID), W(IPC_SET), W(IPC_STAT), { "IPC_64", 0x100 },
	W(SHM_HUGETLB), W(SHM_NORESERVE), W(SHM_LOCK), W(SHM_UNLOCK),
	{ "PR_SET_VMA", 0x53564d41 }, { "PR_SET_VMA_ANON_NAME", 0 }, W(PR_SET_THP_DISABLE),
	W(PR_GET_THP_DISABLE), { "PR_SET_MDWE", 65 }, { "PR_GET_MDWE", 66 },
	{ "PR_SET_MEMORY_MERGE", 67 }, { "PR_GET_MEMORY_MERGE", 68 }, { "PR_MDWE_REFUSE_EXEC_GAIN", 1 },
	{ "PR_MDWE_NO_INHERIT", 2 },
	W(PER_LINUX), W(UNAME26), W(ADDR_NO_RANDOMIZE), W(FDPIC_FUNCPTRS), W(MMAP_PAGE_ZERO),
	W(ADDR_COMPAT_LAYOUT), W(READ_IMPLIES_EXEC), W(ADDR_LIMIT_32BIT), W(SHORT_INODE),
	W(WHOLE_SECONDS), W(STICKY_TIMEOUTS), W(ADDR_LIMIT_3GB),
	{ "RLIM_INFINITY", ~0ULL }, { "RLIM64_INFINITY", ~0ULL },
	/* ioctl on a userfaultfd */
	{ "UFFDIO_API", 0xc018aa3f }, { "UFFDIO_REGISTER", 0xc020aa00 },
	{ "UFFDIO_UNREGISTER", 0x8010aa01 }, { "UFFD_USER_MODE_ONLY", 1 }, { "UFFD_API", 0xaa },
	{ "UFFD_FEATURE_PAGEFAULT_FLAG_WP", 1 }, { "UFFD_FEATURE_EVENT_FORK", 2 },
	{ "UFFD_FEATURE_EVENT_REMAP", 4 }, { "UFFD_FEATURE_EVENT_REMOVE", 8 },
	{ "UFFD_FEATURE_MISSING_HUGETLBFS", 16 }, { "UFFD_FEATURE_MISSING_SHMEM", 32 },
	{ "UFFD_FEATURE_EVENT_UNMAP", 64 }, { "UFFD_FEATURE_SIGBUS", 128 },
	{ "UFFD_FEATURE_THREAD_ID", 256 }, { "UFFD_FEATURE_MINOR_HUGETLBFS", 512 },
	{ "UFFD_FEATURE_MINOR_SHMEM", 1024 }, { "UFFD_FEATURE_EXACT_ADDRESS", 2048 },
	{ "UFFD_FEATURE_WP_HUGETLBFS_SHMEM", 4096 }, { "UFFD_FEATURE_WP_UNPOPULATED", 8192 },
	{ "UFFD_FEATURE_POISON", 16384 }, { "UFFD_FEATURE_WP_ASYNC", 32768 },
	{ "UFFD_FEATURE_MOVE", 65536 },
};

#define SLOTS 4096U /* at least twice the number of words */
#define HEADS 1024U
#define HEAD_KINDS 2U /* WORD_CONSTANT, WORD_CALL: what stands in nearly every line */
#define LONG 8U  /* bytes of a head; SHORT of a name that has no more */
#define SHORT 4U

/*
 * @head, @tail: the first and the last eight bytes, of a name of less than eight the first and the
 * last four. They overlap or meet: names of more than sixteen are not found by their heads.
 */
struct entry {
	const char *name;
	u64 value;
	u64 head, tail;
	u32 hash, len;
	u16 kind;
	u16 next; /* at the same place among the heads: index */
};

/* Indices into entries, of which the first is not used: by the whole name, by how it begins. */
struct words {
	struct entry entries[SLOTS / 2];
	u32 nr;
	u16 slot[SLOTS];
	struct heads {
		u16 of_long[HEADS], of_short[HEADS];
	} heads[HEAD_KINDS];
};

static inline u64 load(const char *s, size_t n)
{
	u64 v = 0;

	memcpy(&v, s, n);
	return v;
}

static inline size_t head_of(u64 head)
{
	return head * 0x9e3779b97f4a7c15ULL >> 54;
}

/* Length, head and tail tell nearly all constants apart; the rest is settled by comparing. */
static u32 hash_of(const char *s, size_t len)
{
	u64 head, tail, h;

	if (len >= 8) {
		head = load(s, 8);
		tail = load(s + len - 8, 8);
	} else if (len >= 4) {
		head = load(s, 4);
		tail = load(s + len - 4, 4);
	} else {
		head = len ? (u8)s[0] : 0;
		tail = len ? (u64)(u8)s[len - 1] << 8 | (u8)s[len / 2] : 0;
	}
	h = (head ^ len) * 0x9e3779b97f4a7c15ULL;
	h = (h ^ h >> 29 ^ tail) * 0xbf58476d1ce4e5b9ULL;
	return (u32)(h >> 32);
}

static const struct entry *find(const struct words *w, u32 kind, const char *s, size_t len)
{
	u32 hash = hash_of(s, len);

	for (u32 i = hash % SLOTS; w->slot[i]; i = (i + 1) % SLOTS) {
		const struct entry *e = &w->entries[w->slot[i]];

		if (e->hash == hash && e->len == len && e->kind == kind && !memcmp(e->name, s, len))
			return e;
	}
	return NULL;
}

static void add_head(struct words *w, struct entry *e)
{
	size_t n = e->len >= LONG ? LONG : SHORT;
	u16 *head;

	if (e->kind >= HEAD_KINDS || e->len < SHORT || e->len > 2 * LONG)
		return;
	e->head = load(e->name, n);
	e->tail = load(e->name + e->len - n, n);
	head = n == LONG ? w->heads[e->kind].of_long : w->heads[e->kind].of_short;
	head += head_of(e->head);
	e->next = *head;
	*head = (u16)(e - w->entries);
}

bool words_add(struct words *w, enum word_kind kind, const char *name, u64 value)
{
	size_t len = strlen(name);
	u32 hash = hash_of(name, len), i = hash % SLOTS;
	struct entry *e;

	if (find(w, kind, name, len))
		return true;
	if (w->nr + 1 == ARRAY_SIZE(w->entries))
		return false;
	e = &w->entries[++w->nr];
	*e = (struct entry){
		.name = name, .value = value, .hash = hash, .len = (u32)len, .kind = (u16)kind };
	while (w->slot[i])
		i = (i + 1) % SLOTS;
	w->slot[i] = (u16)w->nr;
	add_head(w, e);
	return true;
}

static bool add_constants(struct words *w)
{
	bool ok = true;

	for (int kind = 0; kind < VMA_ARG_NR; kind++) {
		bool is_flags;
		const struct vma_word *word = vma_arg_words((enum vma_arg)kind, &is_flags);

		for (; word && word->name; word++)
			ok = ok && words_add(w, WORD_CONSTANT, word->name, word->value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(extra); i++)
		ok = ok && words_add(w, WORD_CONSTANT, extra[i].name, extra[i].value);
	return ok;
}

/* Signal names are kept by glibc without SIG. */
static bool add_signals(struct words *w)
{
	static const struct pair signals[] = { W(SIGSEGV), W(SIGBUS), W(SIGKILL) };
	bool ok = true;

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		ok = ok && words_add(w, WORD_SIGNAL, signals[i].name, signals[i].value);
	return ok;
}

struct words *words_new(void)
{
	AUTO(undo_words) struct words *w = calloc(1, sizeof(*w));
	bool ok = w && add_constants(w) && add_signals(w);

	for (int e = 1; ok && e < 200; e++) {
		const char *name = strerrorname_np(e);

		ok = !name || words_add(w, WORD_ERRNO, name, (u64)e);
	}
	/* strace's spelling of numbers that share a name in C */
	ok = ok && words_add(w, WORD_ERRNO, "EWOULDBLOCK", 11) && words_add(w, WORD_ERRNO, "ENOTSUP", 95);
	return ok ? TAKE(w) : NULL;
}

void words_free(struct words *w)
{
	free(w);
}

bool words_find(const struct words *w, enum word_kind kind, const char *s, size_t len, u64 *value)
{
	const struct entry *e = find(w, kind, s, len);

	if (e)
		*value = e->value;
	return e;
}

/* Among the names that have the same n bytes as their head. */
static inline const char *by_head(const struct words *w, u32 i, const char *p, const char *end,
				  size_t n, u64 *value)
{
	u64 head = load(p, n);

	for (; i; i = w->entries[i].next) {
		const struct entry *e = &w->entries[i];

		if (e->head == head && (size_t)(end - p) > e->len &&
		    !is_char(p[e->len], CHAR_NAME) && load(p + e->len - n, n) == e->tail) {
			*value = e->value;
			return p + e->len;
		}
	}
	return NULL;
}

static inline const char *guess(const struct words *w, const struct heads *heads, const char *p,
				const char *end, u64 *value)
{
	const char *q;

	if (end - p < (ptrdiff_t)LONG)
		return NULL;
	q = by_head(w, heads->of_long[head_of(load(p, LONG))], p, end, LONG, value);
	return q ? q : by_head(w, heads->of_short[head_of(load(p, SHORT))], p, end, SHORT, value);
}

const char *words_guess_constant(const struct words *w, const char *p, const char *end, u64 *value)
{
	return guess(w, &w->heads[WORD_CONSTANT], p, end, value);
}

const char *words_guess_call(const struct words *w, const char *p, const char *end, u64 *row)
{
	return guess(w, &w->heads[WORD_CALL], p, end, row);
}
