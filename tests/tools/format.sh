#!/usr/bin/env bash
# format.sh BUILD_DIR: bundles as the tool reads and writes them; T01 to T15.
# shellcheck source-path=SCRIPTDIR disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh" "$1"

b=$work/b.zcred

# bundle TEXT...: a bundle of these lines, in $b.
bundle() {
	{
		echo "zsock-credentials 1"
		printf '%b\n' "$@"
	} >"$b"
	chmod 600 "$b"
}

begin T01_the_worked_example_lists_as_zephyr_lists
cat >"$work/want" <<'LINES'
1,CA,8n5yKLT/ZikO9jCEgnXZoe1+fihX7tF4IDYrxdpxido=,0
2,SERV,a4BFL+XfvUs6bpeDmXc8FhYQTmqpSwRLqHWza0e05EQ=,0
2,PK,N2uXgrKqaf8o+AWaZyEu1J3j4v9ynJwFjaaZdQBnHvI=,0
3,PSK,FFLI8EJF01VyL9v7A8abz9OAt9/5EaPkJQEzlyUfak4=,0
3,PSK_ID,u57Ki+YNyqBFiwlOO0m24jaQ7qosJa9EkKLFW5daBtg=,0
5 credentials found.
LINES
want 0 "$Z" list --format zephyr "$EX"
same "$out" "$work/want"
want 0 "$Z" list "$EX" --format=zephyr
same "$out" "$work/want"
want 0 "$Z" list --format zephyr - <"$EX"
same "$out" "$work/want"
ok

begin T01_the_other_formats_say_the_same
want 0 "$Z" list "$EX"
has "$out" "zsock test CA" "2049-12-31" "EC P-256, pairs with SERV" "16 bytes"
hasnt "$out" FFLI8EJF
want 0 "$Z" list "$EX" 2 PK
is "$(wc -l <"$out")" 2
has "$out" "pairs with SERV"
want 0 "$Z" list "$EX" any psk_id -q
is "$(cat "$out")" "3 PSK_ID"
want 0 "$Z" list "$EX" --format csv
is "$(cut -d, -f1-4 "$out" | tail -n +2)" "$(head -5 "$work/want")"
is "$(head -1 "$out")" "sectag,type,digest,status,len,form,not_before,\
not_after,subject,spki_sha256,origin"$'\r'
want 0 "$Z" list "$EX" --format cmng
is "$(head -1 "$out")" "%CMNG: 1,0,\"$(echo \
	8n5yKLT/ZikO9jCEgnXZoe1+fihX7tF4IDYrxdpxido= | base64 -d |
	od -An -tx1 | tr -d ' \n' | tr a-f A-F)\""
is "$(cut -d, -f2 "$out" | tr -d '\n')" 01234
ok

begin T01_json_is_json_and_has_what_is_public
want 0 "$Z" list "$EX" --format json
python3 - "$out" "$EX" >"$work/why" 2>&1 <<'PYTHON' || fail "$(cat "$work/why")"
import json
import sys
with open(sys.argv[1]) as text:
    all = json.load(text)
assert all['version'] == 1 and all['store'] == sys.argv[2]
ca, serv, key, psk, psk_id = all['credentials']
assert ca['type'] == 'CA' and ca['subject'] == 'CN=zsock test CA'
assert ca['pem'] in open(sys.argv[2]).read() and ca['len'] == 474
assert serv['san'] == 'DNS:localhost, IP:127.0.0.1'
assert serv['not_after'] == '2049-12-31T00:00:00Z'
assert serv['key']['alg'] == 'EC P-256' and serv['key']['bits'] == 256
assert serv['pairs_with'] == 'PK' and key['pairs_with'] == 'SERV'
assert key['secret'] and psk['secret'] and 'secret' not in psk_id
assert 'pem' not in key and 'digest' not in psk
PYTHON
mv "$out" "$work/json"
want 0 "$Z" show --json "$EX"
same "$out" "$work/json"
ok

begin T01_csv_is_quoted_where_it_must_be
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout /dev/null -out "$work/quoted.pem" -days 9 \
	-subj '/O=a,"b"/CN=c' 2>/dev/null
