#!/usr/bin/env bash
# What meson install puts down is enough to build and run a program with,
# in host mode and in firmware mode; and so is it for the README's program, with
# the credentials that the installed tool makes.
build=$1
source_dir=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
server=
clean_up() {
	[ -z "$server" ] || kill "$server"
	rm -rf "$work"
}
trap clean_up EXIT
export PKG_CONFIG_PATH=
DESTDIR=$work/root meson install -C "$build" --no-rebuild \
	>"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 1; }
pc=$(dirname "$(find "$work/root" -name zsock.pc)")
lib=$(dirname "$(find "$work/root" -name libzsock.so)")
[ -f "$pc/zsock-firmware.pc" ] || { echo 'no zsock-firmware.pc'; exit 1; }

cat >"$work/user.c" <<'C'
#include <stdio.h>
#include <zephyr/net/socket.h>
#include <zsock/credentials.h>
#include <zsock/zsock.h>

int
main(void)
{
	struct net_sockaddr_in6 addr = { .sin6_family = NET_AF_INET6 };
	const int sock =
	    zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2);

	printf("%d %d\n", sock, addr.sin6_family);
	return zsock_tls_version(sock) == NULL && zsock_close(sock) == 0 ? 0 : 1;
}
C
for mode in zsock zsock-firmware; do
	flags=$(PKG_CONFIG_SYSROOT_DIR=$work/root PKG_CONFIG_PATH=$pc \
		pkg-config --cflags --libs "$mode") || exit 1
	# shellcheck disable=SC2086 # the flags are words
	gcc -O2 -Wall -Wextra -Werror "$work/user.c" $flags \
		${SANITIZE:-} -o "$work/user" || exit 1
	said=$(LD_LIBRARY_PATH=$lib "$work/user") || exit 1
	[ "$said" = '0 10' ] || { echo "$mode: it said $said"; exit 1; }
	echo "$mode: ok"
done

launcher=$(find "$work/root" -name zsock-run -path '*/bin/*')
"$launcher" cat /proc/self/maps | grep -q "$work/root.*/libzsock-preload.so" ||
	{ echo 'zsock-run: its library is not there'; exit 1; }
echo 'zsock-run: ok'

# The README's program, its first piece of C, against https_server, on the port that this one gets.
[ -x "$build/examples/https_server" ] ||
	{ echo 'README: left out, there are no examples here'; exit 0; }
cred=$(find "$work/root" -name zsock-cred -path '*/bin/*')
LD_LIBRARY_PATH=$lib "$cred" -q generate "$work/try" --bad none \
	>"$work/cred.log" 2>&1 || { cat "$work/cred.log"; exit 1; }
mkdir "$work/pages" || exit 1
echo 'it works' >"$work/pages/page.txt"
exec {out}< <(ZSOCK_CREDENTIALS=$work/try/server.zcred \
	exec "$build/examples/https_server" 0 "$work/pages" 2>"$work/server.log")
server=$!
IFS= read -r -t 10 line <&"$out" || { cat "$work/server.log"; exit 1; }
# shellcheck disable=SC2016 # those are no commands
sed -n '/^```c$/,/^```$/{/^```$/q;/^```/d;p}' "$source_dir/README.md" |
	sed "s/4433/${line##* }/" >"$work/fetch.c"
flags=$(PKG_CONFIG_SYSROOT_DIR=$work/root PKG_CONFIG_PATH=$pc \
	pkg-config --cflags --libs zsock) || exit 1
# shellcheck disable=SC2086 # the flags are words
gcc -O2 -Wall -Wextra -Werror "$work/fetch.c" $flags \
	${SANITIZE:-} -o "$work/fetch" || exit 1
cd "$work/try" || exit 1
said=$(LD_LIBRARY_PATH=$lib "$work/fetch") || exit 1
[ "$(tail -n 1 <<<"$said")" = 'it works' ] ||
	{ echo "the README's program: it said $said"; exit 1; }
echo 'README: ok'
