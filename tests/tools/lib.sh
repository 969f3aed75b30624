# lib.sh: what the scripts of tests/tools have in common.
#
#	. "$(dirname "$0")/lib.sh" "$1"      the build directory
#	begin it_says_what_it_does           a case
#	want 0 "$Z" list "$EX"               its exit code; out and err are files
#	has "$out" "5 credentials"           a text in a file
#	ok                                   ends the case
#	finish                               ends the script
#
# A case that has failed says so once, and its `ok` is silent.
# shellcheck shell=bash disable=SC2034

build=$(cd "$1" && pwd) || exit 1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
work=$(mktemp -d) || exit 1
started=()
failed=0 name='' bad=0

# The program, where its output goes, and the worked example of the manual.
Z=$build/tools/zsock-cred
out=$work/out err=$work/err EX=$work/example.zcred
# With ZSOCK_TEST_UNDER it runs inside that command: see memcheck in dev.
if [ -n "${ZSOCK_TEST_UNDER:-}" ]; then
	mkdir "$work/under"
	printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$ZSOCK_TEST_UNDER" "$Z" \
		>"$work/under/zsock-cred" && chmod +x "$work/under/zsock-cred" || exit 1
	Z=$work/under/zsock-cred
fi
cp "$here/../fuzz/corpus/bundle/worked_example" "$EX" && chmod 644 "$EX" || exit 1
# No process of somebody else's is seen.
export ZSOCK_CTL_DIR=$work/ctl
unset ZSOCK_CTL ZSOCK_CTL_NAME ZSOCK_CREDENTIALS
mkdir -m 700 "$ZSOCK_CTL_DIR" || exit 1

clean_up() {
	local pid
	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	rm -rf "$work"
}
trap clean_up EXIT

# run CMD...: in the background, until the script ends, with standard input as
# it is here; $! is its number.
run() {
	"$@" <&0 &
	started+=($!)
}

begin() {
	name=$1 bad=0
}

fail() {
	[ "$bad" = 1 ] || echo "FAILED $name: $*"
	bad=1 failed=1
}

# A case that cannot be tried here; in CI that is a failure.
skip() {
	echo "skipped $name: $*"
}

# One that has no meaning in this build.
left_out() {
	echo "left out: $name: $*"
}

# sanitized: is this a build whose programs ask the kernel, and their
# environment, for more than they would otherwise?
sanitized() {
	grep -qa __asan_init "$build/tools/zsock-cred"
}

# counted: is it one that tells its coverage, with more calls when it ends?
counted() {
	grep -qa __gcov_ "$build/tools/zsock-cred"
}

ok() {
	[ "$bad" = 1 ] || echo "ok $name"
}

finish() {
	exit "$failed"
}

# want CODE CMD...: standard output and error are in $out and $err.
want() {
	local code=$1 rc=0
	shift
	"$@" >"$out" 2>"$err" || rc=$?
	[ "$rc" = "$code" ] || fail "exit $rc, not $code: ${*##*/}:" \
		"$(head -c 500 "$err")" "$([ -s "$err" ] || tail -c 500 "$out")"
}

# has FILE TEXT...: each of the texts is in it; hasnt: none is.
has() {
	local file=$1 text
	shift
	for text in "$@"; do
		grep -aqF -e "$text" "$file" ||
			fail "no \"$text\" in: $(head -c 500 "$file")"
	done
}
hasnt() {
	local file=$1 text
	shift
	for text in "$@"; do
		! grep -aqF -e "$text" "$file" || fail "\"$text\" is there"
	done
}

# same FILE FILE: byte by byte.
same() {
	cmp -s "$1" "$2" || fail "$(basename "$1") and $(basename "$2") differ"
}

# is TEXT TEXT
is() {
	[ "$1" = "$2" ] || fail "\"$1\", not \"$2\""
}

# hex: of standard input, in one line; unhex DIGITS: the bytes.
hex() {
	od -An -v -tx1 | tr -d ' \n'
}
unhex() {
	printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"
}

# until_true CMD...: for at most ten seconds.
until_true() {
	local end=$((SECONDS + 10))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}
