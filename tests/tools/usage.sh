#!/usr/bin/env bash
# usage.sh BUILD_DIR: what the tool says of itself, and what it ends with; T64.
# shellcheck source-path=SCRIPTDIR disable=SC2154,SC2016
. "$(dirname "$0")/lib.sh" "$1"

# The usage of each command, from zsock-cred(1).
cat >"$work/usage" <<'TEXT'
ps [--json | -q]
list STORE [TAG|any [TYPE|any]] [--format table|zephyr|csv|cmng|json] [-q]
show STORE [TAG|any [TYPE|any]] [--json]
get STORE TAG TYPE [-o FILE] [--as raw|pem|der|hex|base64]
add STORE TAG TYPE SRC [--as raw|pem|der] [--replace] [--note TEXT]
delete STORE TAG TYPE|any [--missing-ok]
dump STORE [TAG|any [TYPE|any]] [--secrets] [-o FILE]
load STORE BUNDLE... [--replace] [--dry-run]
sync STORE BUNDLE... [--dry-run] [--keep-others]
import STORE --from KIND FILE... [--tag N] [--split | --one] [--type TYPE] [--symbol NAME] [--select GLOB | --anchor-of CHAIN.pem] [--pass-file F | --pass-env NAME | --pass-fd N] [--raw] [--nul] [--replace] [--dry-run]
export STORE --to KIND [-o FILE|DIR] [TAG|any [TYPE|any]] [--secrets] [--eol lf|crlf|escaped] [--pass-file F] [--legacy] [--as pem|der] [--nul]
check STORE... [--target zephyr|nrf91|openssl] [--host NAME] [--at DATE] [--days N] [--tags N,N..] [--max N] [--strict] [--json]
compare STORE OTHER-STORE | --list FILE
generate DIR [--host NAME]... [--client NAME] [--psk ID] [--key p256|p384|rsa2048|rsa3072] [--tags CA,SERVER,CLIENT,PSK] [--chain N] [--from DATE] [--until DATE] [--bad all|none|CASE,..] [--ca CERT --ca-key KEY] [--format zcred,pem,der,inc] [--force]
shell STORE [--pty]
TEXT

# plain FILE: with single blanks, and lines that go on joined.
plain() {
	sed ':a; N; $!ba; s/\n  */ /g' "$1" | tr -s ' '
}

begin T64_the_overview_has_every_usage_line
want 0 "$Z" --help
cp "$out" "$work/overview"
plain "$work/overview" >"$work/plain"
while read -r line; do
	has "$work/plain" "zsock-cred $line"
done <"$work/usage"
has "$work/plain" \
	"usage: zsock-cred [-q] [--timeout S] [--wait S] COMMAND [ARG]... (no COMMAND: ps)" \
	"STORE FILE.zcred | DIR/ | - (stdin/stdout) | @PID | @NAME | @/path/x.sock | @ (the only running process)" \
	"TYPE CA SERV PK PSK PSK_ID PK_PSA, or any Zephyr or nRF name; TAG 0..2147483647; where a filter is meant: any" \
	"SRC FILE | - | env:NAME | fd:N | text:CHARS | hex:DIGITS (text: and hex: refused for PK and PSK: other users see arguments)" \
	"running processes with a control socket" \
	"zsock-cred help [COMMAND] zsock-cred --version" \
	"zsock-cred generate pki"
want 0 "$Z" help
same "$out" "$work/overview"
is "$(grep -o '^zsock-cred [a-z]*' "$work/overview" | cut -d' ' -f2 |
	tr '\n' ' ')" "$(cut -d' ' -f1 "$work/usage" | tr '\n' ' ')help "
ok

# part TITLE: the lines under it, in $out.
part() {
	sed -n "/^$1\$/,/^\$/p" "$out" | grep '^  '
}

