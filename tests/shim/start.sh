#!/usr/bin/env bash
# start: what a program does before its first secure socket.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

mode="echo"
both a_program_without_an_environment prog_start clear
extra=("ZSOCK_LONG=$(printf '%3000s' x)")
secure a_long_environment_that_goes prog_start clear
extra=()
both the_room_of_the_environment_is_taken prog_start title
# The last variable is one that is not taken out: the room ends there.
extra=(ZSOCK_FOLLOW=0 LAST=one)
secure the_same_for_the_program_alone prog_start title
has "$log" 'TLS client: handshake'
extra=()
both what_dlerror_says prog_start loader_error

# Each is another race.
begin forks_while_the_library_starts
skipped=
for _ in 1 2 3 4 5 6 7 8 9 10; do
	judge natively plain -- "$bin/prog_locked" forks
	judge 'under the library' tls -- "$bin/prog_locked" forks
	clean
done
done_with
finish