"$Z" add "$work/quoted.zcred" 1 CA "$work/quoted.pem"
want 0 "$Z" list --format csv "$work/quoted.zcred"
python3 - "$out" >"$work/why" 2>&1 <<'PYTHON' || fail "$(cat "$work/why")"
import csv
import sys
rows = list(csv.DictReader(open(sys.argv[1], newline='')))
assert len(rows) == 1 and len(rows[0]) == 11, rows
assert 'a' in rows[0]['subject'] and '"b' in rows[0]['subject'], rows
assert rows[0]['not_after'].endswith('Z') and rows[0]['origin'] == 'file'
PYTHON
ok

begin T02_openssl_reads_a_bundle_as_pem
"$Z" get "$EX" 2 SERV --as pem -o "$work/srv.pem"
want 0 openssl verify -CAfile "$EX" "$work/srv.pem"
has "$out" OK
want 0 openssl pkey -in "$EX" -noout
ok

begin T03_every_form_of_a_value_comes_back_as_it_was
"$Z" get "$EX" 1 CA --as pem -o "$work/ca.pem"
"$Z" get "$EX" 1 CA --as der -o "$work/ca.der"
printf '\0\1\377PSK' >"$work/bin"
printf 'a text ' >"$work/text"
: >"$work/empty"
sed 's/$/\r/' "$work/ca.pem" >"$work/crlf.pem"
head -c -1 "$work/ca.pem" >"$work/chomped.pem"
cat "$work/ca.pem" "$work/srv.pem" >"$work/two.pem"
(echo "Bag Attributes: <none>" && cat "$work/ca.pem") >"$work/bag.pem"
for f in ca.pem ca.der bin text empty crlf.pem chomped.pem two.pem bag.pem; do
	for as in '' raw; do
		cp "$work/$f" "$work/wanted"
		[ -n "$as" ] || [ "${f%.pem}" = "$f" ] ||
			printf '\0' >>"$work/wanted"
		for store in "$b" "$work/dir/"; do
			rm -rf "$store"
			want 0 "$Z" add "$store" 7 CA "$work/$f" \
				${as:+--as "$as"}
			want 0 "$Z" get "$store" 7 CA
			same "$out" "$work/wanted"
			want 0 "$Z" get "$store" 7 CA -o "$work/got"
			same "$work/got" "$work/wanted"
		done
	done
done
ok

begin T03_a_value_is_given_out_in_other_forms
want 0 "$Z" get "$EX" 3 PSK --as hex
is "$(cat "$out")" 010102030405060708090a0b0c0d0e0f
want 0 "$Z" get "$EX" 3 PSK --as base64
is "$(cat "$out")" AQECAwQFBgcICQoLDA0ODw==
rm -f "$b"
want 0 "$Z" add "$b" 1 CA "$work/ca.pem" --as der
want 0 "$Z" get "$b" 1 CA
same "$out" "$work/ca.der"
want 0 "$Z" get "$b" 1 CA --as pem
same "$out" "$work/ca.pem"
for form in pem sec1; do
	if [ $form = pem ]; then
		"$Z" get "$EX" 2 PK --as pem >"$work/key.pem"
	else
		openssl ec -in "$EX" 2>/dev/null >"$work/key.pem"
	fi
	want 0 "$Z" add "$b" 1 PK "$work/key.pem" --as der --replace
	want 0 "$Z" get "$b" 1 PK --as pem
	same "$out" "$work/key.pem"
done
want 3 "$Z" get "$EX" 3 PSK_ID --as pem
want 3 "$Z" get "$EX" 3 PSK_ID --as der
want 3 "$Z" add "$b" 1 SERV "$work/bin" --as pem
want 3 "$Z" add "$b" 1 SERV "$work/two.pem" --as der
has "$err" "2 blocks"
ok

begin T03_ten_thousand_mutated_values_come_back
for round in 0 1 2 3 4 5 6 7 8 9; do
	rm -rf "$work/many" "$b"
	python3 - "$work/ca.pem" "$work/many" $round <<'PYTHON'
import os
import random
import sys
pem = open(sys.argv[1], 'rb').read()
os.mkdir(sys.argv[2], 0o700)
rand = random.Random(int(sys.argv[3]))
bits = [b'\n', b'\r\n', b'\0', b' ', b'\t', b'-----BEGIN A-----\n', b'#',
        b'-----END CERTIFICATE-----\n', b'\xff', b'=', b'A', b'Sec-Tag: 1\n']
