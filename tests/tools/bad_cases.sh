#!/usr/bin/env bash
# Each wrong set of generate in a handshake of the library with the good one:
# what comes of it (T58), and that the library says why.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh" "$1"
peer=$build/tests/tools/tls_peer
unset ZSOCK_LOG ZSOCK_LOG_FILE ZSOCK_PROFILE

# expect NAME: "passes", or which side says what about it.
expect() {
	case $1 in
	server | client | psk | both) echo passes ;;
	server-expired) echo 'client certificate has expired' ;;
	server-future) echo 'client certificate is not yet valid' ;;
	server-wrong-host) echo 'client presented names: DNS:other.invalid' ;;
	server-cn-only) echo passes ;;
	server-ip-only) echo 'client presented names: IP Address:127.0.0.1' ;;
	server-wildcard) echo 'client presented names: DNS:*.localhost' ;;
	server-self-signed) echo 'client self-signed certificate' ;;
	server-other-ca) echo 'client it is forged, or that CA is another' ;;
	server-no-intermediate) echo 'client is an intermediate missing?' ;;
	server-chain-reversed) echo passes ;;
	intermediate-not-ca) echo 'client invalid CA certificate' ;;
	pathlen-exceeded) echo 'client path length constraint exceeded' ;;
	server-eku-client) echo 'client extendedKeyUsage has no serverAuth' ;;
	client-eku-server) echo 'server extendedKeyUsage has no clientAuth' ;;
	client-other-ca) echo 'server it is forged, or that CA is another' ;;
	key-mismatch) echo 'server does not belong to the certificate' ;;
	rsa1024) echo 'server ee key too small' ;;
	sha1) echo 'server ca md too weak' ;;
	ca-expired) echo 'client depth 1, subject "CN=zsock test CA"' ;;
	pem-no-nul) echo 'client PEM text without its final NUL' ;;
	pem-crlf | der-tail) echo passes ;;
	der-truncated) echo 'server is neither PEM nor DER' ;;
	key-encrypted) echo 'server store it without a password' ;;
	psk-wrong-key) echo 'server which are hex digits' ;;
	psk-wrong-id) echo 'server the PSK identity "zsock-psk", which no' ;;
	psk-id-nul) echo 'server the PSK identity has a NUL byte in it' ;;
	psk-too-long) echo 'server the pre-shared key has 64 bytes' ;;
	*) echo 'there is no expectation' ;;
	esac
}

# meet SERVER CLIENT TAGS TAGS: their exit codes are server and client; what
# they say is in server.err and client.err.  One that has not begun has none.
meet() {
	local line end

	server='' client=''
	: >"$work/client.err"
	# shellcheck disable=SC2086 # tags are words
	exec {end}< <(ZSOCK_CREDENTIALS=$1 exec timeout 20 "$peer" server $3 \
		2>"$work/server.err")
	local pid=$!
	started+=("$pid")
	if IFS= read -r -t 20 line <&"$end"; then
		client=0
		# shellcheck disable=SC2086 # tags are words
		ZSOCK_CREDENTIALS=$2 timeout 20 "$peer" client localhost \
			"${line#listening on }" $4 >"$work/client.out" \
			2>"$work/client.err" || client=$?
		# It may never have come as far as the server.
		grep -q 'setsockopt' "$work/client.err" && kill "$pid"
	fi
	exec {end}<&-
	server=0
	wait "$pid" || server=$?
}

# The one line by which the library explains itself.
reason() {
	grep -h -m 1 '^zsock: error: ' "$work/$1.err"
}

want 0 "$Z" generate "$work/pki"
cd "$work/pki" || exit 1
while IFS=, read -r file role _; do
	begin "$(basename "$file" .zcred)"
	expected=$(expect "$name")
	case $role in
	server) meet "$file" client.zcred '1 2' '1 3' ;;
	client) meet server.zcred "$file" '1 2' '1 3' ;;
	psk) meet "$file" psk.zcred 4 4 ;;
	both) meet "$file" "$file" '1 2' '1 3' ;;
	*) fail "the role $role" ;;
	esac
	if [ "$expected" = passes ]; then
		is "server $server, client $client" 'server 0, client 0'
		is "$(cat "$work/server.err" "$work/client.err")" ''
	else
		side=${expected%% *} words=${expected#* }
		[ "$server" = 0 ] && fail 'the server has noticed nothing'
		[ "$client" = 0 ] && fail 'the client has noticed nothing'
		has "$work/$side.err" "$words"
		[ "$bad" = 1 ] || echo "   $side: $(reason "$side")"
	fi
	ok
done < <(tail -n +2 index.csv)

begin every_case_was_tried
is "$(find bad -name '*.zcred' | wc -l)" "$(grep -c '^bad/' index.csv)"
is "$(grep -c '^bad/' index.csv)" 28
ok

finish
