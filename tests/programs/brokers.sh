#!/usr/bin/env bash
# brokers.sh BUILD_DIR: redis, mosquitto and iperf3, as they are and made
# secure; and a program with CZMQ, whose functions have names like ours.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh" "$1"

redis_server() {
	serve "$port" redis-server "$@" --bind 127.0.0.1 --save '' \
		--appendonly no --daemonize no --dir "$work"
}

plain_redis_server() {
	redis_server --port "$port" "$@"
}

# A value that spans many records, there and back; what the client says.
use_redis() {
	cap set redis-cli "$@" -p "$port" set k v
	cap long redis-cli "$@" -p "$port" -x set long <"$work/www/big"
	cap get redis-cli "$@" -p "$port" --raw get long
	cap many redis-cli "$@" -p "$port" eval \
		'for i = 1, 20000 do redis.call("rpush", "l", i) end
		return redis.call("lrange", "l", 0, -1)' 0
	cap wrong redis-cli "$@" -p "$port" nonsense
}

redis_was_right() {
	local name

	for name in set long get many wrong; do
		good "$name"
	done
	is "$(cat set.out)" OK
	is "$(cat long.out)" OK
	head -c -1 get.out >got # the line's end is redis-cli's
	same got "$work/www/big"
	seq 20000 | same_as many.out
}

same_as() {
	cmp -s - "$1" || fail "$1 is not what was expected"
}

# redis-cli says it when the server is gone.
redis_ends() {
	stop "$pid"
	is "$status" 0
}

plain_redis() {
	plain_redis_server
	use_redis
	redis_ends
	redis_was_right
	cap refused redis-cli -p "$port" ping
	sed -i "s/$port/PORT/g" refused.err refused.out
	rm server.out
}

# mosquitto with the lines of $1.
broker() {
	printf '%s\n' "listener $port 127.0.0.1" 'allow_anonymous true' \
		'log_type all' 'log_dest stderr' "$1" >"$work/mosquitto.conf"
	[ "$(id -u)" != 0 ] || echo 'user root' >>"$work/mosquitto.conf"
	serve "$port" mosquitto -c "$work/mosquitto.conf"
}

# A message that is kept, so that nobody has to be there in time; and one that
# goes to who is there already.
use_mosquitto() {
	cap pub mosquitto_pub "$@" -p "$port" -t kept -r -f "$work/www/px"
	cap sub mosquitto_sub "$@" -p "$port" -t kept -C 1
	timeout 60 "${RUN[@]}" mosquitto_sub "$@" -p "$port" -t live -C 3 \
		>live.out 2>live.err &
	live=$!
	servers+=("$live")
	until_true grep -q 'live (QoS 0)' server.err || fail 'no subscription'
	for i in 1 2 3; do
		cap "pub$i" mosquitto_pub "$@" -p "$port" -t live -m "hello $i"
		good "pub$i"
	done
	await "$live"
	echo "$status" >live.rc
}

mosquitto_was_right() {
	good pub
	good sub
	good live
	head -c -1 sub.out >got
	same got "$work/www/px"
	printf 'hello %d\n' 1 2 3 | same_as live.out
}

plain_mosquitto() {
	broker ''
	use_mosquitto -h 127.0.0.1
	stop "$pid"
	is "$status" 0
	mosquitto_was_right
	rm server.err server.out
}

iperf_server() {
	serve "$port" iperf3 -s -1 -B 127.0.0.1 -p "$port"
}

# As much as was sent has come, in the direction and the streams of the rest.
iperf() {
	cap "$1" iperf3 -J -c 127.0.0.1 -p "$port" "${@:2}"
	await "$pid"
	good "$1"
	"$python" - "$1.out" >"$1.sum" <<-'PYTHON' || fail "$1: bad result"
		import json
		import sys
		result = json.load(open(sys.argv[1]))
		assert 'error' not in result, result['error']
		end = result['end']
		if 'sum_sent' in end:
		    sent = end['sum_sent']['bytes']
		    came = end['sum_received']['bytes']
		    assert 0 < came <= sent, end
		print('streams', len(end['streams']),
		      result['start']['test_start']['protocol'])
	PYTHON
	rm -f "$1.out"
}

plain_iperf() {
	iperf_server
	iperf tcp -n 20M
	iperf_server
	iperf reverse -R -n 20M
	iperf_server
	iperf four -P4 -n 20M
	iperf_server
	iperf udp -u -b 50M -t 1
	rm -f server.out
}

plain_czmq() {
	cap czmq "$build/tests/programs/czmq_pair"
	good czmq
}

lacks redis-server redis-server || lacks redis-cli redis-tools || {
	alike redis_is_as_ever plain_redis

	secure redis_cli_is_a_tls_client
	redis_server --port 0 --tls-port "$port" --tls-auth-clients no \
		--tls-cert-file "$pki/server-cert.pem" \
		--tls-key-file "$pki/server-key.pem" \
		--tls-ca-cert-file "$pki/ca.pem"
	tls_client
	use_redis
	natively
	redis_was_right
	redis_ends
	quiet
	ok

	secure redis_is_a_tls_server
	tls_server
	plain_redis_server
	natively
	use_redis --tls --cacert "$pki/ca.pem" -h localhost
	redis_was_right
	redis_ends
	ok

	secure redis_with_threads_is_a_tls_server
	tls_server
	plain_redis_server --io-threads 3 --io-threads-do-reads yes
	natively
	use_redis --tls --cacert "$pki/ca.pem" -h localhost
	redis_was_right
	cap bench redis-benchmark --tls --cacert "$pki/ca.pem" -h 127.0.0.1 \
		-p "$port" -q -c 20 -n 2000 -P 4 -t set,get,lpush,mset
	good bench
	hasnt bench.err rror
	redis_ends
	ok

	secure redis_both_secure
	tls_server
	plain_redis_server
	tls_client
	use_redis
	redis_was_right
	redis_ends
	quiet
	ok
}

lacks mosquitto mosquitto || lacks mosquitto_sub mosquitto-clients || {
	alike mosquitto_is_as_ever plain_mosquitto

	secure mosquitto_clients_are_tls_clients
	broker "certfile $pki/server-cert.pem
keyfile $pki/server-key.pem"
	tls_client
	use_mosquitto -h 127.0.0.1
	mosquitto_was_right
	stop "$pid"
	quiet
	ok

	secure mosquitto_is_a_tls_server
	tls_server
	broker ''
	natively
	use_mosquitto -h localhost --cafile "$pki/ca.pem"
	mosquitto_was_right
	stop "$pid"
	is "$status" 0
	ok

	secure mosquitto_both_secure
	tls_server
	broker ''
	tls_client
	use_mosquitto -h 127.0.0.1
	mosquitto_was_right
	stop "$pid"
	quiet
	ok
}

lacks iperf3 iperf3 || {
	alike iperf_is_as_ever plain_iperf

	secure iperf_both_secure
	for way in forth -R -P4; do
		tls_server
		iperf_server
		tls_client
		# shellcheck disable=SC2086 # none, or one
		iperf "secure$way" -n 20M ${way#forth}
		is "$status" 0
	done
	quiet
	ok
}

begin a_program_with_czmq_has_its_own_zsock
if [ -x "$build/tests/programs/czmq_pair" ]; then
	alike a_program_with_czmq_has_its_own_zsock plain_czmq
else
	skip 'CZMQ is not installed (package libczmq-dev)'
fi

done_here
