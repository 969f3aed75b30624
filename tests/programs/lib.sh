# lib.sh: what the scripts of tests/programs have in common, besides
# tests/tools/lib.sh, which has the cases and their ends.
#
#	. "$(dirname "$0")/lib.sh" "$1"      the build directory
#	lacks curl curl && exit 77           a program, and its package
#	free_port                            sets $port
#	natively; under --creds C            how the programs below are run
#	serve "$port" nginx -c conf          a server; sets $pid when it listens
#	cap px curl -s URL                   px.out, px.err and px.rc
#	stop "$pid"                          ends a server, and waits for that
#	alike NAME FUNCTION                  natively and under zsock-run: the same
#
# ZSOCK_RUN is another zsock-run than the one of the build.
# shellcheck shell=bash disable=SC2034,SC2154 source-path=SCRIPTDIR/../tools
. "$(dirname "${BASH_SOURCE[0]}")/../tools/lib.sh" "$1"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1

RUN=()
ZR=${ZSOCK_RUN:-$build/tools/zsock-run}
pki=$work/pki
servers=()
PATH=$PATH:/usr/sbin
# Debian's own, whose tests are there, too.
python=/usr/bin/python3
# The mark by which whatever is left behind is known; no proxy, no settings.
export PROGRAMS_TEST=$work HOME=$work GIT_CONFIG_NOSYSTEM=1 LC_ALL=C
export no_proxy='*' PYTHONUNBUFFERED=1
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
unset LD_PRELOAD SSLKEYLOGFILE ZSOCK_LOG
# The library's own lines are not the program's.
export ZSOCK_LOG_FILE=$work/zsock.log

[ -x "$ZR" ] || {
	echo 'skipped: zsock-run is not built'
	exit 77
}
cd "$work" || exit 1
for dir in pki strangers; do
	"$Z" generate "$dir" --bad none --format zcred,pem 2>generate.err || {
		cat generate.err
		exit 1
	}
done
mkdir www
{ head -c 40000 /dev/urandom | base64 -w 76 | head -c 49999; echo; } >www/px
head -c 3000000 /dev/urandom >www/big

# lacks PROGRAM PACKAGE: and says so.
lacks() {
	command -v "$1" >/dev/null && return 1
	echo "skipped ${name:-all}: there is no $1 (package $2)"
}

natively() {
	RUN=()
}

under() {
	RUN=("$ZR" "$@" --)
}

# The ends of a connection that becomes secure; the port is in $port, or given.
# The client trusts the CA of tag 1, the server's certificate has tag 2.
tls_client() {
	under --creds "$pki/client.zcred" \
		--tls-connect "127.0.0.1:${1:-$port}=1"
}

tls_server() {
	under --creds "$pki/server.zcred" --tls-listen "${1:-$port}=2"
}

# A port that nobody has, neither by TCP nor UDP, and that the kernel gives to
# nobody either, for it is below those of net.ipv4.ip_local_port_range.
free_port() {
	local low hex

	read -r low _ </proc/sys/net/ipv4/ip_local_port_range
	[ "$low" -gt 12000 ] || low=32768
	while :; do
		port=$((10000 + (RANDOM * 32768 + RANDOM) % (low - 10000)))
		printf -v hex ':%04X ' "$port"
		cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 \
			2>/dev/null | grep -qF "$hex" || return 0
	done
}

listens() {
	local hex

	printf -v hex ':%04X' "$1"
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
		grep -qE "^ *[0-9]+: [0-9A-F]+$hex [0-9A-F]+:0000 0A "
}

alive() {
	[ -d "/proc/$1" ] && ! grep -q '^State:.[ZX]' "/proc/$1/status" \
		2>/dev/null
}

listens_or_died() {
	listens "$1" || ! alive "$2"
}

# start CMD...: a program in the background; its output is in server.out.
start() {
	"${RUN[@]}" "$@" </dev/null >server.out 2>server.err &
	pid=$!
	servers+=("$pid")
}

