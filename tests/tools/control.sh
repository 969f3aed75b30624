#!/bin/bash
# control.sh: the tool and the control socket of a program like firmware.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" "$1"
unset ZSOCK_CREDENTIALS_ERRORS ZSOCK_LOG ZSOCK_LOG_FILE ZSOCK_LIMITS
# A name that no process is given otherwise.
FW=$work/firmware
cp "$build/tests/tools/fw" "$FW" || exit 1
DIR=$ZSOCK_CTL_DIR

# until_gone NAME: until `go NAME`, or the end of the script.
until_gone() {
	until [ -e "$work/$1.go" ] || ! kill -0 $$ 2>/dev/null; do
		sleep 0.05
	done
}

# fw NAME LEVEL STEP...: runs it until `go NAME`; its number is $pid.
fw() {
	local called=$1 level=$2
	shift 2
	rm -f "$work/$called.go"
	ZSOCK_CTL=$level ZSOCK_CTL_NAME=$called "$FW" "$@" \
		< <(until_gone "$called") >"$work/$called.out" \
		2>"$work/$called.err" &
	pid=$!
	started+=("$pid")
}
go() {
	touch "$work/$1.go"
}

# began NAME: it has its socket.
began() {
	until_true "$Z" -q list "@$1" || fail "@$1 did not begin"
}

# over PID: kills it, and waits until it is gone.
over() {
	kill -KILL "$1"
	wait "$1" 2>/dev/null
}

# peer WHAT...: a peer that is not quite right; its number is $peer.
peer() {
	: >"$work/peer.out"
	python3 "$here/control_peer.py" "$@" >"$work/peer.out" \
		2>"$work/peer.err" &
	peer=$!
	started+=("$peer")
	until_true grep -q ready "$work/peer.out" ||
		fail "no peer: $(cat "$work/peer.err")"
}

# processes N: so many are there.
processes() {
	[ "$("$Z" ps -q | wc -l)" = "$1" ]
}

generation() {
	"$Z" ps --json | python3 -c 'import json, sys
print([p["generation"] for p in json.load(sys.stdin)["processes"]
       if p["name"] == sys.argv[1]][0])' "$1"
}

four() {
	"$Z" list "$1" --format csv 2>/dev/null | cut -d, -f1-4
}

another_user() {
	[ "$(id -u)" = 0 ] && command -v setpriv >/dev/null
}
as_other() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

begin T47_no_process_is_4_with_a_hint
want 4 "$Z" list @
has "$err" "ZSOCK_CTL=load"
want 4 "$Z" list @fw
has "$err" "ZSOCK_CTL=load"
want 4 "$Z" list @4194304
want 0 "$Z" ps
has "$err" "ZSOCK_CTL=load"
is "$(cat "$out")" ""
want 0 "$Z" ps -q
is "$(cat "$out" "$err")" ""
ok

begin T30_a_process_is_listed_as_its_bundle
ZSOCK_CREDENTIALS=$EX fw fw load get=3,5 wait
began fw
four "$EX" >"$work/want"
for store in @ @fw "@$pid" "@$DIR/$pid.sock"; do
	four "$store" >"$work/got"
	same "$work/want" "$work/got"
done
want 0 "$Z" ps -q
is "$(cat "$out")" "$pid"
want 0 "$Z" ps
has "$out" "$pid" "fw" "load" "$FW"
ok

begin T31_a_secret_needs_the_level_full
want 5 "$Z" get @fw 2 PK
has "$err" "ZSOCK_CTL=full"
is "$(wc -c <"$out")" 0
want 0 "$Z" get @fw 2 SERV
ok

begin T32_a_secret_is_not_for_a_terminal
ZSOCK_CREDENTIALS=$EX fw secrets full get=3,5 wait
began secrets
python3 -c 'import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' \
	"$Z" get @secrets 2 PK >"$out" 2>&1 </dev/null
is $? 5
hasnt "$out" "BEGIN"
want 0 "$Z" get @secrets 2 PK
cp "$out" "$work/key"
want 0 "$Z" get "$EX" 2 PK
same "$out" "$work/key"
ok

