#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What "vmactl anon" infers about live programs, against the kernel: shells with children, Python and
# Perl with fork, servers with workers, a JVM. What is called certain must be right; how often the
# rest is right is printed. With an argument: the table only, for "--check-inference=differences".
. "${VMACTL_SRC:-$(dirname "$0")/../..}/tests/lib/tap.sh"

vmactl=${VMACTL:-$VMACTL_BUILD/bin/vmactl/vmactl}
[ -x "$vmactl" ] || vmactl=$(command -v vmactl) || skip_all "vmactl is not built"
"$vmactl" anon --check-inference $$ >/dev/null 2>&1
[ $? -ne 1 ] || skip_all "the kernel cannot be asked (BPF, root)"
command -v jq >/dev/null || skip_all "there is no jq"
tmp=$(mktemp -d) || exit 1
roots=()
names=()

clean() {
	local pid
	exec 2>/dev/null # the shell tells of each that was killed
	# shellcheck disable=SC2046 # numbers
	for pid in "${roots[@]}" $(orphans); do
		# shellcheck disable=SC2046 # numbers
		kill -9 $(below "$pid") 2>/dev/null
	done
	rm -rf "$tmp"
}
trap clean EXIT

# A process and all its descendants.
below() {
	local pid
	echo "$1"
	for pid in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		below "$pid"
	done
}

# Those whose parent ended before them, all or of one program: found by their environment, or, when
# they write over that, by the file they leave.
orphans() {
	local dir
	cat "$tmp"/${1-*}.pid 2>/dev/null
	for dir in /proc/[0-9]*; do
		grep -qzs "^FOREST=$tmp ${1-}" "$dir/environ" &&
			[ "$(awk '$1 == "PPid:" { print $2 }' "$dir/status")" = 1 ] && echo "${dir#/proc/}"
	done
}

# A program, when it is installed: NAME COMMAND...
live() {
	local name=$1
	shift
	command -v "$1" >/dev/null || return 0
	FOREST="$tmp $name" "$@" </dev/null >"$tmp/$name.log" 2>&1 &
	roots+=($!)
	names+=("$name")
}

shell='f() { local a=$1; for ((i = 0; i < 3000; i++)); do b[i]=$a$i; done; sleep 600; }'
live bash-subshells bash -c "$shell; (f x) & (f y) & f z; :"
live bash-generations bash -c "$shell; (b=1; (c=1; (f x); :) & f y; :) & f z; :"
live bash-pipeline bash -c "$shell; f x | while read -r l; do echo \"\$l\"; done; :"
live dash dash -c 'a=1; (sleep 600; :) & (b=2; sleep 600; :) & sleep 600; :'
live perl-fork perl -e '@a = (1 .. 20000); for (1 .. 3) { fork or do { $a[$_] = "x$_" for 0 .. 5000;
	sleep 600; exit } } sleep 600'
live perl-generations perl -e '@a = (1 .. 20000); for (1 .. 4) { last if fork; push @a, 1 .. 5000 }
	sleep 600'
live perl-orphans perl -e '@a = (1 .. 20000); if (!fork) { if (fork) { exit } push @a, 1 .. 5000;
	fork; push @a, 1 .. 9000; sleep 600 } wait; sleep 600'
live python-fork /usr/bin/python3 -c 'import os, time
a = list(range(50000))
for i in range(3):
    if os.fork() == 0:
        b = [str(x) for x in a]; time.sleep(600)
time.sleep(600)'
live python-generations /usr/bin/python3 -c 'import os, time
a = list(range(50000))
for i in range(4):
    if os.fork(): break
    a += [str(x) for x in range(20000)]
