// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/process-columns.h"

#include "base/check.h"
#include "read/processes.h"

enum { ID_PID, ID_PPID, ID_UID };
enum { TEXT_NAME, TEXT_USER, TEXT_COMMAND };

static void get_id(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct process *p = row;

	cell->state = VMA_CELL_HAS;
	cell->num = col->arg == ID_PID ? p->pid : col->arg == ID_PPID ? p->ppid : p->uid;
}

static void get_text(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct process *p = row;

	cell->state = VMA_CELL_HAS;
	cell->text = col->arg == TEXT_NAME ? p->name : col->arg == TEXT_USER ? p->user
		     : p->cmdline	   ? p->cmdline			     : p->name;
}

static void get_number(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct process *p = row;

	cell->state = process_has(p, (enum process_number)col->arg) ? VMA_CELL_HAS
								    : VMA_CELL_UNKNOWN;
	cell->num = p->num[col->arg];
}

#define NEEDS(what) ((u32)(what) << PROCESS_NEEDS_SHIFT)
#define NUMBER(name, key, kind, needs, nr, help) \
	{ name, key, kind, true, needs, get_number, nr, help }

/* A new column is a row; one that needs an earlier look stands at the end, and is counted below. */
static const struct vma_column columns[] = {
	{ "PID", "pid", VMA_CELL_NUMBER, false, 0, get_id, ID_PID, "process" },
	{ "PPID", "ppid", VMA_CELL_NUMBER, false, 0, get_id, ID_PPID, "its parent" },
	{ "UID", "uid", VMA_CELL_NUMBER, false, 0, get_id, ID_UID, "real user id" },
	{ "USER", "user", VMA_CELL_TEXT, false, NEEDS(PROCESS_USERS), get_text, TEXT_USER,
	  "real user" },
	NUMBER("VMAS", "vmas", VMA_CELL_NUMBER, NEEDS(PROCESS_VMAS), PN_VMAS,
	       "mappings (map_count)"),
	{ "SHARE", "share", VMA_CELL_SHARE, false, NEEDS(PROCESS_VMAS), get_number, PN_SHARE,
	  "mappings in percent of vm.max_map_count" },
	NUMBER("SIZE", "size", VMA_CELL_BYTES, 0, PN_SIZE, "mapped (VmSize)"),
	NUMBER("RSS", "rss", VMA_CELL_BYTES, 0, PN_RSS, "present (VmRSS)"),
	NUMBER("RSS_ANON", "rss_anon", VMA_CELL_BYTES, 0, PN_ANON, "present, anonymous"),
	NUMBER("RSS_FILE", "rss_file", VMA_CELL_BYTES, 0, PN_FILE, "present, of files"),
	NUMBER("RSS_SHMEM", "rss_shmem", VMA_CELL_BYTES, 0, PN_SHMEM, "present, shared memory"),
	NUMBER("PSS", "pss", VMA_CELL_BYTES, NEEDS(PROCESS_PSS), PN_PSS,
	       "present, shared pages divided by their users"),
	NUMBER("USS", "uss", VMA_CELL_BYTES, NEEDS(PROCESS_PSS), PN_USS, "present, of nobody else"),
	NUMBER("SWAP", "swap", VMA_CELL_BYTES, 0, PN_SWAP, "swapped out (VmSwap)"),
	NUMBER("LOCKED", "locked", VMA_CELL_BYTES, 0, PN_LOCKED, "locked (VmLck)"),
	NUMBER("PTE", "pte", VMA_CELL_BYTES, 0, PN_PTE, "page tables (VmPTE)"),
	NUMBER("THREADS", "threads", VMA_CELL_NUMBER, 0, PN_THREADS, "threads"),
	{ "NAME", "name", VMA_CELL_TEXT, false, 0, get_text, TEXT_NAME, "command name" },
	{ "COMMAND", "command", VMA_CELL_TEXT, false, NEEDS(PROCESS_CMDLINE), get_text, TEXT_COMMAND,
	  "command line, or the name where there is none" },
	NUMBER("GROWTH", "growth", VMA_CELL_NUMBER, NEEDS(PROCESS_VMAS), PN_GROWTH,
	       "mappings more than when first seen"),
};
#define NR_LIVE 1

const struct vma_columns process_columns = { columns, ARRAY_SIZE(columns) - NR_LIVE };
const struct vma_columns process_columns_live = { columns, ARRAY_SIZE(columns) };