begin T47_an_ambiguous_name_is_2_with_a_list
want 2 "$Z" list @
has "$err" "@$pid" " fw " " secrets "
ZSOCK_CREDENTIALS=$EX fw secrets load get=3,5 wait
until_true processes 3 || fail "there are no three"
want 2 "$Z" list @secrets
has "$err" "@$pid"
hasnt "$err" " fw "
# The kernel's name counts as well, where nobody was given it.
want 2 "$Z" list @firmware
has "$err" " fw " " secrets "
over "$pid"
ok

begin T31_the_level_list_shows_and_keeps
ZSOCK_CREDENTIALS=$EX fw lister list get=3,5 wait
began lister
printf x >"$work/x"
want 5 "$Z" add @lister 7 PSK_ID "$work/x"
has "$err" "ZSOCK_CTL=load"
want 0 "$Z" list @lister --format zephyr
has "$out" "3,PSK,ERROR,-13" "2,PK,ERROR,-13" "5 credentials found."
want 0 "$Z" get @lister 1 CA
want 5 "$Z" get @lister 3 PSK
over "$pid"
ok

begin T33_a_held_pair_is_a_conflict
before=$(generation fw)
want 6 "$Z" load @fw "$EX"
has "$err" "1 CA"
is "$(generation fw)" "$before"
want 0 "$Z" load @fw "$EX" --replace
is "$(generation fw)" "$before"
ok

begin T34_of_a_batch_that_fails_nothing_is_there
{
	printf 'zsock-credentials 1\nTest-Only: yes\n'
	printf '\nSec-Tag: %s\nType: PSK\nText: x\n' 51 52 53 54 3
} >"$work/batch.zcred"
chmod 600 "$work/batch.zcred"
want 6 "$Z" load @fw "$work/batch.zcred"
has "$err" "3 PSK"
four @fw >"$work/got"
same "$work/want" "$work/got"
ok

begin T37_a_dry_run_changes_nothing
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout /dev/null -out "$work/other.pem" -subj /CN=other 2>"$err" ||
	fail "openssl"
cp "$EX" "$work/b.zcred"
want 0 "$Z" delete "$work/b.zcred" 3 PSK
want 0 "$Z" add "$work/b.zcred" 1 CA "$work/other.pem" --replace
before=$(generation fw)
want 0 "$Z" sync @fw "$work/b.zcred" --dry-run
has "$out" "3 PSK" "1 CA"
is "$(generation fw)" "$before"
four @fw >"$work/got"
same "$work/want" "$work/got"
ok

begin T35_a_sync_makes_the_store_equal
want 0 "$Z" sync @fw "$work/b.zcred"
four "$work/b.zcred" >"$work/b.csv"
four @fw >"$work/got"
same "$work/b.csv" "$work/got"
hasnt "$work/got" "3,PSK,"
before=$(generation fw)
want 0 "$Z" sync @fw "$work/b.zcred"
is "$(generation fw)" "$before"
ok

begin T36_of_two_syncs_one_wins
sort "$work/want" >"$work/want.sorted"
sort "$work/b.csv" >"$work/b.sorted"
for _ in 1 2 3 4 5; do
	"$Z" sync @fw "$EX" 2>/dev/null &
	one=$!
	"$Z" sync @fw "$work/b.zcred" 2>/dev/null &
	two=$!
	wait $one
	codes=$?
	wait $two
	codes=$codes$?
	case $codes in
	00 | 06 | 60) ;;
	*) fail "exits $codes" ;;
	esac
	# What was deleted and added again is behind the others of its tag.
	four @fw | sort >"$work/got"
	cmp -s "$work/got" "$work/want.sorted" ||
		cmp -s "$work/got" "$work/b.sorted" ||
		fail "the store is neither: $(cat "$work/got")"
done
ok

begin T38_a_new_handshake_takes_the_new_credentials
ZSOCK_CREDENTIALS=$EX fw tls load echo=1,2 wait echo=1,2
began tls
until_true grep -q "echo ok" "$work/tls.out" || fail "no first echo"
want 0 "$Z" add @tls 1 CA "$work/other.pem" --replace
go tls
wait "$pid"
is "$(tail -n 1 "$work/tls.out")" "echo connect"
ok

begin T40_a_dead_process_is_dropped
ZSOCK_CREDENTIALS=$EX fw dead load get=3,5 wait
began dead
over "$pid"
[ -e "$DIR/$pid.sock" ] || fail "kill -9 has left no name"
want 0 "$Z" ps
hasnt "$out" "dead"
[ ! -e "$DIR/$pid.sock" ] || fail "its name is still there"
ok

