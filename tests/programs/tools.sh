#!/usr/bin/env bash
# tools.sh BUILD_DIR: what developers run programs with works under zsock-run:
# gdb, strace, and the sanitizers of gcc.  (Valgrind is in web.sh.)
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh" "$1"
programs=$build/tests/programs

# The example that fetches a page, built for a sanitizer: secure by number.
built() {
	(cd "$here/../../examples" && gcc -g -D_GNU_SOURCE -I"$here/posix" \
		-I. "$@" -o "$OLDPWD/get" https_get.c support.c) >gcc.out 2>&1 ||
		fail "gcc: $(tail -n 5 gcc.out)"
}

sanitized_get() {
	secure "a_program_of_gccs_$1_sanitizer"
	built "-fsanitize=$1"
	peer page
	under --creds "$pki/client.zcred"
	cap get ./get 127.0.0.1 "$port" /
	good get
	same get.out "$work/www/px"
	hasnt get.err Sanitizer runtime
	stop "$peer"
	ok
}

lacks gdb gdb || {
	secure gdb_runs_a_program
	peer page
	under --creds "$pki/client.zcred"
	cap gdb gdb -q -batch -nx -ex 'set breakpoint pending on' \
		-ex 'set debuginfod enabled off' -ex 'break tell_connection' \
		-ex run -ex bt -ex 'info sharedlibrary' -ex continue --args \
		"$programs/linux_https_get" 127.0.0.1 "$port" /
	good gdb
	has gdb.out 'Breakpoint 1, tell_connection' main libzsock-preload.so \
		'exited normally' "$(head -n 1 "$work/www/px")"
	stop "$peer"
	ok
}

# On the wire, so in strace, there are records and no words.
lacks strace strace || {
	secure strace_sees_records
	peer page
	under --creds "$pki/client.zcred"
	cap get strace -f -s 64 -o calls -e trace=network \
		"$programs/linux_https_get" 127.0.0.1 "$port" /
	good get
	same get.out "$work/www/px"
	has calls 'socket(AF_INET, SOCK_STREAM' '\27\3\3'
	hasnt calls 'HTTP/1' '282'
	stop "$peer"
	ok
}

lacks gcc gcc || {
	sanitized_get address
	sanitized_get thread
	sanitized_get undefined
}

done_here