begin T64_each_usage_line_equals_help
while read -r line; do
	verb=${line%% *}
	want 0 "$Z" help "$verb"
	cp "$out" "$work/help"
	plain "$out" >"$work/plain"
	is "$(head -1 "$work/plain")" "usage: zsock-cred $line"
	[ "$(part Options | wc -l)" -le 12 ] || fail "$verb: too many options"
	is "$verb $(part Examples | wc -l)" "$verb 2"
	is "$verb $(part Examples | grep -c "zsock-cred .*$verb\b")" "$verb 2"
	has "$out" "Exit codes: 0 "
	want 0 "$Z" "$verb" --help
	same "$out" "$work/help"
	want 2 "$Z" "$verb" --no-such-option
	is "$(wc -l <"$out")" 0
	plain "$err" >"$work/plain"
	has "$work/plain" "usage: zsock-cred $line" \
		"zsock-cred: $verb has no option \"--no-such-option\""
	[ "$verb" = ps ] || want 2 "$Z" "$verb"
	want 2 "$Z" "$verb" a b c d e f g h --no-such
done <"$work/usage"
ok

begin the_globals_are_checked
want 0 "$Z" --version
[[ $(cat "$out") =~ ^zsock-cred\ [0-9]+\.[0-9]+\.[0-9]+$ ]] ||
	fail "$(cat "$out")"
want 2 "$Z" --no-such
want 2 "$Z" no-such-command
has "$err" no-such-command help
want 2 "$Z" help no-such-command
want 2 "$Z" help list show
for s in x '' -1 1x nan 1e9; do
	want 2 "$Z" --timeout "$s" list "$EX"
	want 2 "$Z" "--wait=$s" list "$EX"
done
want 0 "$Z" --timeout 0.5 --wait 1 list "$EX"
want 2 "$Z" list ''
want 2 "$Z" list "$EX" 1 CA more
want 2 "$Z" list "$EX" --format yaml
want 2 "$Z" list "$EX" 1 NO_TYPE
ok

begin a_wrong_option_is_told_by_the_tool
while IFS='|' read -r words said; do
	# shellcheck disable=SC2086
	want 2 "$Z" $words
	is "$words: $(head -1 "$err")" "$words: zsock-cred: $said"
done <<'TEXT'
list --no|list has no option "--no"
list x --json -xq|list has no option "--json"
list -x|list has no option "-x"
list --format|list: "--format" wants a value
get -o|get: "-o" wants a value
ps --json=3|ps: --json has no value
add --re=x|add: --replace has no value
check --ta x|check: "--ta" may be several options
--timeout|this tool: "--timeout" wants a value
-z list|this tool has no option "-z"
TEXT
want 2 "$Z" list $'--\033[2J'
has "$err" '"--\x1b[2J"'
ok

begin options_may_be_anywhere_whatever_POSIXLY_CORRECT_says
cp "$EX" "$work/posix.zcred"
want 0 env POSIXLY_CORRECT=1 "$Z" load "$work/posix.zcred" "$EX" --replace
want 0 env POSIXLY_CORRECT=1 "$Z" list "$EX" --format zephyr
ok

begin no_command_is_ps
"$Z" ps >"$work/ps" 2>/dev/null
rc=$?
want $rc "$Z"
same "$out" "$work/ps"
has "$err" --help
ok

# A process that listens and says nothing.
cat >"$work/mute.py" <<'PYTHON'
import os
import socket
import sys
import time
os.umask(0o177)
mute = socket.socket(socket.AF_UNIX)
mute.bind(sys.argv[1])
mute.listen(8)
open(sys.argv[1] + '.there', 'w').close()
time.sleep(60)
PYTHON

# It is asked once, and is neither told how to begin nor that there is none.
begin no_command_asks_each_process_once
run python3 "$work/mute.py" "$work/ctl/mute.sock"
mute=$!
until_true test -e "$work/ctl/mute.sock.there" || fail "no mute process"
from=$(date +%s%N)
want 0 "$Z" --timeout 1 ps
want 0 "$Z" --timeout 1
took=$((($(date +%s%N) - from) / 1000000))
[ $took -lt 2900 ] || sanitized || fail "it took $took ms"
is "$(wc -l <"$err")" 1
has "$err" "mute.sock" "does not answer"
kill "$mute"
wait "$mute" 2>/dev/null
rm -f "$work"/ctl/mute.sock*
ok

