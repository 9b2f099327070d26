// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "libvmactl/report.h"

/* A table of its own: writers know kinds of cell, not mappings. */
struct thing {
	const char *name;
	u64 size;
	enum vma_cell_state state;
	u8 known;
};

static void get_name(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	(void)col;
	cell->state = VMA_CELL_HAS;
	cell->text = ((const struct thing *)row)->name;
}

static void get_size(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct thing *t = row;

	(void)col;
	cell->state = t->state;
	cell->num = t->size;
	cell->how = (struct vma_provenance){ t->known, 70, "I9" };
}

static const struct vma_column columns[] = {
	{ "NAME", "name", VMA_CELL_TEXT, false, 0, get_name, 0, "its name" },
	{ "WORDS", "words", VMA_CELL_WORDS, false, 0, get_name, 0, "its words" },
	{ "SIZE", "size", VMA_CELL_BYTES, true, 0, get_size, 0, "its size" },
};
static const struct vma_columns table = { columns, ARRAY_SIZE(columns) };

static const struct thing things[] = {
	{ "b c", 4096, VMA_CELL_HAS, VMA_EXACT },
	{ "a", 1536, VMA_CELL_HAS, VMA_INFERRED },
	{ "x\"\\\x1b", 0, VMA_CELL_NONE, VMA_EXACT },
	{ "a", 7, VMA_CELL_UNKNOWN, VMA_UNKNOWN },
};

static struct vma_out out;
static char text[8192];

