#!/usr/bin/env bash
# run.sh BUILD_DIR: exit codes, options and the environment of zsock-run,
# and io_uring (P45).
# shellcheck source-path=SCRIPTDIR disable=SC2154,SC2016
. "$(dirname "$0")/run_lib.sh" "$1"

# ---- Exit codes, arguments, process

begin help_and_version
want 0 "$R" --help
has "$out" 'usage: zsock-run' '125' '126' '127'
[ "$(awk 'length > 120' "$out" | wc -l)" = 0 ] || fail 'long lines'
want 0 "$R" --version
has "$out" 'zsock-run 0.'
want 125 sh -c '"$0" --version >/dev/full' "$R"
ok

begin exit_codes_of_the_program
for code in 0 1 77 125 126 127 255; do
	want "$code" "$R" -- sh -c "exit $code"
done
want 137 bash -c '"$0" -- sh -c "kill -KILL \$\$"; exit $?' "$R"
ok

begin exit_codes_of_its_own
refused 125 'which program' -- "$R"
refused 125 'which program' -- "$R" --no-follow --
refused 125 'no option --nonsense' -- "$R" --nonsense -- touch "$ran"
refused 125 'no option -x;' -- "$R" -x touch "$ran"
refused 125 'no option -x;' -- "$R" -xy touch "$ran"
refused 125 '--creds wants a value' -- "$R" --creds
refused 125 '--no-follow has no value' -- "$R" --no-follow=1 touch "$ran"
refused 127 'nowhere' 'No such file' -- "$R" nowhere
refused 127 './nowhere' -- "$R" ./nowhere
refused 127 "''" 'No such file' -- "$R" ''
refused 127 "$EX/x" -- "$R" "$EX/x"
refused 126 'Is a directory' -- "$R" /
touch "$work/plain"
chmod 644 "$work/plain"
refused 126 'Permission denied' -- "$R" ./plain
mkfifo -m 755 "$work/pipe"
refused 126 'Permission denied' -- "$R" ./pipe
ok

begin the_program_is_the_process
runs sh -c 'echo $$; exec "$0" -- sh -c "echo \$\$"' "$R"
is "$(sed -n 1p "$out")" "$(sed -n 2p "$out")"
ok

begin its_arguments_are_its_own
runs "$R" printf '%s|' --creds 'a b' '' -- --help
is "$(cat "$out")" '--creds|a b||--|--help|'
runs "$R" -- bash -c 'echo "$0 $*"' one two
is "$(cat "$out")" 'one two'
runs "$R" sh -c 'echo $0'
is "$(cat "$out")" sh
ok

begin the_search_is_that_of_execvp
mkdir "$work/first" "$work/second" "$work/second/tool"
program "$work/first/tool"
runs env PATH="$work/second:$work/first" "$R" tool
is "$(cat "$out")" with
chmod 644 "$work/first/tool"
refused 126 'Permission denied' -- \
	env PATH="$work/first:$work/second" "$R" tool
chmod 755 "$work/first/tool"
(cd first && runs env PATH="$work/second:" "$R" tool) || fail 'an empty part'
runs env -u PATH "$R" true
refused 127 'No such file' -- env PATH=/nowhere "$R" true
ok

begin standard_streams_may_be_closed_and_children_ignored
("$R" -- sh -c 'exit 3' <&- >&- 2>&-)
is $? 3
(trap '' CHLD; "$R" -- sh -c 'exit 4')
is $? 4
ok

# ---- The environment

begin LD_PRELOAD_is_prepended
sanitized || {
	runs "$R" env
	sees "LD_PRELOAD=$shim"
	touch empty.c
	gcc -shared -fPIC empty.c -o other.so || fail 'no library'
	runs env LD_PRELOAD="$work/other.so" "$R" env
	grep -qx "LD_PRELOAD=$shim:$work/other.so" "$out" || fail 'it is not'
	runs env LD_PRELOAD="$work/other.so" "$R" "$R" env
	grep -qx "LD_PRELOAD=$shim:$work/other.so" "$out" ||
		fail 'the library is there twice'
}
runs "$R" ./said
is "$(cat "$out")" with
ok

