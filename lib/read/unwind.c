/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unwinding with libunwind: the only file that knows it.
 *
 * The target is not stopped meanwhile: libunwind reads the copied stack, and call frame
 * information through the caller, who takes it from the mapped files.
 */
#include "libvmactl/unwind.h"

#include <errno.h>
#include <libunwind.h>
#include <string.h>

#include "base/check.h"
#include "read/eh-frame.h"

#if !defined(__x86_64__)
#error "registers are laid out for x86-64 only"
#endif

/* Searches a table of struct unw_dyn_info; libunwind exports it for its own remote parts. */
extern int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t as, unw_word_t ip,
					      unw_dyn_info_t *di, unw_proc_info_t *pi,
					      int need_unwind_info, void *arg);

#define CACHE_PAGES 64
#define MAX_READS (8u << 20)
/* Where a search table of our own seems to be: no process can have anything there. */
#define OWN_TABLE 0xf000000000000000ULL

struct job {
	const struct vma_unwinder *u;
	const struct vma_thread *t;
	u32 budget; /* reads: call frame information is a program, and may loop */
	struct eh_frame own; /* a search table made for an image that has none */
	struct {
		u64 page; /* number + 1 */
		u8 bytes[VMA_PAGE_SIZE];
	} cache[CACHE_PAGES];
};

/* ---------------------------------------------------------------- memory and registers */

static bool read_cached(struct job *job, u64 addr, void *buf, size_t len)
{
	while (len) {
		u64 page = addr >> VMA_PAGE_SHIFT, in = addr & ~VMA_PAGE_MASK;
		size_t n = len < VMA_PAGE_SIZE - in ? len : (size_t)(VMA_PAGE_SIZE - in);
		u8 *bytes = job->cache[page % CACHE_PAGES].bytes;
		if (job->cache[page % CACHE_PAGES].page != page + 1) {
			job->cache[page % CACHE_PAGES].page = 0;
			if (job->u->read(job->u->ctx, page << VMA_PAGE_SHIFT, bytes,
					 VMA_PAGE_SIZE) != VMA_PAGE_SIZE)
				return false;
			job->cache[page % CACHE_PAGES].page = page + 1;
		}
		memcpy(buf, bytes + in, n);
		buf = (char *)buf + n;
		addr += n;
		len -= n;
	}
	return true;
}

static bool read_target(struct job *job, u64 addr, void *buf, size_t len)
{
	const struct vma_thread *t = job->t;

	if (t->stack && addr >= t->stack_start && addr - t->stack_start <= t->stack_len &&
	    len <= t->stack_len - (addr - t->stack_start)) {
		memcpy(buf, t->stack + (addr - t->stack_start), len);
		return true;
	}
	if (addr >= OWN_TABLE && addr - OWN_TABLE <= job->own.nr * sizeof(*job->own.entry) &&
	    len <= job->own.nr * sizeof(*job->own.entry) - (addr - OWN_TABLE)) {
		memcpy(buf, (const char *)job->own.entry + (addr - OWN_TABLE), len);
		return true;
	}
	return addr <= ~0ULL - len && read_cached(job, addr, buf, len);
}

static int access_mem(unw_addr_space_t as, unw_word_t addr, unw_word_t *value, int write, void *arg)
{
	struct job *job = arg;

	(void)as;
	if (write || !job->budget)
		return -UNW_EINVAL;
	job->budget--;
	return read_target(job, addr, value, sizeof(*value)) ? 0 : -UNW_EINVAL;
}

/* libunwind counts registers as DWARF does: where each stands in struct user_regs_struct. */
static int access_reg(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write,
		      void *arg)
{
	static const u8 place[] = { 10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16 };
	const struct job *job = arg;

	(void)as;
	if (write || reg < 0 || (size_t)reg >= ARRAY_SIZE(place))
		return -UNW_EBADREG;
	*value = job->t->regs[place[reg]];
	return 0;
}

static int access_fpreg(unw_addr_space_t as, unw_regnum_t reg, unw_fpreg_t *value, int write,
			void *arg)
{
	(void)as, (void)reg, (void)value, (void)write, (void)arg;
	return -UNW_EBADREG;
}

/* ---------------------------------------------------------------- call frame information */

/* The head of .eh_frame_hdr as every linker writes it; other encodings are not searched. */
struct hdr {
	u8 version, eh_frame_enc, count_enc, table_enc;
	s32 eh_frame;
	u32 count;
};
#define PCREL_SDATA4 0x1b
#define UDATA4 0x03
#define DATAREL_SDATA4 0x3b

static int find_in_own_table(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *pi, int need,
			     struct job *job, const struct vma_frame_table *table)
{
	unw_dyn_info_t di = { .format = UNW_INFO_FORMAT_REMOTE_TABLE };

