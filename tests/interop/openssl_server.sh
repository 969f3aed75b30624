#!/usr/bin/env bash
# https_get against the server of OpenSSL's command line.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # "check" calls the functions
. "$(dirname "$0")/lib.sh" || exit 1

# s_server tells the port that the system chose in a line "ACCEPT HOST:PORT".
start_s_server() {
	local kind=$1 version=$2 address=$3

	start_telling 's/^ACCEPT .*:\([0-9]*\)$/\1/p' \
		openssl s_server -accept "$(url_host "$address"):0" -WWW \
		-cert "$work/$kind/cert.pem" -key "$work/$kind/key.pem" \
		"-tls${version/./_}"
}

fetch() {
	local kind=$1 version=$2 address=$3

	start_s_server "$kind" "$version" "$address"
	check "$kind TLS $version $address" \
		get "$address" "$work/$kind/ca.pem" "TLSv$version"
	stop_all
}

# A refusal must say what was expected and what was found.
refuse() {
	local version=$1

	start_s_server ec "$version" 127.0.0.1
	check "TLS $version refuses another host's certificate" get_fails \
		'expected name "wrong.test"; presented names: DNS:localhost' \
		--name wrong.test 127.0.0.1 "$port" /page.txt "$work/ec/ca.pem"
	check "TLS $version refuses a certificate of an unknown CA" get_fails \
		'unable to get local issuer certificate' \
		127.0.0.1 "$port" /page.txt "$work/other/ca.pem"
	check "TLS $version is still served afterwards" \
		get 127.0.0.1 "$work/ec/ca.pem" "TLSv$version"
	stop_all
}

make_files
each_case fetch
refuse 1.2
refuse 1.3

start_telling 's/^listening on \([0-9]*\)$/\1/p' "$programs/echo_server" 0
check 'a port without TLS is refused' get_fails 'handshake with .* failed' \
	127.0.0.1 "$port" /page.txt "$work/ec/ca.pem"
finish
