#!/usr/bin/env bash
# import_export.sh BUILD_DIR: zsock-cred import, export and compare on files.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" "$1"
cd "$work" || exit 1

# digest FILE: as Zephyr prints it.
digest() {
	openssl dgst -sha256 -binary "$1" | base64
}

# file2hex FILE: as Zephyr's build writes an .inc file, eight bytes a line.
file2hex() {
	od -An -v -tx1 -w8 "$1" | tr -d ' ' | sed 's/../0x&, /g; s/, $/,/'
}

printf secret >pass
echo wrong >wrong
want 0 "$Z" export "$EX" --to pem -o pem/ --secrets
ca=pem/1-ca.pem leaf=pem/2-serv.pem key=pem/2-pk.pem

# T49: each kind, and what it cannot carry.
for kind in cmng zephyr-shell dir; do
	begin "T49_${kind}_brings_back_all"
	want 0 "$Z" export "$EX" --to $kind -o "$kind.d/" --secrets
	files=("$kind.d"/*)
	[ $kind = dir ] && files=("$kind.d")
	want 0 "$Z" import "$kind.zcred" --from $kind "${files[@]}"
	want 0 "$Z" compare "$EX" "$kind.zcred"
	ok
done

type_of() {
	case $1 in
	*-psk.*) echo PSK ;;
	*-psk_id.*) echo PSK_ID ;;
	*-pk.*) echo PK ;;
	*-serv.*) echo SERV ;;
	*) echo CA ;;
	esac
}

for kind in inc c cstr hex base64; do
	begin "T49_${kind}_brings_back_each_value"
	want 0 "$Z" export "$EX" --to $kind -o "$kind.d/" --secrets
	for file in "$kind.d"/*; do
		tag=$(basename "$file")
		want 0 "$Z" import "$kind.zcred" --from $kind "$file" \
			--tag "${tag%%-*}" --type "$(type_of "$file")"
	done
	want 0 "$Z" compare "$EX" "$kind.zcred"
	ok
done

begin T49_pem_brings_back_all_but_keys_that_are_shared
want 0 "$Z" export "$EX" --to pem -o pem.d --secrets
has "$err" '3 PSK is left out' '3 PSK_ID is left out'
want 0 "$Z" export "$EX" --to pem
cat pem.d/1-ca.pem pem.d/2-serv.pem | cmp -s - "$out" || fail "not on a stream"
want 0 "$Z" import pem.zcred --from pem --tag 1 pem.d/1-ca.pem
want 0 "$Z" import pem.zcred --from pem --tag 2 pem.d/2-*.pem
want 1 "$Z" compare "$EX" pem.zcred
is "$(grep -vc '^only here   3 PSK' "$out")" "$(grep -c '^same' "$out")"
is "$(grep -c '^same' "$out")" 3
ok

begin T49_der_comes_back_from_what_is_der
want 0 "$Z" export "$EX" --to der
has "$err" '1 CA is left out: it is PEM, which --as der converts'
want 0 "$Z" export "$EX" --to der --as der -o der.d --secrets
has "$err" '3 PSK is left out'
want 0 "$Z" import der.zcred --from der --tag 1 der.d/1-ca.der
want 0 "$Z" import der.zcred --from der --tag 2 der.d/2-serv.der der.d/2-pk.der
want 0 "$Z" export der.zcred --to der -o der2.d --secrets
same der.d/1-ca.der der2.d/1-ca.der
same der.d/2-pk.der der2.d/2-pk.der
want 1 "$Z" compare der.zcred "$EX"
has "$out" 'differs     1 CA: there it is as PEM, which is DER here'
ok

begin files_that_cannot_follow_each_other_want_a_directory
want 2 "$Z" export "$EX" --to hex
has "$err" '3 files of hex are for a directory'
want 2 "$Z" export "$EX" --to dir
want 0 "$Z" export "$EX" --to c -o both.c
is "$(grep -c '_len = ' both.c)" 3
ok

begin T49_what_would_come_back_otherwise_is_named
want 0 "$Z" get "$EX" 1 CA --as pem -o nonul.pem
want 0 "$Z" add nonul.zcred 1 CA nonul.pem --as raw
want 0 "$Z" export nonul.zcred --to pem -o nonul2.pem
has "$err" '1 CA would come back from pem with a NUL more'
want 0 "$Z" export "$EX" --to pem 1 CA --eol crlf -o crlf.pem
has "$err" '1 CA would come back from pem with CR LF line ends'
ok

begin values_that_follow_each_other_stay_apart
head -c -1 $ca >open.pem
printf '\0' >>open.pem
head -c -1 $leaf >leaf.open && printf '\0' >>leaf.open
want 0 "$Z" add joined.zcred 1 CA open.pem --as raw
want 0 "$Z" add joined.zcred 1 SERV leaf.open --as raw
want 0 "$Z" export joined.zcred --to pem
! grep -q -e '----------' "$out" || fail "two blocks share a line"
cp "$out" joined.pem
has "$err" '1 CA would come back from pem with a last line end'
want 0 "$Z" import joined2.zcred --from pem --tag 1 joined.pem
want 0 "$Z" list joined2.zcred -q
is "$(wc -l <"$out")" 2
ok

begin pairs_that_do_not_come_back_are_named
want 0 "$Z" add odd.zcred 1 CA $ca
want 0 "$Z" add odd.zcred 1 SERV $ca
want 0 "$Z" export odd.zcred --to pem
has "$err" '1 SERV would not come back from pem'
want 0 "$Z" export odd.zcred --to pem -o odd.d/
hasnt "$err" 'come back'
want 0 "$Z" generate odd-pki --chain 1
want 0 "$Z" export odd-pki/server.zcred --to p12 --secrets --pass-file pass \
	-o odd.p12/
hasnt "$err" 'come back'
ok

# T50
begin T50_p12_of_old_ciphers
openssl pkcs12 -legacy -export -in $leaf -inkey $key -certfile $ca \
	-passout file:pass -certpbe PBE-SHA1-RC2-40 -out rc2.p12 2>"$err" ||
	fail "openssl: $(cat "$err")"
want 0 "$Z" import rc2.zcred --from p12 --tag 2 --pass-file pass rc2.p12
has "$err" 'legacy provider'
want 1 "$Z" compare "$EX" rc2.zcred
has "$out" 'same        2 SERV' 'same        2 PK' 'only there  2 CA'
ok

begin T50_a_wrong_pass_phrase_is_refused
want 5 "$Z" import no.zcred --from p12 --tag 2 --pass-file wrong rc2.p12
has "$err" 'pass phrase is wrong'
hasnt "$err" unsupported cipher
PASS=wrong want 5 "$Z" import no.zcred --from p12 --tag 2 --pass-env PASS rc2.p12
want 5 "$Z" import no.zcred --from p12 --tag 2 rc2.p12
[ ! -e no.zcred ] || fail "a file was made"
ok

begin T50_a_p12_without_a_key_warns
openssl pkcs12 -export -nokeys -in $leaf -passout file:pass -out nokey.p12
want 0 "$Z" import nokey.zcred --from p12 --tag 2 --pass-fd 7 nokey.p12 7<pass
has "$err" 'no private key'
want 0 "$Z" list nokey.zcred -q
is "$(cat "$out")" '2 SERV'
ok

for legacy in '' --legacy; do
	begin "T49_p12_brings_back_an_identity$legacy"
	# shellcheck disable=SC2086
	want 0 "$Z" export "$EX" --to p12 --secrets --pass-file pass $legacy \
		-o new.p12 2
	hasnt "$err" 'come back'
	openssl pkcs12 -in new.p12 -passin file:pass -info -noout \
		${legacy:+-legacy} 2>&1 | grep -q "${legacy:+RC2}" ||
		fail "openssl does not read it"
	is "$(stat -c %a new.p12)" 600
	want 0 "$Z" import "p12$legacy.zcred" --from p12 --tag 2 \
		--pass-file pass new.p12
	want 0 "$Z" get "p12$legacy.zcred" 2 PK -o back.key
	want 0 "$Z" get "$EX" 2 PK -o was.key
	same back.key was.key
	ok
done

begin p12_wants_what_it_is_made_of
want 2 "$Z" export "$EX" --to p12 --pass-file pass
want 2 "$Z" export "$EX" --to p12 --secrets
want 4 "$Z" export "$EX" --to p12 --secrets --pass-file pass 1
ok

# T51
begin T51_inc_of_file2hex
file2hex $ca >ca.pem.inc
openssl x509 -in $ca -outform DER -out ca.der
file2hex ca.der >ca.inc
want 0 "$Z" import inc51.zcred --from inc --tag 1 ca.pem.inc
want 0 "$Z" import inc51.zcred --from inc --tag 2 ca.inc
want 0 "$Z" list inc51.zcred --format zephyr
has "$out" "1,CA,8n5yKLT/ZikO9jCEgnXZoe1+fihX7tF4IDYrxdpxido=,0" \
	"2,CA,$(digest ca.der),0"
ok

begin T51_literals_a_define_and_xxd
{
	echo '#include <stdio.h>'
	echo 'static const char ca[] ='
	sed 's/.*/\t"&\\n"/' $ca
	echo ';'
} >literals.h
{
	echo '#define CA'" \\"
	sed 's/.*/\t"&\\n" \\/' $ca
	echo
} >define.h
{
	echo 'unsigned char ca_pem[] = {'
	od -An -v -tx1 -w12 $ca | sed 's/ \(..\)/ 0x\1,/g; s/^/ /; $s/,$//'
	printf '};\nunsigned int ca_pem_len = %d;\n' "$(wc -c <$ca)"
} >xxd.h
n=10
for file in literals.h define.h xxd.h; do
	want 0 "$Z" import c51.zcred --from c --tag $((n++)) $file
