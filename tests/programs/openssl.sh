#!/usr/bin/env bash
# openssl.sh BUILD_DIR: programs with an OpenSSL of their own under zsock-run:
# it stays theirs.  And what the library has of its own nobody sees.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh" "$1"
preload=$build/shim/libzsock-preload.so core=$build/shim/libzsock-core.so

s_server() {
	serve "$port" openssl s_server -accept "127.0.0.1:$port" -www -quiet \
		-cert "$pki/server-cert.pem" -key "$pki/server-key.pem"
}

s_client() {
	cap "$1" openssl s_client -quiet -verify_quiet -verify_return_error \
		-verify_hostname localhost -CAfile "$pki/ca.pem" -ign_eof \
		-connect "127.0.0.1:$port" "${@:2}" < <(printf 'GET / HTTP/1.0\r\n\r\n')
}

versions() {
	cap version openssl version -a
	cap digest openssl sha256 "$work/www/big"
	cap pythons "$python" -c 'import ssl; print(ssl.OPENSSL_VERSION)'
	cap curls curl --version
	cap ciphers openssl ciphers -v
	good version
}

# For an openssl that has no option -ktls yet.
printf '%s\n' 'openssl_conf = a' '[a]' 'ssl_conf = b' '[b]' \
	'system_default = c' '[c]' 'Options = KTLS' >"$work/ktls.cnf"

# Its own TLS at both ends; with kTLS it asks the kernel for TCP_ULP, and for
# 282, the number of SOL_TLS, on a socket that is none of the library's.
own_tls() {
	s_server
	s_client page
	OPENSSL_CONF=$work/ktls.cnf s_client ktls
	cap curl curl -s --cacert "$pki/ca.pem" -o /dev/null \
		-w '%{http_code} %{ssl_verify_result}' "https://localhost:$port/"
	stop "$pid"
	for name in page ktls; do
		good "$name"
		grep -c 'Ciphers supported' "$name.out" >"$name.lines"
		rm "$name.out"
	done
	is "$(cat curl.out)" '200 0'
}

# One process with both: OpenSSL's TLS on one connection, the library's on
# another, by Python's ssl and by a protocol number.
cat >both.py <<'PYTHON'
import socket
import ssl
import struct
import sys

ca, port, other = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
ours = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 258)
ours.setsockopt(282, 1, struct.pack('i', 1))
ours.setsockopt(282, 2, b'localhost\0')
ours.connect(('127.0.0.1', port))
context = ssl.create_default_context(cafile=ca)
theirs = context.wrap_socket(socket.create_connection(('127.0.0.1', other)),
                             server_hostname='localhost')
for i in range(200):
    text = b'%d' % i * 100
    for sock in ours, theirs:
        sock.sendall(text)
    for sock in theirs, ours:
        data = b''
        while len(data) < len(text):
            data += sock.recv(4096)
        assert data == text
# An error in one is not the other's.
try:
    context.wrap_socket(socket.create_connection(('127.0.0.1', other)),
                        server_hostname='wrong.test')
    print('wrong.test is right')
except ssl.SSLCertVerificationError as error:
    print(error.verify_message)
ours.sendall(b'after')
print(ours.recv(9), theirs.version(), ssl.OPENSSL_VERSION)
PYTHON

alike programs_report_their_own_openssl versions
alike openssl_at_both_ends_and_ktls own_tls

lacks strace strace || {
	secure P10_what_ktls_asks_reaches_the_kernel
	s_server
	printf 'GET / HTTP/1.0\r\n\r\n' >request
	for way in natively under; do
		"$way"
		OPENSSL_CONF=$work/ktls.cnf cap "$way" strace -f -o calls \
			-e trace=setsockopt openssl s_client -quiet \
			-connect "127.0.0.1:$port" <request
		sed -n 's/^[0-9]* *setsockopt([0-9]*, \([^"]*\).*= \(.*\)/\1 \2/p' \
			calls >"calls.$way"
	done
	has calls.natively TCP_ULP SOL_TLS
	same calls.natively calls.under
	natively
	stop "$pid"
	quiet
	ok
}

secure openssl_and_the_library_in_one_process
peer echo
first=$port first_pid=$pid
free_port
peer echo
under --creds "$pki/client.zcred"
cap both "$python" "$work/both.py" "$pki/ca.pem" "$first" "$port"
good both
version=$("$python" -c 'import ssl; print(ssl.OPENSSL_VERSION)')
has both.out 'Hostname mismatch' "b'after' TLSv1.3 $version"
stop "$pid"
stop "$first_pid"
quiet
ok

begin P19_nothing_of_its_openssl_is_seen
for library in "$preload" "$core"; do
	nm -D --defined-only "$library" >"$work/exported" ||
		fail "nm cannot read $library"
	! grep -E ' (SSL|EVP|X509|CRYPTO|OPENSSL|ERR|BIO|OSSL)_' "$work/exported" ||
		fail "$library exports OpenSSL's names"
	! grep -E ' (zsock|tls_credential)_' "$work/exported" |
		grep -v ' zsock_core_start$' || fail "$library exports our names"
	! nm -D --undefined-only "$library" |
		grep -E ' (SSL|EVP|X509|CRYPTO|OPENSSL|ERR|BIO|OSSL)_' ||
		fail "$library takes OpenSSL from the program"
done
ok

# Before the first secure socket there is nothing of TLS in the process.
secure TLS_is_loaded_on_demand
under --creds "$pki/client.zcred" --tls-connect "127.0.0.1:$port=1"
cap maps "$python" -c 'import socket
def core(): return "libzsock-core" in open("/proc/self/maps").read()
a, b = socket.socketpair()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
listener = socket.create_server(("127.0.0.1", 0))
tcp = socket.create_connection(listener.getsockname())
tcp.sendall(b"x")
print(core(), socket.socket(2, 1, 258) is not None and core())'
good maps
is "$(cat maps.out)" 'False True'
ok

# With this the program's own OpenSSL has no algorithm at all.
secure the_configuration_of_its_openssl_is_not_ours
cat >"$work/none.cnf" <<'CNF'
openssl_conf = all
[all]
providers = without
[without]
null = on
[on]
activate = 1
CNF
peer echo
under --creds "$pki/client.zcred" --tls-connect "127.0.0.1:$port=1"
cap conf env OPENSSL_CONF="$work/none.cnf" "$python" -c "import socket
s = socket.create_connection(('127.0.0.1', $port))
print('connected')"
good conf
is "$(cat conf.out)" connected
stop "$pid"
ok

done_here
