// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * THE table of operations. A new one: its id in libvmactl/engine.h, its file with run_NAME(), its
 * row here. Command line, replay, viewer and tests walk this table.
 */
#include <string.h>

#include "engine/engine.h"

struct row {
	struct vma_op op;
	vma_op_fn *run;
};

#define ADDR_LEN { VMA_ARG_ADDR, VMA_ARG_LEN }
#define ADDR_LEN_NAMES { "addr", "len" }

static const struct row rows[VMA_OP_NR] = {
	[VMA_OP_MMAP] = { { "mmap", "map memory or a file",
			    { VMA_ARG_ADDR, VMA_ARG_LEN, VMA_ARG_PROT, VMA_ARG_MMAP_FLAGS,
			      VMA_ARG_FD, VMA_ARG_OFFSET },
			    { "addr", "len", "prot", "flags", "fd", "offset" }, 4, true },
			  run_mmap },
	[VMA_OP_MUNMAP] = { { "munmap", "remove mappings from a range", ADDR_LEN, ADDR_LEN_NAMES, 2,
			      false },
			    run_munmap },
	[VMA_OP_MPROTECT] = { { "mprotect", "change a range's protection",
				{ VMA_ARG_ADDR, VMA_ARG_LEN, VMA_ARG_PROT },
				{ "addr", "len", "prot" }, 3, false },
			      run_mprotect },
	[VMA_OP_PKEY_MPROTECT] = { { "pkey_mprotect", "change protection and protection key",
				     { VMA_ARG_ADDR, VMA_ARG_LEN, VMA_ARG_PROT, VMA_ARG_PKEY },
				     { "addr", "len", "prot", "pkey" }, 4, false },
				   run_pkey_mprotect },
	[VMA_OP_MREMAP] = { { "mremap", "resize or move a mapping",
			      { VMA_ARG_ADDR, VMA_ARG_LEN, VMA_ARG_LEN, VMA_ARG_MREMAP_FLAGS,
				VMA_ARG_ADDR },
			      { "addr", "old_len", "new_len", "flags", "new_addr" }, 4, true },
			    run_mremap },
	[VMA_OP_MADVISE] = { { "madvise", "tell how a range is used",
			       { VMA_ARG_ADDR, VMA_ARG_LEN, VMA_ARG_ADVICE },
			       { "addr", "len", "advice" }, 3, false },
			     run_madvise },
	[VMA_OP_PROCESS_MADVISE] = { { "process_madvise", "madvise for another process",
				       { VMA_ARG_ADDR, VMA_ARG_LEN, VMA_ARG_ADVICE,
					 VMA_ARG_NUMBER },
				       { "addr", "len", "advice", "flags" }, 3, false },
				     run_process_madvise },
	[VMA_OP_MLOCK] = { { "mlock", "keep a range in memory", ADDR_LEN, ADDR_LEN_NAMES, 2, false },
			   run_mlock },
	[VMA_OP_MLOCK2] = { { "mlock2", "keep a range in memory, perhaps only once touched",
			      { VMA_ARG_ADDR, VMA_ARG_LEN, VMA_ARG_MLOCK2_FLAGS },
			      { "addr", "len", "flags" }, 3, false },
			    run_mlock2 },
	[VMA_OP_MUNLOCK] = { { "munlock", "undo mlock", ADDR_LEN, ADDR_LEN_NAMES, 2, false },
			     run_munlock },
	[VMA_OP_MLOCKALL] = { { "mlockall", "keep everything in memory",
				{ VMA_ARG_MLOCKALL_FLAGS }, { "flags" }, 1, false },
			      run_mlockall },
	[VMA_OP_MUNLOCKALL] = { { "munlockall", "undo mlockall", { VMA_ARG_NONE }, { NULL }, 0,
				  false },
				run_munlockall },
	[VMA_OP_BRK] = { { "brk", "move the end of the heap", { VMA_ARG_ADDR }, { "addr" }, 1, true },
			 run_brk },
	[VMA_OP_MSEAL] = { { "mseal", "forbid further changes of a range",
			     { VMA_ARG_ADDR, VMA_ARG_LEN, VMA_ARG_NUMBER },
			     { "addr", "len", "flags" }, 2, false },
			   run_mseal },
	[VMA_OP_MBIND] = { { "mbind", "set a range's memory policy",
			     { VMA_ARG_ADDR, VMA_ARG_LEN, VMA_ARG_MPOL, VMA_ARG_NODEMASK,
			       VMA_ARG_NUMBER, VMA_ARG_MBIND_FLAGS },
			     { "addr", "len", "mode", "nodemask", "maxnode", "flags" }, 3, false },
			   run_mbind },
	[VMA_OP_SET_MEMPOLICY] = { { "set_mempolicy", "set the task's memory policy",
				     { VMA_ARG_MPOL, VMA_ARG_NODEMASK, VMA_ARG_NUMBER },
				     { "mode", "nodemask", "maxnode" }, 1, false },
				   run_set_mempolicy },
	[VMA_OP_SET_VMA_NAME] = { { "set_vma_name", "name anonymous memory: prctl(PR_SET_VMA)",
				    { VMA_ARG_ADDR, VMA_ARG_LEN, VMA_ARG_NAME },
				    { "addr", "len", "name" }, 2, false },
				  run_set_vma_name },
	[VMA_OP_SET_MEMORY_MERGE] = { { "set_memory_merge",
					"KSM for the process: prctl(PR_SET_MEMORY_MERGE)",
					{ VMA_ARG_NUMBER }, { "on" }, 1, false },
				      run_set_memory_merge },
	[VMA_OP_SET_THP_DISABLE] = { { "set_thp_disable",
				       "no huge pages: prctl(PR_SET_THP_DISABLE)",
				       { VMA_ARG_NUMBER }, { "on" }, 1, false },
				     run_set_thp_disable },
	[VMA_OP_SET_MDWE] = { { "set_mdwe", "deny write plus execute: prctl(PR_SET_MDWE)",
				{ VMA_ARG_NUMBER }, { "flags" }, 1, false },
			      run_set_mdwe },
	[VMA_OP_REMAP_FILE_PAGES] = { { "remap_file_pages", "another part of the file in place",
					{ VMA_ARG_ADDR, VMA_ARG_LEN, VMA_ARG_PROT, VMA_ARG_PGOFF,
					  VMA_ARG_MMAP_FLAGS },
					{ "addr", "len", "prot", "pgoff", "flags" }, 4, false },
				      run_remap_file_pages },
	[VMA_OP_SHMAT] = { { "shmat", "attach a SysV segment",
			     { VMA_ARG_SHMID, VMA_ARG_ADDR, VMA_ARG_SHM_FLAGS },
			     { "shmid", "addr", "flags" }, 3, true },
			   run_shmat },
	[VMA_OP_SHMDT] = { { "shmdt", "detach a SysV segment", { VMA_ARG_ADDR }, { "addr" }, 1,
			     false },
			   run_shmdt },
	[VMA_OP_UFFD_API] = { { "uffdio_api", "enable a userfaultfd",
				{ VMA_ARG_UFFD, VMA_ARG_NUMBER }, { "uffd", "features" }, 2, false },
			      run_uffd_api },
	[VMA_OP_UFFD_REGISTER] = { { "uffdio_register", "let a userfaultfd handle a range's faults",
				     { VMA_ARG_UFFD, VMA_ARG_ADDR, VMA_ARG_LEN, VMA_ARG_UFFD_MODE },
				     { "uffd", "addr", "len", "mode" }, 4, false },
				   run_uffd_register },
	[VMA_OP_UFFD_UNREGISTER] = { { "uffdio_unregister", "undo uffdio_register",
				       { VMA_ARG_UFFD, VMA_ARG_ADDR, VMA_ARG_LEN },
				       { "uffd", "addr", "len" }, 3, false },
				     run_uffd_unregister },
	[VMA_OP_UFFD_CLOSE] = { { "uffd_close", "close a userfaultfd", { VMA_ARG_UFFD }, { "uffd" },
				  1, false },
				run_uffd_close },
	[VMA_OP_SETRLIMIT] = { { "setrlimit", "set a resource limit",
				 { VMA_ARG_RESOURCE, VMA_ARG_LIMIT, VMA_ARG_LIMIT },
				 { "resource", "cur", "max" }, 2, false },
			       run_setrlimit },
	[VMA_OP_PKEY_ALLOC] = { { "pkey_alloc", "take a protection key",
				  { VMA_ARG_NUMBER, VMA_ARG_PKEY_RIGHTS }, { "flags", "rights" }, 0,
				  false },
				run_pkey_alloc },
	[VMA_OP_PKEY_FREE] = { { "pkey_free", "give a protection key back", { VMA_ARG_PKEY },
				 { "pkey" }, 1, false },
			       run_pkey_free },
	[VMA_OP_TOUCH] = { { "touch", "access every page of a range",
			     { VMA_ARG_ADDR, VMA_ARG_LEN, VMA_ARG_ACCESS },
			     { "addr", "len", "access" }, 3, false },
			   run_touch },
	[VMA_OP_FORK] = { { "fork", "make a child with a copy of the address space",
			    { VMA_ARG_PID }, { "pid" }, 0, false },
			  run_fork },
	[VMA_OP_EXIT] = { { "exit", "end the process", { VMA_ARG_NONE }, { NULL }, 0, false },
			  run_exit },
};