done
want 0 "$Z" list c51.zcred --format zephyr
is "$(grep -c 8n5yKLT/ZikO9jCEgnXZoe1+fihX7tF4IDYrxdpxido= "$out")" 3
ok

begin T51_an_array_cut_short_is_named_with_its_line
head -n 12 xxd.h >cut.h
want 3 "$Z" import no.zcred --from c --tag 1 cut.h
has "$err" 'cut.h:13: ca_pem: it is cut short here'
head -c 300 ca.pem.inc >cut.inc
want 3 "$Z" import no.zcred --from inc --tag 1 cut.inc
[ ! -e no.zcred ] || fail "a file was made"
ok

begin several_arrays_are_listed
cat literals.h xxd.h >two.h
want 2 "$Z" import no.zcred --from c --tag 1 two.h
has "$err" '--symbol: ca, ca_pem'
want 0 "$Z" import two.zcred --from c --tag 1 --symbol ca two.h
want 4 "$Z" import no.zcred --from c --tag 1 --symbol cb two.h
ok

# T52
begin T52_the_bundle_of_a_system_is_split
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -r $bundle ]; then
	{
		echo '# a comment'
		sed '1,/-END/!d' $bundle
		echo 'trust-policy: no' # as of p11-kit
		sed '1,/-END/d' $bundle
	} >bundle.crt
	n=$(grep -c 'BEGIN CERT' bundle.crt)
	want 0 "$Z" import split.zcred --from pem --split --tag 100 bundle.crt
	want 0 "$Z" list split.zcred -q
	is "$(wc -l <"$out")" "$n"
	is "$(tail -n 1 "$out")" "$((100 + n - 1)) CA"
	# What signed itself ends its own chain.
	sed '1,/-END/!d' $bundle >first.pem
	want 0 "$Z" import anchor.zcred --from pem --tag 1 \
		--anchor-of first.pem bundle.crt
	want 0 "$Z" get anchor.zcred 1 CA --as pem -o anchor.pem
	same anchor.pem first.pem
	sed '2s/./!/' first.pem | cat first.pem - >cut.pem
	want 3 "$Z" import no.zcred --from pem --tag 1 \
		--anchor-of cut.pem bundle.crt
	has "$err" 'certificate 2 of it cannot be decoded'
	cat $ca >>bundle.crt
	want 0 "$Z" import anchor2.zcred --from pem --tag 1 \
		--anchor-of $leaf bundle.crt
	want 0 "$Z" compare --list <("$Z" list "$EX" 1 --format zephyr) \
		anchor2.zcred
	ok