for n in range(1000):
    value = bytearray(pem)
    for _ in range(rand.choice((1, 1, 2, 5))):
        at = rand.randrange(len(value) + 1)
        how = rand.randrange(4)
        if how == 0:
            value[at:at] = rand.choice(bits)
        elif how == 1:
            del value[at:at + rand.choice((1, 2, 60))]
        elif how == 2:
            value[at:at + 1] = bytes([rand.randrange(256)])
        else:
            value[at:] = value[at:] + rand.choice(bits)
    with open(f'{sys.argv[2]}/{n}-ca.bin', 'wb') as f:
        f.write(value)
PYTHON
	want 0 "$Z" -q load "$b" "$work/many"
	want 0 "$Z" list --format zephyr "$work/many"
	mv "$out" "$work/digests"
	want 0 "$Z" list --format zephyr "$b"
	same "$out" "$work/digests"
	has "$out" "1000 credentials found."
done
ok

begin T04_an_edit_changes_its_section_alone
cp "$EX" "$b"
want 0 "$Z" add "$b" 3 PSK_ID text:another --replace
diff "$EX" "$b" >"$work/diff"
is "$(grep -c '^<' "$work/diff") $(grep -c '^>' "$work/diff")" "2 2"
has "$work/diff" "< Text: PSK_identity" "> Text: another"
has "$b" "# made for the libzsock design note"
want 0 "$Z" add "$b" 3 PSK_ID text:PSK_identity --replace
same "$b" "$EX"
want 0 "$Z" delete "$b" 3 PSK
diff "$EX" "$b" >"$work/diff"
is "$(grep '^[<>] .' "$work/diff" | cut -c3- | sort)" \
	"Digest: FFLI8EJF01VyL9v7A8abz9OAt9/5EaPkJQEzlyUfak4=
Hex: 010102030405060708090a0b0c0d0e0f
Sec-Tag: 3
Type: PSK"
ok

begin T05_changed_line_ends_are_told
sed 's/$/\r/' "$EX" >"$b"
want 3 "$Z" list "$b"
has "$err" "line ends" "$b:"
ok

begin T06_a_changed_byte_is_found
sed 's/^q5q5g\|^AQIDBA/XXXXXX/; s/^MIIBMTCB2K/MIIBMTCB3K/' "$EX" >"$b"
want 3 "$Z" list "$b"
has "$err" "$b:8:" digest
sed 's/^Hex: 01/Hex: 02/' "$EX" >"$b"
want 3 "$Z" list "$b"
has "$err" "$b:44:"
ok

begin T07_a_value_needs_no_digest
grep -v '^Digest' "$EX" >"$b"
want 0 "$Z" list --format zephyr "$b"
same "$out" "$work/want"
ok

begin T08_a_pair_is_there_once
bundle "Sec-Tag: 3" "Type: PSK" "Hex: 00" "Sec-Tag: 3" "Type: PSK" "Hex: 01"
want 3 "$Z" list "$b"
has "$err" "$b:5:" "line 2"
ok

begin T09_an_unknown_field_is_an_error
bundle "Sec-Tag: 3" "Type: PSK" "Stroe: der" "Hex: 00"
want 3 "$Z" list "$b"
has "$err" "$b:4:" "unknown field"
ok

begin T10_tags_are_numbers_of_31_bits
for tag in -1 2147483648 1x "" 99999999999999999999; do
	bundle "Sec-Tag: $tag" "Type: PSK" "Hex: 00"
	want 3 "$Z" list "$b"
	has "$err" "$b:2:"
	want 2 "$Z" list "$EX" -- "$tag"
	[ "$tag" = -1 ] || want 2 "$Z" add "$b" "$tag" PSK env:PATH
done
bundle "Sec-Tag: 2147483647" "Type: PSK" "Hex: 00"
want 0 "$Z" list "$b"
ok

begin T11_blocks_are_whole
one="Sec-Tag: 1\nType: CA\n-----BEGIN A-----\nAAEC\n"
for text in "$one" "$one-----END B-----" \
	"$one-----END A-----\nhello\n-----BEGIN A-----\nAAEC\n-----END A-----" \
	"${one}AA\0000EC\n-----END A-----" "$one****\n-----END A-----" \
	"${one}A\033[31m\n-----END A-----"; do
	bundle "$text"
	want 3 "$Z" list "$b"
	has "$err" "$b:"
