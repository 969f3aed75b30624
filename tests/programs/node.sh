#!/usr/bin/env bash
# node.sh BUILD_DIR: node, whose libuv closes by syscall(), and which brings an
# OpenSSL of its own, as it is and made secure.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh" "$1"
lacks node nodejs && exit 77
N=$here/node.js

plain_node() {
	serve "$port" node "$N" serve "$port" "$work/www/px"
	cap get node "$N" get "$port"
	cap echo node "$N" echo "$port"
	stop "$pid"
	good get
	good echo
	same get.out "$work/www/px"
	cap refused node "$N" get "$port"
	sed -i "s/$port/PORT/g" refused.err
}

versions() {
	cap versions node -p 'JSON.stringify(process.versions)'
	cap files node -e 'const fs = require("fs");
		fs.writeFileSync("made", "text"); console.log(
		fs.readFileSync("made", "utf8"),
		require("child_process").execSync("cat made").toString())'
	good versions
}

alike node_is_as_ever plain_node
alike node_reports_its_own_versions versions

secure node_is_a_tls_client
peer page
tls_client
cap get node "$N" get "$port"
good get
same get.out "$work/www/px"
stop "$peer"
hasnt server.out bad:
quiet
ok

secure node_is_a_tls_server
tls_server
serve "$port" node "$N" serve "$port" "$work/www/px"
natively
cap px curl -s --cacert "$pki/ca.pem" "https://localhost:$port/"
good px
same px.out "$work/www/px"
stop "$pid"
ok

secure node_both_secure
tls_server
serve "$port" node "$N" serve "$port" "$work/www/px"
tls_client
cap get node "$N" get "$port"
cap echo node "$N" echo "$port"
good get
good echo
same get.out "$work/www/px"
stop "$pid"
quiet
ok

# Both in one process, at once: ours, on a plain socket that a rule makes
# secure, and node's own TLS, which no rule concerns.
secure P19_nodes_own_openssl_works_beside_ours
peer page
ours=$port ours_pid=$peer
free_port
peer page
tls_client "$ours"
cap both node "$N" both "$ours" "$port" "$pki/ca.pem"
good both
cat "$work/www/px" "$work/www/px" >twice
same both.out twice
stop "$peer"
hasnt server.out bad:
stop "$ours_pid"
natively
version=$(node -p process.versions.openssl)
has both.err "openssl $version" 'cipher TLS_'
quiet
ok

secure P50_1000_requests_leave_no_descriptor
tls_server
serve "$port" node "$N" serve "$port" "$work/www/px"
tls_client
cap many node "$N" many "$port" 1000
good many
has many.out 'answers 1000, bytes 50000000, more descriptors 0'
is "$(find "/proc/$pid/fd" -lname 'socket:*' | wc -l)" 1
stop "$pid"
quiet
ok

secure P48_node_is_told_of_a_server_that_never_answers
peer silent
tls_client
export ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS=500
before=${EPOCHREALTIME/./}
cap get node "$N" get "$port"
took=$(((${EPOCHREALTIME/./} - before) / 1000))
unset ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS
is "$(cat get.rc)" 1
grep -qE 'ETIMEDOUT|ECONNABORTED|EPROTO|ECONNRESET' get.err ||
	fail "says: $(head -c 300 get.err)"
[ "$took" -ge 450 ] && [ "$took" -lt 5000 ] || fail "after $took ms"
stop "$peer"
ok

done_here