/* Everything that is written of the things. */
static const char *written(const char *list, struct vma_writer_opts opts)
{
	struct vma_writer *w;
	struct vma_json json;
	struct vma_pick pick;
	struct vma_err err;

	assert_int_equal(vma_out_init(&out, -1), 0);
	assert_int_equal(vma_pick(&table, "NAME", list, &pick, &err), 0);
	vma_json_init(&json, &out, true);
	if (opts.format == VMA_FORMAT_JSON)
		vma_json_object(&json, NULL);
	opts.key = "things";
	assert_int_equal(vma_writer_new(&pick, &opts, &out, &json, &w, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(things); i++)
		assert_int_equal(vma_writer_row(w, &things[i]), 0);
	assert_int_equal(vma_writer_end(w), 0);
	if (opts.format == VMA_FORMAT_JSON)
		vma_json_end(&json);
	vma_writer_free(w);
	assert_true(out.len < sizeof(text));
	memcpy(text, out.buf, out.len);
	text[out.len] = '\0';
	vma_out_fini(&out);
	return text;
}

static void raw_lines_split_at_blanks(void **state)
{
	(void)state;
	assert_string_equal(written("NAME,WORDS,SIZE", (struct vma_writer_opts){
							       .format = VMA_FORMAT_RAW }),
			    "NAME WORDS SIZE\n"
			    "b\\x20c b,c 4K\n"
			    "a a 1.5K?\n"
			    "x\"\\x5c\\x1b x\"\\x5c\\x1b -\n"
			    "a a ?\n");
}

static void json_lines_carry_what_is_not_exact(void **state)
{
	(void)state;
	assert_string_equal(
		written("NAME,WORDS,SIZE", (struct vma_writer_opts){ .format = VMA_FORMAT_JSON_LINES }),
		"{\"name\":\"b c\",\"words\":[\"b\",\"c\"],\"size\":4096}\n"
		"{\"name\":\"a\",\"words\":[\"a\"],\"size\":1536,\"provenance\":{\"size\":"
		"{\"known\":\"inferred\",\"rule\":\"I9\",\"confidence\":70}}}\n"
		"{\"name\":\"x\\\"\\\\\\u001b\",\"words\":[\"x\\\"\\\\\\u001b\"],\"size\":null}\n"
		"{\"name\":\"a\",\"words\":[\"a\"],\"size\":null,\"provenance\":{\"size\":"
		"{\"known\":\"unknown\",\"rule\":\"I9\"}}}\n");
}

static void a_document_holds_rows_and_totals(void **state)
{
	(void)state;
	assert_string_equal(written("SIZE", (struct vma_writer_opts){ .format = VMA_FORMAT_JSON,
								       .totals = true }),
			    "{\"things\":[{\"size\":4096},"
			    "{\"size\":1536,\"provenance\":{\"size\":{\"known\":\"inferred\","
			    "\"rule\":\"I9\",\"confidence\":70}}},{\"size\":null},"
			    "{\"size\":null,\"provenance\":{\"size\":{\"known\":\"unknown\","
			    "\"rule\":\"I9\"}}}],\"totals\":{\"rows\":4,\"size\":5632}}\n");
}

static void a_table_marks_what_is_inferred_and_adds_up(void **state)
{
	const char *t;

	(void)state;
	t = written("NAME,SIZE", (struct vma_writer_opts){ .totals = true });
	assert_non_null(strstr(t, "1.5K?\n"));
	assert_non_null(strstr(t, "5.5K\n"));
	assert_non_null(strstr(t, "total"));
	assert_null(strchr(t, '\x1b'));
	assert_non_null(strstr(t, "x\"\\\\x1b"));
}

static void sizes_in_bytes_when_asked(void **state)
{
	(void)state;
	assert_string_equal(written("SIZE", (struct vma_writer_opts){ .format = VMA_FORMAT_RAW,
								       .bytes = true,
								       .noheadings = true }),
			    "4096\n1536?\n-\n?\n");
}

static void a_list_of_columns_replaces_or_adds(void **state)
{
	struct vma_pick pick;
	struct vma_err err;

	(void)state;
	assert_int_equal(vma_pick(&table, "NAME,SIZE", "+words", &pick, &err), 0);
	assert_int_equal(pick.nr, 3);
	assert_string_equal(pick.col[2]->name, "WORDS");
	assert_int_equal(vma_pick(&table, "NAME", "SZIE", &pick, &err), -EINVAL);
	assert_string_equal(err.msg, "SZIE: no such column (did you mean SIZE?)");
	assert_int_equal(vma_pick(&table, "NAME", ",", &pick, &err), -EINVAL);
}

static void sorting_is_stable_and_puts_what_is_missing_last(void **state)
{
	const void *rows[ARRAY_SIZE(things)];
	struct vma_order order;
	struct vma_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(things); i++)
		rows[i] = &things[i];
	assert_int_equal(vma_order_parse(&table, "-SIZE", &order, &err), 0);
	assert_int_equal(vma_order_sort(&order, rows, ARRAY_SIZE(things), &err), 0);
	assert_ptr_equal(rows[0], &things[0]);
	assert_ptr_equal(rows[1], &things[1]);
	assert_ptr_equal(rows[2], &things[2]);
	assert_ptr_equal(rows[3], &things[3]);
	assert_int_equal(vma_order_parse(&table, "NAME", &order, &err), 0);
	assert_int_equal(vma_order_sort(&order, rows, ARRAY_SIZE(things), &err), 0);
	assert_ptr_equal(rows[0], &things[1]);
	assert_ptr_equal(rows[1], &things[3]);
}

/* ---------------------------------------------------------------- what rows share */

struct pair {
	u64 left, right;
	u32 kind; /* of both numbers; 0: like no other */
};

static void get_left(const struct vma_column *col, const void *row, struct vma_cell *cell)
{
	const struct pair *p = row;

	cell->state = p->left % 5 ? VMA_CELL_HAS : VMA_CELL_UNKNOWN;
	cell->how.known = p->left % 5 ? VMA_EXACT : VMA_UNKNOWN;
	cell->num = col->arg ? p->right : p->left;
}

static u64 same_pair(const void *row, u32 part)
{
	return part == VMA_PART_BODY ? ((const struct pair *)row)->kind : 0;
}

static const struct vma_column pair_columns[] = {
	{ "LEFT", "left", VMA_CELL_ADDR, false, VMA_PART_BODY, get_left, 0, "its left" },
	{ "RIGHT", "right", VMA_CELL_BYTES, false, VMA_PART_BODY, get_left, 1, "its right" },
	{ "SHARE", "share", VMA_CELL_SHARE, false, 0, get_left, 1, "its right" },
	{ "YES", "yes", VMA_CELL_BOOL, false, 0, get_left, 0, "its left" },
};
static const struct vma_columns pairs = { pair_columns, ARRAY_SIZE(pair_columns) };

