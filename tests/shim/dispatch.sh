#!/bin/bash
# Where the calls of a program go, with a double in the place of the core.
. "$(dirname "$0")/../tools/lib.sh" "$1"

cp "$build/shim/libzsock-preload.so" "$work/" || exit 1
cp "$build/tests/libzsock-core.so" "$work/" || exit 1

timeout 60 env LD_PRELOAD="$work/libzsock-preload.so" \
	DOUBLE="$work/libzsock-core.so" "$build/tests/dispatch" || failed=1

begin without_a_core_nothing_is_plain_that_should_not_be
rm "$work/libzsock-core.so"
want 1 timeout 60 env LD_PRELOAD="$work/libzsock-preload.so" \
	"$build/tests/dispatch"
has "$err" "zsock: error: "
has "$err" "libzsock-core.so"
ok
begin a_wrong_rule_ends_the_program
want 78 env LD_PRELOAD="$work/libzsock-preload.so" \
	ZSOCK_TLS_CONNECT="a:0=1" "$build/tests/dispatch"
has "$err" "zsock: error: ZSOCK_TLS_CONNECT: rule 1, 'a:0=1': PORT is"
ok
begin no_follow_leaves_nothing_to_children
want 0 env LD_PRELOAD="$work/libzsock-preload.so" ZSOCK_FOLLOW=0 \
	ZSOCK_LOG=error SSLKEYLOGFILE=x sh -c env
hasnt "$out" ZSOCK_
hasnt "$out" SSLKEYLOGFILE
hasnt "$out" LD_PRELOAD
ok
finish