# sets OPTION VALUE NAME=VALUE...: as a word of its own, and behind a "=".
sets() {
	local option=$1 value=$2
	shift 2
	begin "option_${option#--}"
	runs "$R" "$option" "$value" -- env
	grep -qxF -e "$1" "$out" || fail "$1"
	runs "$R" "$option=$value" env
	for row; do
		grep -qxF -e "$row" "$out" || fail "$row"
	done
	ok
}
echo CONFIG_NET_SOCKETS_POLL_MAX=5 >prj.conf
echo '127.0.0.1 device.test' >hosts
sets --creds example.zcred "ZSOCK_CREDENTIALS=$EX"
sets --creds "$EX" "ZSOCK_CREDENTIALS=$EX"
sets --profile zephyr-3.3 ZSOCK_PROFILE=zephyr-3.3
sets --limits prj.conf "ZSOCK_LIMITS=$work/prj.conf"
sets --hosts hosts "ZSOCK_HOSTS=$work/hosts"
sets --log debug ZSOCK_LOG=debug
sets --log info:a.log ZSOCK_LOG=info "ZSOCK_LOG_FILE=$work/a.log"
sets --fd-base 100 ZSOCK_FD_BASE=100
sets --tls-connect localhost:443=1,2 ZSOCK_TLS_CONNECT=localhost:443=1,2
sets --tls-listen 8443=3 ZSOCK_TLS_LISTEN=8443=3
sets --ctl list ZSOCK_CTL=list
sets --keylog keys "SSLKEYLOGFILE=$work/keys"

begin options_that_are_repeated
sed 's/^Sec-Tag: \(.\)/Sec-Tag: 1\1/' "$EX" >second.zcred
chmod 600 second.zcred
runs "$R" --creds example.zcred --creds "$work/second.zcred" env
sees "ZSOCK_CREDENTIALS=$EX:$work/second.zcred"
runs "$R" --creds example.zcred:second.zcred env
sees "ZSOCK_CREDENTIALS=$EX:$work/second.zcred"
runs "$R" --tls-connect 127.0.0.1:1=1 --tls-connect '[::1]:2=2' \
	--tls-connect '*:3=3' env
sees 'ZSOCK_TLS_CONNECT=127.0.0.1:1=1 [::1]:2=2 *:3=3'
runs "$R" --tls-listen 1=1 --tls-listen 2=2 env
sees 'ZSOCK_TLS_LISTEN=1=1 2=2'
runs "$R" --profile zephyr --profile linux env
sees ZSOCK_PROFILE=linux
runs "$R" --log debug:a.log --log warn env
sees ZSOCK_LOG=warn
hasnt "$out" ZSOCK_LOG_FILE
runs "$R" --log debug --log warn:a.log env
sees ZSOCK_LOG=warn "ZSOCK_LOG_FILE=$work/a.log"
ok

begin an_option_instead_of_its_variable
runs env ZSOCK_PROFILE=zephyr ZSOCK_LOG=info "$R" --profile linux env
sees ZSOCK_PROFILE=linux ZSOCK_LOG=info
hasnt "$out" ZSOCK_PROFILE=zephyr
ok

begin variables_are_not_for_the_launcher
for variable in ZSOCK_PROFILE=no ZSOCK_LIMITS=/no ZSOCK_HOSTS=/no \
	ZSOCK_FD_BASE=no ZSOCK_CREDENTIALS=/no ZSOCK_LOG=no ZSOCK_CTL=no; do
	want 0 env "$variable" "$R" --help
	is "$(cat "$err")" ''
done
ok

begin no_follow_is_told_to_the_library
if grep -qa ZSOCK_FOLLOW "$shim"; then
	runs "$R" --no-follow --log info -- sh -c 'env; ./said'
	sees without
	hasnt "$out" ZSOCK_ "$library"
else
	fail 'the library knows nothing of ZSOCK_FOLLOW'
fi
runs "$R" -- sh -c ./said
is "$(cat "$out")" with
ok