	if (!table->frame_len ||
	    (job->own.start != table->frame &&
	     eh_frame_index(job->u->read, job->u->ctx, table->frame, table->frame_len, &job->own)))
		return -UNW_ENOINFO;
	di.start_ip = table->start;
	di.end_ip = table->end;
	di.u.rti.segbase = table->frame; /* the entries count from there */
	di.u.rti.table_data = OWN_TABLE;
	di.u.rti.table_len = job->own.nr * sizeof(*job->own.entry) / sizeof(unw_word_t);
	return _Ux86_64_dwarf_search_unwind_table(as, ip, &di, pi, need, job);
}

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *pi, int need,
			  void *arg)
{
	struct job *job = arg;
	struct vma_frame_table table;
	unw_dyn_info_t di = { .format = UNW_INFO_FORMAT_REMOTE_TABLE };
	struct hdr h;

	if (!job->u->table(job->u->ctx, ip, &table))
		return -UNW_ENOINFO;
	if (!table.hdr_len)
		return find_in_own_table(as, ip, pi, need, job, &table);
	if (table.hdr_len < sizeof(h) || !read_target(job, table.hdr, &h, sizeof(h)))
		return -UNW_ENOINFO;
	if (h.version != 1 || h.eh_frame_enc != PCREL_SDATA4 || h.count_enc != UDATA4 ||
	    h.table_enc != DATAREL_SDATA4 || h.count > (table.hdr_len - sizeof(h)) / 8)
		return -UNW_ENOINFO;
	di.start_ip = table.start;
	di.end_ip = table.end;
	di.u.rti.segbase = table.hdr;
	di.u.rti.table_data = table.hdr + sizeof(h);
	di.u.rti.table_len = h.count * 8 / sizeof(unw_word_t);
	return _Ux86_64_dwarf_search_unwind_table(as, ip, &di, pi, need, arg);
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *pi, void *arg)
{
	(void)as, (void)pi, (void)arg;
}

static int no_dyn_info(unw_addr_space_t as, unw_word_t *addr, void *arg)
{
	(void)as, (void)addr, (void)arg;
	return -UNW_ENOINFO;
}

static int no_resume(unw_addr_space_t as, unw_cursor_t *c, void *arg)
{
	(void)as, (void)c, (void)arg;
	return -UNW_EINVAL;
}

static int no_proc_name(unw_addr_space_t as, unw_word_t addr, char *buf, size_t len,
			unw_word_t *off, void *arg)
{
	(void)as, (void)addr, (void)buf, (void)len, (void)off, (void)arg;
	return -UNW_ENOINFO;
}

/* ---------------------------------------------------------------- frames */

static size_t walk(struct job *job, unw_addr_space_t as, struct vma_frame *out, size_t max)
{
	unw_cursor_t cursor;
	unw_word_t ip, sp;
	bool after_signal = true; /* what a signal interrupted stands where it stands */
	size_t n = 0;

	if (unw_init_remote(&cursor, as, job))
		return 0;
	while (n < max && !unw_get_reg(&cursor, UNW_REG_IP, &ip) &&
	       !unw_get_reg(&cursor, UNW_REG_SP, &sp)) {
		if (!ip || (n && !job->u->is_code(job->u->ctx, ip)))
			break;
		if (n > 1 && out[n - 1].pc == ip && out[n - 1].sp == sp)
			break; /* no progress */
		bool signal = unw_is_signal_frame(&cursor) > 0;
		out[n++] = (struct vma_frame){ ip, sp, after_signal || signal };
		after_signal = signal;
		if (unw_step(&cursor) <= 0)
			break;
	}
	return n;
}

size_t vma_unwind(const struct vma_unwinder *u, const struct vma_thread *thread,
		  struct vma_frame *out, size_t max)
{
	static const unw_accessors_t accessors = {
		.find_proc_info = find_proc_info, .put_unwind_info = put_unwind_info,
		.get_dyn_info_list_addr = no_dyn_info, .access_mem = access_mem,
		.access_reg = access_reg, .access_fpreg = access_fpreg, .resume = no_resume,
		.get_proc_name = no_proc_name,
	};
	unw_accessors_t copy = accessors; /* libunwind's interface is not const */
	struct job *job = thread->has_regs ? calloc(1, sizeof(*job)) : NULL;
	unw_addr_space_t as = job ? unw_create_addr_space(&copy, 0) : NULL;
	size_t n = 0;

	if (as) {
		job->u = u;
		job->t = thread;
		job->budget = MAX_READS;
		n = walk(job, as, out, max);
		unw_destroy_addr_space(as);
		eh_frame_fini(&job->own);
	}
	free(job);
	return n;
}
