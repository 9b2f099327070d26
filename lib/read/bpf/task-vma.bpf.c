// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Runs in the kernel, once for each VMA of a task, with mmap_lock held for reading: writes what
 * the kernel holds. See record.h for the stream and kernel.h for the structs.
 *
 * A run that does not fit into the kernel's buffer is thrown away and repeated, so nothing may be
 * marked as sent before everything was written.
 */
#include "libvmactl/read.h"
#include "read/bpf/kernel.h"
#include "read/bpf/record.h"

/* The kernel asks for the GPL; LGPL 2.1, section 3, allows its use under the GPL. */
char LICENSE[] SEC("license") = "GPL";

/* Set by user space before each read. */
u32 target;                   /* task, for kernels whose iterator walks all of them */
u32 want_anon;                /* anon_vma's own fields and the chain, too */
u32 mm_sent;
u32 walks_all;                /* set here: the iterator does not keep to one task */
u64 ops_sent[BPF_OPS_SLOTS];  /* by a hash of the address; a collision just sends it again */

static struct bpf_rec_vma out;
static struct bpf_rec_mm out_mm;
static struct bpf_rec_ops out_ops;
static struct bpf_rec_links out_links;

/* The verifier forbids most arithmetic on a pointer; through memory it becomes a plain number. */
static u64 number(const void *pointer)
{
	static volatile u64 through;

	through = (u64)pointer;
	return through;
}

static u64 have(void)
{
	u64 bits = 0;

	if (HAS(struct anon_vma, num_children))
		bits |= VMA_BPF_NUM_CHILDREN;
	if (HAS(struct anon_vma___degree, degree))
		bits |= VMA_BPF_DEGREE;
	if (HAS(struct vm_area_struct___lock, vm_lock_seq))
		bits |= VMA_BPF_LOCK_SEQ;
	if (HAS(struct mm_struct___lock_int, mm_lock_seq) ||
	    HAS(struct mm_struct___lock_seqcount, mm_lock_seq))
		bits |= VMA_BPF_MM_SEQ;
	if (HAS(struct vm_area_struct___ref, vm_refcnt))
		bits |= VMA_BPF_REFCNT;
	if (HAS(struct vm_area_struct, vm_policy))
		bits |= VMA_BPF_POLICY;
	if (HAS(struct vm_userfaultfd_ctx, ctx))
		bits |= VMA_BPF_UFFD;
	return bits;
}

static u64 def_flags(struct mm_struct *mm)
{
	if (HAS(struct mm_struct, def_flags))
		return mm->def_flags;
	return ((struct mm_struct___bitmap *)mm)->def_vma_flags.__vma_flags[0];
}

static int send_mm(struct seq_file *seq, struct mm_struct *mm)
{
	struct bpf_rec_mm *o = &out_mm;

	o->head.size = sizeof(*o);
	o->head.type = BPF_REC_MM;
	o->mm = (u64)mm;
	o->mmap_base = mm->mmap_base;
	o->mmap_legacy_base = mm->mmap_legacy_base;
	o->task_size = mm->task_size;
	o->def_flags = def_flags(mm);
	o->brk = mm->brk;
	o->start_brk = mm->start_brk;
	o->start_stack = mm->start_stack;
	o->total_vm = mm->total_vm;
	o->locked_vm = mm->locked_vm;
	o->pinned_vm = (u64)mm->pinned_vm.counter;
	o->data_vm = mm->data_vm;
	o->exec_vm = mm->exec_vm;
	o->stack_vm = mm->stack_vm;
	o->hiwater_vm = mm->hiwater_vm;
	o->map_count = (u64)mm->map_count;
	o->pgtables_bytes = (u64)mm->pgtables_bytes.counter;
	o->have = have();
	return bpf_seq_write(seq, o, sizeof(*o));
}

#define CALLBACK(field, bit)   \
	do {                   \
		if (ops->field) \
			o->callbacks |= (bit); \
	} while (0)

