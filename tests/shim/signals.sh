#!/usr/bin/env bash
# signals: and threads, that come in between.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

both P36_a_recv_is_restarted prog_signals restart
both P36_a_recv_is_interrupted prog_signals interrupted
both P36_a_recv_with_a_timeout prog_signals with_timeout
both P38_a_handler_sends_on_what_its_thread_sends_on prog_signals handler_sends
both P38_a_handler_closes_what_its_thread_reads prog_signals handler_closes
code=141
both P40_sigpipe_ends_the_program prog_signals pipe_kills
code=0
both P40_msg_nosignal_answers_epipe prog_signals pipe_answers
both P40_a_handler_of_sigpipe_jumps_away prog_signals pipe_jumps
both P40_a_handler_of_sigpipe_writes prog_signals pipe_writes
both P6_a_send_beside_a_recv prog_threads send_beside
both P6_poll_and_options_beside_a_recv prog_threads ask_beside
both P37_a_thread_is_cancelled_in_recv prog_threads cancelled
both P6_shutdown_beside_a_recv prog_threads shut_beside
both P6_both_directions_at_once prog_threads duplex
both P28_dup2_leaves_no_gap prog_threads no_gap
preloads=$shim:$bin/libfull.so
secure P38_a_handler_in_the_middle_of_close prog_signals handler_in_close
secure P37_a_thread_is_cancelled_in_close prog_threads cancelled_close
preloads=$shim

printf 'CONFIG_ZVFS_OPEN_MAX=20\n' >"$work/limits"
extra=(ZSOCK_LIMITS="$work/limits")
both P37_threads_are_cancelled_in_accept prog_threads cancelled_accept
finish
