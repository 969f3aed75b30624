#!/bin/bash
# load.sh: what ZSOCK_CREDENTIALS does to a program like firmware.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" "$1"
unset ZSOCK_CREDENTIALS_ERRORS ZSOCK_LOG ZSOCK_LOG_FILE ZSOCK_LIMITS
FW=$build/tests/tools/fw

# is_said TEXT: standard output is "started" and then these lines.
is_said() {
	is "$(cat "$out")" "started${1:+$'\n'}$1"
}

# is_one_line TEXT: standard error is one line that begins so.
is_one_line() {
	is "$(wc -l <"$err")" 1
	case $(cat "$err") in
	"$1"*) ;;
	*) fail "not \"$1...\": $(head -c 500 "$err")" ;;
	esac
}

# A bundle of one pre-shared key.
psk() {
	printf 'zsock-credentials 1\n%s\nSec-Tag: %s\nType: PSK\nText: %s\n' \
		"$3" "$1" "$2"
}

begin T22_a_bundle_serves_tls
want 0 env ZSOCK_CREDENTIALS="$EX" "$FW" echo=1,2
is_said "echo ok"
is "$(cat "$err")" ""
ok

begin T22_without_it_there_are_no_credentials
want 0 env ZSOCK_LOG=off "$FW" echo=1,2
is_said "echo tags"
ok

begin T22_several_bundles_and_directories_are_one
mkdir -m 700 "$work/dir"
printf seven >"$work/dir/7-psk.txt"
chmod 600 "$work/dir/7-psk.txt"
want 0 env ZSOCK_CREDENTIALS="$work/dir:$EX" "$FW" get=7,4 echo=1,2
is_said $'get 0 seven\necho ok'
ok

begin T23_a_bad_bundle_ends_the_program_before_main
sed 's/^MIIBMT/MI!BMT/' "$EX" >"$work/bad.zcred"
want 78 env ZSOCK_CREDENTIALS="$work/bad.zcred" "$FW" text=9,4,x
is "$(cat "$out")" ""
is_one_line "zsock: error: ZSOCK_CREDENTIALS: $work/bad.zcred:"
grep -Eq '^zsock: error: ZSOCK_CREDENTIALS: [^:]*:[0-9]+: ' "$err" ||
	fail "no line: $(cat "$err")"
ok

begin T23_a_bundle_that_is_not_there_ends_the_program
want 78 env ZSOCK_CREDENTIALS="$work/nowhere" "$FW"
is "$(cat "$out")" ""
is_one_line "zsock: error: ZSOCK_CREDENTIALS: $work/nowhere: "
ok

begin T23_errors_may_be_warnings
want 0 env ZSOCK_CREDENTIALS="$work/dir:$work/bad.zcred" \
	ZSOCK_CREDENTIALS_ERRORS=warn "$FW" text=9,4,x get=7,4
is_said $'text 0\nget -2 '
is_one_line "zsock: warn: ZSOCK_CREDENTIALS: $work/bad.zcred:"
ok

begin T23_errors_are_nothing_else
want 78 env ZSOCK_CREDENTIALS="$EX" ZSOCK_CREDENTIALS_ERRORS=no "$FW"
is "$(cat "$out")" ""
is_one_line "zsock: error: ZSOCK_CREDENTIALS_ERRORS: it is exit or warn"
ok

begin T24_one_pair_in_two_bundles_ends_the_program
psk 3 other 'Test-Only: yes' >"$work/three.zcred"
want 78 env ZSOCK_CREDENTIALS="$EX:$work/three.zcred" "$FW"
is "$(cat "$out")" ""
is_one_line "zsock: error: ZSOCK_CREDENTIALS: $work/three.zcred:3: sec_tag 3"
has "$err" "$EX, line "
ok

begin T24_one_bundle_twice_ends_the_program
want 78 env ZSOCK_CREDENTIALS="$EX:$EX" "$FW"
is "$(cat "$out")" ""
ok

# Another CA and server than the bundle's, as if they were compiled in.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost \
	-keyout "$work/own.key" -out "$work/own.pem" 2>"$work/openssl.log" ||
	cat "$work/openssl.log"
own=(add="1,1,$work/own.pem" add="2,2,$work/own.pem" add="2,3,$work/own.key")

begin T25_own_credentials_serve_tls_without_a_bundle
want 0 "$FW" "${own[@]}" echo=1,2
is_said $'add 0\nadd 0\nadd 0\necho ok'
ok

begin T25_a_provisioned_pair_is_taken
want 0 env ZSOCK_CREDENTIALS="$EX" "$FW" "${own[@]}" echo=1,2
is_said $'add -17\nadd -17\nadd -17\necho ok'
ok

