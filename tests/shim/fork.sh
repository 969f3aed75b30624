#!/usr/bin/env bash
# fork: several processes and one connection.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

both P1_a_vfork_child_changes_nothing prog_fork vforked
both P42_a_thousand_of_posix_spawn prog_fork spawned
both P16_the_parent_closes_and_the_child_goes_on prog_fork parent_leaves
both P16_the_child_closes_and_the_parent_goes_on prog_fork child_leaves
secure P17_the_second_user_gets_eio prog_fork second_user
secure P17_a_child_may_be_the_second_user prog_fork second_child
secure P17_a_fork_past_libc_is_noticed prog_fork raw_fork
both P28_a_file_in_a_childs_place_of_it prog_fork vacate_in_child
secure P17_what_is_left_of_a_record_is_one_processs prog_fork held_steal
both P41_a_fork_while_a_thread_receives prog_fork fork_beside
finish
