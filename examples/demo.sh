#!/usr/bin/env bash
# Makes credentials, serves a page over TLS with them and fetches it, looks at
# what the server holds, shows how a wrong host is refused, and asks a CoAP
# server over DTLS.
set -u

usage='usage: demo.sh BUILD_DIR
       demo.sh -h | --help

Credentials, pages and what was fetched stay in BUILD_DIR/try, and the
commands are shown in full: each can be repeated by hand.'
case ${1-} in
-h | --help) printf '%s\n' "$usage"; exit 0 ;;
'' | -*) printf '%s\n' "$usage" >&2; exit 2 ;;
esac
build=$(cd "$1" && pwd) || exit 1
programs=$build/examples
cred=$build/tools/zsock-cred
# The library's lines are part of the show, and so are these two.
unset ZSOCK_LOG ZSOCK_LOG_FILE ZSOCK_CREDENTIALS ZSOCK_CTL ZSOCK_CTL_NAME

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

for program in "$programs"/{https_get,https_server,coaps_get,dtls_echo_server} \
	"$cred"; do
	[ -x "$program" ] || fail "$program is not there: build first"
done

pki=$work/pki
show "$cred" generate "$pki" --format pem || fail 'no credentials'
show "$cred" check --host localhost "$pki/server.zcred" || fail 'they are bad'
head -c 76800 /dev/urandom | base64 >"$work/pages/page.txt" || fail 'no page'

# Port 0 lets the system choose, and the server's first line tells the port.
# Before its name there may be variables, as env takes them.
serve() {
	local variables=() name line

	while [ "${1#*=}" != "$1" ]; do
		variables+=("$1")
		shift
	done
	name=$1
	shift
	set -- "$programs/$name" "$@"
	[ ${#variables[@]} -eq 0 ] || set -- env "${variables[@]}" "$@"
	print "$@"
	exec {out}< <(exec "$@" 2>"$work/$name.log")
	servers+=("$!")
	IFS= read -r -t 10 line <&"$out" || fail "$name did not start"
	port=${line#listening on }
	printf '%s\n' "$line"
}
serve ZSOCK_CREDENTIALS="$pki/server.zcred" ZSOCK_CTL=list \
	https_server 0 "$work/pages"

show "$cred" list "@${servers[0]}" >"$work/held.txt" ||
	fail 'the server does not say what it holds'
cat "$work/held.txt"
grep -q ' SERV .* localhost$' "$work/held.txt" ||
	fail 'the server does not hold its certificate'

show env ZSOCK_CREDENTIALS="$pki/client.zcred" "$programs/https_get" \
	-o "$work/got.txt" 127.0.0.1 "$port" /page.txt 2>"$work/get.log" ||
	fail 'the page was not fetched'
cat "$work/get.log"
cmp -s "$work/pages/page.txt" "$work/got.txt" ||
	fail 'the page came back changed'
grep -q '^peer: verified as' "$work/get.log" || fail 'peer not verified'
tls=$(sed -n 's/^tls: //p' "$work/get.log")

if command -v curl >/dev/null; then
	show curl -sS --noproxy 127.0.0.1 --cacert "$pki/ca.pem" \
		-o "$work/curl.txt" "https://127.0.0.1:$port/page.txt" \
		2>"$work/curl.log" || fail 'curl did not get the page'
	cmp -s "$work/pages/page.txt" "$work/curl.txt" ||
		fail 'curl got another page'
	curl_result='got the same page from https_server'
else
	curl_result='is not installed, so it was left out'
fi

show env ZSOCK_CREDENTIALS="$pki/client.zcred" "$programs/https_get" \
	--name wrong.test 127.0.0.1 "$port" /page.txt \
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

id=$(cat "$pki/psk-id.txt")
serve dtls_echo_server --coap -u "$id" -k "$pki/psk.hex" 0
show "$programs/coaps_get" -c -u "$id" -k "$pki/psk.hex" \
	127.0.0.1 "$port" /temperature \
	>"$work/coap.txt" 2>"$work/coap.log" || fail 'no answer by CoAP'
cat "$work/coap.log" "$work/coap.txt"
[ "$(cat "$work/coap.txt")" = /temperature ] || fail 'another answer by CoAP'
dtls=$(sed -n 's/^dtls: //p' "$work/coap.log")

printf '(to repeat a fetch, start its server again and give the port it prints)\n'
printf '\nserver: held %s credentials of %s\n' \
	"$("$cred" list -q "@${servers[0]}" | wc -l)" "$pki/server.zcred"
printf 'fetched: %s bytes, the same byte for byte; %s; peer verified\n' \
	"$(($(wc -c <"$work/got.txt")))" "$tls"
printf 'curl: %s\n' "$curl_result"
printf 'wrong host: refused with ECONNABORTED; %s\n' "$reason"
printf 'coap: %s answered; %s\n' "$(cat "$work/coap.txt")" "$dtls"
