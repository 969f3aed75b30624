#!/usr/bin/env bash
# generate: the good set, the wrong ones and their index (T57 to T59), and all
# of its options.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh" "$1"
command -v openssl >/dev/null || {
	echo 'skipped: there is no openssl here to judge certificates'
	exit 77
}
cd "$work" || exit 1
umask 022

# All that is in a folder, for a comparison; and without dates of change.
state() { find "$1" -type f -printf '%P %m %T@ %i\n' | sort; }
digests() { (cd "$1" && find . -type f -exec sha256sum {} + | LC_ALL=C sort); }

# value FILE TAG TYPE OUT: one credential as a file.
value() { "$Z" get "$1" "$2" "$3" >"$4" 2>"$err" || fail "no $2 $3 in $1"; }

# The rules of "check" that were broken, one a line; E or W or both.
rules() { sed -nE "s/.*: ([$1][0-9][0-9]) .*/\1/p" "$out" | sort -u; }

error_number() {
	case $1 in
	X509_V_OK) echo 0 ;;
	X509_V_ERR_CERT_SIGNATURE_FAILURE) echo 7 ;;
	X509_V_ERR_CERT_NOT_YET_VALID) echo 9 ;;
	X509_V_ERR_CERT_HAS_EXPIRED) echo 10 ;;
	X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) echo 18 ;;
	X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY) echo 20 ;;
	X509_V_ERR_PATH_LENGTH_EXCEEDED) echo 25 ;;
	X509_V_ERR_INVALID_PURPOSE) echo 26 ;;
	X509_V_ERR_HOSTNAME_MISMATCH) echo 62 ;;
	X509_V_ERR_EE_KEY_TOO_SMALL) echo 66 ;;
	X509_V_ERR_CA_MD_TOO_WEAK) echo 68 ;;
	X509_V_ERR_INVALID_CA) echo 79 ;;
	*) echo unknown ;;
	esac
}

# first_error CA CERTS PURPOSE [OPTION...]: what openssl verify says first.
first_error() {
	local ca=$1 certs=$2 purpose=$3 said
	shift 3
	said=$(openssl verify -no-CAfile -no-CApath -no-CAstore -CAfile "$ca" \
		-untrusted "$certs" -purpose "$purpose" -auth_level 2 "$@" \
		"$certs" 2>&1)
	case $said in
	*': OK') echo 0 ;;
	*) sed -nE 's/^error ([0-9]+) at .*/\1/p' <<<"$said" | head -n 1 ;;
	esac
}

begin the_good_set_is_made
want 0 "$Z" generate pki
for file in ca.pem ca.key server.zcred client.zcred psk.zcred both.zcred \
	index.csv; do
	[ -s "pki/$file" ] || fail "no $file"
done
is "$(find pki/bad -name '*.zcred' | wc -l)" 28
has "$err" pki/ 'zsock-cred check --host localhost pki/server.zcred' \
	ZSOCK_CREDENTIALS=pki/client.zcred
is "$(cat "$out")" ''
ok

