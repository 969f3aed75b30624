#!/usr/bin/env bash
# CoAP over DTLS: the clients and servers of libcoap, built with OpenSSL and
# with GnuTLS, against dtls_echo_server and coaps_get.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # "check" calls the functions
. "$(dirname "$0")/lib.sh" || exit 1
for peer in openssl gnutls; do
	need "coap-client-$peer" libcoap3-bin
	need "coap-server-$peer" libcoap3-bin
done
need python3 python3
here=$source_dir/tests/interop

# libcoap takes the key as text, on its command line: it lives for this test.
identity=device-1
make_keys() {
	key=$(openssl rand -hex 8) || exit 1
	hex=$(printf '%s' "$key" | od -An -v -tx1 | tr -d ' \n')
	printf '%s\n' "$hex" >"$work/key.hex"
	openssl rand -hex 16 >"$work/wrong.hex" || exit 1
}

# start_server [OPTION...]: dtls_echo_server with the key; sets port.
start_server() {
	start_telling 's/^listening on \([0-9]*\)$/\1/p' \
		"$programs/dtls_echo_server" -u "$identity" \
		-k "$work/key.hex" "$@" 0
}

# Two ports one after the other that nobody has; prints the first.
free_pair() {
	python3 -c 'import socket, sys
for _ in range(100):
    with socket.socket(type=socket.SOCK_DGRAM) as a, \
            socket.socket(type=socket.SOCK_DGRAM) as b:
        try:
            a.bind(("127.0.0.1", 0))
            b.bind(("127.0.0.1", a.getsockname()[1] + 1))
        except (OSError, OverflowError):
            continue
        print(a.getsockname()[1])
        sys.exit()
sys.exit("no two ports are free")'
}

# start_coap_server PEER ADDRESS OPTION...: sets port, that of DTLS.
start_coap_server() {
	local server=coap-server-$1 address=$2 pair try

	shift 2
	for _ in 1 2 3 4 5; do
		pair=$(free_pair) || exit 1
		port=$((pair + 1))
		"$server" -v 7 -A "$address" -p "$pair" "$@" \
			>"$work/server.log" 2>&1 </dev/null &
		pid=$!
		pids+=("$pid")
		for ((try = 0; try < 500; try++)); do
			kill -0 "$pid" 2>/dev/null || break
			grep -q "created DTLS endpoint .*:$port\$" \
				"$work/server.log" && return 0
			sleep 0.01
		done
	done
	printf 'Bail out! %s did not start\n' "$server"
	cat "$work/server.log" >&2
	exit 1
}

# client_gets TEXT PEER OPTION... PATH: coap-client ends with this answer.
client_gets() {
	local want=$1 peer=$2 path=${*: -1} got

	shift 2
	: >"$work/answer"
	timeout 20 "coap-client-$peer" -B 10 -o "$work/answer" "${@:1:$#-1}" \
		"coaps://$(url_host "$address"):$port$path"
	got=$(cat "$work/answer")
	printf 'got "%s", expected "%s"\n' "$got" "$want"
	[ "$got" = "$want" ]
}

# The same with the key.
key_gets() {
	client_gets "$1" "$2" -u "$identity" -k "$key" "${@:3}"
}

# coaps_get; what it writes goes to $work/got.
coaps_get() {
	timeout 60 "$programs/coaps_get" "$@" >"$work/got" 2>"$work/get.log"
	local rc=$?

	cat "$work/get.log"
	return "$rc"
}

# coaps_page PATTERN FILE OPTION...: it gets what FILE has, as PATTERN tells.
coaps_page() {
	coaps_get "${@:3}" && cmp "$2" "$work/got" && grep -q -e "$1" "$work/get.log"
}

# coaps_fails PATTERN OPTION...: it ends with 1, nothing, and such a line.
coaps_fails() {
	local rc

	coaps_get "${@:2}"
	rc=$?
	[ "$rc" -eq 1 ] && [ ! -s "$work/got" ] &&
		grep -q -e "^coaps_get: .*$1" "$work/get.log"
}

# In the server's log within 10 s.
server_says() {
	local try

	for ((try = 0; try < 1000; try++)); do
		grep -q -e "$1" "$work/server.log" && return 0
		sleep 0.01
	done
	return 1
}

