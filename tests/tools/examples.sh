#!/usr/bin/env bash
# https_server and https_get with what generate makes, and without a change to
# either.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh" "$1"
server=$build/examples/https_server get=$build/examples/https_get
if [ ! -x "$server" ] || [ ! -x "$get" ]; then
	echo 'skipped: the examples are not built'
	exit 77
fi
unset ZSOCK_LOG ZSOCK_LOG_FILE ZSOCK_PROFILE
cd "$work" || exit 1
mkdir pages
head -c 50000 /dev/urandom | base64 >pages/page.txt

# serve BUNDLE [OPTION...]: sets port, or fails.
serve() {
	local bundle=$1 line

	shift
	port=0
	exec {told}< <(ZSOCK_CREDENTIALS=$bundle exec "$server" "$@" 0 pages \
		2>server.err)
	started+=("$!")
	IFS= read -r -t 20 line <&"$told" || fail "no server: $(cat server.err)"
	port=${line#listening on }
}
fetch() {
	local code=$1 bundle=$2

	shift 2
	rm -f got
	ZSOCK_CREDENTIALS=$bundle want "$code" timeout 20 "$get" -o got "$@" \
		127.0.0.1 "$port" /page.txt
}

want 0 "$Z" generate pki --bad server-other-ca,client-other-ca

begin a_page_is_served_and_fetched_by_bundles
serve pki/server.zcred
fetch 0 pki/client.zcred
same got pages/page.txt
has "$err" 'peer: verified as 127.0.0.1'
ok

begin another_name_is_refused
fetch 1 pki/client.zcred --name wrong.test
has "$err" 'expected name "wrong.test"'
ok

begin a_client_without_a_bundle_says_what_is_missing
want 1 "$get" 127.0.0.1 "$port" /page.txt
has "$err" 'nothing under sec_tag 1' CA_FILE ZSOCK_CREDENTIALS
ok

begin a_server_without_a_bundle_says_what_is_missing
want 1 "$server" 0 pages
has "$err" 'nothing under sec_tag 2' CERT_FILE ZSOCK_CREDENTIALS
want 2 "$server" 0 pages cert.pem
has "$err" 'KEY_FILE is needed'
ok

begin a_server_that_asks_wants_a_certificate_of_the_CA
serve pki/server.zcred --ask-clients
fetch 1 pki/client.zcred
fetch 1 pki/bad/client-other-ca.zcred --show-own
fetch 0 pki/client.zcred --show-own
same got pages/page.txt
ok

begin a_server_of_another_CA_is_refused
serve pki/bad/server-other-ca.zcred
fetch 1 pki/client.zcred
has "$err" 'it is forged, or that CA is another one'
ok

begin files_still_do
want 0 "$Z" generate forms --bad none --format pem
exec {told}< <(exec "$server" 0 pages forms/server-cert.pem \
	forms/server-key.pem 2>server.err)
started+=("$!")
IFS= read -r -t 20 line <&"$told" || fail "no server: $(cat server.err)"
port=${line#listening on }
want 0 "$get" -o got 127.0.0.1 "$port" /page.txt forms/ca.pem
same got pages/page.txt
ok

begin other_programs_believe_the_same_CA
if command -v curl >/dev/null; then
	want 0 curl -sS --noproxy '*' --cacert forms/ca.pem -o got \
		"https://127.0.0.1:$port/page.txt"
	same got pages/page.txt
	ok
else
	skip "there is no curl here"
fi

finish
