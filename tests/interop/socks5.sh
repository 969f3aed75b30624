#!/usr/bin/env bash
# SO_SOCKS5 through microsocks: plain and secure streams, and its refusals.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # "check" calls the functions
. "$(dirname "$0")/lib.sh" || exit 1
need microsocks microsocks
client=$(cd "$1/tests" && pwd)/socks5_client || exit 1

through() {
	"$client" "$address" "$proxy" "$@" 2>"$work/client.log" || {
		cat "$work/client.log"
		return 1
	}
}

# Both ways through the proxy, which tells of whom it serves.
echoes() {
	head -c 60000 /dev/urandom >"$work/sent"
	through "$port" <"$work/sent" >"$work/got" &&
		cmp "$work/sent" "$work/got"
}

fetches_a_page() {
	printf 'GET /page.txt HTTP/1.0\r\n\r\n' |
		through "$port" "$work/ec/ca.pem" >"$work/got" || return
	tail -c "$(wc -c <"$work/pages/page.txt")" "$work/got" |
		cmp - "$work/pages/page.txt"
}

# fails ERRNO PATTERN PORT...: connect answers that, and the log says why.
fails() {
	local error=$1 pattern=$2

	shift 2
	through "$@" </dev/null >"$work/got" && return 1
	grep -q "^connect: $error$" "$work/client.log" &&
		grep -q "SO_SOCKS5: the proxy: $pattern" "$work/client.log"
}

# On every address: whether it has started is asked for over IPv4.
with_proxy() {
	start_on_free_port microsocks -i "$1" -p PORT "${@:2}"
	proxy=$port
}

make_files
for address in 127.0.0.1 ::1; do
	if [ "$address" = ::1 ] && ! have_address "$address"; then
		pass_over "$address" 'no such address here'
		continue
	fi
	with_proxy "${address/#::1/::}"
	unused=$(free_port)
	check "nobody at the target, $address" \
		fails ECONNREFUSED 'connection refused' "$unused"
	start_https_server "$work/ec" "$address"
	check "a page over TLS, $address" fetches_a_page
	[ "$address" = ::1 ] || {
		start_telling 's/^listening on \([0-9]*\)$/\1/p' \
			"$programs/echo_server" 0
		check "60 kB there and back, $address" echoes
	}
	stop_all
done
address=127.0.0.1
with_proxy 127.0.0.1 -u someone -P secret
check 'a proxy that wants a password' \
	fails ECONNABORTED 'it wants authentication' "$(free_port)"
finish
