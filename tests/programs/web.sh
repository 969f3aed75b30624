#!/usr/bin/env bash
# web.sh BUILD_DIR: curl, wget, ab, Python's http.server and nginx, as they are
# and made secure.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh" "$1"
lacks curl curl && exit 77

http_server() {
	serve "$port" "$python" -m http.server "$port" --bind 127.0.0.1 \
		-d "$work/www"
}

# nginx with two workers, in a folder of its own; $1 is for the server block.
nginx_server() {
	local user=

	[ "$(id -u)" != 0 ] || user='user root;'
	cat >"$work/nginx.conf" <<-CONF
		daemon off;
		$user
		worker_processes 2;
		pid $work/nginx.pid;
		error_log $work/nginx.log notice;
		events { worker_connections 256; }
		http {
			access_log off;
			sendfile on;
			keepalive_requests 100000;
			client_body_temp_path $work/nginx.tmp;
			proxy_temp_path $work/nginx.tmp;
			fastcgi_temp_path $work/nginx.tmp;
			uwsgi_temp_path $work/nginx.tmp;
			scgi_temp_path $work/nginx.tmp;
			server {
				listen 127.0.0.1:$port;
				root $work/www;
				default_type text/plain;
				$1
			}
		}
	CONF
	rm -f "$work/nginx.log"
	serve "$port" nginx -e "$work/nginx.log" -c "$work/nginx.conf"
}

# It ends as it should, and nothing went wrong in it.
nginx_ends() {
	stop "$pid" QUIT
	is "$status" 0
	! grep -E '\[(emerg|alert|crit|error)\]' "$work/nginx.log" >wrong ||
		fail "nginx: $(head -c 500 wrong)"
	rm -f wrong
}

# What ab says of its requests, without what differs each time.
requests() {
	grep -E '^(Complete|Failed|Non-2xx|Document Length|HTML transferred)' "$1"
}

all_answered() {
	good "$1"
	has "$1.out" 'Complete requests:      1000' 'Failed requests:        0' \
		'HTML transferred:       50000000 bytes'
	hasnt "$1.out" Non-2xx
}

plain_http_server() {
	http_server
	cap px curl -s "http://127.0.0.1:$port/px"
	cap big curl -s -o big -w '%{http_code} %{size_download}' \
		"http://127.0.0.1:$port/big"
	cap none curl -sf "http://127.0.0.1:$port/none"
	stop "$pid"
	cap refused curl -s "http://127.0.0.1:$port/px"
	same px.out "$work/www/px"
	same big "$work/www/big"
	sed -i "s/\[.*\]/[TIME]/; s/$port/PORT/g" server.out server.err
}

plain_wget() {
	http_server
	cap px wget -q -O- "http://127.0.0.1:$port/px"
	cap none wget -q -O- "http://127.0.0.1:$port/none"
	stop "$pid"
	cap refused wget -q -O- "http://127.0.0.1:$port/px"
	same px.out "$work/www/px"
	rm server.out server.err
}

plain_nginx() {
	nginx_server ''
	cap big curl -s -o big "http://127.0.0.1:$port/big"
	cap px curl -s -r 100-199 "http://127.0.0.1:$port/px"
	nginx_ends
	same big "$work/www/big"
}

plain_ab() {
	nginx_server ''
	cap ab ab -q -n 1000 -c 8 "http://127.0.0.1:$port/px"
	cap kept ab -q -k -n 1000 -c 8 "http://127.0.0.1:$port/px"
	nginx_ends
	all_answered ab
	all_answered kept
	requests ab.out >ab && requests kept.out >kept
	rm ab.out kept.out ab.err kept.err
}

alike curl_and_pythons_http_server_are_as_ever plain_http_server
lacks wget wget || alike wget_is_as_ever plain_wget
lacks nginx nginx-light || {
	alike nginx_is_as_ever plain_nginx
	lacks ab apache2-utils || alike ab_and_nginx_are_as_ever plain_ab
}

secure curl_is_a_tls_client
peer page
tls_client
cap px curl -s "http://127.0.0.1:$port/px"
cap head curl -s -o head -w '%{http_code} %{size_download}' \
	"http://127.0.0.1:$port/"
good px
good head
same px.out "$work/www/px"
is "$(cat head.out)" '200 50000'
stop "$peer"
hasnt server.out bad:
quiet
ok

# As the README has it, but for the port.
secure the_readmes_example
under --creds "$pki/server.zcred" --tls-listen "$port=2"
serve "$port" python3 -m http.server "$port" -d "$work/www"
under --creds "$pki/client.zcred" --tls-connect "localhost:$port=1"
cap px curl -s "http://localhost:$port/px"
good px
same px.out "$work/www/px"
natively
cap own curl -s --cacert "$pki/ca.pem" "https://localhost:$port/px"
good own
same own.out "$work/www/px"
stop "$pid"
quiet
ok

