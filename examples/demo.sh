#!/usr/bin/env bash
# Serves a page over TLS, fetches it, shows how a wrong host is refused, and
# asks a CoAP server over DTLS.
set -u

usage='usage: demo.sh BUILD_DIR
       demo.sh -h | --help

Certificates, pages and what was fetched stay in BUILD_DIR/try, and the
commands are shown in full: each can be repeated by hand.'
case ${1-} in
-h | --help) printf '%s\n' "$usage"; exit 0 ;;
'' | -*) printf '%s\n' "$usage" >&2; exit 2 ;;
esac
build=$(cd "$1" && pwd) || exit 1
programs=$build/examples
here=$(cd "$(dirname "$0")" && pwd) || exit 1
unset ZSOCK_LOG ZSOCK_LOG_FILE # the library's lines are part of the show

work=$build/try
mkdir -p "$work/pages" || exit 1
rm -f "$work"/*.log "$work"/*.txt
servers=()
clean_up() {
	[ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null
}
trap clean_up EXIT
trap 'exit 1' INT TERM

fail() {
	printf 'demo: FAILED: %s\n' "$1" >&2
	for log in get https_server wrong curl dtls_echo_server coap; do
		[ -s "$work/$log.log" ] && sed "s/^/  $log: /" "$work/$log.log" >&2
	done
	exit 1
}

# Runs a command after printing it, so that it can be repeated by hand.
exec 3>&1
print() {
	printf '$' >&3
	printf ' %q' "$@" >&3
	printf '\n' >&3
}
show() {
	print "$@"
	"$@"
}

for program in https_get https_server coaps_get dtls_echo_server; do
	[ -x "$programs/$program" ] ||
		fail "$programs/$program is not there: build first"
done
command -v openssl >/dev/null ||
	fail 'the openssl command is not there: it makes the certificates'

show "$here/make-cert.sh" "$work" || fail 'no certificates'
openssl rand -base64 76800 >"$work/pages/page.txt" || fail 'no page'

# Port 0 lets the system choose, and the server's first line tells the port.
serve() {
	local name=$1 line

	shift
	print "$programs/$name" "$@"
	exec {out}< <(exec "$programs/$name" "$@" 2>"$work/$name.log")
	servers+=("$!")
	IFS= read -r -t 10 line <&"$out" || fail "$name did not start"
	port=${line#listening on }
	printf '%s\n' "$line"
}
serve https_server 0 "$work/pages" "$work/cert.pem" "$work/key.pem"

show "$programs/https_get" -o "$work/got.txt" \
	127.0.0.1 "$port" /page.txt "$work/ca.pem" 2>"$work/get.log" ||
	fail 'the page was not fetched'
cat "$work/get.log"
cmp -s "$work/pages/page.txt" "$work/got.txt" ||
	fail 'the page came back changed'
grep -q '^peer: verified as' "$work/get.log" || fail 'peer not verified'
tls=$(sed -n 's/^tls: //p' "$work/get.log")

if command -v curl >/dev/null; then
	show curl -sS --noproxy 127.0.0.1 --cacert "$work/ca.pem" \
		-o "$work/curl.txt" "https://127.0.0.1:$port/page.txt" \
		2>"$work/curl.log" || fail 'curl did not get the page'
	cmp -s "$work/pages/page.txt" "$work/curl.txt" ||
		fail 'curl got another page'
	curl_result='got the same page from https_server'
else
	curl_result='is not installed, so it was left out'
fi

show "$programs/https_get" --name wrong.test \
	127.0.0.1 "$port" /page.txt "$work/ca.pem" \
	>"$work/wrong.txt" 2>"$work/wrong.log" &&
	fail 'a certificate for another host was accepted'
cat "$work/wrong.log"
[ -s "$work/wrong.txt" ] && fail 'a refused server still gave a page'
grep -q 'connect to .*ECONNABORTED' "$work/wrong.log" ||
	fail 'the wrong host did not end in ECONNABORTED'
expected='expected name "wrong\.test"'
presented='presented names: [^;]*DNS:localhost[^;]*'
reason=$(sed -n "s/^zsock: error: .*\($expected; $presented\).*/\1/p" \
	"$work/wrong.log")
[ -n "$reason" ] || fail 'no line says which name was expected and presented'

(umask 077 && openssl rand -hex 16 >"$work/psk.hex") || fail 'no key'
serve dtls_echo_server --coap -u device-1 -k "$work/psk.hex" 0
show "$programs/coaps_get" -c -u device-1 -k "$work/psk.hex" \
	127.0.0.1 "$port" /temperature \
	>"$work/coap.txt" 2>"$work/coap.log" || fail 'no answer by CoAP'
cat "$work/coap.log" "$work/coap.txt"
[ "$(cat "$work/coap.txt")" = /temperature ] || fail 'another answer by CoAP'
dtls=$(sed -n 's/^dtls: //p' "$work/coap.log")

printf '(to repeat a fetch, start its server again and give the port it prints)\n'
printf '\nfetched: %s bytes, the same byte for byte; %s; peer verified\n' \
	"$(($(wc -c <"$work/got.txt")))" "$tls"
printf 'curl: %s\n' "$curl_result"
printf 'wrong host: refused with ECONNABORTED; %s\n' "$reason"
printf 'coap: %s answered; %s\n' "$(cat "$work/coap.txt")" "$dtls"
