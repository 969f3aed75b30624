#!/usr/bin/env bash
# https_get against the server of GnuTLS, which makes its page itself: the page
# tells what was negotiated.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # "check" calls the functions
. "$(dirname "$0")/lib.sh" || exit 1

get_page() {
	local address=$1 ca=$2 version=$3

	"$programs/https_get" -o "$work/got" "$address" "$port" / "$ca" \
		2>"$work/get.log" || {
		cat "$work/get.log"
		return 1
	}
	cat "$work/get.log" "$work/got"
	grep -q "^tls: TLSv$version " "$work/get.log" &&
		grep -q '^peer: verified as' "$work/get.log" &&
		grep -q "TLS$version" "$work/got"
}

fetch() {
	local kind=$1 version=$2 address=$3

	start_on_free_port gnutls-serv --http --port PORT \
		--priority "NORMAL:-VERS-ALL:+VERS-TLS$version" \
		--x509certfile "$work/$kind/cert.pem" \
		--x509keyfile "$work/$kind/key.pem"
	check "$kind TLS $version $address" \
		get_page "$address" "$work/$kind/ca.pem" "$version"
	if [ "$kind $address" = 'ec 127.0.0.1' ]; then
		check "TLS $version refuses another host's certificate" \
			get_fails 'expected name "wrong.test"' \
			--name wrong.test "$address" "$port" / \
			"$work/ec/ca.pem"
		check "TLS $version refuses a certificate of an unknown CA" \
			get_fails 'unable to get local issuer certificate' \
			"$address" "$port" / "$work/other/ca.pem"
	fi
	stop_all
}

need gnutls-serv gnutls-bin
need python3 python3
make_files
each_case fetch
finish