/* @text takes the rows, of which those of one kind are alike. */
static void write_pairs(char *into, size_t size, struct vma_writer_opts opts)
{
	struct vma_writer *w;
	struct vma_pick pick;

	assert_int_equal(vma_out_init(&out, -1), 0);
	assert_int_equal(vma_pick(&pairs, "LEFT,RIGHT,SHARE,YES,LEFT", NULL, &pick, NULL), 0);
	assert_int_equal(vma_writer_new(&pick, &opts, &out, NULL, &w, NULL), 0);
	for (u32 i = 0; i < 500; i++) {
		u32 kind = i * i % 13 % (i < 250 ? 4 : 11);
		struct pair p = { 0x1000 + (kind ? kind * 77 : i), kind ? kind * 1000 : i * 3, kind };

		assert_int_equal(vma_writer_row(w, &p), 0);
	}
	assert_int_equal(vma_writer_end(w), 0);
	vma_writer_free(w);
	assert_true(out.len < size);
	memcpy(into, out.buf, out.len);
	into[out.len] = '\0';
	vma_out_fini(&out);
}

static void what_rows_share_is_written_alike(void **state)
{
	static char alone[100000], shared[100000];

	(void)state;
	for (int raw = 0; raw < 2; raw++) {
		struct vma_writer_opts opts = { .format = raw ? VMA_FORMAT_RAW
							      : VMA_FORMAT_JSON_LINES };

		write_pairs(alone, sizeof(alone), opts);
		opts.same = same_pair;
		write_pairs(shared, sizeof(shared), opts);
		assert_string_equal(alone, shared);
	}
	assert_non_null(strstr(shared, "\n0x10e7 2.9K 3000 4327 0x10e7\n"));
}

static void groups_count_and_sum(void **state)
{
	char buf[VMA_CELL_BUF];
	struct vma_cell cell = { .buf = buf };
	struct vma_groups *g;
	struct vma_pick pick;
	const void **rows;
	size_t nr;

	(void)state;
	vma_pick_all(&table, &pick);
	g = vma_groups_new(&columns[0], &pick);
	assert_non_null(g);
	for (size_t i = 0; i < ARRAY_SIZE(things); i++)
		assert_int_equal(vma_groups_add(g, &things[i], &cell), 0);
	rows = vma_groups_rows(g, &nr);
	assert_int_equal(nr, 3);
	const struct vma_columns *t = vma_groups_columns(g);
	vma_column_get(vma_column_by_name(t, "COUNT"), rows[1], &cell);
	assert_int_equal(cell.num, 2);
	vma_column_get(vma_column_by_name(t, "SIZE"), rows[1], &cell);
	assert_int_equal(cell.state, VMA_CELL_HAS);
	assert_int_equal(cell.num, 1536);
	vma_column_get(vma_column_by_name(t, "SIZE"), rows[2], &cell);
	assert_int_equal(cell.state, VMA_CELL_UNKNOWN);
	vma_groups_free(g);
}

/* A row of the table without a getter, a help text or a key of its own would be found by nobody. */
static void every_column_of_a_mapping_is_complete(void **state)
{
	const struct vma_columns *t = &vma_mapping_columns;

	(void)state;
	assert_true(t->nr > 40 && t->nr <= VMA_PICK_MAX);
	for (size_t i = 0; i < t->nr; i++) {
		assert_non_null(t->col[i].get);
		assert_true(strlen(t->col[i].help) > 5);
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(t->col[i].name, t->col[j].name);
			assert_string_not_equal(t->col[i].key, t->col[j].key);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_lines_split_at_blanks),
		cmocka_unit_test(json_lines_carry_what_is_not_exact),
		cmocka_unit_test(a_document_holds_rows_and_totals),
		cmocka_unit_test(a_table_marks_what_is_inferred_and_adds_up),
		cmocka_unit_test(sizes_in_bytes_when_asked),
		cmocka_unit_test(a_list_of_columns_replaces_or_adds),
		cmocka_unit_test(sorting_is_stable_and_puts_what_is_missing_last),
		cmocka_unit_test(what_rows_share_is_written_alike),
		cmocka_unit_test(groups_count_and_sum),
		cmocka_unit_test(every_column_of_a_mapping_is_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
