// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <json.h>
#include <string.h>
#include <unistd.h>

#include "libvmactl/report.h"

static struct vma_out out;
static struct vma_json json;

static int setup(void **state)
{
	(void)state;
	return vma_out_init(&out, -1);
}

static int teardown(void **state)
{
	(void)state;
	vma_out_fini(&out);
	return 0;
}

static const char *text(void)
{
	vma_out_add(&out, "", 1);
	assert_int_equal(out.error, 0);
	return out.buf;
}

static void nested_values_get_commas_and_brackets(void **state)
{
	(void)state;
	vma_json_init(&json, &out, true);
	vma_json_object(&json, NULL);
	vma_json_number(&json, "n", 7);
	vma_json_array(&json, "a");
	vma_json_signed(&json, NULL, -1);
	vma_json_object(&json, NULL);
	vma_json_end(&json);
	vma_json_null(&json, NULL);
	vma_json_end(&json);
	vma_json_hex(&json, "h", 0x7f0000001000);
	vma_json_bool(&json, "b", true);
	vma_json_real(&json, "r", 0.25);
	vma_json_words(&json, "w", "rd wr");
	vma_json_words(&json, "none", "");
	vma_json_end(&json);
	assert_string_equal(text(), "{\"n\":7,\"a\":[-1,{},null],\"h\":\"0x7f0000001000\",\"b\":true,"
				    "\"r\":0.25,\"w\":[\"rd\",\"wr\"],\"none\":[]}\n");
}

static void two_documents_stand_on_two_lines(void **state)
{
	(void)state;
	vma_json_init(&json, &out, true);
	for (u64 i = 0; i < 2; i++) {
		vma_json_object(&json, NULL);
		vma_json_number(&json, "n", i);
		vma_json_end(&json);
	}
	assert_string_equal(text(), "{\"n\":0}\n{\"n\":1}\n");
}

/* Every byte, alone and in pairs, in and out of UTF-8: another parser must take it. */
static void any_bytes_are_valid_json(void **state)
{
	char bytes[4];

	(void)state;
	for (int a = 1; a < 256; a++)
		for (int b = 0; b < 256; b += 7) {
			bytes[0] = (char)a;
			bytes[1] = (char)b;
			bytes[2] = '\0';
			out.len = 0;
			vma_json_init(&json, &out, false);
			vma_json_object(&json, NULL);
			vma_json_text(&json, "t", bytes);
			vma_json_end(&json);
			json_object *o = json_tokener_parse(text());
			assert_non_null(o);
			json_object_put(o);
		}
}

static void bytes_that_are_no_utf8_are_kept_in_hex(void **state)
{
	(void)state;
	vma_json_init(&json, &out, true);
	vma_json_object(&json, NULL);
	vma_json_text(&json, "path", "a\xff/\xc3\xa4");
	vma_json_end(&json);
	assert_string_equal(text(), "{\"path\":\"a\\ufffd/\xc3\xa4\",\"path_hex\":\"61ff2fc3a4\"}\n");
}

static void control_characters_are_escaped(void **state)
{
	(void)state;
	vma_json_init(&json, &out, true);
	vma_json_object(&json, NULL);
	vma_json_text(&json, "t", "\"\\\n\t\x1b\x7f");
	vma_json_end(&json);
	assert_string_equal(text(), "{\"t\":\"\\\"\\\\\\n\\t\\u001b\\u007f\"}\n");
}

static void a_number_that_is_none_is_null(void **state)
{
	(void)state;
	vma_json_init(&json, &out, true);
	vma_json_array(&json, NULL);
	vma_json_real(&json, NULL, 0.0 / 0.0);
	vma_json_text(&json, NULL, NULL);
	vma_json_end(&json);
	assert_string_equal(text(), "[null,null]\n");
}

static void more_than_the_buffer_goes_out_in_order(void **state)
{
	char name[] = "/tmp/vmactl-report-XXXXXX", back[16];
	int fd = mkstemp(name);
	struct vma_out o;

	(void)state;
	assert_true(fd >= 0);
	unlink(name);
	assert_int_equal(vma_out_init(&o, fd), 0);
	for (int i = 0; i < 100000; i++)
		vma_out_addf(&o, "%08d\n", i);
	assert_int_equal(vma_out_flush(&o), 0);
	vma_out_fini(&o);
	assert_int_equal(lseek(fd, 0, SEEK_END), 900000);
	assert_int_equal(pread(fd, back, 9, 99999 * 9), 9);
	assert_memory_equal(back, "00099999\n", 9);
	close(fd);
}

static void a_failed_write_is_remembered(void **state)
{
	int fd = open("/dev/full", O_WRONLY);
	struct vma_out o;

	(void)state;
	if (fd < 0)
		skip();
	assert_int_equal(vma_out_init(&o, fd), 0);
	vma_out_adds(&o, "x");
	assert_int_equal(vma_out_flush(&o), -ENOSPC);
	vma_out_adds(&o, "y");
	assert_null(vma_out_room(&o, 8));
	assert_int_equal(vma_out_flush(&o), -ENOSPC);
	vma_out_fini(&o);
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nested_values_get_commas_and_brackets),
		TEST(two_documents_stand_on_two_lines),
		TEST(any_bytes_are_valid_json),
		TEST(bytes_that_are_no_utf8_are_kept_in_hex),
		TEST(control_characters_are_escaped),
		TEST(a_number_that_is_none_is_null),
		TEST(more_than_the_buffer_goes_out_in_order),
		TEST(a_failed_write_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
