#!/usr/bin/env bash
# edit.sh BUILD_DIR: changes of files, who may read them, and where output goes;
# T17, T19, T21, T32, T33, T35, T37, T60 and T63 as far as they are of files.
# shellcheck source-path=SCRIPTDIR disable=SC2154,SC2094,SC2317
. "$(dirname "$0")/lib.sh" "$1"

b=$work/b.zcred
(umask 077 && sed 's/^Test-Only: yes/# no test/' "$EX" >"$work/private.zcred")

begin T17_a_key_that_others_can_read_is_refused
cp "$work/private.zcred" "$b"
chmod 644 "$b"
want 5 "$Z" list "$b"
has "$err" "chmod" "Test-Only: yes" "$b"
chmod 640 "$b"
want 5 "$Z" add "$b" 9 PSK_ID text:x
chmod 600 "$b"
want 0 "$Z" list "$b"
cp "$EX" "$b"
chmod 644 "$b"
want 0 "$Z" list "$b"
chmod 666 "$b"
want 5 "$Z" list "$b"
has "$err" "$b"
grep -v '^Test-Only' "$EX" | sed -n '1,/END CERT/p' >"$b"
chmod 644 "$b"
want 0 "$Z" list "$b"
chmod 646 "$b"
want 5 "$Z" list "$b"
ok

begin T17_a_bundle_of_somebody_else_is_refused
cp "$EX" "$b"
if [ "$(id -u)" = 0 ]; then
	chmod 600 "$b" && chown 65534 "$b"
	want 5 "$Z" list "$b"
	has "$err" owner
else
	echo "not all of $name: only root can give a file away"
fi
rm -f "$b"
ok

begin T17_modes_stay_and_new_files_are_private
cp "$EX" "$b"
chmod 644 "$b"
want 0 "$Z" delete "$b" 3 any
is "$(stat -c %a "$b")" 644
rm "$b"
want 0 "$Z" add "$b" 1 PSK_ID text:x
is "$(stat -c %a "$b")" 600
ok

# A disk that is full is a mount of its own, in a namespace of its own.
begin T19_a_full_disk_leaves_the_file_as_it_was
cat >"$work/full.sh" <<'SCRIPT'
mount -t tmpfs -o size=64k,mode=700 none "$2" || exit 77
cd "$2" || exit 77
cp "$3" b.zcred && cp "$3" before && chmod 600 b.zcred
dd if=/dev/zero of=rest bs=4096 2>/dev/null
"$1" add b.zcred 9 CA "$4" --as raw
rc=$?
cmp b.zcred before || exit 100
[ "$(ls -A | wc -l)" = 3 ] || exit 101
exit $rc
SCRIPT
mkdir "$work/disk"
head -c 20000 /dev/urandom >"$work/big"
if unshare -rm true 2>/dev/null; then
	rc=0
	unshare -rm bash "$work/full.sh" "$Z" "$work/disk" "$EX" \
		"$work/big" >"$out" 2>"$err" || rc=$?
	if [ $rc = 77 ]; then
		skip "no tmpfs can be mounted"
	else
		is "$rc" 9
		has "$err" "No space left"
		ok
	fi
else
	skip "no namespace of mounts can be had"
fi

begin T21_a_link_stays_and_its_target_is_replaced
mkdir "$work/far"
cp "$EX" "$work/far/target.zcred"
ln -s far/target.zcred "$work/link.zcred"
want 0 "$Z" add "$work/link.zcred" 9 PSK_ID text:x
[ -L "$work/link.zcred" ] || fail "the link is gone"
is "$(readlink "$work/link.zcred")" far/target.zcred
has "$work/far/target.zcred" "Sec-Tag: 9"
[ ! -L "$work/far/target.zcred" ] || fail "the target is a link"
is "$(ls -A "$work/far")" target.zcred
want 0 "$Z" get "$EX" 1 CA -o "$work/ca.pem"
ln -s far/out "$work/out.link"
echo before >"$work/far/out"
want 0 "$Z" get "$EX" 1 CA -o "$work/out.link"
[ -L "$work/out.link" ] || fail "the link of -o is gone"
same "$work/far/out" "$work/ca.pem"
ok

