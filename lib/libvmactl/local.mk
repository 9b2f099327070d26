# SPDX-License-Identifier: LGPL-2.1-or-later
# The installed headers and the library itself. A new public header is added here and to
# libvmactl.h, its functions to libvmactl.sym (tests/lint/exports.sh says which are missing).
vmactlincludedir = $(includedir)/libvmactl
vmactlinclude_HEADERS = \
	lib/libvmactl/attrib.h \
	lib/libvmactl/category.def \
	lib/libvmactl/elf.h \
	lib/libvmactl/engine.h \
	lib/libvmactl/error.h \
	lib/libvmactl/flags.def \
	lib/libvmactl/kernel.def \
	lib/libvmactl/known.h \
	lib/libvmactl/libvmactl.h \
	lib/libvmactl/lock.h \
	lib/libvmactl/model.h \
	lib/libvmactl/read.h \
	lib/libvmactl/rebuild.h \
	lib/libvmactl/report.h \
	lib/libvmactl/script.h \
	lib/libvmactl/topology.h \
	lib/libvmactl/types.h \
	lib/libvmactl/unwind.h \
	lib/libvmactl/verify.h \
	lib/libvmactl/why.def

pkgconfigdir = $(libdir)/pkgconfig
nodist_pkgconfig_DATA = lib/libvmactl/libvmactl.pc

# What an operation runs through is small functions in many files: optimised as one.
noinst_LTLIBRARIES += libvmactl-core.la
libvmactl_core_la_SOURCES = $(base_sources) $(model_sources) $(engine_sources)
libvmactl_core_la_CFLAGS = $(AM_CFLAGS) $(LTO_CFLAGS)
EXTRA_libvmactl_core_la_DEPENDENCIES = Makefile

# Everything, with all internal names: for our programs and unit tests, never installed.
noinst_LTLIBRARIES += libvmactl-all.la
libvmactl_all_la_SOURCES = \
	$(live_sources) \
	$(read_sources) \
	$(attrib_sources) \
	$(rebuild_sources) \
	$(report_sources) \
	$(script_sources) \
	$(topology_sources) \
	$(verify_sources)
nodist_libvmactl_all_la_SOURCES = $(nodist_read_sources)
outside_libraries = \
	$(UNWIND_LIBS) $(LIBDW_LIBS) $(LIBELF_LIBS) $(SMARTCOLS_LIBS) $(JSONC_LIBS) \
	$(CAPNG_LIBS) $(ZSTD_LIBS) $(LIBBPF_LIBS)
libvmactl_all_la_LIBADD = libvmactl-core.la $(outside_libraries)
# A file that left its list has to leave the archive too.
EXTRA_libvmactl_all_la_DEPENDENCIES = Makefile

# What people install: the same objects, only the names of the export list to be seen.
lib_LTLIBRARIES += libvmactl.la
libvmactl_la_SOURCES =
libvmactl_la_LIBADD = libvmactl-all.la
libvmactl_la_LDFLAGS = $(BUILD_LDFLAGS) -version-info $(LIBVMACTL_INTERFACE) -no-undefined \
	-Wl,--version-script=$(top_srcdir)/lib/libvmactl/libvmactl.sym
EXTRA_libvmactl_la_DEPENDENCIES = lib/libvmactl/libvmactl.sym
EXTRA_DIST += lib/libvmactl/libvmactl.sym
