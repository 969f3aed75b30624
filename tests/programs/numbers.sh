#!/usr/bin/env bash
# numbers.sh BUILD_DIR: programs that ask for TLS by Zephyr's protocol numbers,
# and know nothing of libzsock: Python's, and the examples as Linux programs.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh" "$1"
programs=$build/tests/programs
[ -x "$programs/linux_https_get" ] || {
	echo 'skipped: the programs are not built'
	exit 77
}

# told CMD...: a server that says its port itself, as the examples do.
told() {
	start "$@"
	until_true grep -q '^listening on [0-9]' server.out ||
		fail "does not start: $(tail -n 5 server.err)"
	port=$(sed -n 's/^listening on //p' server.out)
	has_library "$pid"
}

# "None of these is a protocol of the kernel's."
secure without_zsock_run_the_numbers_are_refused
cap none "$python" "$here/numbers.py" refused
good none
cap get "$programs/linux_https_get" 127.0.0.1 "$port" /px
is "$(cat get.rc)" 1
has get.err EPROTONOSUPPORT
ok

secure python_is_a_tls_client_by_number
peer echo
under --creds "$pki/client.zcred"
cap client "$python" "$here/numbers.py" client "$port"
good client
has client.out 'protocol 258, type 1, family 2' 'came hi' 'all 200000'
stop "$peer"
hasnt server.out bad:
quiet
ok

secure python_is_a_tls_server_by_number
under --creds "$pki/server.zcred"
serve "$port" "$python" "$here/numbers.py" server "$port"
natively
for i in 1 2 3; do
	cap "sent$i" openssl s_client -quiet -verify_quiet \
		-verify_return_error -verify_hostname localhost \
		-CAfile "$pki/ca.pem" -connect "127.0.0.1:$port" <<<'hello'
	is "$(cat "sent$i.out")" HELLO
done
under --creds "$pki/client.zcred"
cap client "$python" "$here/numbers.py" ask "$port"
good client
is "$(cat client.out)" "b'ASKED'"
stop "$pid"
ok

secure examples_as_linux_programs_fetch_a_page
under --creds "$pki/server.zcred"
told "$programs/linux_https_server" 0 "$work/www"
under --creds "$pki/client.zcred"
cap get "$programs/linux_https_get" 127.0.0.1 "$port" /px
good get
same get.out "$work/www/px"
has get.err 'tls: TLSv1.3 0x1302' 'peer: verified as'
cap name "$programs/linux_https_get" --name wrong.test 127.0.0.1 "$port" /px
is "$(cat name.rc)" 1
has name.err 'connect to 127.0.0.1'
said 'hostname mismatch'
: >"$ZSOCK_LOG_FILE"
natively
cap linked env ZSOCK_CREDENTIALS="$pki/client.zcred" \
	"$build/examples/https_get" 127.0.0.1 "$port" /big
good linked
same linked.out "$work/www/big"
lacks curl curl || {
	cap curl curl -s --cacert "$pki/ca.pem" "https://localhost:$port/px"
	same curl.out "$work/www/px"
}
stop "$pid"
ok

secure examples_as_linux_programs_speak_dtls
under --creds "$pki/psk.zcred"
told "$programs/linux_dtls_echo_server" --coap 0
cap get "$programs/linux_coaps_get" 127.0.0.1 "$port" /x
good get
has get.err 'dtls: DTLSv1.2 '
natively
cap linked env ZSOCK_CREDENTIALS="$pki/psk.zcred" \
	"$build/examples/coaps_get" 127.0.0.1 "$port" /x
good linked
same get.out linked.out
stop "$pid"
quiet
ok

plain_echo() {
	start "$programs/linux_echo_server" 0
	until_true grep -q '^listening on' server.out || fail 'it does not start'
	port=$(sed -n 's/^listening on //p' server.out)
	cap echoed "$python" "$here/numbers.py" echoed "$port"
	good echoed
	stop "$pid"
	rm server.out
}
alike the_echo_example_is_as_ever plain_echo

secure the_echo_example_is_a_tls_server
tls_server
serve "$port" "$programs/linux_echo_server" "$port"
tls_client
cap echoed "$python" "$here/numbers.py" echoed "$port"
good echoed
stop "$pid"
quiet
ok

done_here
