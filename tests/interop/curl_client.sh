#!/usr/bin/env bash
# curl against https_server, and what must not stop https_server.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # "check" calls the functions
. "$(dirname "$0")/lib.sh" || exit 1

fetch_with() {
	curl -sS -v --noproxy '*' --max-time 20 "$@"
}

fetch_page() {
	local address=$1 ca=$2 version=$3

	rm -f "$work/got"
	fetch_with --cacert "$ca" "--tlsv$version" --tls-max "$version" \
		-o "$work/got" "https://$(url_host "$address"):$port/page.txt" \
		2>"$work/curl.log" || {
		cat "$work/curl.log"
		return 1
	}
	grep 'SSL connection using' "$work/curl.log"
	grep -q "SSL connection using TLSv$version " "$work/curl.log" &&
		cmp "$work/pages/page.txt" "$work/got"
}

fetch() {
	local kind=$1 version=$2 address=$3

	start_https_server "$work/$kind" "$address"
	check "$kind TLS $version $address" \
		fetch_page "$address" "$work/$kind/ca.pem" "$version"
	stop_all
}

# status_is CODE OPTION... PATH
status_is() {
	local want=$1 path=${*: -1} got

	set -- "${@:2:$#-2}"
	got=$(fetch_with --path-as-is --cacert "$work/ec/ca.pem" -o /dev/null \
		-w '%{http_code}' "$@" "https://127.0.0.1:$port$path")
	printf 'status %s, expected %s\n' "$got" "$want"
	[ "$got" = "$want" ]
}

# ends_with CODE OPTION...: curl must end with this exit status.
ends_with() {
	local want=$1 rc

	fetch_with "${@:2}"
	rc=$?
	printf 'curl ended with %d, expected %d\n' "$rc" "$want"
	[ "$rc" -eq "$want" ]
}

# Plain HTTP to a TLS port gets no HTTP answer.
plain_http_fails() {
	! fetch_with "http://127.0.0.1:$port/page.txt"
}

# Connects and leaves without a word.
knock() {
	accepts "$port"
}

# A connection that is cut in the middle of the ClientHello.
cut_hello() {
	(printf '\x16\x03\x01\x02\x00\x01\x00' >"/dev/tcp/127.0.0.1/$port")
}

# A connection that never says a word is given up after the handshake timeout.
silent() {
	local fd

	exec {fd}<>"/dev/tcp/127.0.0.1/$port" || return
	fetch_page 127.0.0.1 "$work/ec/ca.pem" 1.3 || return
	exec {fd}>&-
}

still_serves() {
	check "https_server goes on after $1" \
		fetch_page 127.0.0.1 "$work/ec/ca.pem" 1.3
}

need curl curl
make_files
each_case fetch

start_https_server "$work/ec" 127.0.0.1
check 'a folder that is not there ends it at once' gives_up \
	"cannot read the folder $work/none: ENOENT" "$programs/https_server" 0 \
	"$work/none" "$work/ec/cert.pem" "$work/ec/key.pem"
check 'a page that is not there is 404' status_is 404 /none.txt
check 'a folder is 404' status_is 404 /
check 'a way out of the folder is 400' status_is 400 /../ec/key.pem
check 'a disguised way out is 400' status_is 400 /%2e%2e/ec/key.pem
check 'a method that is not served is 405' status_is 405 -X DELETE /page.txt
check 'HEAD is served' status_is 200 --head /page.txt

check 'curl refuses an unknown CA' ends_with 60 \
	--cacert "$work/other/ca.pem" "https://127.0.0.1:$port/page.txt"
still_serves 'a client that does not trust it'
check 'curl refuses another name' ends_with 60 --cacert "$work/ec/ca.pem" \
	--resolve "wrong.test:$port:127.0.0.1" \
	"https://wrong.test:$port/page.txt"
still_serves 'a client that expected another name'
check 'plain HTTP gets nothing' plain_http_fails
still_serves 'a client without TLS'
check 'a connection without a word is taken' knock
still_serves 'a client that left at once'
check 'a cut ClientHello is taken' cut_hello
still_serves 'a cut ClientHello'
check 'a version that does not exist here is refused' ends_with 35 -k \
	--tlsv1.0 --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 \
	"https://127.0.0.1:$port/page.txt"
still_serves 'a client that is too old'
stop_all

export ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS=300
start_https_server "$work/ec" 127.0.0.1
check 'a silent client holds the others up for a while only' silent
finish
