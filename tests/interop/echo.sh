#!/usr/bin/env bash
# Plain clients (bash itself) against echo_server, which uses the POSIX names.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # "check" calls the functions
. "$(dirname "$0")/lib.sh" || exit 1

# Three connections at once, spoken to in another order than they were opened.
three_clients() {
	local a b c line

	exec {a}<>"/dev/tcp/127.0.0.1/$port" {b}<>"/dev/tcp/127.0.0.1/$port" \
		{c}<>"/dev/tcp/127.0.0.1/$port" || return
	for fd in "$c" "$a" "$b"; do
		printf 'to %d\n' "$fd" >&"$fd"
		read -r -t 10 line <&"$fd" || return
		[ "$line" = "to $fd" ] || return
	done
	exec {a}>&- {b}>&- {c}>&-
}

# More than all buffers on the way hold, so that writers have to wait.
much_data() {
	local fd

	exec {fd}<>"/dev/tcp/127.0.0.1/$port" || return
	cat "$work/much" >&"$fd" &
	timeout 20 head -c "$(($(wc -c <"$work/much")))" <&"$fd" |
		cmp - "$work/much" || return
	wait "$!"
}

# One more than it serves at once: the last waits until another one leaves.
full_house() {
	local fds=() fd line

	for _ in 1 2 3 4 5 6 7 8 9; do
		exec {fd}<>"/dev/tcp/127.0.0.1/$port" || return
		printf 'hello\n' >&"$fd"
		fds+=("$fd")
	done
	fd=${fds[0]}
	exec {fd}>&-
	for fd in "${fds[@]:1}"; do
		read -r -t 10 line <&"$fd" || return
		[ "$line" = hello ] || return
		exec {fd}>&-
	done
}

mkdir "$work/pages"
head -c 20000000 /dev/urandom >"$work/much"
start_telling 's/^listening on \([0-9]*\)$/\1/p' "$programs/echo_server" 0
check 'three clients at once' three_clients
check '20 MB come back as they were' much_data
check 'a ninth client waits for a place' full_house
check 'and it goes on' three_clients
check 'a port that is taken is named, with the errno' gives_up \
	"bind to 127.0.0.1 port $port: EADDRINUSE" \
	"$programs/echo_server" "$port"
for program in coaps_get dtls_echo_server echo_server https_get https_server; do
	check "$program -h tells how it is used" "$programs/$program" -h
done
check 'demo.sh -h too' "$source_dir/examples/demo.sh" -h
check 'make-cert.sh -h too' "$source_dir/tests/interop/make-cert.sh" -h
finish