static void get_callbacks(struct bpf_rec_ops *o, struct vm_operations_struct *ops)
{
	o->callbacks = 0;
	CALLBACK(open, VMA_BPF_OPS_OPEN);
	CALLBACK(close, VMA_BPF_OPS_CLOSE);
	CALLBACK(mremap, VMA_BPF_OPS_MREMAP);
	CALLBACK(mprotect, VMA_BPF_OPS_MPROTECT);
	CALLBACK(fault, VMA_BPF_OPS_FAULT);
	CALLBACK(huge_fault, VMA_BPF_OPS_HUGE_FAULT);
	CALLBACK(map_pages, VMA_BPF_OPS_MAP_PAGES);
	CALLBACK(pagesize, VMA_BPF_OPS_PAGESIZE);
	CALLBACK(page_mkwrite, VMA_BPF_OPS_PAGE_MKWRITE);
	CALLBACK(pfn_mkwrite, VMA_BPF_OPS_PFN_MKWRITE);
	CALLBACK(access, VMA_BPF_OPS_ACCESS);
	CALLBACK(name, VMA_BPF_OPS_NAME);
	if (HAS(struct vm_operations_struct, may_split))
		CALLBACK(may_split, VMA_BPF_OPS_MAY_SPLIT);
	else if (((struct vm_operations_struct___split *)ops)->split)
		o->callbacks |= VMA_BPF_OPS_MAY_SPLIT;
	if (HAS(struct vm_operations_struct, set_policy))
		CALLBACK(set_policy, VMA_BPF_OPS_SET_POLICY);
}

static int send_ops(struct seq_file *seq, struct vm_operations_struct *ops)
{
	static const char symbol[] = "%ps";
	struct bpf_rec_ops *o = &out_ops;
	u64 addr = (u64)ops;

	o->head.size = sizeof(*o);
	o->head.type = BPF_REC_OPS;
	o->ops = addr;
	get_callbacks(o, ops);
	bpf_snprintf(o->name, sizeof(o->name), symbol, &addr, sizeof(addr));
	addr = (u64)ops->fault;
	bpf_snprintf(o->fault, sizeof(o->fault), symbol, &addr, sizeof(addr));
	return bpf_seq_write(seq, o, sizeof(*o));
}

/* An anon_vma that is in a chain; what cannot be read stays 0. */
static void get_link(struct bpf_link *l, u64 addr)
{
	struct anon_vma *a = (void *)addr;

	l->anon_vma = addr;
	l->root = l->parent = 0;
	l->refcount = l->num_children = l->num_active_vmas = 0;
	bpf_core_read(&l->root, sizeof(l->root), &a->root);
	bpf_core_read(&l->parent, sizeof(l->parent), &a->parent);
	bpf_core_read(&l->refcount, sizeof(l->refcount), &a->refcount.counter);
	if (HAS(struct anon_vma, num_children)) {
		bpf_core_read(&l->num_children, sizeof(l->num_children), &a->num_children);
		bpf_core_read(&l->num_active_vmas, sizeof(l->num_active_vmas), &a->num_active_vmas);
	} else {
		bpf_core_read(&l->num_children, sizeof(l->num_children),
			      &((struct anon_vma___degree *)a)->degree);
	}
}

/* The chain is a list through its links. A pointer made out of a list_head cannot be followed
 * directly, so the links are copied. */
static void get_chain(struct bpf_rec_vma *o, struct vm_area_struct *vma)
{
	u64 to_link = bpf_core_field_offset(struct anon_vma_chain, same_vma);
	u64 end = number(vma) + bpf_core_field_offset(struct vm_area_struct, anon_vma_chain);
	u64 at = number(vma->anon_vma_chain.next);
	u32 n;

	for (n = 0; n < BPF_CHAIN_MAX && at != end; n++) {
		struct anon_vma_chain *avc = (void *)(at - to_link);
		u64 anon_vma = 0;

		if (bpf_core_read(&anon_vma, sizeof(anon_vma), &avc->anon_vma) ||
		    bpf_core_read(&at, sizeof(at), &avc->same_vma.next))
			break;
		o->chain[n] = anon_vma;
	}
	o->nr_kept = (u16)n;
	o->cut = at != end;
}

static void get_anon(struct bpf_rec_vma *o, struct vm_area_struct *vma)
{
	struct anon_vma *anon = vma->anon_vma;

	o->anon_vma = (u64)anon;
	o->root = o->parent = 0;
	o->refcount = o->num_children = o->num_active_vmas = 0;
	if (!anon || !want_anon)
		return;
	o->root = (u64)anon->root;
	o->parent = (u64)anon->parent;
	o->refcount = (u32)anon->refcount.counter;
	if (HAS(struct anon_vma, num_children)) {
		o->num_children = (u32)anon->num_children;
		o->num_active_vmas = (u32)anon->num_active_vmas;
	} else {
		o->num_children = ((struct anon_vma___degree *)anon)->degree;
	}
}

