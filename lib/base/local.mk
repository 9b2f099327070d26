# SPDX-License-Identifier: LGPL-2.1-or-later
base_sources = \
	lib/base/check.h \
	lib/base/cleanup.h \
	lib/base/error.c \
	lib/base/escape.c lib/base/escape.h \
	lib/base/cachelines.c lib/base/cachelines.h \
	lib/base/fetch.c lib/base/fetch.h \
	lib/base/hash.h \
	lib/base/range.h \
	lib/base/strbuf.c lib/base/strbuf.h
