// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Runs in the kernel, once for each VMA of a task, and once more without one: the few fields that
 * inference would have to guess. No maps and few types, so that loading costs little.
 */
#include "read/bpf/kernel.h"
#include "read/bpf/record.h"

/* The kernel asks for the GPL; LGPL 2.1, section 3, allows its use under the GPL. */
char LICENSE[] SEC("license") = "GPL";

static int send(struct seq_file *seq, const struct bpf_rec_walk *r)
{
	/* What does not fit into the kernel's buffer is thrown away there and comes again. */
	bpf_seq_write(seq, r, sizeof(*r));
	return 0;
}

SEC("iter/task_vma")
int walk(struct bpf_iter__task_vma *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct vm_area_struct *vma = ctx->vma;

	/* Always at 0. Before 6.1 there is none, and the iterator walks all tasks: to ask where it is
	 * keeps the program from being loaded there. */
	if (bpf_core_field_offset(union bpf_iter_link_info___task, task.tid))
		return 0;
	if (!vma) {
		/* On some kernels (6.18) the end of a file of more than one buffer never comes. */
		struct bpf_rec_walk end = { 0 };

		return send(seq, &end);
	}
	struct bpf_rec_walk r = {
		.start = vma->vm_start,
		.end = vma->vm_end,
		.vm_flags = vma_flags(vma),
		.vm_pgoff = vma->vm_pgoff,
		.anon_vma = (u64)vma->anon_vma,
		.vm_file = (u64)vma->vm_file,
		.map_count = (u32)vma->vm_mm->map_count,
		.mm_seq = mm_seq(vma->vm_mm),
	};
	return send(seq, &r);
}
