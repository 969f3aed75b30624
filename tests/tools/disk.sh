#!/usr/bin/env bash
# What is on disk: writers that wait for each other, limits, links and leftovers.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh" "$1"
cd "$work" || exit 1
umask 022

# Whoever polls a lock goes to sleep again and again.
polls() {
	awk '/^Name:/ { ours = $2 == "zsock-cred" }
		/^voluntary_ctxt_switches:/ { n = $2 }
		END { exit !(ours && n > 20) }' "/proc/$1/status"
}

# store NAME: a directory that has the example, and one more.
store() {
	mkdir -m 700 "$1"
	want 0 "$Z" load "$1" "$EX"
	want 0 "$Z" add "$1" 9 PSK_ID text:y
}

begin a_sync_sees_what_was_written_while_it_waited
store sd
exec 9<sd
flock 9
run "$Z" sync sd "$EX" 2>"$err" 9<&-
pid=$!
until_true polls "$pid" || fail 'it does not wait for the lock'
(umask 077 && echo z >sd/50-psk_id.txt)
exec 9<&-
wait "$pid" || fail "exit $?"
has "$err" 'sd has changed meanwhile' 'sd: once more'
want 0 "$Z" compare sd "$EX"
ok

begin a_sync_sees_what_was_written_to_an_empty_store
mkdir -m 700 made
exec 9<made
flock 9
run "$Z" sync made "$EX" 2>"$err" 9<&-
pid=$!
until_true polls "$pid" || fail 'it does not wait for the lock'
(umask 077 && echo z >made/50-psk_id.txt)
exec 9<&-
wait "$pid" || fail "exit $?"
has "$err" 'made has changed meanwhile' 'made: once more'
want 0 "$Z" compare made "$EX"
ok

begin several_make_one_directory_together
for round in 1 2 3 4 5; do
	pids=()
	for tag in 1 2 3 4 5 6; do
		run "$Z" add "new$round/" "$tag" PSK_ID text:z 2>>"$err"
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "one has failed: $(cat "$err")"
	done
	is "$(find "new$round" -type f | wc -l)" 6
done
ok

begin a_lock_is_waited_for_as_long_as_timeout_says
store held
cp "$EX" file.zcred
for place in held file.zcred; do
	exec 9<"$place"
	flock -s 9
	want 8 timeout 10 "$Z" --timeout 0.1 add "$place" 50 PSK_ID text:z
	has "$err" "$place: another process has held its lock for 0.1 seconds"
	want 0 "$Z" list "$place"
	hasnt "$out" ' 50 '
	run "$Z" --timeout 60 add "$place" 50 PSK_ID text:z 2>"$err" 9<&-
	pid=$!
	until_true polls "$pid" || fail 'it does not wait'
	exec 9<&-
	wait "$pid" || fail "exit $?: $(cat "$err")"
done
ok

begin a_limit_of_size_is_an_error_of_the_system
head -c 100000 /dev/zero >value
cp file.zcred small.zcred
store small
# limited CMD...: no file of more than 16 KiB.
limited() { (ulimit -f 16 && exec "$@"); }
for place in small.zcred small new.zcred; do
	want 9 limited "$Z" add "$place" 51 SERV value
	has "$err" 'it cannot be written' 'File too large'
done
same small.zcred file.zcred
want 0 "$Z" add file.zcred 51 SERV value
want 9 limited "$Z" get file.zcred 51 SERV -o got
has "$err" 'got: File too large'
want 9 limited "$Z" generate limited --bad none --key rsa2048 --chain 8
has "$err" 'File too large'
is "$(find . -name '*.zsock-*')" ''
[ -e got ] && fail 'a part of it is there'
want 0 "$Z" generate limited --bad none --key rsa2048 --chain 8
ok

begin what_is_written_is_as_wide_as_it_was
(umask 000 && exec "$Z" get "$EX" 1 CA -o open)
is "$(stat -c %a open)" 644
(umask 027 && exec "$Z" get "$EX" 1 CA -o shut)
is "$(stat -c %a shut)" 640
chmod 600 open
want 0 "$Z" get "$EX" 1 CA -o open
is "$(stat -c %a open)" 600
chmod 666 open
want 0 "$Z" get "$EX" 1 CA -o open
is "$(stat -c %a open)" 644
want 0 "$Z" get "$EX" 2 PK -o open
is "$(stat -c %a open)" 600
ln -s open link
want 0 "$Z" get "$EX" 1 CA -o link
is "$(stat -c %F link)" 'symbolic link'
ok

begin what_a_killed_writer_has_left_is_swept
if strace -o /dev/null true 2>/dev/null; then
	(ASAN_OPTIONS=detect_leaks=0 strace -qq -f -o /dev/null -e \
		inject=renameat,rename:signal=KILL:when=1 \
		"$Z" get "$EX" 1 CA -o open
	exit $?) >/dev/null 2>&1
	[ -n "$(find . -name '.open.zsock-*')" ] || fail 'none is left'
	want 0 "$Z" get "$EX" 1 CA -o open
	is "$(find . -name '*open*' -not -name open)" ''
	ok
else
	skip 'strace cannot trace here'
fi

begin a_planted_link_is_not_written_through
if [ "$(id -u)" = 0 ]; then
	mkdir -m 1777 tmp
	cp "$EX" mine.zcred
	ln -s ../mine.zcred tmp/a.zcred
	chown -h 12345 tmp/a.zcred
	want 5 "$Z" add tmp/a.zcred 50 PSK_ID text:z
	has "$err" 'a symbolic link of user 12345'
	want 5 "$Z" get "$EX" 1 CA -o tmp/a.zcred
	same mine.zcred "$EX"
	ok
else
	skip 'only root can be two users'
fi

begin a_file_of_two_names_is_not_changed
cp "$EX" one.zcred
ln one.zcred two.zcred
want 5 "$Z" add one.zcred 50 PSK_ID text:z
has "$err" 'one.zcred: the file has 2 names (hard links)'
same one.zcred "$EX"
ok

finish
