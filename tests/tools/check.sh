#!/bin/bash
# check.sh: zsock-cred check, from bundles to findings, and against openssl.
. "$(dirname "$0")/lib.sh" "$1"

pki=$work/pki
"$Z" -q generate "$pki" >/dev/null 2>&1 || {
	echo "FAILED generate: there is nothing to check"
	exit 1
}

# codes FILE: the rules of a report, each once, without the notes.
codes() {
	grep -aoE ': [EW][0-9]{2} tag ' "$1" | cut -c 3-5 | sort -u | xargs
}

# arguments ROLE: how a socket of that role would use the set.
arguments() {
	case $1 in
	server) echo --host localhost --tags 1,2 ;;
	client) echo --tags 1,3 ;;
	psk) echo --tags 4 ;;
	both) echo --host localhost ;;
	esac
}

# T57: each bad set has exactly the finding of the index, with --strict too.
while IFS=, read -r file role _ rule _; do
	begin "T57_$(basename "$file" .zcred)_is_${rule/-/good}"
	strict=--strict code=1
	case $rule in
	-) strict='' code=0 ;;
	E*) strict='' ;;
	esac
	# shellcheck disable=SC2046,SC2086
	want $code timeout 10 "$Z" check $(arguments "$role") $strict \
		"$pki/$file" </dev/null
	if [ "$role" = both ]; then
		is "$(codes "$out")" W32
	else
		is "$(codes "$out")" "${rule/-/}"
	fi
	ok
done < <(tail -n +2 "$pki/index.csv")

begin T57_a_warning_alone_is_no_failure
want 0 "$Z" check --host localhost "$pki/bad/server-cn-only.zcred"
has "$out" "W24 tag 2"
has "$err" "0 errors, 1 warning"
ok

# errors of "openssl verify" by the names of the index
declare -A number=([X509_V_OK]=0 [X509_V_ERR_CERT_SIGNATURE_FAILURE]=7
	[X509_V_ERR_CERT_NOT_YET_VALID]=9 [X509_V_ERR_CERT_HAS_EXPIRED]=10
	[X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT]=18
	[X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY]=20
	[X509_V_ERR_PATH_LENGTH_EXCEEDED]=25 [X509_V_ERR_INVALID_PURPOSE]=26
	[X509_V_ERR_HOSTNAME_MISMATCH]=62 [X509_V_ERR_EE_KEY_TOO_SMALL]=66
	[X509_V_ERR_CA_MD_TOO_WEAK]=68 [X509_V_ERR_INVALID_CA]=79)

# certificates FILE TAG TYPE TO: as PEM, whatever they are stored as.
certificates() {
	"$Z" get "$1" "$2" "$3" -o "$work/value" >/dev/null 2>&1 || return 1
	if grep -aq BEGIN "$work/value"; then
		tr -d '\0' <"$work/value" >"$4"
	else
		openssl x509 -inform DER -in "$work/value" -out "$4" 2>"$err"
	fi
}

# The peer's CA is the one of the same set, or of its good twin's.
verify() {
	local file=$1 role=$2 args=(-purpose sslserver
		-verify_hostname localhost) tag=2
	[ "$role" = client ] && args=(-purpose sslclient) tag=3
	certificates "$pki/$file" 1 CA "$work/ca.pem" &&
		certificates "$pki/$file" $tag SERV "$work/chain.pem" || return 1
	openssl verify "${args[@]}" "${@:3}" -CAfile "$work/ca.pem" \
		-untrusted "$work/chain.pem" "$work/chain.pem" >"$out" 2>"$err"
	return 0
}

# T58
while IFS=, read -r file role _ rule verdict _; do
	[ "${number[$verdict]:-}" != "" ] && [ "$role" != both ] || continue
	begin "T58_openssl_says_${verdict}_of_$(basename "$file" .zcred)"
	level=()
	case $rule in W21) level=(-auth_level 2) ;; esac
	verify "$file" "$role" "${level[@]}" || fail "no certificates in it"
	if [ "$verdict" = X509_V_OK ]; then
		has "$out" OK
	else
		has "$err" "error ${number[$verdict]} at "
	fi
	ok
done < <(tail -n +2 "$pki/index.csv")

begin T59_the_good_set_ends_with_2049
want 0 "$Z" check --host localhost --at 2049-12-31 "$pki/server.zcred"
has "$out" W20
want 1 "$Z" check --host localhost --at 2050-01-01 "$pki/server.zcred"
has "$out" "E13 tag 1" "E13 tag 2" 2049-12-31
ok

begin a_finding_has_its_file_and_line
want 1 "$Z" check "$pki/bad/key-mismatch.zcred"
line=$(grep -n 'Type: PK' "$pki/bad/key-mismatch.zcred" | cut -d: -f1)
has "$out" "key-mismatch.zcred:$((line - 1)): E07 tag 2: the key does not match"
has "$err" "1 error, 0 warnings"
ok