begin T63_a_full_device_is_an_error_and_a_closed_pipe_is_none
rc=0
"$Z" list "$EX" >/dev/full 2>"$err" || rc=$?
is "$rc" 9
has "$err" "No space left"
want 9 "$Z" get "$EX" 1 CA -o /dev/full
"$Z" dump "$EX" 2>"$err" | true
is "${PIPESTATUS[0]}" 0
is "$(cat "$err")" ""
"$Z" list "$EX" 2>"$err" | head -1 >"$out"
is "${PIPESTATUS[0]} $(wc -l <"$out") $(cat "$err")" "0 1 "
ok

# unwaiting in|out CMD...: with standard input or output a pipe that does not
# wait by itself; what comes in is in $work/flow, what goes out in $work/piped.
unwaiting() {
	python3 - "$work/flow" "$work/piped" "$@" <<'PYTHON'
import fcntl
import os
import struct
import subprocess
import sys
import termios
import time
into, outto, which = sys.argv[1:4]
r, w = os.pipe()
os.set_blocking(r if which == 'in' else w, False)


def held():
    return struct.unpack('i', fcntl.ioctl(r, termios.FIONREAD, b'1234'))[0]


def until(true):
    end = time.monotonic() + 10
    while not true() and child.poll() is None and time.monotonic() < end:
        time.sleep(0.01)


if which == 'in':
    child = subprocess.Popen(sys.argv[4:], stdin=r)
    data = open(into, 'rb').read()
    for at in range(0, len(data), 30000):
        os.write(w, data[at:at + 30000])
        until(lambda: held() == 0)
        if child.poll() is not None:
            break
    os.close(w)
else:
    child = subprocess.Popen(sys.argv[4:], stdout=w)
    until(lambda: held() >= 65536)
    os.close(w)
    with open(outto, 'wb') as f, open(r, 'rb') as pipe:
        f.write(pipe.read())
sys.exit(child.wait())
PYTHON
}

begin a_pipe_that_does_not_wait_is_waited_for
head -c 300000 /dev/urandom >"$work/flow"
rm -f "$b"
want 0 unwaiting in "$Z" add "$b" 1 CA -
want 0 unwaiting out "$Z" get "$b" 1 CA
same "$work/piped" "$work/flow"
ok

begin T62_what_would_steer_a_terminal_is_shown_as_bytes
printf 'id\033[2J\n\377\302\233' >"$work/odd"
rm -f "$b"
want 0 "$Z" add "$b" 4 PSK_ID "$work/odd"
for how in "list $b" "show $b" "list $b --format json" "list $b --format csv"; do
	# shellcheck disable=SC2086
	want 0 "$Z" $how
	LC_ALL=C grep -q $'[\033\377\233]' "$out" && fail "$how: raw bytes"
done
want 0 "$Z" list "$b"
has "$out" 'id\x1b[2J\x0a\xff\xc2\x9b'
# One that is text: its controls are of two bytes, and its turns of three.
turns=$'[\033\377]|\302[\200-\237]|\342\200[\250-\256]|\342\201[\246-\251]'
printf 'id\302\233 2J\342\200\256 \342\201\246.' >"$work/odd"
printf '\033[2J\302\233\342\200\256 hello\n' |
	cat - <("$Z" get "$EX" 1 CA --as pem) \
	<(printf '\342\201\246\033]0;x\a\n') >"$work/odd.pem"
want 0 "$Z" add "$b" 4 PSK_ID "$work/odd" --replace
want 0 "$Z" add "$b" 4 CA "$work/odd.pem"
for how in "list $b" "show $b" "list $b --format json" "show $b --json" \
	"list $b --format csv" "check $b" "check $b --json"; do
	# shellcheck disable=SC2086
	"$Z" $how >"$out" 2>"$err"
	[ -s "$out" ] || fail "$how: $(cat "$err")"
	LC_ALL=C grep -qaE "$turns" "$out" "$err" && fail "$how: raw bytes"