else
	skip "there is no $bundle (package ca-certificates)"
fi

begin T52_select_takes_by_subject
cat $ca $leaf >both.pem
want 0 "$Z" import select.zcred --from pem --tag 5 --select '*test CA*' both.pem
want 0 "$Z" list select.zcred -q
is "$(cat "$out")" '5 CA'
want 4 "$Z" import no.zcred --from pem --tag 5 --select '*nobody*' both.pem
ok

# T53
begin T53_entries_of_the_modems_own_are_skipped_and_counted
sha=$(printf '0%.0s' {1..64})
{
	echo "AT%CMNG=1"
	echo "%CMNG: 4294967292,11,\"$sha\""
	echo "%CMNG: 16842753,11,\"$sha\""
	echo "OK"
	echo "AT%CMNG=0,16842753,3,\"0102\""
} >modem.txt
want 0 "$Z" import modem.zcred --from cmng modem.txt
has "$err" 'tag 4294967292' 'type 11' '2 of 3 entries were skipped'
want 0 "$Z" list modem.zcred -q
is "$(cat "$out")" '16842753 PSK'
want 0 "$Z" import modem2.zcred --from cmng <(head -n 4 modem.txt)
has "$err" 'nothing was left to import'
ok

# T54: the device's digest of each form of the CA.
form() {
	local want=$1 said=$2
	begin "T54_$3"
	echo "1,CA,$(digest form),0" >list.txt
	want "$want" "$Z" compare ca.zcred --list list.txt
	is "$(cat "$out")" "$said"
	ok
}
want 0 "$Z" add ca.zcred 1 CA $ca
differs='differs     1 CA: there it is'
printf '%s\n\0' "$(cat $ca)" >form
form 0 'same        1 CA' exact
cp $ca form
form 1 "$differs without the final NUL" no_nul
printf '%s\n\0\0' "$(cat $ca)" >form
form 1 "$differs with a NUL more" extra_nul
printf '%s\0' "$(cat $ca)" >form
form 1 "$differs without the last line end" no_last_newline
printf %s "$(cat $ca)" >form
form 1 "$differs without the last line end, without the final NUL" stripped
sed 's/$/\r/' $ca >form
form 1 "$differs with CR LF line ends, without the final NUL" crlf
{
	sed 's/$/\r/' $ca
	printf '\0'
} >form
form 1 "$differs with CR LF line ends" crlf_nul
cp ca.der form
form 1 "$differs as DER, which is PEM here" der