begin T64_each_exit_code_is_reached
b=$work/b.zcred
"$Z" add "$b" 3 PSK_ID text:x
want 0 "$Z" list "$EX"
want 1 "$Z" compare "$EX" "$b"
want 2 "$Z" list
want 3 "$Z" list /dev/null
want 4 "$Z" list "$work/nowhere.zcred"
want 4 "$Z" list @no-such-name
has "$err" ZSOCK_CTL
want 5 "$Z" add "$b" 4 PSK text:x
want 6 "$Z" add "$b" 3 PSK_ID text:y
want 7 "$Z" add "$b" 4 CA /dev/zero
run python3 "$work/mute.py" "$work/ctl/mute.sock"
until_true test -e "$work/ctl/mute.sock.there" || fail "no mute process"
want 8 "$Z" --timeout 0.2 list "@$work/ctl/mute.sock"
rm -f "$work"/ctl/mute.sock*
rc=0
"$Z" list "$EX" >/dev/full 2>"$err" || rc=$?
is $rc 9
ok

# preloaded COMMAND...: the tool does the same with the library under it, to
# what there is and to $b.
preloaded() {
	local rc=0
	cp "$b" "$work/before"
	"$Z" "$@" >"$work/out.alone" 2>"$work/err.alone" <"$EX" || rc=$?
	cp "$b" "$work/after.alone"
	cp "$work/before" "$b"
	want "$rc" env LD_PRELOAD="$lib" "$Z" "$@" <"$EX"
	same "$out" "$work/out.alone"
	same "$err" "$work/err.alone"
	same "$b" "$work/after.alone"
	codes="$codes$rc"
}

begin T65_the_tool_is_the_same_under_the_library
lib=$build/lib/libzsock.so.0 codes=''
if sanitized; then
	left_out "a sanitizer wants to be the first library"
else
	[ "$(LD_PRELOAD=$lib bash -c 'grep -c libzsock.so /proc/self/maps')" != 0 ] ||
		fail "$lib is not loaded"
	export ZSOCK_CREDENTIALS=$EX ZSOCK_CTL=load
	for store in "$EX" "$b" - "$work/nowhere" @no-such; do
		for how in "list" "list --format json" "list --format csv" \
			"show" "dump" "check" "compare $EX"; do
			# shellcheck disable=SC2086
			preloaded ${how%% *} "$store" ${how#"${how%% *}"}
		done
	done
	[[ $codes == 0*4* ]] || fail "exits $codes"
	preloaded add "$b" 70 PSK_ID text:x
	preloaded add "$b" 3 PSK_ID text:x
	preloaded add - 70 PSK_ID text:x
	preloaded delete "$b" 3 any
	preloaded get "$EX" 2 PK
	preloaded load "$b" "$EX" --replace
	preloaded sync "$b" "$EX"
	preloaded list "$EX" --no-such
	preloaded ps
	is "${codes: -9}" 060000020
	unset ZSOCK_CREDENTIALS ZSOCK_CTL
	ok
fi

# It waits for its source meanwhile.
begin the_process_leaves_no_core
mkfifo "$work/hold"
run "$Z" add "$b" 9 PSK_ID "$work/hold"
pid=$!
until_true grep -q '^Max core file size *0 *0 ' "/proc/$pid/limits" ||
	fail "it may leave one"
if timeout 10 bash -c 'echo -n x >"$1"' - "$work/hold"; then
	wait $pid || fail "it failed"
fi
want 0 "$Z" get "$b" 9 PSK_ID
is "$(cat "$out")" x
ok

finish