static void get_file(struct bpf_rec_vma *o, struct file *file)
{
	struct inode *inode;

	o->file = (u64)file;
	o->mapping = o->inode = 0;
	o->dev = 0;
	if (!file)
		return;
	inode = file->f_inode;
	o->mapping = (u64)file->f_mapping;
	o->inode = inode->i_ino;
	o->dev = inode->i_sb->s_dev;
}

static void get_rest(struct bpf_rec_vma *o, struct vm_area_struct *vma)
{
	o->ops = (u64)vma->vm_ops;
	o->policy = o->uffd = 0;
	o->lock_seq = o->vm_refcnt = 0;
	if (HAS(struct vm_area_struct, vm_policy))
		o->policy = (u64)vma->vm_policy;
	if (HAS(struct vm_userfaultfd_ctx, ctx))
		o->uffd = (u64)vma->vm_userfaultfd_ctx.ctx;
	if (HAS(struct vm_area_struct___lock, vm_lock_seq))
		o->lock_seq = ((struct vm_area_struct___lock *)vma)->vm_lock_seq;
	if (HAS(struct vm_area_struct___ref, vm_refcnt))
		o->vm_refcnt = (u32)((struct vm_area_struct___ref *)vma)->vm_refcnt.refs.counter;
	o->mm_seq = mm_seq(vma->vm_mm);
}

/* A chain of one link holds nothing that the VMA's record has not told. */
static int send_links(struct seq_file *seq)
{
	struct bpf_rec_links *o = &out_links;
	u32 nr = out.nr_kept;
	u32 size = offsetof(struct bpf_rec_links, link);

	if (nr < 2 || nr > BPF_CHAIN_MAX)
		return 0;
	for (u32 i = 0; i < BPF_CHAIN_MAX && i < nr; i++)
		get_link(&o->link[i], out.chain[i]);
	size += nr * sizeof(struct bpf_link);
	o->head.size = size;
	o->head.type = BPF_REC_LINKS;
	o->nr = nr;
	return bpf_seq_write(seq, o, size);
}

static int send_vma(struct seq_file *seq, struct vm_area_struct *vma)
{
	struct bpf_rec_vma *o = &out;
	u32 size = offsetof(struct bpf_rec_vma, chain);

	o->start = vma->vm_start;
	o->end = vma->vm_end;
	o->vm_flags = vma_flags(vma);
	o->vm_pgoff = vma->vm_pgoff;
	o->page_prot = vma->vm_page_prot.pgprot;
	o->nr_kept = o->cut = 0;
	get_anon(o, vma);
	get_file(o, vma->vm_file);
	get_rest(o, vma);
	if (want_anon)
		get_chain(o, vma);
	if (o->nr_kept <= BPF_CHAIN_MAX)
		size += o->nr_kept * sizeof(u64);
	o->head.size = size;
	o->head.type = BPF_REC_VMA;
	return bpf_seq_write(seq, o, size);
}

/*
 * An iterator on one task whose last part began in the middle of the address space gives that part
 * again on every further read (seen on 6.18), so the reader must be told to stop.
 */
static int send_end(struct seq_file *seq)
{
	struct bpf_head end = { .size = sizeof(end), .type = BPF_REC_END };

	bpf_seq_write(seq, &end, sizeof(end));
	return 0;
}

SEC("iter/task_vma")
int task_vma(struct bpf_iter__task_vma *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	struct vm_operations_struct *ops;
	u64 addr;
	u32 slot = 0;

	if (!task || !vma)
		return send_end(seq); /* the call after the last VMA */
	if (!HAS(union bpf_iter_link_info___task, task)) {
		walks_all = 1;
		if (task->pid != (int)target)
			return 0;
	}
	if (!mm_sent && send_mm(seq, vma->vm_mm))
		return 0;
	ops = vma->vm_ops;
	addr = number(ops);
	if (ops) {
		slot = (addr >> 6 ^ addr >> 12) % BPF_OPS_SLOTS;
		if (ops_sent[slot] != addr && send_ops(seq, ops))
			return 0;
	}
	if (send_vma(seq, vma) || send_links(seq))
		return 0;
	mm_sent = 1;
	if (ops)
		ops_sent[slot] = addr;
	return 0;
}
