#!/usr/bin/env bash
# bulk: files, many buffers, and what a secure stream refuses.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

both P34_sendfile prog_bulk file
secure P34_splice_is_refused prog_bulk moved
both P35_vectors prog_bulk vectors
both P35_more_calls_with_vectors prog_bulk more_vectors
secure P53_what_it_cannot_do_is_refused prog_bulk refused
begin P53_nor_may_it_have_been_asked_for_before
judge 'under the library' tls -- "$bin/prog_bulk" async_before
clean
has "$log" 'O_ASYNC, F_SETSIG or TCP_ULP is set' ': EINVAL'
ok
secure P53_what_the_kernel_has_of_it_is_taken_back prog_bulk settings_before
secure P18_close_does_not_reset prog_bulk only_tickets
secure P18_close_says_goodbye_with_data_unread prog_bulk unread_tickets
mode="echo"
both P39_success_leaves_errno_alone prog_errno keep
both P39_what_is_no_memory_is_an_error prog_errno faults
finish
