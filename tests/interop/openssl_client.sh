#!/usr/bin/env bash
# OpenSSL's command line client against https_server.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # "check" calls the functions
. "$(dirname "$0")/lib.sh" || exit 1

# ask METHOD ADDRESS CA VERSION: the whole answer goes to $work/got.
ask() {
	local method=$1 address=$2 ca=$3 version=$4

	printf '%s /page.txt HTTP/1.0\r\n\r\n' "$method" |
		timeout 20 openssl s_client \
			-connect "$(url_host "$address"):$port" \
			-CAfile "$ca" -verify_ip "$address" \
			-verify_return_error "-tls${version/./_}" \
			-brief -ign_eof >"$work/got" 2>"$work/client.log" || {
		cat "$work/client.log"
		return 1
	}
	cat "$work/client.log"
	grep -q "^Protocol version: TLSv$version\$" "$work/client.log" &&
		grep -q '^Verification: OK$' "$work/client.log"
}

fetch_page() {
	ask GET "$@" &&
		sed '1,/^\r$/d' "$work/got" | cmp "$work/pages/page.txt" -
}

head_only() {
	ask HEAD 127.0.0.1 "$work/ec/ca.pem" 1.3 &&
		cat "$work/got" &&
		grep -q "^Content-Length: $(($(wc -c <"$work/pages/page.txt")))" \
			"$work/got" &&
		[ "$(sed '1,/^\r$/d' "$work/got" | wc -c)" -eq 0 ]
}

fetch() {
	local kind=$1 version=$2 address=$3

	start_https_server "$work/$kind" "$address"
	check "$kind TLS $version $address" \
		fetch_page "$address" "$work/$kind/ca.pem" "$version"
	stop_all
}

# s_client must end with an error, whatever the option asks for.
refuses() {
	! timeout 20 openssl s_client -connect "127.0.0.1:$port" \
		-CAfile "$work/ec/ca.pem" -verify_return_error -brief "$@" \
		</dev/null
}

# come_back VERSION: a client keeps what session it is given, and a second one
# asks for it; both are served, and anew.
come_back() {
	local version=$1 option

	rm -f "$work/session"
	for option in -sess_out -sess_in; do
		[ "$option" = -sess_in ] && [ ! -s "$work/session" ] && break
		printf 'GET /page.txt HTTP/1.0\r\n\r\n' |
			timeout 20 openssl s_client \
				-connect "127.0.0.1:$port" -ign_eof \
				-CAfile "$work/ec/ca.pem" -verify_return_error \
				"$option" "$work/session" \
				"-tls${version/./_}" \
				>"$work/got" 2>"$work/client.log"
		cat "$work/client.log"
		grep -aq '^New, TLSv' "$work/got" || return 1
		grep -aqF "$(tail -n 1 "$work/pages/page.txt")" "$work/got" ||
			return 1
	done
}

make_files
each_case fetch

start_https_server "$work/ec" 127.0.0.1
check 'HEAD gives the length and no body' head_only
check 'another host is refused' refuses -verify_hostname wrong.test
check 'an unknown CA is refused' refuses -CAfile "$work/other/ca.pem"
check 'no common ciphersuite is refused' refuses -tls1_2 \
	-cipher ECDHE-RSA-AES128-GCM-SHA256
for version in 1.2 1.3; do
	check "a client that wants to resume is served, TLS $version" \
		come_back "$version"
done
check 'https_server goes on after them' \
	fetch_page 127.0.0.1 "$work/ec/ca.pem" 1.3
finish
