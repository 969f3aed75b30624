#!/usr/bin/env bash
# install_use.sh PREFIX: programs are built with an installation and run: by
# pkg-config, Make, Meson and CMake, the examples, and the README's.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/../tools/lib.sh" "$1"
prefix=$build
source_dir=$(cd "$here/../.." && pwd) || exit 1
Z=$prefix/bin/zsock-cred
lib=$(dirname "$(find "$prefix" -name libzsock.so)") || exit 1
examples=$source_dir/examples
export PKG_CONFIG_PATH=$lib/pkgconfig CMAKE_PREFIX_PATH=$prefix
unset PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR LD_LIBRARY_PATH \
	MAKEFLAGS CFLAGS CXXFLAGS LDFLAGS
version=$(pkg-config --modversion zsock) || exit 1
celsius=0 flags=()

# flags_of MODULE: sets flags, for a compiler; pkg-config quotes blanks in them.
flags_of() {
	eval "flags=($(pkg-config --cflags --libs "$1"))"
}

# serve CMD...: a server, which says its port in its first line; sets port.
serve() {
	local line
	exec {said}< <(exec "$@" 2>"$work/server.err")
	started+=($!)
	IFS= read -r -t 10 line <&"$said" || fail "$(cat "$work/server.err")"
	port=${line##* }
}

# posts CMD...: it runs, and the server has got its reading.
posts() {
	want 0 "$@" "$work/pki/client.zcred" localhost "$port" "$((++celsius))"
	has "$out" posted
	IFS= read -r -t 10 line <&"$readings"
	is "$line" "/readings {\"mC\":$celsius}"
}

begin the_installed_tool_makes_credentials
LD_LIBRARY_PATH=$lib want 0 "$Z" -q generate "$work/pki" --bad none --format pem
ok

begin the_launcher_finds_its_library
want 0 "$prefix/bin/zsock-run" cat /proc/self/maps
has "$out" "$lib/libzsock/libzsock-preload.so"
ok

# In every language and both modes; more of that in headers.py.
(cd "$prefix/include/libzsock" && find net zephyr zsock -name '*.h' \
	! -path '*/detail/*' | sort | sed 's/.*/#include <&>/') >"$work/all.c"
echo 'int main(void) { return zsock_close(zsock_socket(NET_AF_INET,
	NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2)); }' >>"$work/all.c"
for mode in zsock zsock-firmware; do
	flags_of "$mode"
	for compiler in gcc 'g++ -x c++'; do
		begin "${mode}_${compiler%% *}_compiles_all_headers"
		# shellcheck disable=SC2086 # it is words
		want 0 $compiler -O2 -Wall -Wextra -Werror "$work/all.c" \
			"${flags[@]}" -o "$work/all"
		LD_LIBRARY_PATH=$lib want 0 "$work/all"
		ok
	done
done

