#!/usr/bin/env bash
# process_verbs.sh BUILD_DIR: the verbs of files on a living process; T30 to T37.
# shellcheck source-path=SCRIPTDIR disable=SC2154,SC2094
. "$(dirname "$0")/lib.sh" "$1"

# firmware LEVEL [NAME=VALUE]...: a process with a control socket, which is
# @$pid, and ends with the script.
mkfifo "$work/input" && exec 8<>"$work/input"
firmware() {
	local level=$1
	shift
	run env ZSOCK_CTL="$level" "$@" "$build/tests/tools/fw" get=99,1 wait \
		<"$work/input" >"$work/fw.out" 2>"$work/fw.err"
	pid=$!
	until_true test -S "$ZSOCK_CTL_DIR/$pid.sock" ||
		fail "no socket of $level: $(cat "$work/fw.err")"
}

# gone PID: it has ended.
gone() {
	kill -KILL "$1"
	wait "$1" 2>/dev/null
}

generation() {
	"$Z" ps --json | python3 -c 'import json, sys
for process in json.load(sys.stdin)["processes"]:
    if process["pid"] == int(sys.argv[1]):
        print(process["generation"])' "$1"
}

# holds STORE: what it holds, to compare.  What was changed comes last.
holds() {
	"$Z" list --format zephyr "$1" >"$work/held" && sort "$work/held"
}

(umask 077 && cp "$EX" "$work/ex.zcred")
"$Z" add "$work/two.zcred" 3 PSK_ID text:another
"$Z" add "$work/two.zcred" 4 PSK_ID text:fourth
"$Z" list --format zephyr "$EX" >"$work/ex.list"
holds "$EX" >"$work/ex.held"

begin T30_a_process_lists_as_its_bundle
firmware load ZSOCK_CREDENTIALS="$EX"
want 0 "$Z" list "@$pid" --format csv
cut -d, -f1-4 "$out" >"$work/process.csv"
want 0 "$Z" list "$EX" --format csv
cut -d, -f1-4 "$out" >"$work/file.csv"
same "$work/process.csv" "$work/file.csv"
want 0 "$Z" list @ --format zephyr
same "$out" "$work/ex.list"
want 0 "$Z" list "@$ZSOCK_CTL_DIR/$pid.sock" --format zephyr
same "$out" "$work/ex.list"
want 0 "$Z" list @fw --format cmng
mv "$out" "$work/cmng"
want 0 "$Z" list "$EX" --format cmng
same "$out" "$work/cmng"
want 0 "$Z" list @ 3 -q
is "$(tr '\n' , <"$out")" "3 PSK,3 PSK_ID,"
want 0 "$Z" list @
has "$out" "zsock test CA" "2049-12-31" "16 bytes"
want 0 "$Z" show @
has "$out" "from env"
want 0 "$Z" list @ --format json
is "$(python3 -c 'import json, sys
for c in json.load(sys.stdin)["credentials"]:
    print(c["type"], c["len"], end=", ")' <"$out")" \
	'CA 474, SERV 531, PK 242, PSK 16, PSK_ID 12, '
ok

begin T31_a_secret_goes_in_and_does_not_come_out
want 5 "$Z" get "@$pid" 2 PK
has "$err" full
is "$(wc -c <"$out")" 0
want 0 "$Z" get "@$pid" 1 CA
mv "$out" "$work/ca"
want 0 "$Z" get "$EX" 1 CA
same "$out" "$work/ca"
want 4 "$Z" get "@$pid" 9 CA
want 5 "$Z" dump "@$pid" --secrets
want 0 "$Z" dump "@$pid"
has "$out" "Redacted: yes"
hasnt "$out" "PRIVATE KEY" FFLI8EJF
gone "$pid"
firmware full ZSOCK_CREDENTIALS="$EX"
"$Z" get "$EX" 2 PK >"$work/pk"
want 0 "$Z" get "@$pid" 2 PK
same "$out" "$work/pk"
want 0 "$Z" dump "@$pid" --secrets -o "$work/dump.zcred"
want 0 "$Z" list "$work/dump.zcred" --format zephyr
same "$out" "$work/ex.list"
ok

