# What the interop tests share.  A test is run with the build folder as its
# only argument, prints TAP, and exits with 0, 1 (a case failed) or 77 (a peer
# is missing, so nothing was tried).
# shellcheck shell=bash
set -u

if [ $# -ne 1 ]; then
	printf 'usage: %s BUILD_DIR\n' "$0" >&2
	exit 2
fi
programs=$(cd "$1/examples" && pwd) || exit 1
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export ZSOCK_LOG=warn
unset ZSOCK_LOG_FILE

cases=0
failures=0
pids=()
work=$(mktemp -d) || exit 1

clean_up() {
	stop_all
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# Ends what was started here, and nothing else.
stop_all() {
	[ ${#pids[@]} -eq 0 ] && return
	kill "${pids[@]}" 2>/dev/null
	wait "${pids[@]}" 2>/dev/null
	pids=()
}

skip_all() {
	printf '1..0 # SKIP %s\n' "$1"
	exit 77
}

# need COMMAND PACKAGE
need() {
	command -v "$1" >/dev/null ||
		skip_all "there is no $1 here (package $2)"
}

# check NAME COMMAND [ARG...]: one case.  Its output is shown if it fails.
check() {
	local name=$1

	shift
	cases=$((cases + 1))
	if "$@" >"$work/case.log" 2>&1; then
		printf 'ok %d - %s\n' "$cases" "$name"
	else
		failures=$((failures + 1))
		printf 'not ok %d - %s\n' "$cases" "$name"
		sed 's/^/# /' "$work/case.log"
		[ -f "$work/server.log" ] &&
			tail -n 20 "$work/server.log" | sed 's/^/# server: /'
	fi
}

# A command ends with 1 and this on stderr.
gives_up() {
	local said=$1 rc

	shift
	timeout 10 "$@" 2>"$work/stderr" >/dev/null
	rc=$?
	cat "$work/stderr"
	[ "$rc" -eq 1 ] && grep -q -e "$said" "$work/stderr"
}

pass_over() {
	cases=$((cases + 1))
	printf 'ok %d - %s # SKIP %s\n' "$cases" "$1" "$2"
}

finish() {
	printf '1..%d\n' "$cases"
	[ "$failures" -eq 0 ]
	exit
}

# Is the address one that this machine has?
have_address() {
	case $1 in
	*:*) grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null ;;
	esac
}

# What a URL wants: an IPv6 address goes into brackets.
url_host() {
	case $1 in
	*:*) printf '[%s]' "$1" ;;
	*) printf '%s' "$1" ;;
	esac
}

# Certificates in $work/ec and $work/rsa, a stranger's in $work/other, and a
# page that spans many records in $work/pages.
make_files() {
	need openssl openssl
	mkdir "$work/pages"
	for kind in ec rsa; do
		"$source_dir/tests/interop/make-cert.sh" "$work/$kind" "$kind" ||
			exit 1
	done
	"$source_dir/tests/interop/make-cert.sh" "$work/other" || exit 1
	openssl rand -base64 200000 >"$work/pages/page.txt"
}

# Starts a command in the background that says its port itself, in the line of
# its stdout that the sed script turns into a number; sets port and pid.
start_telling() {
	local script=$1 line

	shift
	port=
	exec {told}< <(cd "$work/pages" && exec "$@" 2>"$work/server.log" \
		</dev/null)
	pid=$!
	pids+=("$pid")
	while IFS= read -r -t 10 line <&"$told"; do
		port=$(sed -n "$script" <<<"$line")
		[ -n "$port" ] && return 0
	done
	printf 'Bail out! the server did not start: %s\n' "$*"
	cat "$work/server.log" >&2
	exit 1
}

# start_https_server FOLDER_OF_CERTIFICATES ADDRESS
start_https_server() {
	start_telling 's/^listening on \([0-9]*\)$/\1/p' \
		"$programs/https_server" --address "$2" 0 "$work/pages" \
		"$1/cert.pem" "$1/key.pem"
}

free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

accepts() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Starts a command that cannot choose its port: PORT in its arguments is
# replaced by a free one, and by another if somebody was faster.
start_on_free_port() {
	local try

	for _ in 1 2 3 4 5; do
		port=$(free_port) || exit 1
		(cd "$work/pages" && exec "${@//PORT/$port}" </dev/null \
			>"$work/server.log" 2>&1) &
		pid=$!
		pids+=("$pid")
		for ((try = 0; try < 500; try++)); do
			kill -0 "$pid" 2>/dev/null || break
			accepts "$port" && return 0
			sleep 0.01
		done
	done
	printf 'Bail out! the server did not start: %s\n' "$*"
	cat "$work/server.log" >&2
	exit 1
}

# get ADDRESS CA VERSION [OPTION...]: fetches page.txt with https_get and
# compares it.
get() {
	local address=$1 ca=$2 version=$3

	shift 3
	rm -f "$work/got"
	"$programs/https_get" "$@" -o "$work/got" "$address" "$port" \
		/page.txt "$ca" 2>"$work/get.log" || {
		cat "$work/get.log"
		return 1
	}
	cat "$work/get.log"
	grep -q "^tls: $version " "$work/get.log" &&
		grep -q '^peer: verified as' "$work/get.log" &&
		cmp "$work/pages/page.txt" "$work/got"
}

# get_fails PATTERN OPTION...: https_get must end with 1, ECONNABORTED and a
# line of the library that the pattern matches.
get_fails() {
	local pattern=$1 rc

	shift
	"$programs/https_get" "$@" >"$work/got" 2>"$work/get.log"
	rc=$?
	cat "$work/get.log"
	[ "$rc" -eq 1 ] && [ ! -s "$work/got" ] &&
		grep -q 'connect to .*ECONNABORTED' "$work/get.log" &&
		grep -q "^zsock: error: .*$pattern" "$work/get.log"
}

# each_case FUNCTION: calls it with every kind of key, version and address.
each_case() {
	local kind version address

	for kind in ec rsa; do
		for version in 1.2 1.3; do
			for address in 127.0.0.1 ::1; do
				if have_address "$address"; then
					"$1" "$kind" "$version" "$address"
				else
					pass_over "$kind TLS $version $address" \
						'no such address here'
				fi
			done
		done
	done
}
