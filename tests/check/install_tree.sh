#!/usr/bin/env bash
# install_tree.sh PREFIX: an installation has what it should and nothing else,
# and nothing in it says where it was built.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/../tools/lib.sh" "$1"
prefix=$build
source_dir=$(cd "$here/../.." && pwd) || exit 1
lib=$(dirname "$(find "$prefix" -name libzsock.so)") || exit 1
export PKG_CONFIG_PATH=$lib/pkgconfig
unset PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
version=$(pkg-config --modversion zsock) || exit 1
objects=("$lib/libzsock.so.$version" "$lib"/libzsock/*.so "$prefix"/bin/*)

# wanted: the headers and manual pages of the sources, and the list.
wanted() {
	sed "s,^LIB,${lib#"$prefix/"},; s,VERSION,$version," \
		"$here/../check/installed.txt"
	(cd "$source_dir/include" && find . -name '*.h') |
		sed 's,^\.,include/libzsock,'
	(cd "$source_dir/docs/man" && ls ./*.[1-8]) |
		sed 's,^\./\(.*\.\(.\)\)$,share/man/man\2/\1,'
}

begin every_file_is_there_and_no_other
(cd "$prefix" && find . ! -type d) | sed 's,^\./,,' | sort >"$work/there"
wanted | sort >"$work/wanted"
diff -u "$work/wanted" "$work/there" >"$out" ||
	fail "$(cat "$out")" "; what is to be installed is in meson.build," \
		"what should be there in tests/check/installed.txt"
ok

begin the_headers_are_those_of_the_sources
want 0 diff -r -x meson.build "$source_dir/include" "$prefix/include/libzsock"
ok

begin the_soname_is_that_of_the_first_number
is "$(readlink "$lib/libzsock.so.0")" "libzsock.so.$version"
is "$(readelf -d "${objects[0]}" | sed -n 's/.*soname: \[\(.*\)\]/\1/p')" \
	"libzsock.so.${version%%.*}"
ok

begin no_object_looks_for_others_by_a_path
for object in "${objects[@]}"; do
	want 0 readelf -d "$object"
	hasnt "$out" RPATH RUNPATH
done
ok

begin no_object_has_debugging_information_after_strip
for object in "${objects[@]}"; do
	want 0 readelf -SW "$object"
	has "$out" ' .text '
	hasnt "$out" ' .debug_' ' .symtab '
done
ok

begin no_file_says_where_it_was_built
find "$prefix" -type f -exec grep -laF "$source_dir" {} + >"$out"
[ ! -s "$out" ] || fail "$source_dir is in $(cat "$out")"
for object in "${objects[@]}"; do
	# __FILE__ begins at the top of the sources.
	grep -aoE '[A-Za-z0-9_./-]+/(base|cred|tls|sock|api|core|run)/[a-z_]+\.[ch]' \
		"$object" | grep -vE '^(lib|shim|tools)/[a-z]+/[a-z_]+\.[ch]$' >"$out" &&
		fail "$object has $(head -n 3 "$out")"
done
ok

begin it_may_be_moved
grep -H '^prefix=' "$lib"/pkgconfig/*.pc | grep -vF "=\${pcfiledir}/" >"$out" &&
	fail "$(cat "$out"): meson configure -Dpkgconfig.relocatable=true," \
		"or a build directory that is made anew"
ok

begin pkg_config_finds_no_fault
want 0 pkg-config --validate zsock zsock-firmware
is "$(cat "$out" "$err")" ''
ok
finish
