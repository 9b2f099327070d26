/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPORT_PROCESS_COLUMNS_H
#define REPORT_PROCESS_COLUMNS_H
/* THE table of columns of a process in a list; rows are struct process of read/processes.h. */
#include "libvmactl/report.h"

/* What a column needs: processes.what, where vma_column.needs has room for it. */
#define PROCESS_NEEDS_SHIFT 24

/** process_columns - of a process that is looked at once; process_columns_live - with those that
 *  compare with an earlier look (GROWTH). */
extern const struct vma_columns process_columns, process_columns_live;

#endif
