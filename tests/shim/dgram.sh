#!/usr/bin/env bash
# dgram: DTLS clients.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

for case in P52_a_datagram_that_is_read_in_part:partial datagrams_stay_whole:whole \
	P17_a_fork_past_libc_and_a_session:raw_fork \
	P37_a_thread_is_cancelled_in_a_datagrams_recv:cancelled; do
	begin "${case%:*}"
	skipped=
	judge 'under the library' dtls -- "$bin/prog_dgram" "${case#*:}"
	clean
	done_with
done

printf 'CONFIG_ZVFS_OPEN_MAX=20\n' >"$work/limits"
extra=(ZSOCK_LIMITS="$work/limits")
both the_queue_of_errors prog_dgram error_queue
finish
