#!/usr/bin/env bash
# shell.sh BUILD_DIR: zsock-cred shell, as provisioning scripts use a device.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh" "$1"
cd "$work" || exit 1

begin T55_an_exported_script_gives_equal_digests
want 0 "$Z" export "$EX" --to zephyr-shell --secrets -o script.txt
want 0 "$Z" shell copy.zcred <script.txt
is "$(grep -c '^Added TLS credential' "$out")" 5
has "$out" 'Stored: 48 bytes'
want 0 "$Z" compare copy.zcred "$EX"
ok

begin words_that_scripts_wait_for
cat >commands <<'END'
cred buf AAEC
cred add 9 PSK DEFAULT bin
cred add 9 PSK_ID DEFAULT strt name
cred add 9 PSK DEFAULT str again
cred list 9
cred del 9 PSK
cred del 9 PSK
cred list 9
END
want 6 "$Z" shell new.zcred <commands
{
	echo 'Stored: 4 bytes.'
	echo 'Added TLS credential: sec_tag 9, PSK, 3 bytes.'
	echo 'Added TLS credential: sec_tag 9, PSK_ID, 5 bytes.'
	echo 'sec_tag 9, PSK already exists.'
	"$Z" list new.zcred --format zephyr | sed -n 's/^9,PSK_ID/&/p' >id
	printf '9,PSK,%s,0\n' "$(unhex 000102 | openssl dgst -sha256 -binary |
		base64)"
	cat id
	echo '2 credentials found.'
	echo 'Deleted TLS credential: sec_tag 9, PSK.'
	echo 'There is no TLS credential: sec_tag 9, PSK.'
	cat id
	echo '1 credentials found.'
} >wanted
same "$out" wanted
ok

begin values_are_shown_and_secrets_are_not
printf '%s\n' 'cred get 3 PSK_ID str' 'cred get 3 PSK_ID bin' \
	'cred get 3 PSK_ID bint' 'cred get 1 CA strt' >commands
want 1 "$Z" shell "$EX" <commands
has "$out" PSK_identity "$(printf PSK_identity | base64)" 'no final NUL' \
	'-----END CERTIFICATE-----'
for secret in 'cred get 3 PSK bin' 'cred get 2 PK strt'; do
	want 5 "$Z" shell "$EX" <<<"$secret"
	has "$out" 'is a secret'
	hasnt "$out" AQIDBAUG 'PRIVATE KEY'
done
ok

begin dates_are_told
want 0 "$Z" shell "$EX" <<<'cred expiry 2 SERV'
has "$out" 2049-12-31
want 1 "$Z" shell "$EX" <<<'cred expiry 3 PSK_ID'
ok

begin lines_that_are_wrong_are_told
printf '%s\n' 'cred add x CA DEFAULT bin AA==' 'cred add 1 CA DEFAULT bin !' \
	'help' 'cred' '' '# a comment' >commands
want 3 "$Z" shell new.zcred <commands
has "$out" 'no sec_tag' 'no base64' 'no such command'
is "$(wc -l <"$out")" 4
ok

begin what_a_device_has_no_room_for_is_told_once
head -c 1500 /dev/zero | base64 -w 48 | sed 's/^/cred buf /' >commands
echo 'cred add 8 CA DEFAULT bin' >>commands
want 0 "$Z" shell new.zcred <commands
is "$(grep -c CRED_BUF_SIZE "$err")" 1
"$Z" get new.zcred 8 CA | cmp - <(head -c 1500 /dev/zero) || fail 'bytes'
ok

# The two programs of T56 are in no package of Debian; their words are these.
begin a_terminal_is_a_serial_port
want 0 python3 - "$Z" "$EX" <<'PYTHON'
import base64, os, select, subprocess, sys, termios
shell = subprocess.Popen([sys.argv[1], 'shell', sys.argv[2], '--pty'],
                         stdout=subprocess.PIPE)
path = shell.stdout.readline().decode().strip()
seen = b''


def wait_for(port, text):
    """Reads until text is there."""
    global seen
    loads = text.startswith(b'Stored')
    while text not in seen:
        assert select.select([port], [], [], 10)[0], (text, seen)
        seen += os.read(port, 4096)
    assert not loads or b'uart' not in seen[:seen.index(text)], seen
    seen = seen[seen.index(text) + len(text):]


for line_end in (b'\r\n', b'\n', b'\r'):
    port = os.open(path, os.O_RDWR | os.O_NOCTTY)
    os.write(port, b'cred list 3' + line_end)
    wait_for(port, b'2 credentials found.')
    wait_for(port, b'uart:~$ ')
    os.write(port, b'cred add 7 PSK_ID DEFAULT str x' + line_end)
    wait_for(port, b'Added TLS credential')
    os.write(port, b'cred del 7 PSK_ID' + line_end)
    wait_for(port, b'Deleted TLS credential')
    wait_for(port, b'uart:~$ ')
    # A load takes what follows its line, as it is and without a prompt.
    os.write(port, b'cred buf load' + line_end)
    os.write(port, b'a\r\nb\rc\n\x03')
    wait_for(port, b'Stored: 7 bytes.')
    wait_for(port, b'uart:~$ ')
    os.write(port, b'cred add 7 PSK_ID DEFAULT str' + line_end)
    wait_for(port, b'PSK_ID, 7 bytes.')
    os.write(port, b'cred get 7 PSK_ID bin' + line_end)
    wait_for(port, base64.b64encode(b'a\r\nb\rc\n'))
    os.write(port, b'cred del 7 PSK_ID' + line_end)
    wait_for(port, b'Deleted TLS credential')
    wait_for(port, b'uart:~$ ')
    os.close(port)
shell.kill()
PYTHON
ok

begin a_process_is_a_device_too_T55
mkfifo hold && exec 9<>hold
run env ZSOCK_CTL=load "$build/tests/tools/fw" get=1,1 wait <hold >fw.out
pid=$!
until_true "$Z" list "@$pid" || fail 'no process answers'
want 0 "$Z" shell "@$pid" <script.txt
want 0 "$Z" compare "@$pid" "$EX"
kill "$pid"
ok
finish
