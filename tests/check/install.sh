#!/usr/bin/env bash
# What meson install puts down is enough to build and run a program with,
# in host mode and in firmware mode.
build=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export PKG_CONFIG_PATH=
DESTDIR=$work/root meson install -C "$build" --no-rebuild \
	>"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 1; }
pc=$(dirname "$(find "$work/root" -name zsock.pc)")
lib=$(dirname "$(find "$work/root" -name libzsock.so)")
[ -f "$pc/zsock-firmware.pc" ] || { echo 'no zsock-firmware.pc'; exit 1; }

cat >"$work/user.c" <<'C'
#include <stdio.h>
#include <zephyr/net/socket.h>
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
