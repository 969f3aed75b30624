#!/usr/bin/env bash
# dist.sh BUILD_DIR: makes the tarball of the commit at hand, and tries it where
# there is no network: it is built, installed, used, and taken away again, and
# built as a part of somebody else's program.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/../tools/lib.sh" "$1"

# Without a network, if the system allows that.
offline=(unshare --map-root-user --net)
"${offline[@]}" true 2>/dev/null || {
	echo 'left out: this system gives no network of their own to programs;' \
		'what follows has that of the machine'
	offline=()
}

begin the_tarball_is_made
rm -rf "$build/meson-dist"
want 0 meson dist -C "$build" --no-tests --formats gztar
tarball=$(echo "$build"/meson-dist/*.tar.gz)
mkdir "$work/source"
want 0 tar -xzf "$tarball" -C "$work/source" --strip-components 1
ok

begin it_has_what_is_committed
(cd "$work/source" && find . ! -type d) | sed 's,^\./,,' | sort >"$work/there"
git -C "$here" ls-tree -r --full-tree --name-only HEAD |
	sort >"$work/wanted"
want 0 diff "$work/wanted" "$work/there"
ok

begin it_builds
cd "$work/source" || exit 1
want 0 "${offline[@]}" meson setup out --prefix="$work/prefix" -Dlibdir=lib \
	--buildtype=release --wrap-mode=nodownload -Dwerror=true
want 0 "${offline[@]}" ninja -C out
want 0 meson install -C out --no-rebuild --strip
ok
[ "$bad" = 0 ] || finish

bash tests/check/install_tree.sh "$work/prefix" || failed=1
bash tests/check/install_use.sh "$work/prefix" || failed=1

begin uninstall_leaves_nothing_behind
want 0 ninja -C out uninstall
[ ! -e "$work/prefix" ] || fail "$(find "$work/prefix")"
ok

begin it_builds_as_a_subproject
cp -r examples/consumers "$work/use" && mkdir "$work/use/meson/subprojects" &&
	mv "$work/source" "$work/use/meson/subprojects/libzsock" &&
	cd "$work/use" || exit 1
want 0 "${offline[@]}" meson setup by-copy meson --wrap-mode=nodownload \
	--force-fallback-for=zsock,zsock-firmware
want 0 "${offline[@]}" ninja -C by-copy post
want 2 by-copy/post
has "$err" 'usage: post'
ok
[ "$failed" = 1 ] || echo "$tarball"
finish