begin T40_no_living_socket_is_lost
for i in $(seq 50); do
	ZSOCK_CREDENTIALS=$EX fw "many$i" load get=3,5 wait
done
until_true processes 52 || fail "$("$Z" ps -q | wc -l) of 52"
for i in $(seq 50); do
	want 0 "$Z" -q list "@many$i"
	go "many$i"
done
until_true processes 2 || fail "they do not end"
ok

# Before each byte of the change, and behind its last one: a head of 12 bytes, a
# field's of 6, an op's of 12, and the value.
begin T41_who_ends_in_the_middle_is_8
for n in $(seq 0 $((30 + $(wc -c <"$work/x")))); do
	peer cut "$DIR/fake.sock" "$n"
	want 8 timeout 10 "$Z" --timeout 5 add "@$DIR/fake.sock" 7 PSK_ID \
		"$work/x"
	wait "$peer"
	rm -f "$DIR/fake.sock"
done
ok

begin the_tags_of_open_sockets_are_named
while read -r n said; do
	peer tags "$DIR/fake.sock" "$n"
	want 0 "$Z" add "@$DIR/fake.sock" 7 PSK_ID "$work/x"
	has "$err" "$said"
	over "$peer"
	rm -f "$DIR/fake.sock"
done <<'TEXT'
1 still use what tag 100 had
3 still use what tags 100, 101, 102 had
10 still use what tags 100, 101, 102, 103, 104, 105, 106, 107 and 2 more had
TEXT
ok

begin T41_a_change_that_is_cut_at_any_byte_is_none
ZSOCK_CREDENTIALS=$EX fw cut load get=3,5 wait
began cut
before=$(generation cut)
four @cut >"$work/uncut"
mkfifo "$work/peer.in"
exec 7<>"$work/peer.in"
: >"$work/peer.out"
timeout 100 python3 "$here/control_peer.py" apply "$DIR/$pid.sock" \
	<"$work/peer.in" >"$work/peer.out" 2>"$work/peer.err" 7<&- &
peer=$!
started+=("$peer")
until_true test -s "$work/peer.out" || fail "no end: $(cat "$work/peer.err")"
has "$work/peer.out" 72
kill -0 "$pid" || fail "the process has ended"
is "$(generation cut)" "$before"
four @cut >"$work/got"
same "$work/uncut" "$work/got"
# The whole of it is a change.
echo >&7
wait "$peer"
is "$(tail -n 1 "$work/peer.out")" 'done'
want 0 "$Z" list @cut 71
want 4 "$Z" get @cut 3 PSK_ID
exec 7>&-
over "$pid"
ok

begin T41_who_is_stopped_is_8_and_goes_on
ZSOCK_CREDENTIALS=$EX fw stopped load get=3,5 wait
began stopped
kill -STOP "$pid"
begun=$(date +%s%N)
want 8 "$Z" list "@$pid"
took=$((($(date +%s%N) - begun) / 1000000))
[ $took -ge 2900 ] && [ $took -le 8000 ] || fail "it took $took ms"
want 0 "$Z" --timeout 0.3 ps
has "$err" "$pid" "stopped"
kill -CONT "$pid"
want 0 "$Z" list @stopped
ok

begin T42_a_full_queue_is_8_at_the_deadline
kill -STOP "$pid"
peer fill "$DIR/$pid.sock"
want 8 timeout 10 "$Z" --timeout 0.5 list "@$pid"
kill -CONT "$pid"
over "$peer"
until_true "$Z" list @stopped || fail "it does not answer again"
over "$pid"
ok

begin T45_a_server_of_another_user_is_told_nothing
if another_user && [ -x /usr/bin/python3 ]; then
	chmod 755 "$work"
	mkdir "$work/theirs"
	chmod 777 "$work/theirs"
	cp "$here/control_peer.py" "$work/peer.py"
	: >"$work/peer.out"
	as_other /usr/bin/python3 "$work/peer.py" count "$work/theirs/x.sock" \
		>"$work/peer.out" 2>"$work/peer.err" &
	peer=$!
	started+=("$peer")
	until_true grep -q ready "$work/peer.out" ||
		fail "no peer: $(cat "$work/peer.err")"
	mv "$work/theirs/x.sock" "$DIR/theirs.sock"
	want 0 "$Z" ps
	has "$err" "another user"
	hasnt "$out" "theirs"
	wait "$peer"
	is "$(tail -n 1 "$work/peer.out")" 0
	rm -f "$DIR/theirs.sock"
	chown 65534 "$work/theirs"
	chmod 700 "$work/theirs"
	want 5 env ZSOCK_CTL_DIR="$work/theirs" "$Z" list @
	has "$err" "$work/theirs" "65534"
	ok
