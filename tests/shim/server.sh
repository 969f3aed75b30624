#!/usr/bin/env bash
# server: listeners that a rule makes secure.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

both a_listener prog_server blocking
secure a_listener_of_a_protocol_number prog_server by_number
both a_server_that_speaks_first prog_server speaks_first
both a_slow_client_holds_nobody_up prog_server slow_client
both P16_accept_and_fork prog_server forking
both P16_workers_of_one_listener prog_server workers
finish
