/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Core files: what is read of a sound one, and that a damaged one never does harm.
 *
 * VMACTL_FUZZ_ROUNDS=10000 makes the damage tests longer; the seed is fixed.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/check.h"
#include "libvmactl/elf.h"

#define PAGE 4096u

/* ---------------------------------------------------------------- a core, made by hand */

struct image {
	unsigned char bytes[16 * PAGE];
	size_t len;
};

static void put(struct image *im, const void *p, size_t n)
{
	assert_true(im->len + n <= sizeof(im->bytes));
	memcpy(im->bytes + im->len, p, n);
	im->len += n;
}

static void put_note(struct image *im, u32 type, const void *desc, size_t n)
{
	Elf64_Nhdr h = { 5, (u32)n, type };

	put(im, &h, sizeof(h));
	put(im, "CORE\0\0\0", 8);
	put(im, desc, n);
	put(im, "\0\0\0", (4 - n % 4) % 4);
}

static void put_notes(struct image *im)
{
	unsigned char status[336] = { 0 }, info[136] = { 0 }, sig[128] = { 0 };
	u64 aux[] = { AT_SYSINFO_EHDR, 0x7fff00003000, AT_RANDOM, 0x7fff10000800, AT_NULL, 0 };
	u64 files[] = { 2, PAGE, 0x400000, 0x402000, 1, 0x500000, 0x501000, 7 };
	char names[] = "/bin/prog\0/lib/gone.so";
	unsigned char note[sizeof(files) + sizeof(names)];
	u32 tid = 42, signo = 11;
	u64 ip = 0x400123, addr = 0xdead;

	memcpy(status + 12, &signo, 2);
	memcpy(status + 32, &tid, 4);
	memcpy(status + 112 + 16 * 8, &ip, 8);
	put_note(im, NT_PRSTATUS, status, sizeof(status));
	memcpy(info + 24, &tid, 4);
	memcpy(info + 40, "prog", 5);
	memcpy(info + 56, "prog -v ", 9);
	put_note(im, NT_PRPSINFO, info, sizeof(info));
	memcpy(sig, &signo, 4);
	memcpy(sig + 16, &addr, 8);
	put_note(im, NT_SIGINFO, sig, sizeof(sig));
	put_note(im, NT_AUXV, aux, sizeof(aux));
	memcpy(note, files, sizeof(files));
	memcpy(note + sizeof(files), names, sizeof(names));
	put_note(im, NT_FILE, note, sizeof(note));
}

static const struct {
	u64 vaddr, memsz, filesz;
	u32 flags;
} loads[] = {
	{ 0x400000, 2 * PAGE, PAGE, PF_R | PF_X },
	{ 0x600000, PAGE, PAGE, PF_R | PF_W },
	{ 0x7fff00000000, 3 * PAGE, 0, PF_R }, /* [vvar] */
	{ 0x7fff00003000, PAGE, PAGE, PF_R | PF_X },
	{ 0x7fff10000000, 2 * PAGE, 2 * PAGE, PF_R | PF_W },
};

static void make_core(struct image *im)
{
	Elf64_Ehdr e = { .e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = 1,
			 .e_phoff = sizeof(e), .e_ehsize = sizeof(e),
			 .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1 + ARRAY_SIZE(loads) };
	size_t notes = sizeof(e) + e.e_phnum * sizeof(Elf64_Phdr);
	Elf64_Phdr note = { .p_type = PT_NOTE, .p_offset = notes };
	u64 at = 2 * PAGE;

	memset(im, 0, sizeof(*im));
	memcpy(e.e_ident, "\177ELF\2\1\1", 7);
	put(im, &e, sizeof(e));
	put(im, &note, sizeof(note));
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		Elf64_Phdr p = { .p_type = PT_LOAD, .p_flags = loads[i].flags, .p_offset = at,
				 .p_vaddr = loads[i].vaddr, .p_filesz = loads[i].filesz,
				 .p_memsz = loads[i].memsz, .p_align = PAGE };
		put(im, &p, sizeof(p));
		at += loads[i].filesz;
	}
	put_notes(im);
	note.p_filesz = im->len - notes;
	memcpy(im->bytes + sizeof(e), &note, sizeof(note));
	memset(im->bytes + 2 * PAGE, 'x', at - 2 * PAGE);
	im->len = at;
}

static int read_image(const struct image *im, struct vma_facts **out, struct vma_err *err)
{
	char path[64];
	int fd = memfd_create("core", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, im->bytes, im->len), im->len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int rc = vma_core_read(path, out, err);
	close(fd);
	return rc;
}

/* ---------------------------------------------------------------- sound cores */