begin modes_are_right
is "$(stat -c %a pki/ca.key)" 600
for file in pki/*.zcred pki/bad/*.zcred pki/ca.pem pki/index.csv; do
	is "$(stat -c '%n %a' "$file")" "$file 644"
done
ok

begin bundles_say_that_they_are_for_tests_only
for file in pki/*.zcred pki/bad/*.zcred; do
	is "$(sed -n 2p "$file")" 'Test-Only: yes'
done
ok

begin the_tags_are_those_of_the_manual
want 0 "$Z" list --format zephyr pki/both.zcred
is "$(cut -d, -f1,2 "$out" | head -n 7 | tr '\n' ' ')" \
	'1,CA 2,SERV 2,PK 3,SERV 3,PK 4,PSK 4,PSK_ID '
want 0 "$Z" list --format zephyr pki/server.zcred
is "$(cut -d, -f1,2 "$out" | head -n 3 | tr '\n' ' ')" '1,CA 2,SERV 2,PK '
want 0 "$Z" list --format zephyr pki/client.zcred
is "$(cut -d, -f1,2 "$out" | head -n 3 | tr '\n' ' ')" '1,CA 3,SERV 3,PK '
want 0 "$Z" list --format zephyr pki/psk.zcred
is "$(cut -d, -f1,2 "$out" | head -n 2 | tr '\n' ' ')" '4,PSK 4,PSK_ID '
ok

begin each_wrong_set_has_the_tags_of_the_good_one
while IFS=, read -r file role _; do
	"$Z" list --format zephyr "pki/$role.zcred" | cut -d, -f1,2 >good
	"$Z" list --format zephyr "pki/$file" | cut -d, -f1,2 >bad
	cmp -s good bad || fail "$file has other tags"
done < <(tail -n +2 pki/index.csv)
ok

# T57
while IFS=, read -r file _ _ rule _ _ note; do
	begin "check_says_$(basename "$file" .zcred)"
	note=${note%\"}
	read -r -a call <<<"check${note##*check}"
	if [ "$rule" = - ]; then
		want 0 "$Z" "${call[@]}" --strict "pki/$file"
		is "$(rules EW)" ''
	else
		want 1 "$Z" "${call[@]}" "pki/$file"
		has "$out" ": $rule "
		[ "${rule:0:1}" = E ] && is "$(rules E)" "$rule"
		# A chain, and a key of RSA, are longer than a shell's line.
		[ "${rule:0:1}" = W ] && is "$(rules EW | grep -v W33)" "$rule"
		# Nothing but a warning, and those count only when asked for.
		[ "${rule:0:1}" = W ] &&
			want 0 "$Z" "${call[@]/--strict/--json}" "pki/$file"
	fi
	ok
done < <(tail -n +2 pki/index.csv)

# T58: each side judges the other one.
value pki/client.zcred 1 CA good-ca
value pki/server.zcred 2 SERV good-server
while IFS=, read -r file role _ _ verify _ _; do
	[ "$verify" = - ] && continue
	begin "openssl_verify_says_$(basename "$file" .zcred)"
	number=$(error_number "$verify")
	case $role in
	server | both)
		value "pki/$file" 2 SERV certs
		got=$(first_error good-ca certs sslserver \
			-verify_hostname localhost)
		;;
	client)
		value "pki/$file" 3 SERV certs
		value "pki/$file" 1 CA ca
		got=$(first_error good-ca certs sslclient)
		# openssl verify reads a CA in PEM alone.
		openssl x509 -in ca -out ca 2>"$err" || fail 'no CA'
		[ "$got" != 0 ] || got=$(first_error ca good-server sslserver \
			-verify_hostname localhost)
		;;
	esac
	is "$got" "$number"
	ok
done < <(tail -n +2 pki/index.csv)

begin T59_the_same_arguments_change_nothing
state pki >before
want 0 "$Z" generate pki
has "$err" 'as these arguments made it'
state pki >after
same before after
want 0 "$Z" generate --host localhost --host 127.0.0.1 --host ::1 pki \
	--tags 1,2,3,4 --key p256 --bad all --format zcred
state pki >after
same before after
ok

begin T59_force_makes_new_keys
digests pki >before
want 0 "$Z" generate pki --force
digests pki >after
is "$(LC_ALL=C comm -12 before after | sed 's/.* //' | sort | tr '\n' ' ')" \
	'./index.csv '
ok

begin T59_other_arguments_are_a_conflict
digests pki >before
want 6 "$Z" generate pki --key p384 --host dev.test
has "$err" 'was made with --key p256' 'should now be made with --key p384' \
	'--host dev.test' '--force'
digests pki >after
same before after
ok

begin T59_in_2040_the_good_set_is_still_good
value pki/server.zcred 2 SERV certs
value pki/client.zcred 3 SERV client-certs
at=$(date -u -d 2040-06-01 +%s)
is "$(first_error pki/ca.pem certs sslserver -attime "$at")" 0
is "$(first_error pki/ca.pem client-certs sslclient -attime "$at")" 0
want 0 "$Z" check --host localhost --at 2040-06-01 pki/server.zcred
want 0 "$Z" check --at 2049-12-31 --days 0 pki/client.zcred
want 1 "$Z" check --at 2050-01-01 pki/client.zcred
is "$(rules E)" E13
ok

begin only_its_own_files_are_replaced
mkdir mixed
echo mine >mixed/notes.txt
want 0 "$Z" generate mixed
mkdir -p mixed/bad
echo mine >mixed/bad/notes.txt
want 0 "$Z" generate mixed --force --bad none
[ -f mixed/bad/sha1.zcred ] && fail 'a wrong set of an older CA is there'
is "$(cat mixed/notes.txt mixed/bad/notes.txt | tr '\n' ' ')" 'mine mine '
rm mixed/bad/notes.txt
want 0 "$Z" generate mixed --force --bad none
[ -d mixed/bad ] && fail 'an empty folder is left'
ok

begin a_file_of_somebody_else_stops_it
mkdir foreign
echo mine >foreign/ca.key
want 6 "$Z" generate foreign
has "$err" 'foreign/ca.key is there, and was not made by generate'
want 6 "$Z" generate foreign --force
is "$(ls -A foreign) $(cat foreign/ca.key)" 'ca.key mine'
ok

begin nothing_is_written_through_a_link
mkdir linked elsewhere
ln -s ../elsewhere linked/bad
want 6 "$Z" generate linked
is "$(ls -A elsewhere)" ''
ok

begin nothing_is_removed_through_a_link
mkdir victim
want 0 "$Z" generate planted --bad none
digest=$(sed -n 's/^file \([^ ]*\) ca.pem$/\1/p' planted/.generate)
echo mine | tee victim/id_rsa >victim/sha1.zcred
ln -s ../victim planted/bad
sed -i "/^done/i file $digest bad/sha1.zcred" planted/.generate
want 6 "$Z" generate planted --bad none --force
has "$err" 'planted/bad is there, and no directory'
want 6 "$Z" generate planted --bad none
is "$(cat victim/* | tr '\n' ' ')" 'mine mine '
ok

begin what_others_can_write_is_not_believed
want 0 "$Z" generate shared --bad sha1
for file in shared shared/bad shared/.generate; do
	chmod o+w "$file"
	want 5 "$Z" generate shared --bad none --force
	has "$err" "$file: every user can change it" "chmod go-w $file"
	chmod o-w "$file"
done
cp shared/.generate record
rm shared/.generate
ln -s "$PWD/record" shared/.generate
want 5 "$Z" generate shared --bad sha1
has "$err" 'shared/.generate is a symbolic link'
rm shared/.generate
mkfifo shared/.generate
want 5 timeout 10 "$Z" generate shared --bad sha1
has "$err" 'shared/.generate is no regular file'
if [ "$(id -u)" = 0 ]; then
	rm shared/.generate
	cp record shared/.generate
	for file in shared/.generate shared/bad shared; do
		chown 12345 "$file"
		want 5 "$Z" generate shared --bad none --force
		has "$err" "$file: its owner is user 12345"
		chown 0 "$file"
	done
fi
[ -e shared/bad/sha1.zcred ] || fail 'it is removed'
ok

begin a_lock_is_not_waited_for_for_ever
want 0 "$Z" generate locked --bad none
exec 9<locked
flock -s 9
want 8 timeout 10 "$Z" --timeout 0.1 generate locked --bad none
has "$err" 'locked: another process has held its lock for 0.1 seconds'
exec 9<&-
ok

begin standard_output_is_not_needed
"$Z" generate mute --bad none >&- 2>"$err" || fail "exit $?: $(cat "$err")"
has "$err" mute/
ok

begin a_file_that_is_not_what_was_made_is_said
want 0 "$Z" generate changed --bad sha1
for file in changed/server.zcred changed/bad/sha1.zcred; do
	cp "$file" saved
	for text in '' x; do
		printf %s "$text" >"$file"
		want 6 "$Z" generate changed --bad sha1
		has "$err" "$file is not what was made" --force
	done
	cp saved "$file"
	want 0 "$Z" generate changed --bad sha1
done
ok

begin all_is_synced_before_it_is_said_to_be_done
if strace -o /dev/null true 2>/dev/null; then
	ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=fsync,rename,renameat \
		-o calls "$Z" -q generate synced --bad none 2>"$err" ||
		fail "$(cat "$err")"
	files=$(find synced -type f | wc -l)
	# Each file, the record twice, and the directory before the end.
	[ "$(grep -c fsync calls)" -gt $((files + 1)) ] ||
		fail "$(grep -c fsync calls) times for $files files"
	grep -n . calls | tail -n 4 | grep -q fsync || fail 'not in the end'
	ok
else
	skip 'strace cannot trace here'
fi

begin a_file_that_is_gone_is_said
want 0 "$Z" generate gone --bad none
rm gone/client.zcred
want 6 "$Z" generate gone --bad none
has "$err" 'gone/client.zcred is gone' --force
want 0 "$Z" generate gone --bad none --force
[ -s gone/client.zcred ] || fail 'it is still gone'
ok

begin a_run_that_was_killed_is_done_again
want 0 "$Z" generate killed --bad sha1
sed -i '/^done$/d' killed/.generate
echo half >killed/.server.zcred.zsock-abcdef
echo half >killed/server.zcred
want 0 "$Z" generate killed --bad none
want 0 "$Z" check --host localhost killed/server.zcred
[ -e killed/.server.zcred.zsock-abcdef ] && fail 'a temporary file is left'
[ -e killed/bad ] && fail 'the set of another CA is left'
ok

begin a_damaged_record_is_said
want 0 "$Z" generate damaged --bad none
cp damaged/.generate record
digest=$(sed -n 's/^file \([^ ]*\) ca.pem$/\1/p' record)
for line in "file $digest "{../x,/x,bad/../../x,.x,'',id_rsa,bad/id_rsa} \
	"file $digest "{server,ca.keys,server-.pem,bad/sha1} 'file ca.pem'; do
	{ cat record; echo "$line"; } >damaged/.generate
	want 3 "$Z" generate damaged --bad none --force
	has "$err" damaged/.generate
done
head -c 100 /dev/zero >damaged/.generate
want 3 "$Z" generate damaged --bad none
head -c 100000 /dev/urandom | base64 >damaged/.generate
want 3 "$Z" generate damaged --bad none
ok

begin two_at_once_make_one_set
"$Z" generate twice >/dev/null 2>&1 &
first=$!
want 0 "$Z" generate twice
wait "$first" || fail 'the other one failed'
value twice/server.zcred 2 SERV certs
is "$(first_error twice/ca.pem certs sslserver)" 0
value twice/client.zcred 3 SERV certs
is "$(first_error twice/ca.pem certs sslclient)" 0
ok

begin the_umask_is_kept
(umask 077 && exec "$Z" generate private --bad none >"$out" 2>"$err")
is "$(stat -c %a private/server.zcred)" 600
(umask 000 && exec "$Z" generate open --bad none >"$out" 2>"$err")
is "$(stat -c %a open/server.zcred)" 644
is "$(stat -c %a open/ca.key)" 600
is "$(stat -c %a open)" 755
(umask 000 && exec "$Z" generate open --force --bad sha1 >"$out" 2>"$err")
is "$(stat -c %a open/bad)" 755
want 0 "$Z" generate open --bad sha1
ok

for key in p256:256 p384:384 rsa2048:2048 rsa3072:3072; do
	begin "the_kind_of_key_is_${key%:*}"
	want 0 "$Z" generate "$key" --key "${key%:*}" --bad none
	for file in server:2 client:3; do
		value "$key/${file%:*}.zcred" "${file#*:}" SERV certs
		is "$(first_error "$key/ca.pem" certs "ssl${file%:*}")" 0
		bits=$(openssl x509 -in certs -noout -text |
			sed -nE 's/.*Public-Key: \(([0-9]+) bit\).*/\1/p')
		is "$bits" "${key#*:}"
	done
	ok
