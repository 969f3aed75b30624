#!/usr/bin/env bash
# install.sh BUILD_DIR: what meson install puts down, and takes away again.
#
# The installation is looked at and used at another place than it was made for.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/../tools/lib.sh" "$1"
check=$here/../check
stage=$work/stage prefix=$work/elsewhere

begin it_installs
DESTDIR=$stage want 0 meson install -C "$build" --no-rebuild --strip
made=$(dirname "$(find "$stage" -name bin -type d)")
cp -a "$made" "$prefix" || fail 'nothing to copy'
ok

bash "$check/install_tree.sh" "$prefix" || failed=1
bash "$check/install_use.sh" "$prefix" || failed=1

# Meson also removes the directories that the installation has made, here all.
begin uninstall_leaves_nothing_behind
want 0 ninja -C "$build" uninstall
[ ! -e "$stage" ] || fail "$(find "$stage")"
ok

begin uninstall_leaves_what_it_did_not_make
mkdir -p "$made/bin" && touch "$made/bin/other" || exit 1
DESTDIR=$stage want 0 meson install -C "$build" --no-rebuild
want 0 ninja -C "$build" uninstall
is "$(cd "$made" && find . ! -type d)" ./bin/other
is "$(find "$stage" -type d | tail -n 1)" "$made/bin"
ok
finish