begin a_sysroot_is_not_counted_twice
case $prefix in
*[[:space:]]*) left_out 'pkg-config itself does so if the path has a blank' ;;
*)
	PKG_CONFIG_SYSROOT_DIR=${prefix%/*} want 0 pkg-config --cflags zsock
	hasnt "$out" "${prefix%/*}$prefix"
	ok
	;;
esac

serve python3 "$examples/consumers/server.py" "$work/pki/server-cert.pem" \
	"$work/pki/server-key.pem"
readings=$said
cp -r "$examples/consumers" "$work/use" && cd "$work/use" || exit 1

begin a_makefile_finds_it
want 0 make -C make
LD_LIBRARY_PATH=$lib posts make/post
ok

begin meson_finds_it
want 0 meson setup by-meson meson
want 0 ninja -C by-meson
posts by-meson/post
ok

begin meson_takes_it_as_a_subproject
mkdir meson/subprojects && ln -s "$source_dir" meson/subprojects/libzsock
PKG_CONFIG_PATH='' CMAKE_PREFIX_PATH='' want 0 meson setup by-copy meson \
	--wrap-mode=nodownload --force-fallback-for=zsock,zsock-firmware
has "$out" 'Dependency zsock found: YES' \
	'Dependency zsock-firmware found: YES' '(overridden)'
ok

begin cmake_finds_it
want 0 cmake -S cmake -B by-cmake
want 0 cmake --build by-cmake
posts by-cmake/post
ok

# The flags that pkg-config and CMake tell are the same, in C and in C++, and
# count more than those of the program.
begin firmware_is_compiled_as_on_the_device
mkdir firmware && cat >firmware/as.c <<'C'
#include <sys/socket.h>
#if __ZEPHYR__ != 1 || !defined(CONFIG_NETWORKING) || \
	!defined(ZSOCK_FIRMWARE) || defined(_SYS_SOCKET_H) || \
	defined(_FORTIFY_SOURCE) || defined(_FILE_OFFSET_BITS)
#error "the flags of zsock-firmware are not there"
#endif
C
echo '#include "as.c"' >firmware/as.cpp
cat >firmware/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.15)
project(firmware C CXX)
find_package(zsock REQUIRED)
add_library(firmware OBJECT as.c as.cpp)
target_link_libraries(firmware PRIVATE zsock::firmware)
CMAKE
others='-O2 -D_FORTIFY_SOURCE=2 -D_FILE_OFFSET_BITS=64'
flags_of zsock-firmware
for source in as.c as.cpp; do
	# shellcheck disable=SC2086 # it is words
	want 0 gcc $others "${flags[@]}" -c "firmware/$source" -o as.o
	# shellcheck disable=SC2086
	want 1 gcc $others -c "firmware/$source" -o as.o
done
want 0 cmake -S firmware -B by-firmware -DCMAKE_C_FLAGS="$others" \
	-DCMAKE_CXX_FLAGS="$others"
want 0 cmake --build by-firmware
ok

# A row is what find_package is asked for, and whether it finds it.
begin cmake_compares_versions_and_components
mkdir versions
cat >versions/CMakeLists.txt <<CMAKE
cmake_minimum_required(VERSION 3.19)
project(versions NONE)
set(CMAKE_LIBRARY_ARCHITECTURE "$(gcc -print-multiarch)")
function(row wanted)
  find_package(zsock \${ARGN} QUIET)
  if(NOT zsock_FOUND STREQUAL wanted)
    message(SEND_ERROR "\${ARGN}: \${zsock_FOUND}, not \${wanted}; "
      "\${zsock_NOT_FOUND_MESSAGE}")
  endif()
endfunction()
row(1)
row(1 $version)
row(1 $version EXACT)
row(1 ${version%%.*})
row(0 ${version%%.*}.999)
row(0 $((${version%%.*} + 1)))
row(1 0.0...$version)
row(0 0.0...<$version)
row(0 $version.1...99)
row(1 $version COMPONENTS firmware zsock)
row(0 COMPONENTS nonsense)
row(1 OPTIONAL_COMPONENTS nonsense)
set(CMAKE_SIZEOF_VOID_P 2)
row(0)
CMAKE
want 0 cmake -S versions -B versions/out
ok

begin cmake_says_which_component_there_is_not
sed -i '/^row/d' versions/CMakeLists.txt
echo 'find_package(zsock REQUIRED COMPONENTS nonsense)' >>versions/CMakeLists.txt
sed -i '/SIZEOF/d' versions/CMakeLists.txt
want 1 cmake -S versions -B versions/out
has "$err" 'it has no component "nonsense": there are zsock and firmware'
ok

begin the_unit_test_of_the_examples_passes
PATH=$prefix/bin:$PATH LD_LIBRARY_PATH=$lib \
	want 0 meson setup unit-test "$examples/unit_test"
LD_LIBRARY_PATH=$lib want 0 meson test -C unit-test
ok

# Its first piece of C, against an example, on the port that this one gets.
begin the_program_of_the_readme_fetches_a_page
mkdir pages && echo 'it works' >pages/page.txt
flags_of zsock-firmware
want 0 gcc -O2 "$examples/https_server.c" "$examples/support.c" \
	"${flags[@]}" -o https_server
LD_LIBRARY_PATH=$lib ZSOCK_CREDENTIALS=$work/pki/server.zcred \
	serve ./https_server 0 pages
# shellcheck disable=SC2016 # those are no commands
sed -n '/^```c$/,/^```$/{/^```$/q;/^```/d;p}' "$source_dir/README.md" |
	sed "s/4433/$port/" >fetch.c
flags_of zsock
want 0 gcc -O2 -Wall -Wextra -Werror fetch.c "${flags[@]}" -o fetch
cp "$work/pki/ca.pem" .
LD_LIBRARY_PATH=$lib want 0 ./fetch
is "$(tail -n 1 "$out")" 'it works'
ok
finish
