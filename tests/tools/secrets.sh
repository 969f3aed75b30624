#!/usr/bin/env bash
# secrets.sh BUILD_DIR: secrets are nowhere but where they are asked for.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

# The secrets of the worked example, as they might be seen.
psk=0102030405060708090a0b0c0d0e0f
psk64=AQIDBAUGBwgJCgsMDQ4P
key=WrCUp7XB7vrgCQd2
digest=FFLI8EJF01VyL9v7A8abz9OAt9
keyhex=$(printf %s "$key" | base64 -d | od -An -tx1 | tr -d ' \n')
printf %s "$psk" | sed 's/../\\x&/g' | xargs -0 printf >"$work/psk.raw" || exit 1

nothing_secret() {
	local file
	for file in "$out" "$err"; do
		hasnt "$file" "$psk" "${psk^^}" "$psk64" "$key" "$keyhex"
		! LC_ALL=C grep -qaF -f "$work/psk.raw" "$file" ||
			fail 'the PSK itself is there'
	done
}

mkfifo "$work/hold" || exit 1
exec 9<>"$work/hold" # so that it has a writer
sleeping() {
	run env ZSOCK_CTL="$1" ZSOCK_CREDENTIALS="$EX" \
		"$build/tests/tools/fw" get=1,1 wait <"$work/hold" >"$work/fw.log"
	pid=$!
	until_true "$Z" list "@$pid" || fail 'no process answers'
}

sleeping load
for store in "$EX" "@$pid"; do
	begin "no_secret_is_shown_of_${store##*[/@]}_T60"
	for command in 'list' 'list --format json' 'show' 'show --json' 'dump' \
		'check' 'check --json'; do
		# shellcheck disable=SC2086 # those are words
		"$Z" $command "$store" >"$out" 2>"$err"
		[ -s "$out" ] || [ -s "$err" ] || fail "$command says nothing"
		nothing_secret
		hasnt "$out" "$digest"
		hasnt "$err" "$digest"
	done
	want 0 "$Z" compare "$store" "$EX"
	nothing_secret
	ok
done
begin no_secret_is_shown_of_processes_T60
want 0 "$Z" ps
nothing_secret
want 0 "$Z" ps --json
nothing_secret
ok

begin arguments_have_no_secret_T60
want 5 "$Z" add "$work/new.zcred" 3 PSK "hex:$psk"
has "$err" 'env:'
nothing_secret
want 5 "$Z" add "$work/new.zcred" 3 PSK 'text:abc'
[ ! -e "$work/new.zcred" ] || fail 'a file was made'
ok

# held FILE: is what is in it in the memory of process $pid?
held() {
	python3 - "$pid" "$1" <<'PYTHON'
import sys
pid, needle = sys.argv[1], open(sys.argv[2], 'rb').read()
with open(f'/proc/{pid}/maps') as maps, open(f'/proc/{pid}/mem', 'rb', 0) as mem:
    for line in maps:
        fields = line.split()
        if 'r' not in fields[1] or fields[-1] in ('[vvar]', '[vsyscall]'):
            continue
        begin, end = (int(x, 16) for x in fields[0].split('-'))
        try:
            mem.seek(begin)
            if needle in mem.read(end - begin):
                sys.exit(0)
        except OSError:
            pass
sys.exit(1)
PYTHON
}
"$Z" get "$EX" 3 PSK >"$work/value" 2>/dev/null
"$Z" get "$EX" 2 PK >"$work/pk" 2>/dev/null
# One line of the key, as a text is seldom whole.
sed -n 2p "$work/pk" | tr -d '\n' >"$work/pk.line"

begin a_value_is_in_memory_until_it_is_deleted_T61
if sanitized; then
	left_out 'a sanitizer has memory without end, and keeps what is freed'
elif [ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" -gt 1 ]; then
	skip 'another process may not be looked at (yama)'
else
	held "$work/value" || fail 'the PSK is not there before'
	held "$work/pk.line" || fail 'the key is not there before'
	want 0 "$Z" delete "@$pid" 3 PSK
	want 0 "$Z" delete "@$pid" 2 PK
	! held "$work/value" || fail 'the PSK is still there'
	! held "$work/pk.line" || fail 'the key is still there'
	ok
	begin a_value_that_was_loaded_live_is_deleted_too_T61
	want 0 "$Z" -q load --replace "@$pid" "$EX"
	held "$work/pk.line" || fail 'the key is not there before'
	want 0 "$Z" delete "@$pid" 3 PSK
	want 0 "$Z" delete "@$pid" 2 PK
	! held "$work/value" || fail 'the PSK is still there'
	! held "$work/pk.line" || fail 'the key is still there'
	ok
fi
kill "$pid"
finish