wrong_key_gets_nothing() {
	client_gets '' "$1" -u "$identity" -k "not-$key" -B 1 /x &&
		server_says 'zsock: error: .*handshake with .* failed'
}

unknown_identity_gets_nothing() {
	client_gets '' "$1" -u nobody -k "$key" /x &&
		server_says 'named the PSK identity "nobody"'
}

# raw_answer HEX DATAGRAM: what comes back until the server has heard nothing
# for a while and ends the session; both in hexadecimal.
raw_answer() {
	local want=$1 datagram=$2 got

	# shellcheck disable=SC2001,SC2059
	got=$(printf "$(sed 's/../\\x&/g' <<<"$datagram")" |
		timeout 20 openssl s_client -dtls1_2 -quiet \
			-connect "127.0.0.1:$port" -psk_identity "$identity" \
			-psk "$hex" -cipher PSK 2>"$work/client.log" |
		od -An -v -tx1 | tr -d ' \n')
	cat "$work/client.log"
	printf 'got %s, expected %s\n' "$got" "$want"
	[ "$got" = "$want" ]
}

# Eight at once, each of which must get its own answer.
eight_clients() {
	local clients=() i

	for i in 1 2 3 4 5 6 7 8; do
		timeout 20 "$programs/coaps_get" -u "$identity" \
			-k "$work/key.hex" 127.0.0.1 "$port" "/client/$i" \
			>"$work/got.$i" 2>&1 &
		clients+=("$!")
	done
	wait "${clients[@]}"
	for i in 1 2 3 4 5 6 7 8; do
		cat "$work/got.$i"
		grep -qx "/client/$i" "$work/got.$i" || return
	done
}

ends_after_two() {
	coaps_get "${with_key[@]}" 127.0.0.1 "$port" /1 &&
		coaps_get "${with_key[@]}" 127.0.0.1 "$port" /2 &&
		timeout 10 tail --pid="$pid" -f /dev/null
}

# lost DIRECTION: through a way that loses the first datagram, which shows.
lost() {
	local server=$port rc

	start_telling 's/^listening on \([0-9]*\)$/\1/p' \
		python3 "$here/lossy.py" "$server" "$1"
	printf '/lost\n' >"$work/want"
	coaps_page 'no answer: the request is sent again' "$work/want" \
		"${with_key[@]}" 127.0.0.1 "$port" /lost
	rc=$?
	port=$server
	return "$rc"
}

libcoap_clients() {
	local peer

	for peer in openssl gnutls; do
		check "coap-client-$peer GET, $address" \
			key_gets '/a/b?c=d' "$peer" '/a/b?c=d'
		check "coap-client-$peer non-confirmable, $address" \
			key_gets /non "$peer" -N /non
		check "coap-client-$peer PUT, $address" key_gets \
			$'/put\nthe payload' "$peer" -m put \
			-e 'the payload' /put
		check "coap-client-$peer in blocks, $address" key_gets \
			/a/path/that/takes/more/than/one/block/of/16/bytes \
			"$peer" -b 16 \
			/a/path/that/takes/more/than/one/block/of/16/bytes
		check "coap-client-$peer by certificate, $address" client_gets \
			/x "$peer" -R "$work/ec/ca.pem" /x
	done
	check "all had CCM_8, $address" all_had_ccm_8
}

all_had_ccm_8() {
	grep 'handshake with .* done' "$work/server.log" >"$work/done"
	cat "$work/done"
	[ "$(wc -l <"$work/done")" -eq 10 ] && ! grep -v _128_CCM_8 "$work/done"
}

# The client's blocks, which are many, give the same as the server's choice.
same_in_blocks() {
	coaps_get "${with_key[@]}" -c "$address" "$port" /.well-known/core || return
	mv "$work/got" "$work/want"
	coaps_page '^code: 2.05' "$work/want" "${with_key[@]}" -c -b 16 \
		"$address" "$port" /.well-known/core
}

# What libcoap's client stored comes in blocks of the server's choice.
stored_page() {
	timeout 20 coap-client-openssl -B 10 -u "$identity" -k "$key" -m put \
		-f "$work/pages/page.txt" \
		"coaps://$(url_host "$address"):$port/page" || return
	coaps_page '^dtls: DTLSv1.2 TLS_PSK_WITH_AES_128_CCM_8$' \
		"$work/pages/page.txt" "${with_key[@]}" -c "$address" "$port" \
		/page
}