done
bundle "$one-----END A-----"
want 0 "$Z" list "$b"
ok

# in_limits CODE SECONDS: listing $b takes no more, and no more than 20 MiB,
# unless a sanitizer has the memory.
in_limits() {
	want "$1" python3 - "$2" "$Z" "$b" <<'PYTHON'
import resource
import subprocess
import sys
import time
begin = time.monotonic()
rc = subprocess.run([sys.argv[2], 'list', sys.argv[3]]).returncode
took = time.monotonic() - begin
use = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[2], 'rb') as tool:
    plain = b'__asan_init' not in tool.read()
# Another load of the machine is not the tool's time.
if plain and use.ru_utime + use.ru_stime > float(sys.argv[1]):
    sys.exit(f'took {use.ru_utime + use.ru_stime} s of {took} s')
if plain and use.ru_maxrss > 20 << 10:
    sys.exit(f'took {use.ru_maxrss} KiB')
sys.exit(rc)
PYTHON
}

begin T12_what_is_no_bundle_is_soon_found_out
rm -f "$b"
(umask 077 && : >"$b")
in_limits 3 0.2
tail -n +2 "$EX" >"$b"
in_limits 3 0.2
sed '1s/1/2/' "$EX" >"$b"
in_limits 3 0.2
has "$err" "nothing newer"
head -c 1048576 /dev/urandom >"$b"
in_limits 3 0.2
printf '\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\0\1' >"$b"
in_limits 3 0.2
ok

begin T13_limits_are_told
head -c 4194305 /dev/zero | tr '\0' '#' >"$b"
want 7 "$Z" list "$b"
has "$err" 4194304
bundle "Sec-Tag: 1" "Type: CA"
while :; do echo "-----BEGIN A-----"; done | head -c 4190000 >>"$b"
in_limits 3 1
sections() {
	seq -f 'Sec-Tag: %.0f
Type: PSK_ID
Text: a' 1 "$1"
}
bundle "$(sections 1024)"
want 0 "$Z" list -q "$b"
is "$(wc -l <"$out")" 1024
want 7 "$Z" add "$b" 2000 PSK_ID text:x
bundle "$(sections 1025)"
want 7 "$Z" list "$b"
head -c 1048577 /dev/zero >"$work/big"
rm "$b"
want 7 "$Z" add "$b" 1 CA "$work/big"
head -c 1048576 /dev/zero >"$work/big"
want 0 "$Z" add "$b" 1 CA "$work/big"
want 7 "$Z" add "$b" 2 CA /dev/zero
ok

begin T14_what_is_no_file_is_not_waited_for
mkfifo -m 600 "$work/fifo"
want 3 timeout 10 "$Z" list "$work/fifo"
want 3 timeout 10 "$Z" list /dev/zero
mkdir -m 700 "$work/odd"
echo hello >"$work/odd/README"
want 3 timeout 10 "$Z" list "$work/odd"
has "$err" README
rm "$work/odd/README"
printf 'x' >"$work/odd/.hidden"
want 0 "$Z" list "$work/odd"
want 4 "$Z" list "$work/nowhere.zcred"
ok

begin T14_a_directory_is_a_store
rm -rf "$work/odd"
want 0 "$Z" -q load "$work/odd/" "$EX"
want 0 "$Z" list "$work/odd" --format zephyr
is "$(sort "$out")" "$(sort "$work/want")"
want 6 "$Z" load "$work/odd" "$EX"
has "$err" "1 CA"
want 0 "$Z" delete "$work/odd" 3 any
want 0 "$Z" list "$work/odd" -q
is "$(sort "$out" | tr '\n' ,)" "1 CA,2 PK,2 SERV,"
want 2 "$Z" add "$work/odd" 9 CA "$work/ca.pem" --note hello
ok

begin T15_a_file_that_is_cut_meanwhile_is_an_error_and_no_signal
cut_it() {
	while :; do
		cat "$EX" >"$b"
		: >"$b"
	done
}
rm "$b"
(umask 077 && : >"$b")
run cut_it
cutter=$!
for _ in $(seq 200); do
	rc=0
	"$Z" list "$b" >"$out" 2>"$err" || rc=$?
	[ $rc = 0 ] || [ $rc = 3 ] || fail "exit $rc: $(cat "$err")"
done
kill $cutter
wait $cutter 2>/dev/null
ok

finish
