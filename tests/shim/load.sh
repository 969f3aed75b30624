#!/usr/bin/env bash
# load: what else is in the process, and when it comes.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

mode="echo"
both P20_before_the_constructors prog_early both

# Other preload libraries, before and after.
stacked() {
	local first=$1
	skipped=
	for preloads in "$first:$shim" "$shim:$first"; do
		judge "$preloads" tls -- "$bin/prog_load" echo
		clean
	done
	preloads=$shim
}
begin P21_an_allocator_that_reads
stacked "$bin/libmallocs.so"
done_with

begin P21_jemalloc
jemalloc=$(ldconfig -p | sed -n 's/.*libjemalloc\.so.* => //p' | head -n 1)
if [ -n "$jemalloc" ]; then
	stacked "$jemalloc"
	done_with
else
	skip 'there is no libjemalloc'
fi

begin P49_another_tracer
export TRACER_FILE=$work/traced
skipped=
for preloads in "$bin/libtracer.so:$shim" "$shim:$bin/libtracer.so"; do
	rm -f "$TRACER_FILE"
	judge "$preloads" tls -- "$bin/prog_load" echo
	clean
	has "$log" 'TLS'
	grep -qE 'socket=[1-9].* connect=[1-9].* close=[1-9]' "$TRACER_FILE" ||
		fail "the tracer says $(cat "$TRACER_FILE")"
done
preloads=$shim
# The one that is first sees the program's calls.
preloads=$bin/libtracer.so:$shim
judge "$preloads" tls -- "$bin/prog_load" echo
grep -q 'send=10 ' "$TRACER_FILE" || fail "the tracer says $(cat "$TRACER_FILE")"
preloads=$shim
done_with

mode=script
secure P44_a_plugin_past_the_library prog_load plugin "$bin/libplug.so"

begin P19_wrapped_names_only
nm -D --defined-only "$shim" | awk '{ sub(/@.*/, "", $NF); print $NF }' |
	LC_ALL=C sort -u >"$work/names"
libc=$(ldd "$bin/prog_load" | awk '/libc\.so/ { print $3 }')
nm -D --defined-only "$libc" | awk '{ sub(/@.*/, "", $NF); print $NF }' |
	LC_ALL=C sort -u >"$work/libc"
LC_ALL=C comm -23 "$work/names" "$work/libc" >"$out"
counted || is "$(cat "$out")" ''
# Each row of the tables is a name that the program gets.
sed -nE 's/^[A-Z_]+\([^,]+, (\w+),.*/\1/p' "$here"/../../shim/*.def |
	LC_ALL=C sort -u | LC_ALL=C comm -23 - "$work/names" >"$out"
is "$(cat "$out")" ''
has "$work/names" connect recv close fdopen dprintf __recv_chk syscall
for never in vfork dlsym dlvsym clone __fdelt_chk sigaction fork; do
	! grep -qx "$never" "$work/names" || fail "$never is wrapped"
done
nm -D --undefined-only "$shim" | awk '{ sub(/@.*/, "", $NF); print $NF }' |
	LC_ALL=C sort -u >"$work/wanted"
nm -D --defined-only "$(ldd "$bin/prog_load" | awk '/ld-linux/ { print $1 }')" |
	awk '{ sub(/@.*/, "", $NF); print $NF }' | LC_ALL=C sort -u - "$work/libc" \
	>"$work/libc+ld"
LC_ALL=C comm -23 "$work/wanted" "$work/libc+ld" |
	grep -vE '^(_ITM_.*|__gmon_start__)$' >"$out"
is "$(cat "$out")" ''
ok

mode="echo"
begin P19_the_programs_own_openssl
want 0 plain -- "$bin/prog_openssl" beside
cp "$out" "$work/version"
want 0 tls -- "$bin/prog_openssl" beside
same "$out" "$work/version"
clean
ok

# The limits count internet sockets, and only those.
begin P43_what_is_no_internet_socket_is_untouched
printf 'CONFIG_NET_MAX_CONTEXTS=1\n' >"$work/limits"
printf '127.0.0.9 somewhere.example\n' >"$work/hosts"
want 0 plain -- "$bin/prog_foreign" foreign
extra=(ZSOCK_HOSTS="$work/hosts")
want 0 tls -- "$bin/prog_foreign" foreign
extra=(ZSOCK_LIMITS="$work/limits")
want 0 tls -- "$bin/prog_foreign" limited
extra=()
ok
finish