begin a_list_of_a_modem_is_compared_as_a_modem_keeps_it
upper() { openssl dgst -sha256 -r "$1" | cut -d' ' -f1 | tr a-f A-F; }
echo "%CMNG: 1,0,\"$(upper $ca)\"" >list.txt
want 0 "$Z" compare ca.zcred --list list.txt
sed 's/$/\r/' $ca >form
echo "%CMNG: 1,0,\"$(upper form)\"" >list.txt
want 1 "$Z" compare ca.zcred --list list.txt
has "$out" 'with CR LF line ends'
hasnt "$out" NUL
ok

begin an_entry_of_an_unknown_type_is_a_difference
{
	"$Z" list ca.zcred --format zephyr | head -n 1
	echo "3,UNKNOWN,$(digest $ca),0"
} >list.txt
want 1 "$Z" compare ca.zcred --list list.txt
has "$out" 'same        1 CA' 'only there  3 of an unknown type'
has "$err" 'line 2: UNKNOWN of tag 3'
ok

begin compare_says_what_is_only_on_one_side
want 0 "$Z" delete pem.zcred 1 CA
want 1 "$Z" compare "$EX" pem.zcred
has "$out" 'only here   1 CA' 'same        2 SERV'
want 1 "$Z" compare pem.zcred "$EX"
has "$out" 'only there  1 CA'
want 3 "$Z" compare "$EX" --list $ca
want 2 "$Z" compare "$EX"
ok

begin the_csv_of_list_is_a_list
want 0 "$Z" list "$EX" --format csv
cp "$out" list.csv
want 0 "$Z" compare "$EX" --list list.csv
ok

begin a_redacted_bundle_can_be_compared_as_far_as_it_tells
want 0 "$Z" dump "$EX" -o redacted.zcred
want 5 "$Z" compare "$EX" redacted.zcred
has "$out" 'unknown     3 PSK: no digest' 'same        2 PK'
want 5 "$Z" export redacted.zcred --to pem --secrets
ok

