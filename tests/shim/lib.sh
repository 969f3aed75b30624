# lib.sh: what the scripts of tests/shim have in common, over tests/tools/lib.sh.
#
#	both NAME PROG VERB [ARG...]    runs a program natively with a plain peer,
#	                                and under the preload library with a TLS
#	                                one; both must end well
#	secure NAME PROG VERB [ARG...]  the latter alone
#	tls ARG... -- CMD...            ... of a command, as it is; arguments are
#	                                the peer's
#
# $facts is what the peer has seen, $log the library's log.
# shellcheck shell=bash disable=SC2034
. "$(dirname "${BASH_SOURCE[0]}")/../tools/lib.sh" "$1"

bin=$build/tests/shim
shim=$build/shim/libzsock-preload.so
facts=$work/facts log=$work/log
log_level=debug
mode=script tags=1

if sanitized; then
	echo 'left out: the library would need a sanitizer itself'
	exit 0
fi
"$Z" generate "$work/pki" >"$out" 2>&1 || {
	echo "FAILED generate: $(cat "$out")"
	exit 1
}
creds=$work/pki/both.zcred
"$Z" get "$creds" 2 SERV --as pem -o "$work/cert.pem" >"$out" 2>&1 &&
	"$Z" get "$creds" 2 PK --as pem -o "$work/key.pem" >"$out" 2>&1 || {
	echo "FAILED generate: $(cat "$out")"
	exit 1
}
certs=(-c "$work/cert.pem" -k "$work/key.pem")

# What is in the environment of a program under the library; "preloads" may be
# changed.  A rule for what the peer's port is, and for the one it keeps.
preloads=$shim
extra=()
under() {
	local e=()
	for e in "LD_PRELOAD=$preloads" "ZSOCK_CREDENTIALS=$creds" \
		"ZSOCK_TLS_CONNECT=127.0.0.1:%p=$tags" 'ZSOCK_TLS_LISTEN=%l=2' \
		"ZSOCK_LOG=$log_level" "ZSOCK_LOG_FILE=$log" "${extra[@]}"; do
		printf '%s\0' -e "$e"
	done
}

# plain, tls, dtls ARG... -- CMD...
plain() {
	timeout 120 "$bin/peer" plain -m "$mode" -o "$facts" \
		-e PEER_PLAIN=1 "$@"
}
peer_of() {
	local kind=$1 vars=()
	shift
	rm -f "$log"
	mapfile -d '' -t vars < <(under)
	timeout 120 "$bin/peer" "$kind" "${certs[@]}" -m "$mode" -o "$facts" \
		"${vars[@]}" "$@"
}
tls() { peer_of tls "$@"; }
dtls() { peer_of dtls "$@"; }

# judge HOW CMD...: it must end with $code, or 77 for a reason.
code=0
judge() {
	local how=$1 rc=0
	shift
	"$@" >"$out" 2>"$err" || rc=$?
	if [ "$rc" = 77 ]; then
		skipped=$(tail -n 1 "$err")
	elif [ "$rc" != "$code" ]; then
		fail "$how: exit $rc, not $code: $(head -c 400 "$err")" \
			"$(tail -n 3 "$log" 2>/dev/null)"
	fi
}

# The peer has had no record that it could not read.
clean() {
	! grep -qE ' bad=[1-9]' "$facts" || fail "bad records: $(cat "$facts")"
}

secure() {
	begin "$1"
	skipped=
	judge 'under the library' tls -- "$bin/$2" "${@:3}"
	[ "$2 $3" = 'prog_load plugin' ] || clean
	done_with
}
both() {
	begin "$1"
	skipped=
	judge natively plain -- "$bin/$2" "${@:3}"
	judge 'under the library' tls -- "$bin/$2" "${@:3}"
	clean
	done_with
}
done_with() {
	if [ -n "$skipped" ] && [ "$bad" = 0 ]; then
		skip "${skipped#skipped: }"
	else
		ok
	fi
}

# one_line TEXT: the log has exactly one line with it.
one_line() {
	local n
	n=$(grep -cF -e "$1" "$log" 2>/dev/null)
	[ "$n" = 1 ] || fail "$n lines with \"$1\": $(tail -n 5 "$log")"
}
