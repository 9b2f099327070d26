// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Findings as SARIF 2.1.0, for the places that collect such reports. A mapping is an address in an
 * artifact (the mapped file, or the process when there is none).
 */
#include <stdio.h>
#include <string.h>

#include "audit.h"

static void text_object(struct vma_json *j, const char *key, const char *text)
{
	vma_json_object(j, key);
	vma_json_text(j, "text", text);
	vma_json_end(j);
}

static void rules(struct vma_json *j)
{
	const struct vma_audit_rule *r;

	vma_json_array(j, "rules");
	for (size_t i = 0; (r = vma_audit_rule_at(i)); i++) {
		vma_json_object(j, NULL);
		vma_json_text(j, "id", r->id);
		text_object(j, "shortDescription", r->title);
		text_object(j, "help", r->remedy);
		vma_json_object(j, "defaultConfiguration");
		vma_json_text(j, "level", vma_severity_name(r->severity));
		vma_json_end(j);
		vma_json_end(j);
	}
	vma_json_end(j);
}

void sarif_begin(struct vma_json *j)
{
	vma_json_object(j, NULL);
	vma_json_text(j, "version", "2.1.0");
	vma_json_array(j, "runs");
	vma_json_object(j, NULL);
	vma_json_object(j, "tool");
	vma_json_object(j, "driver");
	vma_json_text(j, "name", "vmactl audit");
	vma_json_text(j, "version", VMACTL_VERSION);
	rules(j);
	vma_json_end(j);
	vma_json_end(j);
	vma_json_array(j, "results");
}

static u64 rule_index(const struct vma_audit_rule *rule)
{
	u64 i = 0;

	while (vma_audit_rule_at(i) && vma_audit_rule_at(i) != rule)
		i++;
	return i;
}

/* A path as the path of a URI: what is not unreserved is written %XX. */
static const char *uri(const char *path, char *out, size_t size)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
	size_t len = 0;

	for (; *path && len + 4 < size; path++) {
		if (strchr(plain, *path))
			out[len++] = *path;
		else
			len += (size_t)snprintf(out + len, size - len, "%%%02X",
						(unsigned char)*path);
	}
	out[len] = '\0';
	return out;
}

static void location(struct vma_json *j, const struct audited *x, const struct vma_finding *f)
{
	const struct vma_fact_map *m = f->map < 0 ? NULL : &x->facts->maps[f->map];
	char name[128], path[8192];

	vma_json_array(j, "locations");
	vma_json_object(j, NULL);
	vma_json_object(j, "physicalLocation");
	vma_json_object(j, "artifactLocation");
	vma_json_text(j, "uri", uri(m && *m->path == '/' ? m->path : x->facts->source, path,
				    sizeof(path)));
	vma_json_end(j);
	if (m) {
		vma_json_object(j, "address");
		vma_json_number(j, "absoluteAddress", f->addr);
		vma_json_number(j, "length", m->end - m->start);
		vma_json_text(j, "kind", "memory");
		vma_json_end(j);
	}
	vma_json_end(j);
	vma_json_array(j, "logicalLocations");
	vma_json_object(j, NULL);
	snprintf(name, sizeof(name), "%u", x->facts->pid);
	vma_json_text(j, "name", x->facts->comm ? x->facts->comm : name);
	vma_json_text(j, "fullyQualifiedName", name);
	vma_json_text(j, "kind", "process");
	vma_json_end(j);
	vma_json_end(j);
	vma_json_end(j);
	vma_json_end(j);
}

void sarif_process(struct vma_json *j, const struct audited *x)
{
	char message[512 + 64], print[512];

	for (size_t i = 0; i < x->findings->nr; i++) {
		const struct vma_finding *f = &x->findings->finding[i];
		vma_json_object(j, NULL);
		vma_json_text(j, "ruleId", f->rule->id);
		vma_json_number(j, "ruleIndex", rule_index(f->rule));
		vma_json_text(j, "level", vma_severity_name(f->rule->severity));
		snprintf(message, sizeof(message), "%s: %s%s%s", f->rule->title, f->evidence,
			 *f->object ? " in " : "", f->object);
		text_object(j, "message", message);
		location(j, x, f);
		/* Tomorrow's process has another address, but the same print. */
		snprintf(print, sizeof(print), "%s/%s/%s", f->rule->id,
			 x->facts->comm ? x->facts->comm : "", f->object);
		vma_json_object(j, "partialFingerprints");
		vma_json_text(j, "vmactl/v1", print);
		vma_json_end(j);
		vma_json_end(j);
	}
}

void sarif_end(struct vma_json *j)
{
	for (int i = 0; i < 4; i++) /* results, run, runs, document */
		vma_json_end(j);
}
