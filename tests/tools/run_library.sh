#!/usr/bin/env bash
# run_library.sh BUILD_DIR: where zsock-run finds its library (P25).
# shellcheck source-path=SCRIPTDIR disable=SC2154,SC2016
. "$(dirname "$0")/run_lib.sh" "$1"

# ---- Where the library is

# tree DIR: a launcher and its library, as they are built.
tree() {
	mkdir -p "$1/tools" "$1/shim" && cp "$R" "$1/tools/" &&
		cp "$work"/tree/shim/* "$1/shim/"
}

begin a_path_with_blanks_colons_and_dollars_P25
for dir in 'a blank' 'a:colon' 'a$ORIGIN'; do
	tree "$work/$dir"
	runs "$work/$dir/tools/zsock-run" ./said
	is "$(cat "$out")" with
	# Also in what is executed from there, and from elsewhere.
	runs "$work/$dir/tools/zsock-run" sh -c 'cd / && exec sh -c "$0"' \
		"$work/said"
	is "$(cat "$out")" with
done
runs "$work/a blank/tools/zsock-run" env
grep -q "LD_PRELOAD=.*$XDG_RUNTIME_DIR/zsock-run/[0-9a-f-]*/$library\$" "$out" ||
	fail "$(grep LD_PRELOAD "$out")"
is "$(find "$XDG_RUNTIME_DIR/zsock-run" -type l | wc -l)" 3
is "$(stat -c %a "$XDG_RUNTIME_DIR/zsock-run")" 700
ok

begin links_are_shared_and_stale_ones_go_P25
before=$(ls -i "$XDG_RUNTIME_DIR/zsock-run")
runs "$work/a blank/tools/zsock-run" ./said
is "$(ls -i "$XDG_RUNTIME_DIR/zsock-run")" "$before"
mv "$work/a:colon" "$work/a:nother"
runs "$work/a:nother/tools/zsock-run" ./said
is "$(cat "$out")" with
is "$(find "$XDG_RUNTIME_DIR/zsock-run" -type l | wc -l)" 3
rm -r "$work/a:nother"
tree "$work/one more"
runs "$work/one more/tools/zsock-run" ./said
is "$(find "$XDG_RUNTIME_DIR/zsock-run" -type l -exec test ! -e {} \; -print)" ''
ok

begin the_directory_of_links_is_private_P25
chmod 755 "$XDG_RUNTIME_DIR/zsock-run"
refused 125 "$XDG_RUNTIME_DIR/zsock-run is no directory of this user's" -- \
	"$work/a blank/tools/zsock-run" touch "$ran"
chmod 700 "$XDG_RUNTIME_DIR/zsock-run"
mv "$XDG_RUNTIME_DIR/zsock-run" "$XDG_RUNTIME_DIR/else"
ln -s else "$XDG_RUNTIME_DIR/zsock-run"
refused 125 "no directory of this user's" -- \
	"$work/a blank/tools/zsock-run" touch "$ran"
rm "$XDG_RUNTIME_DIR/zsock-run"
mv "$XDG_RUNTIME_DIR/else" "$XDG_RUNTIME_DIR/zsock-run"
mkdir "$work/run time"
chmod 700 "$work/run time"
runs env XDG_RUNTIME_DIR="$work/run time" "$work/a blank/tools/zsock-run" env
has "$out" "/tmp/zsock-run-$(id -u)/"
rm "/tmp/zsock-run-$(id -u)/"*-*
ok

begin a_library_that_is_missing_P25
tree "$work/less"
rm "$work/less/shim/$library"
if [ -e "$("$work/less/tools/zsock-run" true 2>&1 |
	sed -n 's/.* nor in \([^;]*\);.*/\1/p')/$library" ]; then
	left_out 'libzsock is installed here'
else
	refused 125 "$library is not there" 'install' -- \
		"$work/less/tools/zsock-run" touch "$ran"
	ok
fi

begin a_library_of_which_a_half_is_missing_P25
tree "$work/half"
rm "$work/half/shim/libzsock-core.so"
refused 125 half/shim/libzsock-core.so 'No such file' -- \
	"$work/half/tools/zsock-run" touch "$ran"
gcc -shared -fPIC -Wl,-soname,libgone.so -o libgone.so -xc /dev/null &&
	gcc -shared -fPIC -o half/shim/libzsock-core.so -xc /dev/null \
		-x none -Wl,--no-as-needed ./libgone.so && rm libgone.so ||
	fail 'no libraries'
refused 125 half/shim/libzsock-core.so 'libgone.so => not found' -- \
	"$work/half/tools/zsock-run" touch "$ran"
ok

begin a_library_that_would_not_load_P25
printf 'no library' >"$work/less/shim/$library"
refused 125 "less/shim/$library" 'it is no library' -- \
	"$work/less/tools/zsock-run" touch "$ran"
head -c 2000 "$shim" >"$work/less/shim/$library"
refused 125 "less/shim/$library" 'it is no library' -- \
	"$work/less/tools/zsock-run" touch "$ran"
cp said riscv
printf '\xf3' | dd of=riscv bs=1 seek=18 conv=notrunc status=none
cp riscv "$work/less/shim/$library"
refused 126 'library is for RISC-V' -- "$work/less/tools/zsock-run" touch "$ran"
cp said "$work/less/shim/$library" # which is no library for others
refused 125 'its loader says: ' 'ld.so' 'cannot be preloaded' -- \
	"$work/less/tools/zsock-run" touch "$ran"
ok

# It is static, as a loader is.
begin a_loader_that_says_nothing
cat >silence.c <<'C'
#include <unistd.h>

int
main(void)
{
	alarm(60);
	return pause();
}
C
if gcc -static silence.c -o ld-linux.so.9 2>/dev/null; then
	program silent "-Wl,--dynamic-linker=$work/ld-linux.so.9" ||
		fail 'no program'
	refused 125 "$work/ld-linux.so.9" 'has not said within 5 seconds' -- \
		timeout 30 "$R" ./silent
	ok
else
	skip 'there is no static libc here'
fi

begin it_is_found_where_it_is_installed
mkdir -p "$work/usr/bin" && cp "$R" "$work/usr/bin/"
from=$("$work/usr/bin/zsock-run" true 2>&1 |
	sed -n 's/.*neither in \(.*\) nor in .*/\1/p')
if [ -n "$from" ]; then
	mkdir -p "$(realpath -m "$from")" &&
		cp "$work"/tree/shim/* "$(realpath -m "$from")/"
	runs "$work/usr/bin/zsock-run" env
	has "$out" "$(realpath -m "$from")/$library"
	runs "$work/usr/bin/zsock-run" ./said
	is "$(cat "$out")" with
	ok
else
	left_out 'libzsock is installed here'
fi

# ---- The manual's first example

begin plain_programs_become_both_ends_of_TLS
if sanitized; then
	left_out 'curl does not live with a sanitizer'
elif command -v curl >/dev/null && command -v python3 >/dev/null; then
	"$Z" -q generate pki --bad none >/dev/null 2>"$err" || fail 'no PKI'
	port=$(python3 -c 'import socket; s = socket.socket()
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	mkdir pages && echo 'it works' >pages/page.txt
	run "$R" --creds pki/server.zcred --tls-listen "$port=2" -- \
		python3 -m http.server -d pages --bind 127.0.0.1 "$port" \
		>"$work/server.log" 2>&1
	server=$!
	page() {
		"$R" --creds pki/client.zcred --tls-connect "$1:$port=1" -- \
			curl -sS --max-time 10 "http://$1:$port/page.txt"
	}
	until_true page localhost || fail "$(cat "$work/server.log")"
	runs page localhost # which curl does not look up
	is "$(cat "$out")" 'it works'
	# It is TLS, and has the certificate's name.
	want 0 curl -sS --max-time 10 --cacert pki/ca.pem \
		"https://localhost:$port/page.txt"
	is "$(cat "$out")" 'it works'
	want 7 "$R" --creds pki/client.zcred --tls-connect "127.0.0.2:$port=1" \
		-- curl -sS --max-time 10 "http://127.0.0.2:$port/page.txt"
	kill "$server"
	ok
else
	skip 'there is no curl, or no python3, here'
fi
finish