done
want 0 "$Z" show "$b" --json
has "$out" "BEGIN CERTIFICATE"
hasnt "$out" hello
name=$work/n$'\302\233\342\200\256'.zcred
cp "$EX" "$name"
want 0 "$Z" show "$name" --json
has "$out" '/n\u009b\u202e.zcred"'
want 4 "$Z" list $'no\033such\nfile'
has "$err" 'no\x1bsuch\x0afile'
ok

# on_terminal CODE ARG...: the tool with standard output on a terminal.
on_terminal() {
	local code=$1
	shift
	want "$code" script -qec "$(printf '%q ' "$Z" "$@")" /dev/null
}

begin T32_a_secret_is_not_shown_on_a_terminal
on_terminal 5 get "$EX" 2 PK
has "$out" terminal
hasnt "$out" "PRIVATE KEY"
on_terminal 5 get "$EX" 3 PSK --as hex
on_terminal 5 get "$EX" 2 PK -o /dev/tty
on_terminal 5 dump "$EX" --secrets
want 5 script -qec "$Z add - 9 PSK_ID text:x <$EX" /dev/null
hasnt "$out" "PRIVATE KEY"
on_terminal 0 get "$EX" 1 CA
has "$out" "BEGIN CERTIFICATE"
on_terminal 0 dump "$EX"
want 0 "$Z" get "$EX" 2 PK
has "$out" "PRIVATE KEY"
ok

begin a_secret_is_written_to_a_file_of_its_own
(umask 022 && : >"$work/key.pem")
want 0 "$Z" get "$EX" 2 PK -o "$work/key.pem" --as pem
is "$(stat -c %a "$work/key.pem")" 600
want 0 openssl pkey -in "$work/key.pem" -noout
(umask 022 && "$Z" get "$EX" 1 CA -o "$work/ca2.pem")
is "$(stat -c %a "$work/ca2.pem")" 644
want 4 "$Z" get "$EX" 1 CA -o "$work/no/where"
ok

begin a_secret_is_private_whatever_the_umask
(umask 0 && "$Z" dump "$EX" --secrets -o "$work/mask.zcred" &&
	"$Z" get "$EX" 3 PSK -o "$work/mask.psk" &&
	"$Z" add "$work/mask.new" 1 PSK_ID text:x &&
	"$Z" -q load "$work/mask.d/" "$EX" &&
	"$Z" dump "$EX" -o "$work/mask.public") || fail "it failed"
is "$(stat -c %a "$work/mask.zcred" "$work/mask.psk" "$work/mask.new" \
	"$work/mask.d" "$work/mask.d/2-pk.pem" | tr '\n' ' ')" \
	"600 600 600 700 600 "
is "$(stat -c %a "$work/mask.public")" 644
ok