begin a_directory_has_no_lines_but_types
mkdir -m 700 "$work/dir"
"$Z" get "$pki/bad/key-mismatch.zcred" 2 SERV -o "$work/dir/2-serv.pem"
"$Z" get "$pki/bad/key-mismatch.zcred" 2 PK -o "$work/dir/2-pk.pem"
for f in "$work"/dir/*; do
	tr -d '\0' <"$f" >"$work/plain" && cat "$work/plain" >"$f"
	chmod 600 "$f"
done
want 1 "$Z" check "$work/dir"
has "$out" "dir: E07 tag 2 PK: "
ok

begin T08_several_stores_are_one_set
want 1 "$Z" check "$pki/server.zcred" "$pki/client.zcred"
has "$out" "client.zcred:" "E02 tag 1: " "server.zcred:"
want 0 "$Z" check "$pki/server.zcred" "$pki/psk.zcred"
ok

begin what_is_redacted_is_said
"$Z" dump "$EX" >"$work/redacted.zcred" 2>/dev/null
chmod 600 "$work/redacted.zcred"
want 1 "$Z" check "$work/redacted.zcred"
is "$(codes "$out")" "E17 W32"
ok

begin T05_T06_T08_T09_a_store_that_cannot_be_read_is_no_finding
sed '0,/Type:/s//Tpye:/' "$EX" >"$work/e01.zcred"
sed 's/Hex: 0101/Hex: 0103/' "$EX" >"$work/e03.zcred"
{ cat "$EX" && printf 'Sec-Tag: 3\nType: PSK\nHex: 01\n'; } >"$work/e02.zcred"
for n in 1 2 3; do
	want 3 "$Z" check "$work/e0$n.zcred"
	has "$err" "e0$n.zcred:" "[E0$n]"
	is "$(cat "$out")" ""
done
ok

begin T17_a_mode_that_is_too_wide
sed '/Test-Only/d' "$EX" >"$work/e04.zcred"
chmod 644 "$work/e04.zcred"
want 5 "$Z" check "$work/e04.zcred"
has "$err" "[E04]"
want 4 "$Z" check "$work/none.zcred"
hasnt "$err" "[E0"
ok

begin the_target_makes_a_difference
want 0 "$Z" check --target openssl --strict --tags 4 "$pki/bad/psk-too-long.zcred"
want 0 "$Z" check --target nrf91 "$pki/bad/pem-no-nul.zcred"
want 1 "$Z" check --target nrf91 "$pki/bad/der-tail.zcred"
is "$(codes "$out")" E18
want 0 "$Z" check --target openssl --strict "$pki/both.zcred"
want 0 "$Z" check --max 7 --strict "$pki/both.zcred"
ok

begin arguments_that_are_none
for args in "--target esp32" "--at 2024-02-30" "--at tomorrow" "--days x" \
	"--tags 1," "--max -1" "--host=" "--nothing" ; do
	# shellcheck disable=SC2086
	want 2 "$Z" check $args "$EX"
done
want 2 "$Z" check
want 4 "$Z" check --tags 9 "$EX"
ok

begin json_is_json_and_says_the_same
want 1 "$Z" check --json --at 2050-01-01 "$EX"
python3 - "$out" <<'END' || fail "$(head -c 500 "$out")"
import json, sys
report = json.load(open(sys.argv[1]))
assert report['version'] == 1
assert report['errors'] == 2 and report['warnings'] == 1
rules = [f['rule'] for f in report['findings']]
assert rules == ['E13', 'N40', 'E13', 'W32'], rules
first = report['findings'][0]
assert set(first) == {'store', 'line', 'tag', 'type', 'rule', 'severity',
                      'text'}
assert first['line'] == 5 and first['type'] == 'CA' and first['tag'] == 1
assert [f['severity'] for f in report['findings']] == \
    ['error', 'note', 'error', 'warning']
END
want 0 "$Z" check --json "$pki/server.zcred"
python3 -m json.tool "$out" >/dev/null || fail "of no findings"
ok

begin T60_no_secret_is_told
hex=010102030405060708090a0b0c0d0e0f
for args in "" --json "--target openssl --strict" "--max 1 --host x"; do
	# shellcheck disable=SC2086
	"$Z" check $args "$EX" "$EX" >"$out" 2>"$err"
	for f in "$out" "$err"; do
		hasnt "$f" $hex "$(unhex $hex | base64)" \
			"$(unhex ${hex//00/})" \
			"$(sed -n '/BEGIN PRIVATE/{n;p;}' "$EX")" \
			FFLI8EJF01VyL9v7A8abz9OAt9
	done
done
ok

begin T62_a_hostile_subject_is_escaped
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 \
	-utf8 -subj "/CN=a"$'\e'"[31mb" -keyout /dev/null -out "$work/esc.pem" \
	2>/dev/null || fail "openssl req"
printf 'zsock-credentials 1\n\nSec-Tag: 2\nType: CA\n' >"$work/esc.zcred"
cat "$work/esc.pem" >>"$work/esc.zcred"
chmod 600 "$work/esc.zcred"
want 0 "$Z" check "$work/esc.zcred"
has "$out" 'W20 tag 2' 'a\x1b[31mb'
hasnt "$out" $'\e'
ok

begin T63_a_full_disk_is_told
rc=0
"$Z" check --at 2050-01-01 "$EX" >/dev/full 2>"$err" || rc=$?
is $rc 9
ok

finish