else
	skip "it takes root, setpriv, and a Python for all"
fi

begin T43_another_user_is_not_let_in
if another_user; then
	cp "$Z" "$work/zsock-cred"
	want 5 as_other "$work/zsock-cred" list @fw
	# As if somebody had opened what was closed.
	sock=$(find "$DIR" -name '[0-9]*.sock' | head -n 1)
	chmod 755 "$DIR"
	chmod 666 "$sock"
	want 5 as_other "$work/zsock-cred" list "@$sock"
	chmod 600 "$sock"
	chmod 700 "$DIR"
	ok
else
	skip "it takes root, and setpriv"
fi

begin T43_an_open_directory_has_no_socket
mkdir "$work/wide"
chmod 777 "$work/wide"
want 0 env ZSOCK_CTL=load ZSOCK_CTL_DIR="$work/wide" "$FW" text=9,4,x
is "$(wc -l <"$err")" 1
has "$err" "zsock: error: control: $work/wide" "chmod 700"
is "$(ls -A "$work/wide")" ""
ok

begin T44_a_directory_of_273_bytes
long=$work/$(printf 'd%.0s' $(seq $((273 - ${#work} - 1))))
is "${#long}" 273
ZSOCK_CTL_DIR=$long ZSOCK_CREDENTIALS=$EX fw long load get=3,5 wait
until_true env ZSOCK_CTL_DIR="$long" "$Z" -q list @long ||
	fail "it does not answer"
want 0 "$Z" list "@$long/$pid.sock"
over "$pid"
ok

begin T46_other_protocols_and_versions_are_8
peer old "$DIR/old.sock"
want 8 "$Z" list "@$DIR/old.sock"
has "$err" "version"
over "$peer"
peer junk "$DIR/junk.sock"
want 8 "$Z" list "@$DIR/junk.sock"
has "$err" "not this protocol"
over "$peer"
rm -f "$DIR/old.sock" "$DIR/junk.sock"
ok

begin T46_a_flood_changes_nothing
ZSOCK_CREDENTIALS=$EX fw flooded load echo=1,2 wait echo=1,2
began flooded
rss() {
	awk '/VmRSS/ { print $2 }' "/proc/$pid/status"
}
python3 "$here/control_peer.py" flood "$DIR/$pid.sock" 1000
before=$(rss)
python3 "$here/control_peer.py" flood "$DIR/$pid.sock" 100000 ||
	fail "the flood has ended"
[ $(($(rss) - before)) -lt 1024 ] || fail "from $before to $(rss) kB"
began flooded
go flooded
wait "$pid"
is "$(tail -n 1 "$work/flooded.out")" "echo ok"
ok

begin T47_wait_is_for_a_process_to_come
"$Z" --wait 10 list @late >"$out" 2>"$err" &
waiting=$!
ZSOCK_CREDENTIALS=$EX fw late load get=3,5 wait
wait $waiting
is $? 0
has "$out" "PSK_identity"
over "$pid"
ok

begin T48_library_and_tool_choose_the_same_directory
mkdir -m 700 "$work/run"
unset ZSOCK_CTL_DIR
for run in unset "" "$work/run" "$work/missing" /dev/null; do
	export XDG_RUNTIME_DIR=$run
	[ "$run" != unset ] || unset XDG_RUNTIME_DIR
	ZSOCK_CREDENTIALS=$EX fw "xdg$$" load get=3,5 wait
	until_true "$Z" -q list "@$pid" || fail "XDG_RUNTIME_DIR: $run"
	[ "$run" != "$work/run" ] || [ -S "$run/zsock/$pid.sock" ] ||
		fail "not in $run/zsock"
	go "xdg$$"
	wait "$pid"
done
unset XDG_RUNTIME_DIR
export ZSOCK_CTL_DIR=$DIR
ok

begin T39_a_name_goes_with_its_process
go fw
go secrets
until_true processes 0 || fail "they do not end"
is "$(ls -A "$DIR")" ""
ok

finish