begin a_secret_is_no_argument
want 5 "$Z" add "$b" 5 PSK text:secret
want 5 "$Z" add "$b" 5 PK hex:00
has "$err" env:NAME
KEY=secret want 0 "$Z" add "$b" 5 PSK env:KEY
want 0 "$Z" get "$b" 5 PSK
is "$(cat "$out")" secret
want 0 "$Z" add "$b" 5 PSK - --replace < <(printf 'other')
want 0 "$Z" add "$b" 6 PSK fd:7 7< <(printf 'third')
want 0 "$Z" add "$b" 7 PSK <(printf 'fourth')
want 0 "$Z" add "$b" 8 PSK_ID hex:616263
for n in 5=other 6=third 7=fourth; do
	want 0 "$Z" get "$b" ${n%=*} PSK
	is "$(cat "$out")" ${n#*=}
done
want 0 "$Z" get "$b" 8 PSK_ID
is "$(cat "$out")" abc
want 4 "$Z" add "$b" 9 PSK env:NO_SUCH_VARIABLE
want 4 "$Z" add "$b" 9 PSK "$work/nowhere"
want 2 "$Z" add "$b" 9 PSK_ID hex:xyz
want 2 "$Z" add "$b" 9 PSK fd:x
ok

begin a_key_of_digits_is_told_to_be_text
rm -f "$b"
want 0 "$Z" add "$b" 1 PSK - < <(echo 000102030405060708090a0b0c0d0e0f)
has "$err" 'hexadecimal digits' '--from hex'
hasnt "$err" 0001
want 0 "$Z" add "$b" 2 PSK - < <(echo 'no digits at all')
want 0 "$Z" add "$b" 3 PSK_ID - < <(echo 000102030405060708090a0b0c0d0e0f)
is "$(cat "$err")" ""
ok

begin what_is_held_is_a_conflict_and_what_is_not_is_absent
cp "$EX" "$b"
want 6 "$Z" add "$b" 3 PSK_ID text:x
has "$err" "3 PSK_ID" "--replace"
same "$b" "$EX"
want 4 "$Z" delete "$b" 3 CA
want 4 "$Z" delete "$b" 9 any
want 0 "$Z" delete "$b" 9 any --missing-ok
same "$b" "$EX"
want 4 "$Z" get "$b" 9 CA
want 4 "$Z" list "$b" 9
want 4 "$Z" dump "$b" any PK_PSA
want 4 "$Z" get "$work/nowhere" 1 CA
ok

# waiting PID...: each of them has slept for some while, as it does only for the
# lock.
waiting() {
	local pid state
	for pid in "$@" "$@" "$@" "$@"; do
		state=$(sed 's/.*) //' "/proc/$pid/stat")
		[ "${state%% *}" = S ] || return 1
		sleep 0.02
	done
}

# at_once STORE ARG... -- ARG...: two changes that have both found what there is
# and wait for the lock; their exits, the lower first, are in $codes.
at_once() {
	local store=$1 first=() one two
	shift
	while [ "$1" != -- ]; do
		first+=("$1")
		shift
	done
	shift
	exec 6<"$store"
	flock 6
	"$Z" "${first[@]}" 6<&- 2>"$work/err.1" &
	one=$!
	"$Z" "$@" 6<&- 2>"$work/err.2" &
	two=$!
	started+=("$one" "$two")
	until_true waiting $one $two || fail "they do not wait"
	exec 6<&-
	wait $one
	codes=$?
	wait $two
	codes=$(printf '%s\n' $codes $? | sort | tr -d '\n')
}

begin a_delete_of_what_may_be_missing_does_not_lose_a_race
rm -rf "$work/d"
want 0 "$Z" -q load "$work/d/" "$EX"
cp "$EX" "$b"
for store in "$b" "$work/d"; do
	at_once "$store" delete "$store" 3 any --missing-ok -- \
		delete "$store" 3 PSK --missing-ok
	is "$codes" 00
	want 4 "$Z" list "$store" 3
	at_once "$store" delete "$store" 2 any --missing-ok -- \
		delete "$store" 2 any
	[ "$codes" = 00 ] || [ "$codes" = 04 ] || fail "exits $codes"
done
want 4 "$Z" delete "$work/nowhere" 3 any --missing-ok
is "$(wc -l <"$err")" 1
ok

begin of_two_writers_at_once_none_loses_what_the_other_wrote
for store in "$b" "$work/d"; do
	at_once "$store" add "$store" 11 PSK_ID text:one -- \
		add "$store" 12 PSK_ID text:two
	is "$codes" 00
	want 0 "$Z" list "$store" 11
	want 0 "$Z" list "$store" 12
	at_once "$store" add "$store" 13 PSK_ID text:one -- \
		add "$store" 13 PSK_ID text:two
	is "$codes" 06
done
is "$(find "$work/d" -name '.*' -type f)" ""
for n in $(seq 20 39); do
	run "$Z" add "$work/d" "$n" PSK_ID text:x
done
for pid in "${started[@]: -20}"; do
	wait "$pid" || fail "one of twenty failed"
done
is "$("$Z" list "$work/d" -q | grep -c '^[23][0-9] ')" 20
ok

begin options_may_be_anywhere
cp "$EX" "$b"
want 0 "$Z" add --replace "$b" --note 'hello there' 3 PSK_ID -- text:x
has "$b" "Note: hello there"
want 0 "$Z" add "$b" 7 --as raw PSK_ID -- text:-q
want 0 "$Z" get --as=hex "$b" 7 PSK_ID
is "$(cat "$out")" 2d71
want 2 "$Z" add "$b" 8 PSK_ID text:x --note $'two\nlines'
ok

begin T60_a_dump_has_no_secret
want 0 "$Z" dump "$EX"
hasnt "$out" "PRIVATE KEY" MIGHAgEAMBMG 01010203 FFLI8EJF
has "$out" "Redacted: yes" "Text: PSK_identity" N2uXgrKqaf8o
(umask 022 && "$Z" dump "$EX" -o "$work/public.zcred")
is "$(stat -c %a "$work/public.zcred")" 644
want 0 "$Z" list "$work/public.zcred" --format zephyr
has "$out" "3,PSK,ERROR,-13" \
	"2,PK,N2uXgrKqaf8o+AWaZyEu1J3j4v9ynJwFjaaZdQBnHvI=,0"
want 5 "$Z" get "$work/public.zcred" 2 PK
has "$err" redacted
want 5 "$Z" dump "$work/public.zcred" --secrets
want 0 "$Z" dump "$EX" --secrets -o "$work/all.zcred"
is "$(stat -c %a "$work/all.zcred")" 600
want 0 "$Z" list "$EX" --format zephyr
mv "$out" "$work/digests"
want 0 "$Z" list "$work/all.zcred" --format zephyr
same "$out" "$work/digests"
want 0 "$Z" dump "$EX" 2 serv
is "$(grep -c ^Sec-Tag "$out")" 1
ok

begin a_key_in_a_public_value_is_a_secret
"$Z" get "$EX" 2 SERV --as pem >"$work/both.pem"
"$Z" get "$EX" 2 PK --as pem >>"$work/both.pem"
rm -f "$b"
for type in SERV CA; do
	want 0 "$Z" add "$b" 2 $type "$work/both.pem" --replace
	for how in list show "list --format json" "show --json" dump; do
		# shellcheck disable=SC2086
		want 0 "$Z" $how "$b"
		hasnt "$out" "PRIVATE KEY" MIGHAgEAMBMG
	done
	want 0 "$Z" show --json "$b"
	has "$out" "BEGIN CERTIFICATE"
	on_terminal 5 get "$b" 2 $type
	hasnt "$out" "PRIVATE KEY"
	(umask 022 && "$Z" get "$b" 2 $type -o "$work/both.out")
	is "$(stat -c %a "$work/both.out")" 600
	want 0 "$Z" dump "$b" --secrets
	has "$out" "PRIVATE KEY"
	chmod 644 "$b"
	want 5 "$Z" list "$b"
	has "$err" "chmod 600"
	chmod 600 "$b"
	want 0 "$Z" delete "$b" 2 $type
done
# The same in a directory, also if what it replaces was for all to read.
rm -rf "$work/open.d" && mkdir "$work/open.d"
"$Z" get "$EX" 2 SERV --as pem >"$work/open.d/2-serv.pem"
chmod 644 "$work/open.d/2-serv.pem"
want 0 "$Z" add "$work/open.d" 2 SERV "$work/both.pem" --replace
is "$(stat -c %a "$work/open.d/2-serv.pem")" 600
chmod 644 "$work/open.d/2-serv.pem"
want 5 "$Z" list "$work/open.d"
has "$err" "chmod 600"
ok

begin a_chain_is_whole_in_json
"$Z" get "$EX" 2 SERV --as pem >"$work/chain.pem"
"$Z" get "$EX" 1 CA --as pem >>"$work/chain.pem"
want 0 "$Z" add "$b" 2 SERV "$work/chain.pem" --replace
want 0 "$Z" show --json "$b"
python3 -c 'import json, sys
sys.stdout.write(json.load(sys.stdin)["credentials"][0]["pem"])' \
	<"$out" >"$work/chain.json"
same "$work/chain.json" "$work/chain.pem"
ok

begin a_digest_of_no_value_is_shown_if_it_is_one
printf 'zsock-credentials 1\nSec-Tag: 1\nType: PK\nDigest: %s\nRedacted: yes\n' \
	'N2uXgrKqaf8o+AWaZyEu1J3j4v9ynJwFja"aZdQBnHvI=' >"$work/odd.zcred"
want 0 "$Z" list "$work/odd.zcred" --format zephyr
has "$out" "1,PK,ERROR,-13"
ok

begin a_redacted_section_is_not_loaded
rm -f "$b"
want 5 "$Z" load "$b" "$work/public.zcred"
has "$err" "$work/public.zcred:$(grep -n -B1 'Type: PK$' \
	"$work/public.zcred" | head -1 | cut -d- -f1):" redacted
[ ! -e "$b" ] || fail "the store was made"
ok

begin what_is_redacted_in_the_store_is_not_the_same
cp "$work/public.zcred" "$b"
want 0 "$Z" load "$b" "$EX" --replace --dry-run
has "$out" "same 1 CA" "replace 2 PK" "replace 3 PSK"
hasnt "$out" "same 2 PK"
want 0 "$Z" sync "$b" "$EX" --dry-run
has "$out" "replace 2 PK"
want 0 "$Z" sync "$b" "$EX"
has "$err" "2 replaced"
want 0 "$Z" get "$b" 2 PK
mv "$out" "$work/key"
want 0 "$Z" get "$EX" 2 PK
same "$out" "$work/key"
ok

begin T33_a_load_is_all_or_nothing
"$Z" add "$work/two.zcred" 3 PSK_ID text:another
"$Z" add "$work/two.zcred" 4 PSK_ID text:fourth
cp "$EX" "$b"
want 6 "$Z" load "$b" "$work/two.zcred"
has "$err" "3 PSK_ID"
same "$b" "$EX"
want 6 "$Z" load "$b" "$EX"
want 6 "$Z" load "$work/new.zcred" "$EX" "$work/two.zcred"
has "$err" "3 PSK_ID" "$work/two.zcred"
[ ! -e "$work/new.zcred" ] || fail "a part of it was loaded"
want 0 "$Z" load "$b" "$work/two.zcred" --replace
has "$err" "1 added, 1 replaced"
want 0 "$Z" get "$b" 3 PSK_ID
is "$(cat "$out")" another
want 3 "$Z" load "$b" "$work/two.zcred" /dev/null
want 2 "$Z" load "$b" - - <"$EX"
want 0 "$Z" load "$b" --replace - <"$EX"
ok

begin T35_after_a_sync_the_digests_are_equal
want 0 "$Z" load "$b" "$work/two.zcred" --replace
cp "$b" "$work/before"
want 0 "$Z" sync "$b" "$EX" --dry-run
is "$(cat "$out")" "delete 4 PSK_ID
same 1 CA
same 2 SERV
same 2 PK
same 3 PSK
replace 3 PSK_ID"
same "$b" "$work/before"
want 0 "$Z" sync "$b" "$EX" --keep-others
has "$err" "1 replaced"
want 0 "$Z" get "$b" 4 PSK_ID
want 0 "$Z" sync "$b" "$EX"
has "$err" "1 deleted"
want 0 "$Z" list "$b" --format zephyr
same "$out" "$work/digests"
want 0 "$Z" -q sync "$b" "$EX"
is "$(cat "$err")" ""
want 0 "$Z" sync "$work/fresh.zcred" "$EX"
want 0 "$Z" list "$work/fresh.zcred" --format zephyr
same "$out" "$work/digests"
want 2 "$Z" sync "$b" "$EX" --replace
want 2 "$Z" load "$b" "$EX" --keep-others
ok

begin a_new_store_is_made_of_an_empty_bundle
echo "zsock-credentials 1" >"$work/empty.zcred"
for verb in load sync; do
	for store in "$work/made.zcred" "$work/made/"; do
		rm -rf "$store"
		want 0 "$Z" $verb "$store" "$work/empty.zcred" --dry-run
		[ ! -e "$store" ] || fail "a dry run has made $store"
		want 0 "$Z" $verb "$store" "$work/empty.zcred"
		want 0 "$Z" compare "$store" "$work/empty.zcred"
	done
done
ok

# both CODE VERB ARG...: a change, and before it the same as a dry run.
both() {
	local code=$1
	shift
	want "$code" "$Z" "$@" --dry-run
	want "$code" "$Z" "$@"
}

begin T37_what_a_change_cannot_do_its_dry_run_does_not_promise
both 4 load "$work/no/x.zcred" "$EX"
both 4 load "$work/no/x/" "$EX"
both 4 sync "$work/no/x.zcred" "$EX"
both 4 load "$EX/x.zcred" "$EX"
{
	echo "zsock-credentials 1"
	seq -f 'Sec-Tag: %.0f
Type: PSK_ID
Text: a' 11 1034
} >"$work/full.zcred"
want 0 "$Z" -q load "$work/full/" "$work/full.zcred"
both 7 load "$work/full/" "$EX"
both 7 sync "$work/full/" "$EX" --keep-others
both 7 load "$work/full.zcred" "$EX"
mkdir -m 700 "$work/heavy"
for n in 1 2 3 4; do
	head -c 1048576 /dev/zero >"$work/heavy/$n-ca.bin"
done
chmod 600 "$work"/heavy/*
both 7 load "$work/heavy" "$work/two.zcred"
has "$err" 4194304
is "$(find "$work/heavy" -type f | wc -l)" 4
[ ! -e "$work/no" ] || fail "a directory was made"
ok

begin T37_a_dry_run_changes_nothing
cp "$EX" "$b"
want 6 "$Z" load "$b" "$work/two.zcred" --dry-run
want 0 "$Z" load "$b" "$work/two.zcred" --dry-run --replace
is "$(cat "$out")" "replace 3 PSK_ID
add 4 PSK_ID"
same "$b" "$EX"
rm -f "$work/new.zcred"
want 0 "$Z" load "$work/new.zcred" "$work/two.zcred" --dry-run
is "$(cat "$out")" "add 3 PSK_ID
add 4 PSK_ID"
want 0 "$Z" load "$work/new/" "$work/two.zcred" --dry-run
[ ! -e "$work/new.zcred" ] || fail "a file was made"
[ ! -e "$work/new" ] || fail "a directory was made"
ok

begin a_stream_is_a_store
want 0 "$Z" add - 9 PSK_ID text:nine <"$EX"
head -n "$(wc -l <"$EX")" "$out" | cmp -s - "$EX" || fail "not as it was"
has "$out" "Text: nine"
want 0 "$Z" delete - 9 PSK_ID --missing-ok <"$EX"
same "$out" "$EX"
want 0 "$Z" sync - "$work/two.zcred" <"$EX"
is "$(grep -c ^Sec-Tag "$out")" 2
want 0 "$Z" sync - "$EX" <"$EX"
same "$out" "$EX"
want 0 "$Z" load - "$work/two.zcred" --replace <"$EX"
is "$(grep -c ^Sec-Tag "$out")" 6
want 2 "$Z" add - 9 PSK_ID - <"$EX"
want 3 "$Z" list - </dev/null
ok

begin a_decree_stays_one_and_is_not_passed_on_in_silence
printf 'zsock-credentials 1\nMode: override\nSec-Tag: 1\nType: PSK_ID\nText: x\n' \
	>"$work/decree.zcred"
want 0 "$Z" load "$work/seed.zcred" "$work/decree.zcred"
has "$err" override
want 0 "$Z" add "$work/decree.zcred" 2 PSK_ID text:y
has "$work/decree.zcred" "Mode: override"
want 0 "$Z" dump "$work/decree.zcred"
has "$out" "Mode: override"
want 0 "$Z" show "$work/decree.zcred"
has "$out" override
ok

finish
