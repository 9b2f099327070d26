/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H
/*
 * A main() for a fuzz entry point, so that "make check" runs it without a fuzzer:
 *
 *   NAME              every file of corpus/NAME, and 300 damaged copies of each; TAP
 *   NAME FILE...      just these files, which is what AFL and a crash report want
 *
 * VMACTL_FUZZ_ROUNDS sets the number of copies; the damage is the same in every run. With
 * -DVMACTL_LIBFUZZER -fsanitize=fuzzer libFuzzer brings its own main().
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifndef VMACTL_LIBFUZZER

#define FUZZ_MAX (1 << 20)

static uint64_t fuzz_seed = 1;

static uint32_t fuzz_random(uint32_t below)
{
	fuzz_seed = fuzz_seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(fuzz_seed >> 33) % below;
}

/* Bytes changed, removed, doubled, the end cut off: one to four times. */
static size_t fuzz_damage(uint8_t *data, size_t size)
{
	static const char bytes[] = "\n\0 :-/0f9?[\\\xff";

	for (uint32_t n = 1 + fuzz_random(4); n && size; n--) {
		size_t at = fuzz_random((uint32_t)size), len = 1 + fuzz_random(40);

		if (at + len > size)
			len = size - at;
		switch (fuzz_random(5)) {
		case 0:
			data[at] = (uint8_t)fuzz_random(256);
			break;
		case 1:
			data[at] = (uint8_t)bytes[fuzz_random(sizeof(bytes) - 1)];
			break;
		case 2:
			memmove(data + at, data + at + len, size - at - len);
			size -= len;
			break;
		case 3:
			if (size + len <= FUZZ_MAX) {
				memmove(data + at + len, data + at, size - at);
				size += len;
			}
			break;
		case 4:
			size = at;
			break;
		}
	}
	return size;
}

static size_t fuzz_read(const char *path, uint8_t *data)
{
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		exit(1);
	}
	size_t size = fread(data, 1, FUZZ_MAX, f);
	fclose(f);
	return size;
}

static void fuzz_file(const char *path, unsigned int rounds)
{
	static uint8_t whole[FUZZ_MAX], copy[FUZZ_MAX];
	size_t size = fuzz_read(path, whole);

	LLVMFuzzerTestOneInput(whole, size);
	for (unsigned int i = 0; i < rounds; i++) {
		memcpy(copy, whole, size);
		size_t damaged = fuzz_damage(copy, size);
		/* A copy of its own size, so that a sanitizer sees a step past the end. */
		uint8_t *exact = malloc(damaged ? damaged : 1);
		if (!exact)
			exit(1);
		memcpy(exact, copy, damaged);
		LLVMFuzzerTestOneInput(exact, damaged);
		free(exact);
	}
}

static int fuzz_corpus(const char *name)
{
	const char *src = getenv("VMACTL_SRC"), *rounds = getenv("VMACTL_FUZZ_ROUNDS");
	unsigned int nr = 0;
	struct dirent *e;
	char path[4400];

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", src ? src : ".", name);
	size_t len = strlen(path);
	DIR *dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path + len, sizeof(path) - len, "/%s", e->d_name);
		fuzz_file(path, rounds ? (unsigned int)atoi(rounds) : 300);
		nr++;
	}
	if (dir)
		closedir(dir);
	printf("1..1\n%sok 1 - %u files of corpus/%s and damaged copies do no harm\n",
	       nr ? "" : "not ", nr, name);
	return nr ? 0 : 1;
}

#define FUZZ_MAIN(name)                                    \
	int main(int argc, char **argv)                    \
	{                                                  \
		for (int i = 1; i < argc; i++)             \
			fuzz_file(argv[i], 0);             \
		return argc > 1 ? 0 : fuzz_corpus(name);   \
	}
#else
#define FUZZ_MAIN(name)
#endif

#endif
