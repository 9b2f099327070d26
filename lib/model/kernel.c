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

/* Releases that the recordings and the live tests were made on. */
static const struct {
	u32 version;
	const char *name;
} verified[] = {
	{ KV(5, 10), "5.10" }, { KV(6, 1), "6.1" }, { KV(6, 12), "6.12" },
	{ KV(6, 18), "6.18" }, { KV(7, 2), "7.2" },
};

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

static bool parse_release(const char *text, u32 *version)
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
	return true;
}

int vma_kernel_init(struct vma_kernel *k, const char *release, struct vma_err *err)
{
	u32 version;

	if (!parse_release(release, &version))
		return vma_fail(err, EINVAL, "kernel release '%s': not like 6.12 or 6.1.0-49-amd64",
				release);
	if (version < KV(4, 18))
		return vma_fail(err, ENOTSUP, "kernel release '%s': older than 4.18", release);
	memset(k, 0, sizeof(*k));
	snprintf(k->release, sizeof(k->release), "%s", release);
	k->version = version;
	for (size_t i = 0; i < ARRAY_SIZE(verified); i++)
		k->verified |= verified[i].version == version;
	for (size_t i = 0; i < ARRAY_SIZE(props); i++) {
		const struct vma_kernel_prop *p = &props[i];
		bool has = version >= p->since && (!p->until || version < p->until);

		*(bool *)((char *)k + p->offset) = has;
	}
	return 0;
}