time.sleep(600)'
live python-maps /usr/bin/python3 -c 'import mmap, os, time
m = [mmap.mmap(-1, 1 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for i in range(8)]
for x in m[:4]: x[0:9] = b"123456789"
if os.fork() == 0:
    for x in m[2:6]: x[4096:4098] = b"xx"
    n = [mmap.mmap(-1, 1 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for i in range(4)]
    for x in n: x[0:1] = b"y"
else:
    for x in m[6:]: x[0:1] = b"z"
time.sleep(600)'
live python-pool /usr/bin/python3 -c 'import multiprocessing as m, time
p = m.get_context("fork").Pool(4); p.map(len, [[1] * 1000] * 99); time.sleep(600)'
live python-manager /usr/bin/python3 -c 'import multiprocessing as m, time
m.set_start_method("fork"); d = m.Manager().dict(); d["a"] = 1
p = [m.Process(target=lambda: (d.update(b=2), time.sleep(600))) for i in range(2)]
[x.start() for x in p]; time.sleep(600)'
live python-forkserver /usr/bin/python3 -c 'import multiprocessing as m, time
if __name__ == "__main__":
    c = m.get_context("forkserver"); p = [c.Process(target=time.sleep, args=(600,)) for i in range(3)]
    [x.start() for x in p]; time.sleep(600)'
# Its grandchild comes to it when the child ends, as if it were a child; a child that was born between
# gives it away.
live python-subreaper /usr/bin/python3 -c 'import ctypes, os, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
a = list(range(50000))
r, w = os.pipe()
if os.fork() == 0:
    a += [str(x) for x in range(9000)]
    if os.fork(): os.write(w, b"x"); time.sleep(1); os._exit(0)
    time.sleep(600)
os.read(r, 1); time.sleep(0.1)
if os.fork() == 0: time.sleep(600)
os.wait(); time.sleep(600)'
live python-daemon /usr/bin/python3 -c 'import os, time
a = list(range(50000))
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
a += [str(x) for x in range(9000)]
for i in range(2):
    if os.fork() == 0: b = [str(x) for x in a]; time.sleep(600)
time.sleep(600)'
live perl-daemon perl -MPOSIX -e '@a = (1 .. 20000); exit if fork; setsid(); push @a, 1 .. 9000;
	for (1 .. 2) { fork or do { push @a, 1 .. 5000; sleep 600; exit } } sleep 600'
live ruby ruby -e 'a = (0..50000).map(&:to_s); 3.times { |i| fork { a.map!(&:upcase); sleep 600 } }
	sleep 600'
live python-threads /usr/bin/python3 -c 'import os, threading, time
t = [threading.Thread(target=time.sleep, args=(600,)) for i in range(6)]
[x.start() for x in t]; os.fork(); time.sleep(600)'
echo 'for {set i 0} {$i < 9999} {incr i} { set a($i) $i }; after 600000 set x 1; vwait x' >"$tmp/a.tcl"
live tclsh tclsh "$tmp/a.tcl"
# A namespace of processes: the first takes over all whose parent ended.
[ "$(id -u)" -ne 0 ] || live container unshare --pid --fork --kill-child bash -c \
	"$shell; ( (f x) & ) ; (f y; :) & f z; :"
live node node -e 'let a = [...Array(50000).keys()].map(String); setTimeout(() => a, 600000)'
live node-cluster node -e 'const c = require("cluster"); if (c.isPrimary) { c.fork(); c.fork() }
	setTimeout(() => 0, 600000)'
echo 'class T { public static void main(String[] a) throws Exception {
	var m = new java.util.HashMap<Integer, String>(); for (int i = 0; i < 50000; i++) m.put(i, "" + i);
	Thread.sleep(600000); } }' >"$tmp/T.java"
live java java -Xmx128m "$tmp/T.java"
live redis redis-server --port 0 --unixsocket "$tmp/redis" --save '' --dir "$tmp"
live redis-daemon redis-server --port 0 --unixsocket "$tmp/redis2" --save '' --dir "$tmp" \
	--daemonize yes --pidfile "$tmp/redis-daemon.pid"
