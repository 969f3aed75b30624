#!/usr/bin/env bash
# first_use.sh BUILD_DIR: what the README says a first-time user does: a test
# PKI, a server and a client that use it without a word in their code, and
# another certificate for the server while it runs.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh" "$1"
programs=$build/examples
[ -x "$programs/https_server" ] || {
	echo 'skipped: the examples are not built'
	exit 77
}
cd "$work" || exit 1
mkdir pages && date >pages/page.txt || exit 1

begin help_alone_shows_the_way
want 0 "$Z" --help
has "$out" 'zsock-cred generate pki' 'ZSOCK_CREDENTIALS=pki/' 'ZSOCK_CTL=load' \
	'zsock-cred list @' 'zsock-cred load --replace @'
ok

begin a_pki_is_made
want 0 "$Z" generate pki
want 0 "$Z" check pki/server.zcred
want 0 "$Z" check pki/client.zcred
ok

begin a_server_and_a_client_use_it
mkfifo line && exec {lines}<>line
ZSOCK_CTL=load ZSOCK_CREDENTIALS=pki/server.zcred run \
	"$programs/https_server" 0 pages >line
IFS= read -r -t 10 said <&"$lines" || fail 'the server did not start'
port=${said##* }
fetch() {
	ZSOCK_CREDENTIALS=pki/client.zcred "$programs/https_get" "$@" \
		127.0.0.1 "$port" /page.txt
}
want 0 fetch
same "$out" pages/page.txt
ok

begin what_the_server_holds_is_listed
want 0 "$Z" list @https_server
has "$out" '2 SERV' '2 PK' localhost '2049-12-31'
ok

begin its_certificate_is_replaced_while_it_runs
want 1 fetch --name new.test
has "$err" 'hostname mismatch' 'expected name "new.test"'
want 0 "$Z" generate new --ca pki/ca.pem --ca-key pki/ca.key --host new.test
want 0 "$Z" load --replace @https_server new/server.zcred
has "$err" '2 replaced'
want 0 fetch --name new.test
same "$out" pages/page.txt
want 1 fetch
has "$err" 'hostname mismatch'
ok

# The peer's certificate has the new name before, and the old one after.
begin T38_an_open_session_goes_on
want 0 python3 - "$port" "$Z" <<'PYTHON'
import socket, ssl, subprocess, sys


def connect(name):
    context = ssl.create_default_context(cafile='pki/ca.pem')
    plain = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10)
    return context.wrap_socket(plain, server_hostname=name)


with connect('new.test') as open_one:
    subprocess.run([sys.argv[2], '-q', 'load', '--replace', '@https_server',
                    'pki/server.zcred'], check=True)
    open_one.sendall(b'GET /page.txt HTTP/1.0\r\n\r\n')
    answer = b''.join(iter(lambda: open_one.recv(4096), b''))
    assert answer.endswith(open('pages/page.txt', 'rb').read()), answer
connect('localhost').close()
try:
    connect('new.test').close()
except ssl.SSLCertVerificationError:
    sys.exit(0)
sys.exit('the old certificate is still shown')
PYTHON
ok

begin a_pre_shared_key_is_for_both_ends
mkfifo coap && exec {lines}<>coap
ZSOCK_CREDENTIALS=pki/psk.zcred run "$programs/dtls_echo_server" --coap 0 >coap
IFS= read -r -t 10 said <&"$lines" || fail 'the server did not start'
want 0 env ZSOCK_CREDENTIALS=pki/psk.zcred "$programs/coaps_get" \
	127.0.0.1 "${said##* }" /temperature
is "$(cat "$out")" /temperature
want 2 "$programs/coaps_get" 127.0.0.1 "${said##* }"
want 1 "$programs/coaps_get" 127.0.0.1 "${said##* }" /x
has "$err" 'sec_tag 4' ZSOCK_CREDENTIALS
ok
finish
