/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz entry of the ELF and core readers.
 *
 *   clang -fsanitize=fuzzer,address -DVMACTL_LIBFUZZER ...   libFuzzer drives it
 *   without the define                                      main() runs it over the files named,
 *                                                           which is what AFL wants
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libvmactl/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vma_facts *facts;
	struct vma_elf elf;
	char path[64];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	struct vma_bytes src = vma_bytes_fd(fd);
	for (int memory = 0; memory < 2; memory++)
		if (!vma_elf_read(&src, memory, VMA_ELF_ALL, &elf, NULL))
			vma_elf_fini(&elf);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (vma_core_probe(path) && !vma_core_read(path, &facts, NULL))
		vma_facts_free(facts);
	close(fd);
	return 0;
}

#ifndef VMACTL_LIBFUZZER
int main(int argc, char **argv)
{
	static uint8_t data[1 << 24];

	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		if (!f) {
			perror(argv[i]);
			return 1;
		}
		LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), f));
		fclose(f);
	}
	return 0;
}
#endif