begin T25_a_decree_stays_and_the_peer_sees_it
sed 's/^Test-Only: yes$/&\nMode: override/' "$EX" >"$work/decree.zcred"
# A client that trusts the bundle's CA alone.
sed -n '1,/^Sec-Tag: 2/{/^Sec-Tag: 2/d;s/^Sec-Tag: 1/Sec-Tag: 21/;p}' "$EX" \
	>"$work/ca.zcred"
want 0 env ZSOCK_CREDENTIALS="$work/decree.zcred:$work/ca.zcred" \
	"$FW" "${own[@]}" echo=21,2 echo=1,2
is_said $'add 0\nadd 0\nadd 0\necho ok\necho ok'
is "$(grep -c '^zsock: warn: tls_credential_add: .*override' "$err")" 3
ok

begin T25_a_decree_stays_after_a_delete
want 0 env ZSOCK_CREDENTIALS="$work/decree.zcred" "$FW" delete=2,2 get=2,2 \
	delete=2,2 add="2,2,$work/own.pem" echo=1,2
is_said $'delete 0\nget -2 \ndelete -2\nadd 0\necho ok'
ok

begin T26_a_set_user_id_program_ignores_the_environment
if [ "$(id -u)" != 0 ]; then
	skip "only root can make one that another user runs"
elif sanitized; then
	left_out "a sanitizer's options are the environment's, too"
else
	chmod 755 "$work"
	cp "$FW" "$work/suid" && chmod 4755 "$work/suid"
	other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	bad=(env ZSOCK_CREDENTIALS=/nowhere ZSOCK_CREDENTIALS_ERRORS=no
		ZSOCK_CTL=full ZSOCK_CTL_DIR="$ZSOCK_CTL_DIR")
	"${other[@]}" "$work/suid" secure >"$out" 2>"$err"
	if ! grep -q '^secure 1' "$out"; then
		skip "$work does not allow it: $(head -c 200 "$err")"
	else
		want 0 "${bad[@]}" "${other[@]}" "$work/suid" text=9,4,x tasks
		is_said $'text 0\ntasks 1'
		is "$(cat "$err")" ""
		is "$(ls -A "$ZSOCK_CTL_DIR")" ""
		# The same program would have ended otherwise.
		want 78 "${bad[@]}" "$FW" text=9,4,x
		ok
	fi
fi

begin T27_nothing_is_done_without_a_variable
want 0 ls /proc/self/fd # and the one by which it looks
all=" $(tr '\n' ' ' <"$out")"
want 0 "$FW" fds text=9,4,x tasks fds
is "$(sed -n '3,4p' "$out")" $'text 0\ntasks 1'
is "$(sed -n 2p "$out")" "$(sed -n 5p "$out")"
read -ra mine < <(sed -n 's/^fds//;2p' "$out")
is "${#mine[@]}" $(($(wc -w <<<"$all") - 1))
for number in "${mine[@]}"; do
	[[ $all == *" $number "* ]] || fail "descriptor $number"
done
is "$(cat "$err")" ""
is "$(ls -A "$ZSOCK_CTL_DIR")" ""
ok

begin T27_the_kernel_is_asked_for_nothing
if ! command -v strace >/dev/null; then
	skip "there is no strace here (package strace)"
elif sanitized; then
	left_out "a sanitizer asks the kernel itself"
elif counted; then
	left_out "what counts the lines asks the kernel itself"
elif ! strace -o /dev/null true 2>/dev/null; then
	skip "strace may not trace here"
else
	want 0 strace -f -o "$work/trace" "$FW" text=9,4,x delete=9,4
	is_said $'text 0\ndelete 0'
	# Before main: libraries are opened, nothing else.
	sed '/write(1, "started/q' "$work/trace" >"$work/before"
	opened=$(grep -E 'open(at)?\(' "$work/before" |
		grep -Ev '"[^"]*(\.so(\.[0-9.]+)?|ld\.so\.cache)"')
	is "$opened" ""
	# From then on: memory, and what the program itself writes.
	sed '1,/write(1, "started/d' "$work/trace" >"$work/after"
	asked=$(grep -Ev ' (write\(1, |brk\(|mmap\(NULL, [0-9]+, [A-Z_|]*, MAP_PRIVATE\|MAP_ANONYMOUS|munmap\(|futex\(|exit_group\(|\+\+\+ exited)' \
		"$work/after")
	is "$asked" ""
	is "$(grep -E ' (socket|clone|clone3|vfork|fork|pipe2?|eventfd2|memfd_create)\(' "$work/trace")" ""
	ok
fi

begin T27_a_bundle_leaves_no_descriptor_and_no_thread
want 0 env ZSOCK_CREDENTIALS="$EX:$work/dir" "$FW" fds tasks
want 0 "$FW" fds
plain=$(sed -n 2p "$out")
want 0 env ZSOCK_CREDENTIALS="$EX:$work/dir" "$FW" fds get=7,4 tasks fds
is_said "$plain"$'\nget 0 seven\ntasks 1\n'"$plain"
ok

finish
