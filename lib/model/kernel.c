// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Kernel profiles. A property is one row of kernel.def; a release that the differential tests
 * cover is one row of verified[] below.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "libvmactl/model.h"

static const struct vma_kernel_prop props[] = {
#define PROP(name, since, until, help) { #name, since, until, help, offsetof(struct vma_kernel, name) },
#include "libvmactl/kernel.def"
#undef PROP
};

/* From this update on, a property is the opposite of what its stable series began with. */
static const struct {
	size_t offset;
	u32 version, update;
} stable[] = {
#define PROP(name, since, until, help)
#define STABLE(name, series, update) { offsetof(struct vma_kernel, name), series, update },
#include "libvmactl/kernel.def"
#undef STABLE
#undef PROP
};

/* Releases that the recordings and the live tests were made on. */
static const struct {
	u32 version, update;
	const char *name;
} verified[] = {
	{ KV(5, 10), 223, "5.10" }, { KV(6, 1), 176, "6.1" }, { KV(6, 12), 107, "6.12" },
	{ KV(6, 18), 44, "6.18" },  { KV(7, 2), 12, "7.2" },
};

#define UPDATE_UNKNOWN (~0U)

const struct vma_kernel_prop *vma_kernel_prop_at(size_t i)
{
	return i < ARRAY_SIZE(props) ? &props[i] : NULL;
}

bool vma_kernel_has(const struct vma_kernel *k, const struct vma_kernel_prop *p)
{
	return *(const bool *)((const char *)k + p->offset);
}

const char *vma_kernel_verified_at(size_t i)
{
	return i < ARRAY_SIZE(verified) ? verified[i].name : NULL;
}

/* ".176" after "6.1"; Debian's and Ubuntu's ".0-49" counts builds, not updates. */
static u32 parse_update(const char *text)
{
	char *end;
	unsigned long n;

	if (*text != '.' || text[1] < '0' || text[1] > '9')
		return UPDATE_UNKNOWN;
	n = strtoul(text + 1, &end, 10);
	if (!n && *end == '-' && end[1] >= '0' && end[1] <= '9')
		return UPDATE_UNKNOWN;
	return n < UPDATE_UNKNOWN ? (u32)n : UPDATE_UNKNOWN;
}

static bool parse_release(const char *text, u32 *version, u32 *update)
{
	char *end;
	unsigned long major = strtoul(text, &end, 10), minor;

	if (end == text || *end != '.' || major > 255)
		return false;
	text = end + 1;
	minor = strtoul(text, &end, 10);
	if (end == text || minor > 255)
		return false;
	*version = KV((u32)major, (u32)minor);
	*update = parse_update(end);
	return true;
}

char *vma_kernel_name(const char *release, const char *build, char *out)
{
	static const char mark[] = "Debian ";
	const char *hit = build;
	u32 version, update, of, inner;
	int digits;

	snprintf(out, VMA_KERNEL_NAME, "%s", release);
	if (!parse_release(release, &version, &update) || update != UPDATE_UNKNOWN)
		return out;
	/* The compiler's version may come first: "(gcc-12 (Debian 12.2.0-14)". */
	while (hit && (hit = strstr(hit, mark))) {
		hit += sizeof(mark) - 1;
		if (!parse_release(hit, &of, &inner) || of != version || inner == UPDATE_UNKNOWN)
			continue;
		digits = (int)strspn(hit, "0123456789.");
		snprintf(out, VMA_KERNEL_NAME, "%s (%.*s)", release, digits, hit);
		break;
	}
	return out;
}

/* The update that counts: what the release says, or behind it; else the one we know. */
static u32 update_of(const char *release, u32 version, u32 update)
{
	const char *behind = strchr(release, '(');
	u32 of, inner;

	if (update == UPDATE_UNKNOWN && behind && parse_release(behind + 1, &of, &inner) &&
	    of == version)
		update = inner;
	for (size_t i = 0; update == UPDATE_UNKNOWN && i < ARRAY_SIZE(verified); i++)
		if (verified[i].version == version)
			update = verified[i].update;
	return update == UPDATE_UNKNOWN ? 0 : update;
}

int vma_kernel_init(struct vma_kernel *k, const char *release, struct vma_err *err)
{
	u32 version, update;

	if (!parse_release(release, &version, &update))
		return vma_fail(err, EINVAL, "kernel release '%s': not like 6.12 or 6.1.0-49-amd64",
				release);
	if (version < KV(4, 18))
		return vma_fail(err, ENOTSUP, "kernel release '%s': older than 4.18", release);
	memset(k, 0, sizeof(*k));
	snprintf(k->release, sizeof(k->release), "%s", release);
	k->version = version;
	k->update = update_of(release, version, update);
	for (size_t i = 0; i < ARRAY_SIZE(verified); i++)
		k->verified |= verified[i].version == version;
	for (size_t i = 0; i < ARRAY_SIZE(props); i++) {
		const struct vma_kernel_prop *p = &props[i];
		bool has = version >= p->since && (!p->until || version < p->until);

		*(bool *)((char *)k + p->offset) = has;
	}
	for (size_t i = 0; i < ARRAY_SIZE(stable); i++)
		if (stable[i].version == version && k->update >= stable[i].update)
			*(bool *)((char *)k + stable[i].offset) ^= true;
	return 0;
}