libcoap_server() {
	local peer=$1

	start_coap_server "$peer" "$address" -k "$key" -h hint -d 10
	check "coap-server-$peer, 4.04, $address" \
		coaps_fails 'answered 4\.04 Not Found' "${with_key[@]}" -c \
		"$address" "$port" /none
	check "coap-server-$peer, in blocks of 16, $address" same_in_blocks
	# GnuTLS refuses the server name that libcoap sends for an IPv6 address.
	[ "$peer $address" = 'gnutls ::1' ] ||
		check "coap-server-$peer, a stored page, $address" stored_page
	printf 'done' >"$work/want"
	check "coap-server-$peer, separate response, $address" coaps_page \
		'^code: 2.05' "$work/want" "${with_key[@]}" -c "$address" \
		"$port" '/async?1'
	ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS=1000 check \
		"coap-server-$peer, another key, $address" \
		coaps_fails 'ETIMEDOUT.*may have different pre-shared keys' -u "$identity" \
		-k "$work/wrong.hex" -c "$address" "$port" /page
	stop_all

	start_coap_server "$peer" "$address" -n -c "$work/ec/cert.pem" \
		-j "$work/ec/key.pem"
	check "coap-server-$peer, certificate, $address" \
		coaps_get -r "$work/ec/ca.pem" -c "$address" "$port" /
	check "coap-server-$peer, another name, $address" coaps_fails \
		'ECONNABORTED.*expected name "wrong.test"' --name wrong.test \
		-r "$work/ec/ca.pem" "$address" "$port" /
	check "coap-server-$peer, unknown CA, $address" coaps_fails \
		'ECONNABORTED.*unable to get local issuer' \
		-r "$work/other/ca.pem" "$address" "$port" /
	stop_all
}

make_files
openssl rand -base64 6000 >"$work/pages/page.txt"
make_keys
with_key=(-u "$identity" -k "$work/key.hex")
with_cert=(-c "$work/ec/cert.pem" -p "$work/ec/key.pem")
for address in 127.0.0.1 ::1; do
	if ! have_address "$address"; then
		pass_over "$address" 'no such address here'
		continue
	fi
	ZSOCK_LOG=info start_server --coap --ccm-8 --address "$address" \
		"${with_cert[@]}"
	libcoap_clients
	stop_all
	for peer in openssl gnutls; do
		libcoap_server "$peer"
	done
done

address=127.0.0.1
printf 'CONFIG_NET_SOCKETS_DTLS_TIMEOUT=500\n' >"$work/limits"
for peer in openssl gnutls; do
	ZSOCK_LIMITS=$work/limits start_server --coap
	check "coap-client-$peer with another key" wrong_key_gets_nothing "$peer"
	check "coap-client-$peer with another identity" \
		unknown_identity_gets_nothing "$peer"
	check "and the server goes on, $peer" key_gets /x "$peer" /x
	stop_all
done

start_server --coap
check 'eight clients at once' eight_clients
check 'a request that was lost is sent again' lost to
check 'a response that was lost is asked for again' lost from
check 'a port that is taken is named, with the errno' gives_up \
	"bind to 127.0.0.1 port $port: EADDRINUSE" \
	"$programs/dtls_echo_server" "${with_key[@]}" "$port"
stop_all
ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS=300 check 'nobody there' coaps_fails \
	'ETIMEDOUT.*nobody has that port.*check HOST, PORT and -k' \
	"${with_key[@]}" 127.0.0.1 "$(free_pair)" /

ZSOCK_LIMITS=$work/limits start_server --coap
check 'a ping is reset' raw_answer 70001234 40001234
check 'a message of another version is not answered' raw_answer '' 80011234
check 'an acknowledgement is not answered' raw_answer '' 60001234
check 'an option that must be understood and is not is 4.02' \
	raw_answer 60821234 4001123490
check 'a request that is cut is reset' raw_answer 70001234 40011234b5
stop_all
ZSOCK_LIMITS=$work/limits start_server
check 'without --coap it echoes' raw_answer 68656c6c6f 68656c6c6f
stop_all
start_server --coap -n 2
check 'it ends after as many datagrams as -n says' ends_after_two
check 'a key that is no hexadecimal text is refused' gives_up \
	'must be one line of hexadecimal digits' "$programs/coaps_get" \
	-u x -k "$work/ec/ca.pem" 127.0.0.1 1 /
finish