static void segments_and_file_notes_become_maps(void **state)
{
	static const struct {
		u64 start, end, offset, held;
		const char *perms, *path;
	} want[] = {
		{ 0x400000, 0x402000, 0x1000, PAGE, "r-x?", "/bin/prog" },
		{ 0x500000, 0x501000, 0x7000, 0, "????", "/lib/gone.so" },
		{ 0x600000, 0x601000, 0, PAGE, "rw-?", "" },
		{ 0x7fff00000000, 0x7fff00003000, 0, 0, "r--?", "[vvar]" },
		{ 0x7fff00003000, 0x7fff00004000, 0, PAGE, "r-x?", "[vdso]" },
		{ 0x7fff10000000, 0x7fff10002000, 0, 2 * PAGE, "rw-?", "[stack]" },
	};
	struct image im;
	struct vma_facts *f;

	(void)state;
	make_core(&im);
	assert_int_equal(read_image(&im, &f, NULL), 0);
	assert_int_equal(f->nr_maps, ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(f->maps[i].start, want[i].start);
		assert_int_equal(f->maps[i].end, want[i].end);
		assert_int_equal(f->maps[i].offset, want[i].offset);
		assert_int_equal(f->maps[i].held, want[i].held);
		assert_string_equal(f->maps[i].perms, want[i].perms);
		assert_string_equal(f->maps[i].path, want[i].path);
	}
	vma_facts_free(f);
}

static void notes_say_who_died_and_of_what(void **state)
{
	struct image im;
	struct vma_facts *f;

	(void)state;
	make_core(&im);
	assert_int_equal(read_image(&im, &f, NULL), 0);
	assert_int_equal(f->pid, 42);
	assert_string_equal(f->comm, "prog");
	assert_string_equal(f->cmdline, "prog -v");
	assert_true(f->core.has_siginfo);
	assert_int_equal(f->core.si_signo, 11);
	assert_int_equal(f->core.fault_addr, 0xdead);
	assert_int_equal(f->core.nr_threads, 1);
	assert_int_equal(f->core.nr_filtered, 2);
	assert_int_equal(f->core.nr_unsegmented, 1);
	assert_int_equal(f->core.nr_bad, 0);
	assert_int_equal(f->nr_aux, 2);
	vma_facts_free(f);
}

static void what_a_core_cannot_hold_stays_unknown(void **state)
{
	struct image im;
	struct vma_facts *f;
	bool smaps = false;

	(void)state;
	make_core(&im);
	assert_int_equal(read_image(&im, &f, NULL), 0);
	for (size_t i = 0; i < f->nr_maps; i++) {
		assert_false(f->maps[i].has_flags);
		assert_int_equal(f->maps[i].have, 0);
	}
	assert_false(f->have_limits);
	assert_int_equal(f->have_stat, 0);
	for (size_t i = 0; i < f->nr_missing; i++)
		smaps |= !strcmp(f->missing[i].what, "smaps");
	assert_true(smaps);
	vma_facts_free(f);
}

static void a_truncated_core_says_how_much_is_gone(void **state)
{
	struct image im;
	struct vma_facts *f;

	(void)state;
	make_core(&im);
	im.len -= PAGE + 100;
	assert_int_equal(read_image(&im, &f, NULL), 0);
	assert_int_equal(f->core.truncated, PAGE + 100);
	assert_int_equal(f->maps[f->nr_maps - 1].held, PAGE - 100);
	vma_facts_free(f);
}

static void other_files_are_refused_with_a_sentence(void **state)
{
	static const struct {
		size_t at;
		unsigned char value;
		int rc;
	} damage[] = {
		{ 1, 'e', -ENOEXEC },	   { EI_DATA, ELFDATA2MSB, -ENOTSUP },
		{ EI_CLASS, 7, -EBADMSG }, { 16, ET_EXEC, -ENOEXEC },
		{ 54, 1, -EBADMSG },	   { 39, 0x7f, -EBADMSG },
	};
	struct vma_err err;
	struct vma_facts *f;
	struct image im;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		make_core(&im);
		im.bytes[damage[i].at] = damage[i].value;
		memset(&err, 0, sizeof(err));
		assert_int_equal(read_image(&im, &f, &err), damage[i].rc);
		assert_true(strlen(err.msg) > 20);
	}
	im.len = 0;
	assert_int_equal(read_image(&im, &f, &err), -ENOEXEC);
	assert_int_equal(vma_core_read("/nonexistent/core", &f, &err), -ENOENT);
	assert_int_equal(vma_core_read("/dev/null", &f, &err), -ENOEXEC);
	assert_false(vma_core_probe("/dev/null"));
}