secure curl_refuses_a_stranger
peer strange
tls_client
cap px curl -s "http://127.0.0.1:$port/px"
[ "$(cat px.rc)" != 0 ] || fail 'it took what a stranger sent'
[ ! -s px.out ] || fail 'something came'
stop "$peer"
said 'refused the peer' certificate
ok

# A rule by name, for whatever address the name has; and one for any host,
# which asks for no name in the certificate.
secure curl_is_a_tls_client_by_name
peer page
under --creds "$pki/client.zcred" --tls-connect "localhost:$port=1"
cap named curl -4 -s "http://localhost:$port/px"
good named
same named.out "$work/www/px"
under --creds "$pki/client.zcred" --tls-connect "*:$port=1"
cap any curl -s "http://127.0.0.1:$port/px"
good any
same any.out "$work/www/px"
stop "$peer"
hasnt server.out bad:
quiet
ok

# curl connects without blocking, and is told by the handshake's own timeout.
secure P48_curl_is_told_of_a_server_that_never_answers
peer silent
tls_client
export ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS=500
before=${EPOCHREALTIME/./}
cap px curl -s "http://127.0.0.1:$port/px"
took=$(((${EPOCHREALTIME/./} - before) / 1000))
unset ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS
[ "$(cat px.rc)" != 0 ] || fail 'something came'
[ "$took" -ge 450 ] && [ "$took" -lt 5000 ] || fail "after $took ms"
stop "$peer"
said 'zsock: error: TLS client: '
ok

secure pythons_http_server_is_a_tls_server
tls_server
http_server
natively
cap px curl -s --cacert "$pki/ca.pem" "https://localhost:$port/px"
cap big curl -s --cacert "$pki/ca.pem" -o big "https://127.0.0.1:$port/big"
good px
good big
same px.out "$work/www/px"
same big "$work/www/big"
cap plain curl -s --max-time 5 "http://127.0.0.1:$port/px"
hasnt plain.out "$(head -n 1 "$work/www/px")"
cap again curl -s --cacert "$pki/ca.pem" "https://localhost:$port/px"
same again.out "$work/www/px"
stop "$pid"
ok

secure curl_and_http_server_both_secure
tls_server
http_server
tls_client
cap big curl -s -o big "http://127.0.0.1:$port/big"
good big
same big "$work/www/big"
stop "$pid"
quiet
ok

lacks wget wget || {
	secure P7_wget_looks_before_it_reads
	peer page
	tls_client
	cap px wget -qO- "http://127.0.0.1:$port/"
	good px
	is "$(wc -c <px.out)" 50000
	same px.out "$work/www/px"
	stop "$peer"
	hasnt server.out bad:
	quiet
	ok
}

lacks valgrind valgrind || {
	secure P23_curl_under_valgrind
	peer page
	tls_client
	# The whole time of this case is more than cap gives.
	timeout -k 5 120 "${RUN[@]}" valgrind -q --error-exitcode=9 \
		curl -s "http://127.0.0.1:$port/" >px.out 2>px.err
	echo $? >px.rc
	good px
	same px.out "$work/www/px"
	[ ! -s px.err ] || fail "valgrind: $(head -c 500 px.err)"
	stop "$peer"
	ok
}

# nginx waits edge-triggered, forks its workers and calls sendfile.
lacks nginx nginx-light || {
	secure nginx_is_a_tls_server
	tls_server
	nginx_server ''
	natively
	cap px curl -s --cacert "$pki/ca.pem" "https://localhost:$port/px"
	cap big curl -s --cacert "$pki/ca.pem" -o big "https://localhost:$port/big"
	cap part curl -s --cacert "$pki/ca.pem" -r 2999900-2999999 \
		-o part "https://localhost:$port/big"
	good px
	good big
	good part
	same px.out "$work/www/px"
	same big "$work/www/big"
	tail -c 100 "$work/www/big" >last
	same part last
	nginx_ends
	ok

	lacks ab apache2-utils || {
		secure nginx_serves_1000_secure_requests_8_at_once
		tls_server
		nginx_server ''
		natively
		cap ab ab -q -n 1000 -c 8 "https://127.0.0.1:$port/px"
		cap kept ab -q -k -n 1000 -c 8 "https://127.0.0.1:$port/px"
		nginx_ends
		all_answered ab
		all_answered kept
		ok
	}

	secure curl_and_nginx_both_secure
	tls_server
	nginx_server ''
	tls_client
	cap big curl -s -o big "http://127.0.0.1:$port/big"
	good big
	same big "$work/www/big"
	nginx_ends
	ok

	# It writes the environment of its workers anew.
	secure nginx_is_a_tls_client_as_a_proxy
	peer page
	tls_client
	page=$port
	free_port
	nginx_server "location /px { proxy_pass http://127.0.0.1:$page; }"
	natively
	cap px curl -s "http://127.0.0.1:$port/px"
	good px
	same px.out "$work/www/px"
	nginx_ends
	stop "$peer"
	hasnt server.out bad:
	quiet
	ok
}

done_here
