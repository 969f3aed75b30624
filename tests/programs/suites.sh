#!/usr/bin/env bash
# suites.sh BUILD_DIR: what Python tests of its sockets, its waits and its event
# loops has the same result under zsock-run.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh" "$1"
"$python" -c 'import test.test_socket' 2>/dev/null || {
	echo "skipped: there is no test.test_socket (package libpython3.x-testsuite)"
	exit 77
}
"$python" "$here/suites.py" "$ZR" -- test_socket test_selectors test_poll \
	test_select test_epoll test.test_asyncio.test_events \
	test.test_asyncio.test_sock_lowlevel test.test_asyncio.test_streams \
	test.test_asyncio.test_server test.test_asyncio.test_selector_events \
	test.test_asyncio.test_sendfile test.test_asyncio.test_unix_events \
	test.test_asyncio.test_base_events test.test_asyncio.test_buffered_proto \
	test.test_asyncio.test_transports test.test_asyncio.test_threads \
	test.test_asyncio.test_runners test.test_asyncio.test_subprocess \
	test.test_asyncio.test_sslproto test.test_asyncio.test_ssl || failed=1
begin they_say_nothing
quiet
ok
done_here