begin secrets_stay_unless_they_are_asked_for
for kind in pem inc c cstr hex base64 cmng zephyr-shell dir; do
	want 0 "$Z" export "$EX" --to $kind -o "public-$kind/"
	has "$err" '2 PK is left out: it is a secret' \
		'3 PSK is left out: it is a secret'
	! grep -rqaF -e WrCUp7XB7vrg -e 0102030405060708 \
		-e AQECAwQFBgcICQoL -e '0x01, 0x01, 0x02, 0x03' \
		"public-$kind" || fail "$kind has a secret"
done
is "$(stat -c %a dir.d/2-pk.pem hex.d/3-psk.hex | sort -u)" 600
ok

begin a_terminal_gets_no_secret
script -qec "'$Z' export '$EX' --to hex --secrets 3 PSK; echo rc \$?" \
	/dev/null </dev/null >"$out" 2>&1
has "$out" 'rc 5' 'not for a terminal'
hasnt "$out" 010102030405
ok

begin pem_of_a_pipe_with_bag_attributes
openssl pkcs12 -in rc2.p12 -legacy -passin file:pass -noenc >bags.pem 2>"$err"
grep -q 'Bag Attributes' bags.pem || fail "openssl writes no attributes"
want 0 "$Z" import bags.zcred --from pem --tag 2 - <bags.pem
want 0 "$Z" get bags.zcred 2 PK -o bags.key
same bags.key was.key
ok

begin an_encrypted_key_is_stored_plain
openssl pkey -in $key -aes256 -passout file:pass -out enc.pem
want 5 "$Z" import enc.zcred --from pem --tag 2 enc.pem
has "$err" 'enc.pem:1: ' '--pass-file'
want 5 "$Z" import enc.zcred --from pem --tag 2 --pass-file wrong enc.pem
want 0 "$Z" import enc.zcred --from pem --tag 2 --pass-file pass enc.pem
want 0 "$Z" get enc.zcred 2 PK -o enc.key
same enc.key was.key
ok

begin a_held_pair_is_a_conflict
cp pem.zcred held.zcred
want 6 "$Z" import held.zcred --from pem --tag 2 $leaf
same held.zcred pem.zcred
want 0 "$Z" import held.zcred --from pem --tag 2 $leaf --replace --dry-run
is "$(cat "$out")" 'same 2 SERV'
want 0 "$Z" import held.zcred --from pem --tag 3 $leaf --dry-run
is "$(cat "$out")" 'add 3 SERV'
same held.zcred pem.zcred
want 0 "$Z" import held.zcred --from pem --tag 2 $ca $leaf --replace
want 0 "$Z" list held.zcred 2 -q
is "$(sort "$out" | tr '\n' ,)" '2 CA,2 PK,2 SERV,'
ok

begin files_of_one_import_are_one_change
want 3 "$Z" import one.zcred --from pem --tag 2 $leaf ca.der
[ ! -e one.zcred ] || fail "a file was made"
want 6 "$Z" import one.zcred --from pem --tag 2 $leaf \
	<(openssl req -x509 -key $key -subj /CN=other -days 2 \
		-addext basicConstraints=critical,CA:FALSE 2>/dev/null)
[ ! -e one.zcred ] || fail "a file was made"
ok

# Each option is used or refused.
usage() {
	begin "refused_$1"
	shift
	want 2 "$Z" "$@"
	has "$err" 'usage: zsock-cred'
	ok
}
usage no_kind import a.zcred $ca --tag 1
usage an_unknown_kind import a.zcred --from jks --tag 1 $ca
usage no_tag import a.zcred --from pem $ca
usage a_tag_of_its_own import a.zcred --from cmng --tag 1 modem.txt
usage a_symbol_of_pem import a.zcred --from pem --tag 1 --symbol a $ca
usage a_pass_phrase_of_hex import a.zcred --from hex --tag 1 --pass-env A $ca
usage split_and_one import a.zcred --from pem --tag 1 --split --one $ca
usage raw_and_split import a.zcred --from pem --tag 1 --split --raw $ca
usage no_file import a.zcred --from pem --tag 1
usage legacy_pem export "$EX" --to pem --legacy
usage eol_of_hex export "$EX" --to hex --eol lf
usage an_unknown_eol export "$EX" --to pem --eol cr
usage as_der_of_cmng export "$EX" --to cmng --as der
usage no_kind_out export "$EX"

finish
