#!/usr/bin/env bash
# before: what was made of a socket before a rule made it secure, and other ways
# past the rules.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

mode="echo"
both copies_made_before_connect prog_before copies
both a_standard_copy_made_before_connect prog_before copy_is_input
both a_stream_made_before_connect prog_before stream
secure a_child_forked_before_connect prog_before forked
begin a_child_forked_before_connect_is_told_why
has "$log" 'another process has made it a secure connection'
ok
both copies_and_children_made_before_listen prog_before listens_later
both an_inherited_listener prog_before inherited
both an_inherited_listener_of_threads prog_before inherited_by_threads
secure asynchronous_calls_are_refused prog_before asynchronous
begin asynchronous_calls_are_refused_with_a_line
one_line 'aio_write: descriptor'
one_line 'lio_listio: descriptor'
ok
both several_paths_are_one_path prog_before several_paths
both any_address_is_this_machine prog_before any_address
both other_names_of_libcs_calls prog_before other_names

# With limits all sockets are the core's, which has plain ones as well.
echo 'CONFIG_NET_MAX_CONTEXTS=50' >"$work/limits"
extra=(ZSOCK_LIMITS="$work/limits")
secure copies_made_before_connect_under_limits prog_before copies
secure a_stream_made_before_connect_under_limits prog_before stream
secure a_child_forked_before_connect_under_limits prog_before forked
secure copies_and_children_made_before_listen_under_limits prog_before \
	listens_later
extra=()

# A rule by name asks for a certificate of that name.
begin a_certificate_for_the_name
want 0 "$Z" generate "$work/named" --host somewhere.example --bad none
creds=$work/named/both.zcred
want 0 "$Z" get "$creds" 2 SERV --as pem -o "$work/cert.pem"
want 0 "$Z" get "$creds" 2 PK --as pem -o "$work/key.pem"
ok
named() {
	extra=('ZSOCK_TLS_CONNECT=somewhere.example:%p=1' "$@")
	preloads=$shim:$bin/libnames.so
}
named NAMES_FAIL=9
secure a_name_that_cannot_be_told_is_refused prog_before not_known
begin a_name_that_cannot_be_told_is_refused_with_lines
has "$log" 'for the rule somewhere.example:' 'cannot be looked up: '
ok
named NAMES_FAIL=9 NAMES_NONE=1
secure a_name_that_is_none_is_refused prog_before not_known
named NAMES_FAIL=1
secure a_name_is_asked_for_until_it_is_known prog_before known_later
named NAMES_SLOW=1
secure a_connect_beside_a_look_up_is_secure prog_before race

preloads=$shim
extra=('ZSOCK_TLS_CONNECT=127.0.0.1:%p=77')
secure a_rule_that_fails_leaves_the_standard_input prog_before no_credentials
finish