const struct vma_op *vma_op_at(enum vma_op_id id)
{
	return id > VMA_OP_NONE && id < VMA_OP_NR ? &rows[id].op : NULL;
}

enum vma_op_id vma_op_by_name(const char *name)
{
	for (int id = VMA_OP_NONE + 1; id < VMA_OP_NR; id++)
		if (!strcmp(rows[id].op.name, name))
			return id;
	return VMA_OP_NONE;
}

int vma_op_run(struct vma_mm *mm, const struct vma_call *call, struct vma_result *res)
{
	struct op o = { .w = mm->world, .mm = mm, .k = &mm->world->kernel, .call = call,
			.res = res };

	*res = (struct vma_result){ .ret = 0 };
	if (call->op <= VMA_OP_NONE || call->op >= VMA_OP_NR || !rows[call->op].run)
		return -EINVAL;
	if (rows[call->op].run(&o)) {
		res->ret = -1;
		EMIT(&o, .kind = VMA_EV_CHECK, .rule = vma_why_at(res->why)->rule, .why = res->why,
		     .at = res->at, .value = res->value);
	} else {
		/* A step that failed and was made good, or that the kernel does not report. Only
		 * brk answers instead of failing, and still has a reason. */
		res->err = 0;
		if (call->op != VMA_OP_BRK)
			res->why = VMA_WHY_NONE;
	}
	mmap_unlock(&o);
	if (mm->world->oom)
		return -ENOMEM;
#ifdef VMACTL_DEBUG
	struct vma_err err;

	if (vma_validate(mm->world, &err))
		check_failed(rows[call->op].op.name, err.msg);
#endif
	return 0;
}
