#!/usr/bin/env bash
# python: the same for an interpreter's own ways.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

python=$(python3 -c 'import sys; print(sys.executable)') || exit 1
script() {
	judge natively plain -- "$python" "$here/../shim/client.py" "$1"
	judge 'under the library' tls -- "$python" "$here/../shim/client.py" "$1"
	clean
}
py() {
	begin "$1"
	skipped=
	script "$2"
	done_with
}

mode="echo"
py P1_subprocess_run vfork
py P2_epoll_by_sevens epoll
py P2_select_by_sevens select
py P2_selectors_by_sevens selectors
py P2_asyncio asyncio
py P12_exec exec
py P34_sendfile sendfile
py P34_copyfileobj copyfileobj
py P42_subprocesses subprocesses
py threads threads

begin P33_a_socket_of_a_number
skipped=
judge 'under the library' tls -- "$python" "$here/../shim/client.py" number
done_with

begin P19_the_interpreters_own_openssl
want 0 plain -- "$python" "$here/../shim/client.py" openssl
cp "$out" "$work/version"
want 0 tls -- "$python" "$here/../shim/client.py" openssl
same "$out" "$work/version"
ok

mode=mute extra=(ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS=500)
begin P48_asyncio_and_a_peer_that_never_answers
skipped=
judge 'under the library' tls -- "$python" "$here/../shim/client.py" mute
done_with
finish
