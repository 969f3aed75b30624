#!/usr/bin/env bash
# stress: threads, forks, dup2, close and exec at once.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

mode="echo" log_level=error
: "${ZSOCK_STRESS_S:=$([ -n "${CI:-}" ] && echo 30 || echo 5)}"
long=$ZSOCK_STRESS_S
export ZSOCK_STRESS_S=2 # is the program right?
both threads_forks_and_numbers_in_short stress race
ZSOCK_STRESS_S=$long
secure threads_forks_and_numbers_at_once stress race
cat "$out"
finish
