#!/usr/bin/env bash
# The bad-input tests under valgrind: no bad access, no byte lost.
build=$1
command -v valgrind >/dev/null || {
	echo 'skipped: there is no valgrind here'
	exit 77
}
status=0
for test in tls_test_engine tls_test_material sock_test_tls_options \
	api_test_socket api_test_credentials; do
	valgrind --quiet --error-exitcode=9 --leak-check=full \
		--errors-for-leak-kinds=definite,indirect,possible \
		"$build/tests/$test" >/tmp/zsock-valgrind.$$ 2>&1 || {
		status=1
		tail -n 60 /tmp/zsock-valgrind.$$
	}
	echo "$test: done"
done
rm -f /tmp/zsock-valgrind.$$
exit $status