# serve PORT CMD...: until it listens there, with the library in it if it is
# to have it.
serve() {
	local at=$1

	shift
	start "$@"
	until_true listens_or_died "$at" "$pid"
	if ! listens "$at" || ! alive "$pid"; then
		fail "does not listen: $*:" "$(tail -n 20 server.err server.out)"
		return 1
	fi
	[ ${#RUN[@]} = 0 ] || has_library "$pid"
}

has_library() {
	grep -q libzsock-preload "/proc/$1/maps" ||
		fail "process $1 runs without the library"
}

gone() {
	! alive "$1"
}

# stop PID [SIGNAL]: and its answer is in $status.
stop() {
	kill "-${2:-TERM}" "$1" 2>/dev/null
	await "$1"
}

# await PID: until it ends by itself; its answer is in $status.
await() {
	until_true gone "$1" || {
		fail "process $1 does not end"
		kill -KILL "$1"
	}
	wait "$1" 2>/dev/null
	status=$?
}

# cap NAME CMD...: its output and its answer, in files.
cap() {
	local to=$1

	shift
	timeout -k 5 60 "${RUN[@]}" "$@" >"$to.out" 2>"$to.err"
	echo $? >"$to.rc"
}

# good NAME: it ended with 0.
good() {
	[ "$(cat "$1.rc")" = 0 ] || fail "$1: exit $(cat "$1.rc"):" \
		"$(head -c 500 "$1.err")" "$(tail -n 5 "$ZSOCK_LOG_FILE" 2>&1)"
}

# alike NAME FUNCTION: the files that FUNCTION leaves are the same natively and
# under zsock-run, which says nothing.
alike() {
	local way

	begin "$1"
	: >"$ZSOCK_LOG_FILE"
	under
	timeout 60 "${RUN[@]}" grep -q libzsock-preload /proc/self/maps ||
		fail 'zsock-run runs programs without the library'
	for way in native shim; do
		if [ "$way" = shim ]; then under; else natively; fi
		mkdir -p "$work/$1.$way"
		cd "$work/$1.$way" || exit 1
		free_port
		"$2"
		cd "$work" || exit 1
	done
	diff -r "$1.native" "$1.shim" >"$1.diff" 2>&1 ||
		fail "differs: $(head -c 1000 "$1.diff")"
	[ ! -s "$ZSOCK_LOG_FILE" ] || fail "said $(head -c 500 "$ZSOCK_LOG_FILE")"
	natively
	ok
}

# secure NAME: a case with a directory of its own, and a port.
secure() {
	begin "$1"
	mkdir -p "$work/$1"
	cd "$work/$1" || exit 1
	: >"$ZSOCK_LOG_FILE"
	natively
	free_port
}

# said TEXT...: in the library's log; quiet: nothing is.
said() {
	has "$ZSOCK_LOG_FILE" "$@"
}

quiet() {
	[ ! -s "$ZSOCK_LOG_FILE" ] ||
		fail "the library said: $(head -c 500 "$ZSOCK_LOG_FILE")"
}

# peer MODE: a server with Python's TLS (see peer.py) on $port; $peer is its
# number.
peer() {
	serve "$port" "$python" "$here/peer.py" "$port" "$pki" "$@"
	peer=$pid
}

# Those of this script that still live.
left_behind() {
	local dir

	for dir in /proc/[0-9]*; do
		[ "$dir" != "/proc/$$" ] && [ "$dir" != "/proc/$BASHPID" ] &&
			tr '\0' '\n' <"$dir/environ" 2>/dev/null |
			grep -qxF "PROGRAMS_TEST=$work" &&
			echo "${dir#/proc/} $(tr '\0' ' ' <"$dir/cmdline")"
	done 2>/dev/null
}

nothing_left() {
	[ -z "$(left_behind)" ]
}

end_all() {
	local pid

	for pid in "${servers[@]}"; do
		kill -TERM "$pid" 2>/dev/null
	done
	for pid in "${servers[@]}"; do
		until_true gone "$pid" || kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	clean_up
}
trap end_all EXIT
trap 'exit 1' INT TERM

# done_here: ends the script.
done_here() {
	begin nothing_is_left_behind
	until_true nothing_left || fail "$(left_behind)"
	ok
	finish
}
