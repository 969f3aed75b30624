#!/usr/bin/env bash
# identity: descriptors are the kernel's, and what a number means is known.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

both P11_closed_by_syscall prog_identity stale_syscall
both P11_closed_where_nobody_saw_it prog_identity stale_unseen
both P26_the_lowest_number_is_taken prog_identity lowest
log_level=off
both P26_the_lowest_number_is_taken_without_a_log prog_identity lowest
log_level=debug
both P26_of_two_numbers_of_a_connection prog_identity numbering
soft=$(ulimit -Sn)
ulimit -Sn 256
both P26_the_same_with_a_low_limit prog_identity numbering
ulimit -Sn "$(ulimit -Hn)"
both P26_the_same_with_a_high_limit prog_identity numbering
ulimit -Sn "$soft"
both P28_dup2_over_a_connection_ends_it prog_identity dup2_over
both P29_the_last_number_ends_it prog_identity dup_count
both P30_a_dup2_that_fails_leaves_it prog_identity dup2_bad
both P31_fcntl_shares_it prog_fcntl numbers
both P31_fcntl64_shares_it prog_fcntl64 numbers
both P31_fcntl_has_the_flags prog_fcntl flags
both P31_fcntl64_has_the_flags prog_fcntl64 flags
both P33_a_socket_says_what_it_is prog_identity is_what

mode="echo"
secure P10_options_of_sol_tls_are_told_apart prog_identity sol_tls
both P27_a_loop_of_close_hits_nothing_of_ours prog_identity close_loop
grep -q . "$log" || fail 'there is no log'
both P27_closefrom_hits_nothing_of_ours prog_identity close_from
both P27_close_range_hits_nothing_of_ours prog_identity close_ranges
both P26_of_many_connections_of_two_numbers prog_identity many_dups
both P51_numbers_far_up prog_identity high_number

begin P10_the_kernel_sees_sol_tls_of_plain_sockets_only
if command -v strace >/dev/null; then
	if strace -o "$work/trace" true 2>/dev/null; then
		want 0 tls -- strace -f -e trace=setsockopt -o "$work/trace" \
			"$bin/prog_identity" sol_tls
		n=$(grep -cE 'setsockopt\([0-9]+, (SOL_TLS|0x11a)' "$work/trace")
		is "$n" 1
		ok
	else
		skip 'strace may not trace here'
	fi
else
	skip 'there is no strace'
fi
finish