begin T32_a_secret_of_a_process_is_not_shown_on_a_terminal
want 5 script -qec "$Z get @ 2 PK" /dev/null
hasnt "$out" "PRIVATE KEY"
gone "$pid"
ok

begin T31_at_level_list_nothing_changes
firmware list ZSOCK_CREDENTIALS="$EX"
want 5 "$Z" add "@$pid" 9 PSK_ID text:x
want 5 "$Z" delete "@$pid" 1 CA
want 5 "$Z" load "@$pid" "$work/two.zcred" --replace
want 5 "$Z" sync "@$pid" "$work/two.zcred"
want 5 "$Z" get "@$pid" 2 PK
want 0 "$Z" list "@$pid" --format zephyr
has "$out" "3,PSK,ERROR,-13" "2,PK,ERROR,-13" "5 credentials found."
has "$out" "2,SERV,a4BFL+XfvUs6bpeDmXc8FhYQTmqpSwRLqHWza0e05EQ=,0"
gone "$pid"
ok

begin T33_a_load_is_a_conflict_or_a_whole
firmware load
want 0 "$Z" load @ "$EX"
has "$err" "5 added" generation
want 0 holds @
same "$out" "$work/ex.held"
before=$(generation "$pid")
want 6 "$Z" load @ "$EX"
has "$err" "1 CA"
is "$(generation "$pid")" "$before"
want 0 "$Z" load @ "$EX" --replace
has "$err" "5 the same"
want 0 "$Z" load @ "$work/two.zcred" --replace
has "$err" "1 added, 1 replaced"
want 0 "$Z" get @ 3 PSK_ID
is "$(cat "$out")" another
ok

begin T34_a_change_that_fails_at_its_fifth_is_none
want 0 "$Z" delete @ 3 any
want 0 "$Z" delete @ 4 any
want 0 "$Z" add @ 5 PSK_ID text:there
has "$err" "1 added"
want 6 "$Z" add @ 5 PSK_ID text:other
has "$err" "5 PSK_ID"
for n in 10 11 12 13; do
	"$Z" add "$work/five.zcred" $n PSK_ID "text:$n"
done
"$Z" add "$work/five.zcred" 5 PSK_ID text:other
"$Z" add "$work/five.zcred" 14 PSK_ID text:14
holds @ >"$work/before"
before=$(generation "$pid")
want 6 "$Z" load @ "$work/five.zcred"
has "$err" "5 PSK_ID"
want 0 holds @
same "$out" "$work/before"
is "$(generation "$pid")" "$before"
ok

begin T35_after_a_sync_nothing_differs
want 0 "$Z" load @ "$work/two.zcred"
want 0 "$Z" sync @ "$EX"
has "$err" "1 added" "1 replaced" "2 deleted"
hasnt "$err" same
want 0 "$Z" compare @ "$EX"
want 0 holds @
same "$out" "$work/ex.held"
before=$(generation "$pid")
want 0 "$Z" sync @ "$EX"
is "$(generation "$pid")" "$before"
grep -v Digest "$EX" | sed '/^Sec-Tag: 3/,$d' >"$work/no-psk.zcred"
want 0 "$Z" sync @ "$work/no-psk.zcred" --keep-others
want 0 holds @
same "$out" "$work/ex.held"
want 0 "$Z" sync @ "$work/no-psk.zcred"
has "$err" "2 deleted"
want 4 "$Z" list @ 3
want 0 "$Z" compare @ "$work/no-psk.zcred"
ok

