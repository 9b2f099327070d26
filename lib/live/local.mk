# SPDX-License-Identifier: LGPL-2.1-or-later
# Every .c and .h of this room, paths from the top, sorted: what is not listed is not built.
live_sources = \
	lib/live/files.c \
	lib/live/live.c lib/live/live.h \
	lib/live/proto.h \
	lib/live/spawn.c lib/live/spawn.h
EXTRA_DIST += lib/live/puppet.c

# The puppet is a program of its own, without libc and without anything the other flags bring
# (sanitizers, profiling): its bytes become an array in files.c.
puppet_compile = -std=gnu11 -O2 -ffreestanding -fno-builtin -fno-stack-protector -fno-pic \
	-fno-pie -fcf-protection=none -fno-asynchronous-unwind-tables -mno-sse
puppet_link = -nostdlib -static -s -Wl,-z,noseparate-code -Wl,-z,norelro -Wl,--build-id=none \
	-Wl,-z,noexecstack

lib/live/puppet.elf: lib/live/puppet.c lib/live/proto.h
	$(AM_V_GEN)$(MKDIR_P) lib/live && $(CC) $(WARN_CFLAGS) $(puppet_compile) \
		$(puppet_link) -I$(srcdir)/lib -o $@ $(srcdir)/lib/live/puppet.c

lib/live/puppet-image.h: lib/live/puppet.elf
	$(AM_V_GEN)od -An -v -tx1 lib/live/puppet.elf | sed 's/ \(..\)/0x\1,/g' >$@.tmp && \
		mv $@.tmp $@

BUILT_SOURCES += lib/live/puppet-image.h
CLEANFILES += lib/live/puppet.elf lib/live/puppet-image.h
