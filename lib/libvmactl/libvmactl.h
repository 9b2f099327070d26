/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBVMACTL_LIBVMACTL_H
#define LIBVMACTL_LIBVMACTL_H
/*
 * The whole library in one include, for programs that use it. Inside this project include the
 * room you need: its header stands on the room's own floor.
 *
 *   error.h     how the library says that it failed
 *   types.h     numbers, pages
 *   model.h     the kernel's objects: world, mm, vma, anon_vma, file, flags, kernel profiles
 *   engine.h    what the kernel would do: operations, results, events, reasons
 *   lock.h      what an operation locks, and which way faults go
 *   read.h      facts about a process, as they were found
 *   elf.h       facts about ELF images and core files
 *   unwind.h    symbols, source lines, stacks
 *   attrib.h    what each mapping is for: ELF segments, categories
 *   rebuild.h   facts to a model
 *   known.h     how each field of the model is known
 *   script.h    strace lines to operations, and replaying them
 *   topology.h  neighbours, forks, and anon_vmas across processes
 *   verify.h    random operations against the running kernel
 *   report.h    rows, tables, JSON, filters, and events as sentences
 */
#include "libvmactl/attrib.h"
#include "libvmactl/elf.h"
#include "libvmactl/engine.h"
#include "libvmactl/error.h"
#include "libvmactl/known.h"
#include "libvmactl/lock.h"
#include "libvmactl/model.h"
#include "libvmactl/read.h"
#include "libvmactl/rebuild.h"
#include "libvmactl/report.h"
#include "libvmactl/script.h"
#include "libvmactl/topology.h"
#include "libvmactl/types.h"
#include "libvmactl/unwind.h"
#include "libvmactl/verify.h"

#endif