begin T36_of_two_syncs_at_once_one_is_the_last
a=$work/ex.zcred b=$work/two.zcred
for _ in 1 2 3 4 5 6 7 8 9 10; do
	"$Z" sync @ "$a" 2>"$work/err.a" &
	first=$!
	rc=0
	"$Z" sync @ "$b" 2>"$work/err.b" || rc=$?
	is "0" "$((rc == 0 || rc == 6 ? 0 : rc))"
	other=0
	wait $first || other=$?
	is "0" "$((other == 0 || other == 6 ? 0 : other))"
	[ $rc = 0 ] || [ $other = 0 ] || fail "both failed: $(cat "$work/err.a")"
	"$Z" -q compare @ "$a" >/dev/null 2>&1 ||
		"$Z" -q compare @ "$b" >/dev/null 2>&1 ||
		fail "it holds neither"
done
ok

begin T37_a_dry_run_prints_the_plan
want 0 "$Z" sync @ "$EX"
before=$(generation "$pid")
want 0 "$Z" sync @ "$work/two.zcred" --dry-run
is "$(cat "$out")" "delete 1 CA
delete 2 SERV
delete 2 PK
delete 3 PSK
replace 3 PSK_ID
add 4 PSK_ID"
want 6 "$Z" load @ "$work/two.zcred" --dry-run
want 0 "$Z" load @ "$work/two.zcred" --dry-run --replace
is "$(cat "$out")" "replace 3 PSK_ID
add 4 PSK_ID"
is "$(generation "$pid")" "$before"
want 0 holds @
same "$out" "$work/ex.held"
gone "$pid"
ok

begin a_note_or_a_change_of_no_process_is_told
want 4 "$Z" list @
has "$err" ZSOCK_CTL
want 4 "$Z" add @fw 1 PSK_ID text:x
firmware load
want 2 "$Z" add @ 1 PSK_ID text:x --note hello
has "$err" notes
want 0 "$Z" load "$work/copy.zcred" @
want 0 "$Z" add @ 1 PSK_ID text:x
want 0 "$Z" load "$work/copy.zcred" @ --replace
want 0 "$Z" get "$work/copy.zcred" 1 PSK_ID
is "$(cat "$out")" x
want 0 "$Z" add @ 2 PSK env:PATH
want 5 "$Z" load "$work/copy.zcred" @ --replace
has "$err" "2 PSK" full
gone "$pid"
ok

begin T47_a_process_is_waited_for_and_named_once
"$Z" --wait 10 list @fw >"$work/waited" 2>&1 &
waiter=$!
firmware load ZSOCK_CREDENTIALS="$EX"
first=$pid
wait $waiter || fail "not waited: $(cat "$work/waited")"
has "$work/waited" "zsock test CA"
firmware list ZSOCK_CTL_NAME=other
want 0 "$Z" list @fw --format zephyr
same "$out" "$work/ex.list"
want 0 "$Z" list @other
want 2 "$Z" list @
has "$err" "$first" "$pid"
gone "$pid"
firmware list
want 2 "$Z" list @fw
has "$err" "$first" "$pid"
want 0 "$Z" list "@$first"
want 0 "$Z" ps -q
is "$(sort -n "$out" | tr '\n' ' ')" "$(printf '%s\n' "$first" "$pid" |
	sort -n | tr '\n' ' ')"
gone "$pid"
want 0 "$Z" list @fw
ok

begin T41_a_process_that_stands_still_is_given_up
kill -STOP "$first"
want 8 "$Z" --timeout 0.3 list "@$first"
kill -CONT "$first"
want 0 "$Z" list "@$first"
gone "$first"
want 4 "$Z" list "@$first"
ok

begin T25_a_decree_is_loaded_live
sed 's/^Test-Only: yes$/&\nMode: override/' "$EX" >"$work/decree.zcred"
firmware load
want 0 "$Z" load @ "$work/decree.zcred"
want 0 "$Z" show @ 3 PSK_ID
has "$out" override
want 0 "$Z" sync @ "$EX"
want 0 "$Z" sync @ "$work/decree.zcred" --dry-run
hasnt "$out" replace
gone "$pid"
ok

finish