live memcached memcached -u "$(id -un)" -s "$tmp/memcached"
live memcached-daemon memcached -d -u "$(id -un)" -s "$tmp/memcached2"
live dbus dbus-daemon --session --nofork --address="unix:path=$tmp/bus" --nopidfile
printf 'all: a b\na b: ; @sleep 600; :\n' >"$tmp/Makefile"
live make make -f "$tmp/Makefile" -j2
live xargs sh -c 'seq 3 | xargs -P 3 -n 1 sh -c "sleep 600; :"; :'
mkdir "$tmp/nginx"
echo "worker_processes 4; daemon off; pid $tmp/nginx/pid; error_log $tmp/nginx/log;
events { worker_connections 64; } http { access_log off; client_body_temp_path $tmp/nginx/b;
proxy_temp_path $tmp/nginx/p; fastcgi_temp_path $tmp/nginx/f; uwsgi_temp_path $tmp/nginx/u;
scgi_temp_path $tmp/nginx/s; server { listen unix:$tmp/nginx/sock; } }" >"$tmp/nginx.conf"
live nginx nginx -p "$tmp/nginx" -c "$tmp/nginx.conf"
mkdir "$tmp/nginx2"
sed "s|daemon off|daemon on|; s|$tmp/nginx/pid|$tmp/nginx-daemon.pid|
	s|$tmp/nginx/|$tmp/nginx2/|g" "$tmp/nginx.conf" >"$tmp/nginx2.conf"
live nginx-daemon nginx -p "$tmp/nginx2" -c "$tmp/nginx2.conf"
postgres=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
if [ -n "$postgres" ] && id postgres >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; then
	mkdir -m 700 "$tmp/pg" && chown postgres "$tmp" "$tmp/pg"
	as() { setpriv --reuid postgres --regid postgres --clear-groups "$@"; }
	as "$postgres/initdb" -D "$tmp/pg" -A trust --no-sync >"$tmp/initdb.log" 2>&1
	live postgres setpriv --reuid postgres --regid postgres --clear-groups \
		"$postgres/postgres" -D "$tmp/pg" -k "$tmp/pg" -c listen_addresses=
	for i in 1 2 3 4 5 6 7 8 9 10; do
		as "$postgres/psql" -h "$tmp/pg" -c 'select 1' postgres >/dev/null 2>&1 && break
		sleep 1
	done
	for i in 1 2 3; do
		live psql-$i setpriv --reuid postgres --regid postgres --clear-groups \
			"$postgres/psql" -h "$tmp/pg" -c 'create temp table t as select
			generate_series(1, 20000) a; select count(*) from t order by 1;' \
			-c 'select pg_sleep(600)' postgres
	done
fi
sleep "${SETTLE:-6}"

# Those that ended, because something they need is not here, are no live programs.
for i in "${!roots[@]}"; do
	kill -0 "${roots[i]}" 2>/dev/null && continue
	unset "roots[i]"
	[ -z "$(orphans "${names[i]}")" ] || continue # a daemon
	[ $# -eq 0 ] || echo "# ${names[i]} ended: $(tail -n 1 "$tmp/${names[i]}.log")"
	unset "names[i]"
done
# shellcheck disable=SC2207 # numbers
roots+=($(orphans))
if [ $# -gt 0 ]; then
	"$vmactl" anon --tree "$@" "${roots[@]}"
	exit
fi

# Programs still change while they are read: what was read in between is tried again.
for i in 1 2 3; do
	"$vmactl" anon --tree --check-inference --output-all --json "${roots[@]}" >"$tmp/out" 2>"$tmp/err"
	status=$?
	[ "$status" -eq 1 ] || break
	sleep 2
done

compared() {
	[ "$status" -eq 0 ] || [ "$status" -eq 4 ] || { cat "$tmp/err"; return 1; }
	jq -e '.processes >= 2' "$tmp/out"
}
check "what is called certain of ${#names[@]} live programs is what the kernel has" compared
echo "# ${#names[@]} programs: ${names[*]}"
jq -r '"# \(.processes) processes, \(.forked) forked from another one of them",
	(.fields[] | select(.known == null) | "# \(.scope) \(.field): precision \(.precision), recall " +
	"\(.recall) of \(.truth); \(.agree) right, \(.differ) wrong, \(.unknown) unknown")' "$tmp/out"
finish