done

begin hosts_are_names_and_addresses
want 0 "$Z" generate hosts --host 192.0.2.1 --host dev.test --host '*.test' \
	--host 2001:db8::1 --bad server-wildcard,server-ip-only
has "$err" 'check --host dev.test'
value hosts/server.zcred 2 SERV certs
openssl x509 -in certs -noout -subject -nameopt RFC2253 \
	-ext subjectAltName >names
has names 'CN=dev.test' DNS:192.0.2.1 'IP Address:192.0.2.1' DNS:dev.test \
	'DNS:*.test' DNS:2001:db8::1 'IP Address:2001:DB8:0:0:0:0:0:1'
want 0 "$Z" check --host dev.test --tags 1,2 hosts/server.zcred
want 0 "$Z" check --host 2001:db8::1 --tags 1,2 hosts/server.zcred
want 1 "$Z" check --host dev.test --tags 1,2 hosts/bad/server-wildcard.zcred
is "$(rules E)" E15
ok

begin a_server_with_an_address_alone
want 0 "$Z" generate address --host 127.0.0.1
while IFS=, read -r file role _ rule _ _ note; do
	note=${note%\"}
	[ "$role" = server ] || continue
	read -r -a call <<<"check${note##*check}"
	"$Z" "${call[@]}" "address/$file" >"$out" 2>"$err"
	if [ "$rule" = - ]; then
		is "$(rules E)" ''
	else
		has "$out" ": $rule "
	fi
done < <(tail -n +2 address/index.csv)
ok

begin client_and_identity_are_named
want 0 "$Z" generate named --client 'sensor 17' --psk 'device-1' --bad \
	psk-id-nul,psk-wrong-id
value named/client.zcred 3 SERV certs
is "$(openssl x509 -in certs -noout -subject -nameopt RFC2253)" \
	'subject=CN=sensor 17'
is "$("$Z" get named/psk.zcred 4 PSK_ID)" device-1
is "$("$Z" get named/bad/psk-id-nul.zcred 4 PSK_ID --as hex)" \
	"$(printf 'device-1\0' | od -An -tx1 | tr -d ' \n')"
ok

begin tags_are_those_asked_for
want 0 "$Z" generate tags --tags 42,42,43,2147483647
want 0 "$Z" list --format zephyr tags/both.zcred
is "$(cut -d, -f1,2 "$out" | head -n 7 | tr '\n' ' ')" \
	'42,CA 42,SERV 42,PK 43,SERV 43,PK 2147483647,PSK 2147483647,PSK_ID '
want 1 "$Z" check --host localhost --tags 42 tags/bad/server-other-ca.zcred
is "$(rules E)" E16
ok

begin CAs_between_are_sent
want 0 "$Z" generate chain --chain 2
value chain/server.zcred 2 SERV certs
is "$(grep -c BEGIN certs)" 3
is "$(first_error chain/ca.pem certs sslserver)" 0
openssl x509 -in certs -out leaf 2>"$err"
openssl verify -CAfile chain/ca.pem leaf >"$out" 2>&1 && fail 'not needed'
while IFS=, read -r file role _ _ verify _ _; do
	if [ "$role" != server ] || [ "$verify" = - ]; then
		continue
	fi
	value "chain/$file" 2 SERV certs
	got=$(first_error chain/ca.pem certs sslserver \
		-verify_hostname localhost)
	is "$file $got" "$file $(error_number "$verify")"
done < <(tail -n +2 chain/index.csv)
ok

begin dates_are_those_asked_for
want 0 "$Z" generate dates --from 2030-02-28 --until 2031-03-01 --bad none
openssl x509 -in dates/ca.pem -noout -dates >dates.txt
has dates.txt 'notBefore=Feb 28 00:00:00 2030 GMT' \
	'notAfter=Mar  1 23:59:59 2031 GMT'
want 1 "$Z" check dates/server.zcred
is "$(rules E)" E14
want 0 "$Z" check --at 2030-06-01 dates/server.zcred
openssl x509 -in pki/ca.pem -noout -dates >dates.txt
has dates.txt 'notAfter=Dec 31 23:59:59 2049 GMT'
ok

begin some_wrong_sets_alone
want 0 "$Z" generate some --bad sha1,server-expired,ca-expired
is "$(find some/bad -type f -printf '%f\n' | sort | tr '\n' ' ')" \
	'ca-expired.zcred server-expired.zcred sha1.zcred '
is "$(wc -l <some/index.csv)" 8
ok

begin a_CA_that_is_there_signs
openssl req -x509 -newkey rsa:2048 -nodes -keyout own.key -out own.pem \
	-days 3650 -subj '/CN=Own CA' -addext keyUsage=keyCertSign \
	2>"$err" || fail 'no CA'
want 0 "$Z" generate own --ca own.pem --ca-key own.key
openssl x509 -in own.pem >own.txt
same own.txt own/ca.pem
[ -e own/ca.key ] && fail 'its key is copied'
while IFS=, read -r file role _ _ verify _ _; do
	if [ "$role" != server ] || [ "$verify" = - ]; then
		continue
	fi
	value "own/$file" 2 SERV certs
	got=$(first_error own.pem certs sslserver -verify_hostname localhost)
	is "$file $got" "$file $(error_number "$verify")"
done < <(tail -n +2 own/index.csv)
openssl x509 -in own.pem -outform der -out own.der
openssl pkey -in own.key -outform der -out ownkey.der
want 0 "$Z" generate own --ca own.der --ca-key ownkey.der
want 6 "$Z" generate own
ok

begin a_CA_that_is_none_is_refused
want 2 "$Z" generate x --ca own.pem
want 2 "$Z" generate x --ca-key own.key
want 4 "$Z" generate x --ca absent.pem --ca-key own.key
want 3 "$Z" generate x --ca own.key --ca-key own.key
has "$err" 'own.key: no certificate'
want 3 "$Z" generate x --ca own.pem --ca-key own.pem
has "$err" 'own.pem: no private key'
want 3 "$Z" generate x --ca own.pem --ca-key pki/ca.key
has "$err" 'does not belong to'
value pki/server.zcred 2 SERV leaf.pem
want 3 "$Z" generate x --ca leaf.pem --ca-key pki/ca.key
has "$err" 'no certificate of a CA'
openssl pkey -in own.key -aes256 -passout pass:x -out locked.key
want 3 "$Z" generate x --ca own.pem --ca-key locked.key </dev/null
has "$err" encrypted 'openssl pkey -in locked.key'
openssl req -x509 -newkey rsa:2048 -nodes -keyout low.key -out low.pem \
	-subj '/CN=Low CA' -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
	-config <(printf '[req]\ndistinguished_name=n\n[n]\n') 2>"$err"
want 2 "$Z" generate x --ca low.pem --ca-key low.key
has "$err" 'allows 0 CAs below it'
want 0 "$Z" generate low --ca low.pem --ca-key low.key --bad none
openssl req -x509 -newkey ed25519 -nodes -keyout ed.key -out ed.pem \
	-subj '/CN=Ed CA' 2>"$err"
want 2 "$Z" generate x --ca ed.pem --ca-key ed.key
has "$err" SHA-1
want 0 "$Z" generate ed --ca ed.pem --ca-key ed.key --bad server-other-ca
value ed/bad/server-other-ca.zcred 2 SERV certs
is "$(first_error ed.pem certs sslserver)" 7
[ -e x ] && fail 'a folder is left'
ok

begin single_files_for_programs_without_bundles
want 0 "$Z" generate forms --format zcred,pem,der,inc --chain 1
for file in server-cert.pem client-cert.pem ca.der server-cert.der \
	server-cert-2.der server-cert.pem.inc ca.pem.inc psk-id.txt \
	bad/server-expired-cert.pem bad/sha1-cert.der bad/pem-crlf-ca.pem \
	bad/der-tail-ca.der; do
	is "$(stat -c '%a' "forms/$file")" 644
done
for file in server-key.pem client-key.pem server-key.der server-key.pem.inc \
	psk.hex bad/key-mismatch-key.pem; do
	is "$(stat -c '%a' "forms/$file")" 600
done
# What is not wrong is not there.
[ -e forms/bad/server-expired-key.pem ] && fail 'a good key is there'
value forms/server.zcred 2 SERV certs
printf '\0' | cat forms/server-cert.pem - >text
same certs text
openssl x509 -in certs -outform der -out leaf
same leaf forms/server-cert.der
is "$(openssl pkey -in forms/server-key.der -inform der -pubout)" \
	"$(openssl pkey -in forms/server-key.pem -pubout)"
is "$(cat forms/psk.hex)" "$("$Z" get forms/psk.zcred 4 PSK --as hex)"
is "$(cat forms/psk-id.txt)" zsock-psk
{ echo 'const unsigned char a[] = {'; cat forms/ca.pem.inc; echo '};'; } |
	grep -o '0x..' | sed 's/0x/\\x/' | tr -d '\n' | xargs -0 printf >text
same text forms/ca.pem
ok

begin wrong_arguments_are_said
for call in '' 'a b' '--force' 'x --nothing' 'x --key dsa' 'x --key' \
	'x --tags 1,2,3' 'x --tags 1,2,3,4,5' 'x --tags 1,2,2,4' \
	'x --tags 1,2,3,3' 'x --tags 1,2,3,-4' 'x --tags 1,2,3,2147483648' \
	'x --tags 1,2,3,4x' 'x --chain 9' 'x --chain -1' 'x --chain 1x' \
	'x --from 2024-02-30' 'x --from 24-1-1' 'x --from tomorrow' \
	'x --until 2000-01-01' 'x --bad nothing' 'x --bad sha1,' \
	'x --format jks' 'x --host a..b' 'x --host a/b' 'x --host a,b' \
	'x --host a --host a' 'x --client=' 'x --psk='; do
	# shellcheck disable=SC2086 # words are meant
	want 2 "$Z" generate $call
	[ -s "$err" ] || fail "nothing is said of: $call"
done
want 2 "$Z" generate x --client $'a\nb'
want 2 "$Z" generate x --psk "$(printf 'a%.0s' {1..128})"
want 2 "$Z" generate x --client "$(printf 'a%.0s' {1..65})"
want 2 "$Z" generate x --bad server-expired,expired
has "$err" 'no case "expired"' ' server-expired' ' psk-too-long'
[ -e x ] && fail 'a folder is left'
ok

begin what_cannot_be_written_is_said
want 4 "$Z" generate absent/pki
echo text >file
want 4 "$Z" generate file
if [ "$(id -u)" != 0 ]; then
	mkdir -m 500 closed
	want 5 "$Z" generate closed
fi
ok

begin long_names_do
name=$(printf 'a%.0s' {1..60})
want 0 "$Z" generate long --host "$name.$name.$name.test"
want 0 "$Z" check --host "$name.$name.$name.test" --tags 1,2 long/server.zcred
ok

begin no_secret_is_printed
want 0 "$Z" generate pki --force
cat "$out" "$err" >said
for pair in '2 PK' '3 PK' '4 PSK'; do
	# shellcheck disable=SC2086 # words are meant
	value pki/both.zcred ${pair% *} ${pair#* } secret
	hasnt said "$(base64 -w 0 <secret | head -c 40)" \
		"$(od -An -tx1 <secret | tr -d ' \n' | head -c 32)"
done
ok

begin quiet_is_quiet
want 0 "$Z" -q generate quiet
is "$(cat "$out" "$err")" ''
want 0 "$Z" -q generate quiet
is "$(cat "$out" "$err")" ''
ok

finish
