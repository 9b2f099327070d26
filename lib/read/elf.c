/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ELF headers, segments, sections, dynamic section and build-id.
 *
 * No library here: libelf maps a file and follows what it says, and the files we read may lie or
 * shrink while we look. Every byte comes through vma_bytes_get(), every count has a ceiling.
 */
#include "libvmactl/elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/range.h"

static s64 read_fd(void *ctx, u64 off, void *buf, size_t len)
{
	size_t got = 0;

	if (off > INT64_MAX - len)
		return 0;
	while (got < len) {
		ssize_t n = pread((int)(intptr_t)ctx, (char *)buf + got, len - got,
				  (off_t)(off + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return got ? (s64)got : -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (s64)got;
}

struct vma_bytes vma_bytes_fd(int fd)
{
	struct stat st;
	struct vma_bytes src = { .read = read_fd, .ctx = (void *)(intptr_t)fd };

	if (!fstat(fd, &st))
		src.size = st.st_size > 0 ? (u64)st.st_size : 0;
	return src;
}

int vma_bytes_get(const struct vma_bytes *src, u64 off, void *buf, size_t len)
{
	if (off > src->size || len > src->size - off)
		return -EBADMSG;
	s64 got = src->read(src->ctx, off, buf, len);
	if (got < 0)
		return (int)got;
	return (size_t)got == len ? 0 : -EBADMSG;
}

/* The two classes differ in widths and order only: each record is turned into the wide form. */

struct header {
	u64 entry, phoff, shoff;
	u32 phnum, shnum, shstrndx;
	u16 type, machine, phentsize, shentsize;
};

static void wide_header(const unsigned char *raw, bool is64, struct header *h)
{
	if (is64) {
		Elf64_Ehdr e;
		memcpy(&e, raw, sizeof(e));
		*h = (struct header){ e.e_entry, e.e_phoff, e.e_shoff, e.e_phnum, e.e_shnum,
				      e.e_shstrndx, e.e_type, e.e_machine, e.e_phentsize,
				      e.e_shentsize };
	} else {
		Elf32_Ehdr e;
		memcpy(&e, raw, sizeof(e));
		*h = (struct header){ e.e_entry, e.e_phoff, e.e_shoff, e.e_phnum, e.e_shnum,
				      e.e_shstrndx, e.e_type, e.e_machine, e.e_phentsize,
				      e.e_shentsize };
	}
}

static void wide_segment(const unsigned char *raw, bool is64, struct vma_segment *s)
{
	if (is64) {
		Elf64_Phdr p;
		memcpy(&p, raw, sizeof(p));
		*s = (struct vma_segment){ p.p_type, p.p_flags, p.p_offset, p.p_vaddr, p.p_filesz,
					   p.p_memsz, p.p_align };
	} else {
		Elf32_Phdr p;
		memcpy(&p, raw, sizeof(p));
		*s = (struct vma_segment){ p.p_type, p.p_flags, p.p_offset, p.p_vaddr, p.p_filesz,
					   p.p_memsz, p.p_align };
	}
}

struct raw_section {
	u32 name, type, link, info;
	u64 flags, addr, offset, size;
};

static void wide_section(const unsigned char *raw, bool is64, struct raw_section *s)
{
	if (is64) {
		Elf64_Shdr p;
		memcpy(&p, raw, sizeof(p));
		*s = (struct raw_section){ p.sh_name, p.sh_type, p.sh_link, p.sh_info, p.sh_flags,
					   p.sh_addr, p.sh_offset, p.sh_size };
	} else {
		Elf32_Shdr p;
		memcpy(&p, raw, sizeof(p));
		*s = (struct raw_section){ p.sh_name, p.sh_type, p.sh_link, p.sh_info, p.sh_flags,
					   p.sh_addr, p.sh_offset, p.sh_size };
	}
}

static size_t phdr_size(bool is64)
{
	return is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

static size_t shdr_size(bool is64)
{
	return is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

static int read_header(const struct vma_bytes *src, struct vma_elf *elf, struct header *h,
		       struct vma_err *err)
{
	unsigned char raw[sizeof(Elf64_Ehdr)] = { 0 };
	int rc = vma_bytes_get(src, 0, raw, EI_NIDENT);

	if (rc == -EBADMSG || (!rc && memcmp(raw, ELFMAG, SELFMAG)))
		return vma_fail(err, ENOEXEC, "not an ELF file");
	if (rc)
		return vma_fail(err, -rc, "cannot read the ELF header: %m");
	if (raw[EI_DATA] == ELFDATA2MSB)
		return vma_fail(err, ENOTSUP, "big-endian ELF files are not supported");
	if ((raw[EI_CLASS] != ELFCLASS64 && raw[EI_CLASS] != ELFCLASS32) ||
	    raw[EI_DATA] != ELFDATA2LSB)
		return vma_fail(err, EBADMSG, "damaged ELF header: class %u, data %u",
				raw[EI_CLASS], raw[EI_DATA]);
	elf->is64 = raw[EI_CLASS] == ELFCLASS64;
	if (vma_bytes_get(src, 0, raw, elf->is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)))
		return vma_fail(err, EBADMSG, "the ELF header is cut off");
	wide_header(raw, elf->is64, h);
	elf->type = h->type;
	elf->machine = h->machine;
	elf->entry = h->entry;
	elf->phoff = h->phoff;
	elf->phentsize = h->phentsize;
	return 0;
}

/* More than 65534 segments: the number stands in the first section header (PN_XNUM). */
static int true_counts(const struct vma_bytes *src, const struct vma_elf *elf, struct header *h)
{
	unsigned char raw[sizeof(Elf64_Shdr)];
	struct raw_section first;

	if (h->phnum != PN_XNUM && !(h->shnum == 0 && h->shoff) && h->shstrndx != SHN_XINDEX)
		return 0;
	if (!h->shoff || vma_bytes_get(src, h->shoff, raw, shdr_size(elf->is64))) {
		if (h->phnum != PN_XNUM)
			h->shnum = 0;
		return h->phnum == PN_XNUM ? -EBADMSG : 0;
	}
	wide_section(raw, elf->is64, &first);
	if (h->phnum == PN_XNUM)
		h->phnum = first.info;
	if (h->shnum == 0)
		h->shnum = first.size > UINT32_MAX ? UINT32_MAX : (u32)first.size;
	if (h->shstrndx == SHN_XINDEX)
		h->shstrndx = first.link;
	return 0;
}

static int read_segments(const struct vma_bytes *src, struct vma_elf *elf, const struct header *h,
			 struct vma_err *err)
{
	size_t size = phdr_size(elf->is64);
	unsigned char raw[64 * sizeof(Elf64_Phdr)];
	u32 n = h->phnum;

	if (!n)
		return 0;
	if (h->phentsize != size)
		return vma_fail(err, EBADMSG, "program headers of %u bytes instead of %zu",
				h->phentsize, size);
	if (n > VMA_ELF_MAX_SEGMENTS)
		return vma_fail(err, EBADMSG, "%u program headers, more than any kernel writes", n);
	if (h->phoff > src->size || (u64)n * size > src->size - h->phoff)
		return vma_fail(err, EBADMSG, "%u program headers at 0x%llx end past the file", n,
				(unsigned long long)h->phoff);
	elf->segments = calloc(n, sizeof(*elf->segments));
	if (!elf->segments)
		return vma_fail(err, ENOMEM, "out of memory");
	for (u32 i = 0; i < n;) {
		u32 batch = n - i < 64 ? n - i : 64;
		if (vma_bytes_get(src, h->phoff + (u64)i * size, raw, batch * size))
			return vma_fail(err, EBADMSG, "program header %u is cut off", i);
		for (u32 k = 0; k < batch; k++, i++)
			wide_segment(raw + k * size, elf->is64, &elf->segments[i]);
	}
	elf->nr_segments = n;
	return 0;
}

static void note_segments(struct vma_elf *elf)
{
	u64 low = ~0ULL, high = 0;

	elf->stack_flags = -1;
	for (u32 i = 0; i < elf->nr_segments; i++) {
		const struct vma_segment *s = &elf->segments[i];
		if (s->type == PT_GNU_STACK)
			elf->stack_flags = (s32)(s->flags & 7);
		if (s->type == PT_GNU_RELRO)
			elf->relro = *s;
		if (s->type == PT_TLS)
			elf->tls = *s;
		if (s->type != PT_LOAD || s->memsz > ~0ULL - s->vaddr)
			continue;
		low = min_u64(low, page_down(s->vaddr));
		high = max_u64(high, page_up(s->vaddr + s->memsz));
	}
	if (low < high) {
		elf->min_vaddr = low;
		elf->max_vaddr = high;
	}
}

/* Damaged sections leave the segments usable: they are dropped, not an error. */
static void read_sections(const struct vma_bytes *src, struct vma_elf *elf, const struct header *h)
{
	size_t size = shdr_size(elf->is64);
	unsigned char raw[sizeof(Elf64_Shdr)];
	struct raw_section s;
	u32 n = h->shnum;

	if (!h->shoff || !n || n > VMA_ELF_MAX_SECTIONS || h->shentsize != size ||
	    h->shstrndx >= n || h->shoff > src->size || (u64)n * size > src->size - h->shoff)
		return;
	if (vma_bytes_get(src, h->shoff + (u64)h->shstrndx * size, raw, size))
		return;
	wide_section(raw, elf->is64, &s);
	if (s.type != SHT_STRTAB || !s.size || s.size > VMA_ELF_MAX_STRINGS ||
	    s.offset > src->size || s.size > src->size - s.offset)
		return;
	u64 nr_strings = s.size;
	AUTO(undo_free) char *strings = malloc(nr_strings + 1);
	AUTO(undo_free) struct vma_section *sections = calloc(n, sizeof(*sections));
	if (!strings || !sections || vma_bytes_get(src, s.offset, strings, nr_strings))
		return;
	strings[nr_strings] = '\0';
	for (u32 i = 0; i < n; i++) {
		if (vma_bytes_get(src, h->shoff + (u64)i * size, raw, size))
			return;
		wide_section(raw, elf->is64, &s);
		sections[i] = (struct vma_section){
			.name = s.name < nr_strings ? strings + s.name : "", .type = s.type,
			.flags = s.flags, .addr = s.addr, .offset = s.offset, .size = s.size };
	}
	elf->strings = TAKE(strings);
	elf->sections = TAKE(sections);
	elf->nr_sections = n;
}

/* Where a virtual address of the image lies in @src: the file offset, or the distance from the
 * first page when @src is memory. */
static bool locate(const struct vma_elf *elf, bool memory, u64 vaddr, u64 len, u64 *off)
{
	for (u32 i = 0; i < elf->nr_segments; i++) {
		const struct vma_segment *s = &elf->segments[i];
		u64 have = memory ? s->memsz : s->filesz;
		if (s->type != PT_LOAD || vaddr < s->vaddr || vaddr - s->vaddr > have ||
		    len > have - (vaddr - s->vaddr))
			continue;
		*off = memory ? vaddr - elf->min_vaddr : s->offset + (vaddr - s->vaddr);
		return memory || *off >= s->offset;
	}
	return false;
}

static char *read_string(const struct vma_bytes *src, u64 off, u64 most)
{
	char text[4096];
	size_t len = most < sizeof(text) - 1 ? (size_t)most : sizeof(text) - 1;

	if (off > src->size)
		return NULL;
	if (len > src->size - off)
		len = (size_t)(src->size - off);
	s64 got = src->read(src->ctx, off, text, len);
	if (got <= 0)
		return NULL;
	text[got] = '\0';
	return text[0] ? strdup(text) : NULL;
}

struct dynamic {
	u64 strtab, strsz, soname;
	bool has_soname;
};

static void note_dyn(struct vma_elf *elf, struct dynamic *d, u64 tag, u64 value)
{
	switch (tag) {
	case DT_STRTAB: d->strtab = value; break;
	case DT_STRSZ: d->strsz = value; break;
	case DT_SONAME: d->soname = value; d->has_soname = true; break;
	case DT_BIND_NOW: elf->bind_now = true; break;
	case DT_TEXTREL: elf->textrel = true; break;
	case DT_FLAGS:
		elf->bind_now |= (value & DF_BIND_NOW) != 0;
		elf->textrel |= (value & DF_TEXTREL) != 0;
		break;
	case DT_FLAGS_1: elf->bind_now |= (value & DF_1_NOW) != 0; break;
	default: break;
	}
}

static void read_dynamic(const struct vma_bytes *src, bool memory, struct vma_elf *elf,
			 const struct vma_segment *seg)
{
	size_t size = elf->is64 ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
	u64 off = memory ? seg->vaddr - elf->min_vaddr : seg->offset;
	u64 n = min_u64((memory ? seg->memsz : seg->filesz) / size, 4096);
	struct dynamic d = { 0 };
	u64 where;

	elf->has_dynamic = true;
	for (u64 i = 0; i < n; i++) {
		Elf64_Dyn wide = { 0 };
		if (elf->is64) {
			if (vma_bytes_get(src, off + i * size, &wide, sizeof(wide)))
				break;
		} else {
			Elf32_Dyn raw;
			if (vma_bytes_get(src, off + i * size, &raw, sizeof(raw)))
				break;
			wide.d_tag = (u32)raw.d_tag;
			wide.d_un.d_val = raw.d_un.d_val;
		}
		if (wide.d_tag == DT_NULL)
			break;
		note_dyn(elf, &d, (u64)wide.d_tag, wide.d_un.d_val);
	}
	/* In memory ld.so has relocated DT_STRTAB; the vdso's stays as linked. */
	if (d.has_soname && d.soname < d.strsz && locate(elf, memory, d.strtab, d.strsz, &where))
		elf->soname = read_string(src, where + d.soname, d.strsz - d.soname);
}

/* The notes of a PT_NOTE until the build-id; alignment 4, or 8 where the segment says so. */
static void read_build_id(const struct vma_bytes *src, bool memory, struct vma_elf *elf,
			  const struct vma_segment *seg)
{
	u64 at = memory ? seg->vaddr - elf->min_vaddr : seg->offset;
	u64 left = min_u64(seg->filesz, 1 << 20);
	u64 align = seg->align == 8 ? 8 : 4;

	for (int i = 0; i < 256 && left >= sizeof(Elf64_Nhdr) && !elf->build_id_len; i++) {
		Elf64_Nhdr h;
		char name[4] = "";
		if (vma_bytes_get(src, at, &h, sizeof(h)))
			return;
		u64 name_at = sizeof(h);
		u64 desc_at = round_up_to(name_at + h.n_namesz, align);
		u64 end = round_up_to(desc_at + h.n_descsz, align);
		if (desc_at + h.n_descsz > left)
			return;
		if (h.n_type == NT_GNU_BUILD_ID && h.n_namesz == 4 && h.n_descsz &&
		    h.n_descsz <= VMA_BUILD_ID_MAX && !vma_bytes_get(src, at + name_at, name, 4) &&
		    !memcmp(name, "GNU", 4) &&
		    !vma_bytes_get(src, at + desc_at, elf->build_id, h.n_descsz))
			elf->build_id_len = h.n_descsz;
		if (end >= left)
			return;
		at += end;
		left -= end;
	}
}

static void read_parts(const struct vma_bytes *src, bool memory, u32 what, struct vma_elf *elf)
{
	u32 looked_at = 0;

	/* A core may have a million segments; none of these types comes often in a real image. */
	for (u32 i = 0; i < elf->nr_segments && looked_at < 64; i++) {
		const struct vma_segment *s = &elf->segments[i];
		if (s->type == PT_DYNAMIC && (what & VMA_ELF_DYNAMIC) && !elf->has_dynamic) {
			read_dynamic(src, memory, elf, s);
		} else if (s->type == PT_INTERP && (what & VMA_ELF_DYNAMIC) && !elf->interp) {
			u64 off = memory ? s->vaddr - elf->min_vaddr : s->offset;
			elf->interp = read_string(src, off, s->filesz);
		} else if (s->type == PT_NOTE && (what & VMA_ELF_NOTES) && !elf->build_id_len) {
			read_build_id(src, memory, elf, s);
		} else {
			continue;
		}
		looked_at++;
	}
}

int vma_elf_read(const struct vma_bytes *src, bool memory, u32 what, struct vma_elf *out,
		 struct vma_err *err)
{
	struct vma_elf elf = { .stack_flags = -1 };
	struct header h = { 0 };
	int rc = read_header(src, &elf, &h, err);

	if (rc)
		return rc;
	if (true_counts(src, &elf, &h))
		return vma_fail(err, EBADMSG, "the number of program headers is missing");
	rc = read_segments(src, &elf, &h, err);
	if (rc) {
		vma_elf_fini(&elf);
		return rc;
	}
	note_segments(&elf);
	elf.has_section_headers = h.shoff && h.shnum > 1;
	if ((what & VMA_ELF_SECTIONS) && !memory)
		read_sections(src, &elf, &h);
	read_parts(src, memory, what, &elf);
	*out = elf;
	return 0;
}

void vma_elf_fini(struct vma_elf *elf)
{
	free(elf->segments);
	free(elf->sections);
	free(elf->strings);
	free(elf->soname);
	free(elf->interp);
	memset(elf, 0, sizeof(*elf));
}

char *vma_build_id_text(const u8 *id, u32 len, char *out)
{
	static const char hex[] = "0123456789abcdef";
	u32 n = len < VMA_BUILD_ID_MAX ? len : VMA_BUILD_ID_MAX;

	for (u32 i = 0; i < n; i++) {
		out[2 * i] = hex[id[i] >> 4];
		out[2 * i + 1] = hex[id[i] & 15];
	}
	out[2 * n] = '\0';
	return out;
}

int vma_segment_at(const struct vma_elf *elf, u64 off, u64 len, u32 pf)
{
	int best = -1;

	for (u32 i = 0; i < elf->nr_segments; i++) {
		const struct vma_segment *s = &elf->segments[i];
		if (s->type != PT_LOAD || s->filesz > ~0ULL - s->offset - VMA_PAGE_SIZE)
			continue;
		u64 from = page_down(s->offset), to = page_up(s->offset + s->filesz);
		if (off < from || off >= to || len > to - off)
			continue;
		if (pf && (s->flags & 7) == pf)
			return (int)i;
		if (best < 0)
			best = (int)i;
	}
	return best;
}