static void memory_is_read_across_segments_and_stops_at_holes(void **state)
{
	struct image im;
	struct vma_core *core;
	char path[64], buf[4 * PAGE];
	int fd = memfd_create("core", MFD_CLOEXEC);

	(void)state;
	make_core(&im);
	assert_int_equal(write(fd, im.bytes, im.len), im.len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(vma_core_open(path, &core, NULL), 0);
	assert_int_equal(vma_core_memory(core, 0x400ff0, buf, 32), 16);
	assert_int_equal(vma_core_memory(core, 0x7fff10000000, buf, sizeof(buf)), 2 * PAGE);
	assert_int_equal(buf[0], 'x');
	assert_int_equal(vma_core_memory(core, 0x7fff00000000, buf, 8), 0);
	assert_int_equal(vma_core_memory(core, 0x1000, buf, 8), 0);
	assert_int_equal(vma_core_memory(core, ~0ULL - 3, buf, 8), 0);
	vma_core_close(core);
	close(fd);
}

/* ---------------------------------------------------------------- damage */

static u64 rnd(u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static unsigned long rounds(void)
{
	const char *s = getenv("VMACTL_FUZZ_ROUNDS");

	return s ? strtoul(s, NULL, 10) : 1000;
}

/* One to eight flipped bits or bytes among the headers and notes, now and then a cut. */
static void damage_image(struct image *im, u64 *seed)
{
	static const u64 extreme[] = {
		0, 1, 0xff, 0xffff, 0xffffffff, ~0ULL, 1ULL << 63, PAGE - 1
	};
	size_t n = 1 + rnd(seed) % 8;

	for (size_t i = 0; i < n; i++) {
		size_t at = rnd(seed) % (2 * PAGE);
		if (rnd(seed) % 3)
			im->bytes[at] ^= (unsigned char)(1u << rnd(seed) % 8);
		else
			memcpy(im->bytes + (at & ~7ul), &extreme[rnd(seed) % ARRAY_SIZE(extreme)],
			       8);
	}
	if (rnd(seed) % 4 == 0)
		im->len = rnd(seed) % (im->len + 1);
}

static void damaged_cores_fail_or_give_ordered_maps(void **state)
{
	unsigned long opened = 0, refused = 0;
	u64 seed = 0x5eed;

	(void)state;
	for (unsigned long i = 0; i < rounds(); i++) {
		struct vma_err err = { .code = 0 };
		struct vma_facts *f = NULL;
		struct image im;
		make_core(&im);
		damage_image(&im, &seed);
		if (read_image(&im, &f, &err)) {
			assert_true(err.code && err.msg[0]);
			refused++;
			continue;
		}
		opened++;
		for (size_t k = 0; k < f->nr_maps; k++) {
			assert_true(f->maps[k].start < f->maps[k].end);
			assert_true(!k || f->maps[k - 1].end <= f->maps[k].start);
			assert_true(f->maps[k].held <= im.len);
		}
		vma_facts_free(f);
	}
	assert_true(opened && refused); /* else the damage does not reach the interesting parts */
}

static void damaged_elf_files_fail_or_give_bounded_images(void **state)
{
	unsigned char *good = malloc(1 << 22);
	u64 seed = 0xe1f;
	int self = open("/proc/self/exe", O_RDONLY), fd = memfd_create("elf", MFD_CLOEXEC);
	ssize_t len = read(self, good, 1 << 22);
	unsigned long fine = 0;

	(void)state;
	assert_true(len > PAGE && fd >= 0);
	assert_int_equal(pwrite(fd, good, (size_t)len, 0), len);
	for (unsigned long i = 0; i < rounds(); i++) {
		off_t at[4];
		for (int k = 0; k < 4; k++) {
			unsigned char bad = (unsigned char)rnd(&seed);
			at[k] = (off_t)(rnd(&seed) % (k < 2 ? PAGE : (u64)len));
			assert_int_equal(pwrite(fd, &bad, 1, at[k]), 1);
		}
		struct vma_bytes src = vma_bytes_fd(fd);
		struct vma_elf elf;
		if (rnd(&seed) % 4 == 0)
			src.size = rnd(&seed) % (u64)len;
		if (!vma_elf_read(&src, rnd(&seed) % 8 == 0, VMA_ELF_ALL, &elf, NULL)) {
			fine++;
			assert_true(elf.nr_segments <= VMA_ELF_MAX_SEGMENTS);
			assert_true(elf.build_id_len <= VMA_BUILD_ID_MAX);
			vma_elf_fini(&elf);
		}
		for (int k = 0; k < 4; k++)
			assert_int_equal(pwrite(fd, good + at[k], 1, at[k]), 1);
	}
	assert_true(fine);
	close(fd);
	close(self);
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_and_file_notes_become_maps),
		cmocka_unit_test(notes_say_who_died_and_of_what),
		cmocka_unit_test(what_a_core_cannot_hold_stays_unknown),
		cmocka_unit_test(a_truncated_core_says_how_much_is_gone),
		cmocka_unit_test(other_files_are_refused_with_a_sentence),
		cmocka_unit_test(memory_is_read_across_segments_and_stops_at_holes),
		cmocka_unit_test(damaged_cores_fail_or_give_ordered_maps),
		cmocka_unit_test(damaged_elf_files_fail_or_give_bounded_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
