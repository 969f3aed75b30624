#!/usr/bin/env bash
# hosts: names of hosts by the older calls.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

mode='echo'
# Of a rule by name the addresses that these calls answer are kept in mind.
extra=('ZSOCK_TLS_CONNECT=localhost:%p=1')
both the_older_calls_for_hosts prog_hosts localhost
printf '127.0.0.1 four.example\n::1 six.example\n' >"$work/hosts"
extra=("ZSOCK_HOSTS=$work/hosts")
secure the_older_calls_for_redirected_hosts prog_hosts redirected
finish
