// SPDX-License-Identifier: LGPL-2.1-or-later
/* The objects of the model and the engine in JSON: shapes that are promised to stay. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "libvmactl/report.h"

void vma_json_event(struct vma_json *j, const struct vma_event *ev)
{
	char text[VMA_SENTENCE];

	vma_json_object(j, NULL);
	vma_json_text(j, "event", vma_event_name(ev->kind));
	vma_json_text(j, "rule", ev->rule);
	if (ev->start || ev->end) {
		vma_json_hex(j, "start", ev->start);
		vma_json_hex(j, "end", ev->end);
	}
	if (ev->at)
		vma_json_hex(j, "at", ev->at);
	if (ev->value)
		vma_json_hex(j, "value", ev->value);
	if (ev->id)
		vma_json_number(j, "anon_vma", ev->id);
	if (ev->why != VMA_WHY_NONE)
		vma_json_text(j, "why", vma_why_at(ev->why)->id);
	vma_json_text(j, "text", vma_explain_event(ev, text, sizeof(text)));
	vma_json_end(j);
}

static void json_reason(struct vma_json *j, const struct vma_result *res)
{
	const struct vma_why_row *why = vma_why_at(res->why);
	char text[VMA_SENTENCE];

	if (res->why == VMA_WHY_NONE) {
		vma_json_null(j, "reason");
		return;
	}
	vma_json_object(j, "reason");
	vma_json_text(j, "id", why->id);
	vma_json_text(j, "rule", why->rule);
	vma_json_text(j, "text", vma_explain_why(res, text, sizeof(text)));
	if (res->at)
		vma_json_hex(j, "at", res->at);
	if (res->limit) {
		vma_json_number(j, "value", res->value);
		vma_json_number(j, "limit", res->limit);
	}
	vma_json_end(j);
}

void vma_json_result(struct vma_json *j, const struct vma_call *call, const struct vma_result *res)
{
	const struct vma_op *op = vma_op_at(call->op);
	bool failed = res->err || res->sig;

	if (!failed && op && op->returns_address)
		vma_json_hex(j, "result", (u64)res->ret);
	else
		vma_json_signed(j, "result", failed ? -1 : res->ret);
	if (res->sig)
		vma_json_text(j, "errno", res->sig == SIGBUS ? "SIGBUS" : "SIGSEGV");
	else
		vma_json_text(j, "errno", res->err ? strerrorname_np(res->err) : NULL);
	json_reason(j, res);
}

void vma_json_vma(struct vma_json *j, const char *key, const struct vma_mm *mm,
		  const struct vma *vma)
{
	const struct vma_world *w = mm->world;
	const struct vma_file *f = vma_has_vm_file(w, vma) ? vma_file_at(w, vma->file) : NULL;
	char text[VMA_LABEL_MAX], codes[VMA_FLAGS_TEXT];

	vma_json_object(j, key);
	vma_json_hex(j, "start", vma->vm_start);
	vma_json_hex(j, "end", vma->vm_end);
	vma_json_text(j, "perms", vma_flags_perms(vma->vm_flags, text));
	vma_json_hex(j, "pgoff", vma->vm_pgoff);
	vma_json_words(j, "flags",
		       vma_flags_codes(vma_world_kernel(w), vma->vm_flags, ' ', codes));
	vma_json_text(j, "path", vma_label(mm, vma, text, sizeof(text)));
	snprintf(text, sizeof(text), "%02x:%02x", f ? f->dev_major : 0, f ? f->dev_minor : 0);
	vma_json_text(j, "dev", text);
	vma_json_number(j, "inode", f ? f->inode : 0);
	if (vma->anon_vma)
		vma_json_number(j, "anon_vma", vma->anon_vma);
	else
		vma_json_null(j, "anon_vma");
	vma_json_end(j);
}

void vma_json_counters(struct vma_json *j, const char *key, const struct vma_mm *mm)
{
	const unsigned int kb = VMA_PAGE_SHIFT - 10;

	vma_json_object(j, key);
	vma_json_number(j, "map_count", mm->map_count);
	vma_json_number(j, "total_vm_kb", mm->total_vm << kb);
	vma_json_number(j, "locked_vm_kb", mm->locked_vm << kb);
	vma_json_number(j, "data_vm_kb", mm->data_vm << kb);
	vma_json_number(j, "stack_vm_kb", mm->stack_vm << kb);
	vma_json_number(j, "exec_vm_kb", mm->exec_vm << kb);
	vma_json_end(j);
}
