#!/usr/bin/env bash
# leak: a child, another program or another process never writes to a secure
# connection's wire nor reads from it, and one line says so.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

log_level=warn

# The peer has had what the program under test has sent, and nothing else.
nothing_leaked() {
	! grep -qE ' bad=[1-9]|SECRET' "$facts" || fail "$(cat "$facts")"
}
refused() {
	begin "$1"
	skipped=
	judge 'under the library' tls -- "$bin/prog_leak" "${@:2}"
	nothing_leaked
	lines=$(grep -c . "$log" 2>/dev/null)
}
one() {
	[ "$lines" = 1 ] || fail "$lines lines, not 1: $(cat "$log")"
	done_with
}

refused P12_exec exec_own; one
refused P12_exec_without_the_library exec_bare; one
refused P12_exec_with_it_as_standard_input exec_stdin; one
refused P12_the_same_without_the_library exec_stdin_bare; one
refused P12_an_exec_that_fails_takes_nothing exec_fails; done_with
refused P12_fork_and_exec fork_exec_own; one
refused P12_a_static_program fork_exec_static "$bin/prog_static"; one
refused P12_each_exec ways_of_exec
[ "$lines" = 8 ] || fail "$lines lines, not 8: $(cat "$log")"
done_with
refused P12_posix_spawn spawn; done_with
has "$log" 'posix_spawn_file_actions_adddup2: withheld: descriptor 3' \
	'start of /proc/self/exe: withheld: descriptor 3'
refused P12_system shell; done_with
has "$log" "printf SECRET" 'withheld: descriptor 3'
refused P12_popen pipe_to; one
refused P12_scm_rights rights; done_with
has "$log" 'SCM_RIGHTS: withheld: descriptor 3'

begin P12_bash_and_a_cat
mode="echo"
# shellcheck disable=SC2016
want 1 tls -- bash -c \
	'exec 3<>/dev/tcp/127.0.0.1/$PEER_PORT && echo hello >&3 && cat <&3'
has "$err" 'cat: ' 'Bad file descriptor'
is "$(cat "$out")" ''
nothing_leaked
ok

begin P12_bash_itself_may
# shellcheck disable=SC2016
want 0 tls -- bash -c 'exec 3<>/dev/tcp/127.0.0.1/$PEER_PORT &&
	echo hello >&3 && read -r line <&3 && echo "$line"'
is "$(cat "$out")" hello
ok
finish
