// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libvmactl/error.h"

static void a_failure_returns_its_code_negated_and_says_why(void **state)
{
	struct vma_err err = { 0 };

	(void)state;
	assert_int_equal(vma_fail(&err, ENOENT, "%s: cannot open: %m", "/proc/1"), -ENOENT);
	assert_int_equal(err.code, ENOENT);
	assert_string_equal(err.msg, "/proc/1: cannot open: No such file or directory");
}

static void nobody_has_to_listen(void **state)
{
	(void)state;
	assert_int_equal(vma_fail(NULL, EBADMSG, "not a number"), -EBADMSG);
}

static void a_hostile_name_in_a_message_is_escaped(void **state)
{
	struct vma_err err;

	(void)state;
	vma_fail(&err, EINVAL, "%s: no", "\033]0;owned\007");
	assert_string_equal(err.msg, "\\x1b]0;owned\\x07: no");
}

static void a_message_longer_than_the_buffer_is_cut(void **state)
{
	struct vma_err err;
	char name[2 * VMA_ERR_MSG];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	vma_fail(&err, ENAMETOOLONG, "%s", name);
	assert_int_equal(strlen(err.msg), VMA_ERR_MSG - 1);
	memset(name, '\a', sizeof(name) - 1); /* four characters each once escaped */
	vma_fail(&err, ENAMETOOLONG, "%s", name);
	assert_true(strlen(err.msg) < VMA_ERR_MSG);
	assert_true(strlen(err.msg) >= VMA_ERR_MSG - 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_returns_its_code_negated_and_says_why),
		cmocka_unit_test(nobody_has_to_listen),
		cmocka_unit_test(a_hostile_name_in_a_message_is_escaped),
		cmocka_unit_test(a_message_longer_than_the_buffer_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
