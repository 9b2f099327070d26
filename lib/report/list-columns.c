// SPDX-License-Identifier: LGPL-2.1-or-later
/* The columns of a table, as a table. */
#include "base/check.h"
#include "base/cleanup.h"
#include "libvmactl/report.h"

static inline void undo_writer(struct vma_writer **w)
{
	vma_writer_free(*w);
}

static const char *const kind_names[VMA_CELL_NR] = {
	[VMA_CELL_TEXT] = "text",     [VMA_CELL_WORDS] = "words",   [VMA_CELL_IDS] = "numbers",
	[VMA_CELL_ADDR] = "address",  [VMA_CELL_BYTES] = "size",    [VMA_CELL_NUMBER] = "number",
	[VMA_CELL_BOOL] = "boolean",  [VMA_CELL_SHARE] = "percent",
};

static void get_text(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct vma_column *c = row;
	const char *text[] = { c->name, kind_names[c->kind], c->key, c->help };

	cell->state = VMA_CELL_HAS;
	cell->text = text[col->arg];
}

int vma_list_columns(const struct vma_columns *t, const struct vma_writer_opts *opts,
		     struct vma_out *out, struct vma_err *err)
{
	static const struct vma_column col[] = {
		{ "COLUMN", "name", VMA_CELL_TEXT, false, 0, get_text, 0, "as after -o" },
		{ "TYPE", "type", VMA_CELL_TEXT, false, 0, get_text, 1, "kind of value" },
		{ "KEY", "key", VMA_CELL_TEXT, false, 0, get_text, 2, "in JSON" },
		{ "DESCRIPTION", "description", VMA_CELL_TEXT, false, 0, get_text, 3, "meaning" },
	};
	static const struct vma_columns all = { col, ARRAY_SIZE(col) };
	AUTO(undo_writer) struct vma_writer *w = NULL;
	struct vma_writer_opts o = *opts;
	struct vma_pick pick;
	struct vma_json json;

	o.key = "columns";
	o.totals = false;
	vma_pick_all(&all, &pick);
	vma_json_init(&json, out, false);
	if (o.format == VMA_FORMAT_JSON)
		vma_json_object(&json, NULL);
	int rc = vma_writer_new(&pick, &o, out, &json, &w, err);
	for (size_t i = 0; !rc && i < t->nr; i++)
		rc = vma_writer_row(w, &t->col[i]);
	if (!rc)
		rc = vma_writer_end(w);
	if (!rc && o.format == VMA_FORMAT_JSON)
		vma_json_end(&json);
	return rc;
}
