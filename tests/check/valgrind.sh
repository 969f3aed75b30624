#!/usr/bin/env bash
# The tests of bad input under valgrind: no bad access, no byte lost.
build=$1
command -v valgrind >/dev/null || {
	echo 'skipped: there is no valgrind here'
	exit 77
}
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
status=0
for test in tls_test_engine tls_test_material sock_test_tls_options \
	sock_test_tls_errors api_test_credentials api_test_arguments; do
	timeout 900 valgrind --quiet --error-exitcode=9 --leak-check=full \
		--errors-for-leak-kinds=definite,indirect,possible \
		"$build/tests/$test" >"$log" 2>&1 || {
		status=1
		tail -n 60 "$log"
	}
	echo "$test: done"
done
exit $status
