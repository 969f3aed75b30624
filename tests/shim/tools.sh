#!/usr/bin/env bash
# tools: programs that are watched, or built to watch themselves, run under the
# library and speak TLS.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

src=$here/../shim
mode="echo" log_level=info
prog=("$bin/prog_load" echo)

begin strace_runs
skipped=
if strace -o /dev/null true 2>/dev/null; then
	judge strace tls -- strace -f -o "$work/trace" "${prog[@]}"
	clean
	has "$log" 'TLS client: handshake'
	grep -q 'connect(' "$work/trace" || fail 'it has traced nothing'
	done_with
else
	skip 'there is no strace, or it may not trace here'
fi

begin gdb_runs
skipped=
if gdb -q -batch -ex run /bin/true >/dev/null 2>&1; then
	judge gdb tls -- gdb -q -batch -ex 'set startup-with-shell off' \
		-ex 'break send_all' -ex run -ex backtrace -ex 'delete 1' \
		-ex continue --args "${prog[@]}"
	clean
	has "$out" ' send_all (fd=' 'exited normally'
	has "$log" 'TLS client: handshake'
	done_with
else
	skip 'there is no gdb, or it may not trace here'
fi

begin valgrind_has_nothing_to_say
skipped=
if command -v valgrind >/dev/null; then
	judge valgrind tls -s 110 -- valgrind -q --error-exitcode=9 "${prog[@]}"
	clean
	is "$(cat "$err")" ''
	done_with
else
	skip 'there is no valgrind'
fi

# sanitized_by NAME COMPILER FLAG: the runtime has to come first where it is a
# library of its own, as zsock-run sees to it.
sanitized_by() {
	local compiler=$2 flag=$3 exe=$work/$1 runtime
	begin "$1"
	skipped=
	if ! command -v "$compiler" >/dev/null; then
		skip "there is no $compiler"
		return
	fi
	if ! "$compiler" -D_GNU_SOURCE -g -O1 "$flag" -o "$exe" "$src/prog.c" \
		"$src/prog_load.c" -ldl 2>"$err"; then
		skip "$compiler cannot: $(head -n 1 "$err")"
		return
	fi
	"$exe" 2>"$err"
	if [ $? != 2 ]; then # it has no verb
		skip "what $compiler makes does not run: $(head -n 1 "$err")"
		return
	fi
	runtime=$(ldd "$exe" | awk '/lib(a|t)san/ { print $3 }')
	preloads=${runtime:+$runtime:}$shim
	judge "$1" tls -- "$exe" echo
	preloads=$shim
	clean
	is "$(cat "$err")" ''
	has "$log" 'TLS client: handshake'
	done_with
}
sanitized_by gcc_address gcc -fsanitize=address
sanitized_by gcc_thread gcc -fsanitize=thread
sanitized_by gcc_undefined gcc -fsanitize=undefined
sanitized_by clang_address clang -fsanitize=address
finish