# ---- Bad values

# bad TEXT OPTION...: a word of the complaint.
bad() {
	local text=$1
	shift
	refused 125 "$text" -- "$R" "$@" -- touch "$ran"
}
begin bad_values
bad 'zephyr, zephyr-3.3 and linux' --profile zephyr-9
bad 'off, error' --log loud
bad "--log ''" --log ''
bad "--profile ''" --profile ''
bad "--ctl ''" --ctl ''
bad 'cannot be written' --log info:/nowhere/a.log
bad 'name of a file is empty' --log info:
bad '0 to 1000000' --fd-base -1
bad '0 to 1000000' --fd-base 1000001
bad '0 to 1000000' --fd-base 3x
bad "--fd-base ''" --fd-base ''
bad '0 to 1000000' --fd-base ' 5'
bad '0 to 1000000' --fd-base +5
bad '0 to 1000000' --fd-base 99999999999999999999
bad 'off, list, load and full' --ctl all
bad 'cannot be written' --keylog /nowhere/keys
bad 'name of a file is empty' --keylog ''
bad '/nowhere' --limits /nowhere
bad '/nowhere' --hosts /nowhere
echo CONFIG_NET_SOCKETS_POLL_MAX=many >bad.conf
bad 'bad.conf:1' --limits bad.conf
echo 'no address' >bad.hosts
bad 'bad.hosts:1' --hosts bad.hosts
ok

begin bad_rules
bad 'HOST:PORT=TAG' --tls-connect localhost
bad 'HOST:PORT=TAG' --tls-connect localhost=1
bad '1 to 65535' --tls-connect localhost:0=1
bad 'a number from 0 to 2147483647' --tls-connect localhost:1=
bad 'a number from 0 to 2147483647' --tls-connect localhost:1=2147483648
bad 'IPv6' --tls-connect ::1:443=1
bad 'rule 2' --tls-connect a:1=1 --tls-connect b:x=1
bad 'there is no rule' --tls-connect ''
bad 'there is no rule' --tls-connect a:1=1 --tls-connect ''
bad 'there is no rule' --tls-listen '  '
bad 'PORT=TAG' --tls-listen 443
bad '1 to 65535' --tls-listen 65536=1
ok

begin bad_bundles
bad 'name of a file is empty' --creds ''
bad 'name of a file is empty' --creds "$EX:"
bad 'nowhere.zcred' --creds "$EX:nowhere.zcred"
{ cat "$EX" && echo nonsense; } >bad.zcred
bad "bad.zcred:$(wc -l <bad.zcred)" --creds bad.zcred
cp "$EX" again.zcred
bad 'has a CA already, in' --creds example.zcred --creds again.zcred
echo CONFIG_TLS_MAX_CREDENTIALS_NUMBER=1 >one.conf
bad 'CONFIG_TLS_MAX_CREDENTIALS_NUMBER=1' --limits one.conf --creds "$EX"
mkdir "$work/a:b"
(cd "$work/a:b" && cp "$EX" . && bad 'has a colon' --creds example.zcred &&
	exit "$bad") || fail 'a colon in the name'
ok

# ---- io_uring

begin io_uring_is_not_there_beside_TLS_P45
U=$build/tests/tools/io_uring
want 0 "$U"
native=$(cat "$out")
runs "$R" "$U"
is "$(cat "$out")" "$native"
for option in --tls-connect=a:1=1 --tls-listen=1=1 --creds=example.zcred \
	--ctl=list; do
	runs "$R" "$option" "$U"
	is "$(cat "$out")" 'ENOSYS 2 1'
	runs "$R" "$option" --allow-io-uring "$U"
	is "$(cat "$out")" "$native"
done
runs env ZSOCK_TLS_LISTEN=1=1 "$R" sh -c "$U" # and in children
is "$(cat "$out")" 'ENOSYS 2 1'
runs "$R" --profile zephyr --ctl off "$U"
is "$(cat "$out")" "$native"
[ "${native%% *}" != ENOSYS ] || echo "# io_uring is not here: $native"
ok
finish
