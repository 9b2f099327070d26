// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * mm_lock_seq, vm_lock_seq and vm_refcnt: how often a call held mmap_lock for writing, and which
 * VMAs it write-locked. The model begins with the kernel's numbers; from then on they are equal, or
 * somebody locked what the other did not.
 */
#include <inttypes.h>

#include "libvmactl/lock.h"
#include "verify/compare.h"

void vma_locks_learn(struct vma_mm *mm, const struct vma_bpf_image *img)
{
	struct vma_iter it = vma_iter_at(mm, 0);

	for (size_t i = 0; i < img->nr_vmas; i++) {
		struct vma *vma = vma_iter_next(&it);

		if (!vma || vma->vm_start != img->vmas[i].start)
			return; /* the comparison will tell */
		vma->vm_lock_seq = img->vmas[i].lock_seq;
		mm->mm_lock_seq = img->vmas[i].mm_seq;
	}
}

bool vma_locks_at_rest(const struct vma_bpf_image *img)
{
	for (size_t i = 0; img->mm.have & VMA_BPF_REFCNT && i < img->nr_vmas; i++)
		if (img->vmas[i].vm_refcnt != 1)
			return false;
	return true;
}

static bool agrees(const struct vma_mm *mm, const struct vma *vma, const struct vma_fact_bpf *k,
		   u32 have)
{
	if (have & VMA_BPF_MM_SEQ && mm->mm_lock_seq != k->mm_seq)
		return false;
	if (have & VMA_BPF_LOCK_SEQ && vma->vm_lock_seq != k->lock_seq)
		return false;
	return !(have & VMA_BPF_REFCNT) || vma->vm_refcnt == k->vm_refcnt;
}

bool vma_locks_agree(const struct vma_mm *mm, const struct vma_bpf_image *img)
{
	struct vma_iter it = vma_iter_at(mm, 0);

	if (!vma_world_kernel(mm->world)->vma_locks)
		return true;
	for (size_t i = 0; i < img->nr_vmas; i++) {
		const struct vma *vma = vma_iter_next(&it);

		if (!vma || !agrees(mm, vma, &img->vmas[i], img->mm.have))
			return false;
	}
	return true;
}

/* How many writers ago, for people: numbers alone say little. */
static void line(struct strbuf *b, u32 pid, u64 start, u64 end, u32 seq, u32 mm_seq, u32 refs)
{
	strbuf_addf(b, "%u: %" PRIx64 "-%" PRIx64 " vm_lock_seq %u%s vm_refcnt %u\n", pid, start, end,
		    seq, seq == mm_seq - 1 ? " (write-locked by the last writer)" : "", refs);
}

void vma_locks_tell(const struct vma_mm *mm, const struct vma_bpf_image *img, struct strbuf *ours,
		    struct strbuf *kernels)
{
	const struct vma *vma;

	strbuf_addf(ours, "%u: mm_lock_seq %u\n", mm->pid, mm->mm_lock_seq);
	if (img->nr_vmas)
		strbuf_addf(kernels, "%u: mm_lock_seq %u\n", mm->pid, img->vmas[0].mm_seq);
	vma_for_each(mm, vma)
		line(ours, mm->pid, vma->vm_start, vma->vm_end, vma->vm_lock_seq, mm->mm_lock_seq,
		     vma->vm_refcnt);
	for (size_t i = 0; i < img->nr_vmas; i++)
		line(kernels, mm->pid, img->vmas[i].start, img->vmas[i].end, img->vmas[i].lock_seq,
		     img->vmas[i].mm_seq, img->vmas[i].vm_refcnt);
}
