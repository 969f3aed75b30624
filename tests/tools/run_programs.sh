#!/usr/bin/env bash
# run_programs.sh BUILD_DIR: which programs zsock-run runs, and how (P22, P24).
# shellcheck source-path=SCRIPTDIR disable=SC2154,SC2016
. "$(dirname "$0")/run_lib.sh" "$1"

# ---- Sanitizers

begin the_run_time_of_AddressSanitizer_is_first_P22_gcc
cat >system.c <<'C'
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	char *volatile p = malloc(3);

	free(p);
	puts("ran");
	fflush(stdout);
	return argc > 1 ? system(argv[1]) >> 8 : 0;
}
C
if sanitized; then
	left_out 'the library needs a sanitizer itself'
elif gcc -fsanitize=address system.c -o with_asan 2>/dev/null; then
	runs "$R" ./with_asan
	is "$(cat "$out")" ran
	runs "$R" ./with_asan 'env; ./with_asan'
	has "$out" verify_asan_link_order=0
	runs env ASAN_OPTIONS=detect_leaks=1 "$R" ./with_asan env
	has "$out" ASAN_OPTIONS=detect_leaks=1:verify_asan_link_order=0
	runs "$R" sh -c ./with_asan
	is "$(cat "$out")" ran
	# What is executed has the library, but no sanitizer.
	runs "$R" ./with_asan 'cat /proc/self/maps'
	has "$out" "$library"
	hasnt "$out" libasan
	# It still finds errors.
	printf '%s\n' '#include <stdlib.h>' \
		'int main(void) { char *volatile p = malloc(3);' \
		'free(p); return p[0]; }' >bug.c
	gcc -fsanitize=address bug.c -o with_bug || fail 'no program'
	want 1 "$R" ./with_bug
	has "$err" heap-use-after-free
	# Of a program that needs none, but was given one.
	runtime=$(ldd with_asan | awk '/libasan/ { print $3 }')
	runs env LD_PRELOAD="$runtime" ASAN_OPTIONS=detect_leaks=0 "$R" env
	has "$out" "LD_PRELOAD=$runtime:$shim"
	ok
else
	skip 'gcc has no AddressSanitizer here'
fi

begin the_run_time_of_AddressSanitizer_is_first_P22_clang
if sanitized; then
	left_out 'the library needs a sanitizer itself'
elif clang -fsanitize=address system.c -o with_clang 2>/dev/null; then
	runs "$R" ./with_clang './said'
	is "$(xargs <"$out")" 'ran with'
	dir=$(dirname "$(clang -fsanitize=address -shared-libasan \
		-print-file-name=libclang_rt.asan-"$(uname -m)".so)")
	if clang -fsanitize=address -shared-libasan "-Wl,-rpath,$dir" system.c \
		-o with_shared 2>/dev/null && ./with_shared >/dev/null 2>&1; then
		runs "$R" ./with_shared './said'
		is "$(xargs <"$out")" 'ran with'
	fi
	ok
else
	skip 'clang has no AddressSanitizer here'
fi

begin other_sanitizers_need_nothing_P22
if sanitized; then
	left_out 'the library needs a sanitizer itself'
else
	for kind in thread leak undefined; do
		gcc -fsanitize=$kind system.c -o with_other 2>/dev/null || continue
		./with_other >/dev/null 2>&1 || continue # no room for it here
		runs "$R" ./with_other ./said
		is "$(xargs <"$out")" 'ran with'
	done
	ok
fi

# ---- What cannot be intercepted

begin a_static_program_is_refused_P24
for how in -static -static-pie; do
	program fixed $how || continue
	./fixed >"$out" || fail 'it does not run'
	refused 126 './fixed is static' -- "$R" -- ./fixed
done
[ -x fixed ] && ok || skip 'there is no static libc here'

begin a_program_of_musl_is_refused_P24
program musl -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1 || fail 'no program'
refused 126 './musl' 'musl (/lib/ld-musl-x86_64.so.1)' -- "$R" -- ./musl
ok

begin a_program_of_another_loader_is_refused_P24
program strange -Wl,--dynamic-linker=/lib/uclibc.so.0 || fail 'no program'
refused 126 "not glibc's (/lib/uclibc.so.0)" -- "$R" -- ./strange
program lost -Wl,--dynamic-linker=/nowhere/ld-linux.so.9 || fail 'no program'
refused 126 'its loader /nowhere/ld-linux.so.9' -- "$R" -- ./lost
ok

begin a_program_of_another_architecture_is_refused_P24
cp said foreign
printf '\x00\x01' | dd of=foreign bs=1 seek=18 conv=notrunc status=none
refused 126 'machine 256, 64 bits' -- "$R" -- ./foreign
cp said foreign
printf '\xf3' | dd of=foreign bs=1 seek=18 conv=notrunc status=none
refused 126 'a program for RISC-V' -- "$R" -- ./foreign
cp said foreign
printf '\x02' | dd of=foreign bs=1 seek=5 conv=notrunc status=none
refused 126 './foreign' -- "$R" -- ./foreign
ok

begin what_is_no_program_is_refused
head -c 900 said >cut.elf
chmod 755 cut.elf
refused 126 'damaged' -- "$R" -- ./cut.elf
gcc -c said.c -o object && chmod 755 object
refused 126 'object file' -- "$R" -- ./object
printf 'MZ\0\0 and so on\n' >dos && chmod 755 dos
refused 126 'neither a program nor a script' -- "$R" -- ./dos
ok

# What the loader really does: a library that is not there is complained of.
# honours [CMD...] PROGRAM
honours() {
	"${@:1:$#-1}" env LD_PRELOAD=/nowhere/lib.so "${@: -1}" 2>&1 |
		grep -q 'cannot be preloaded'
}
# as_nobody CMD...: with no capabilities, and no groups.
as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}
begin a_program_that_gains_privileges_is_refused_P24_setuid
cp said "$work/open/suid" && cp said "$work/open/sgid"
if [ "$(id -u)" = 0 ] && as_nobody "$T" --version >/dev/null 2>&1; then
	chmod 4755 open/suid
	chown 0:65534 open/sgid && chmod 2755 open/sgid
	if as_nobody findmnt -no OPTIONS -T "$work" 2>/dev/null |
		grep -q nosuid || honours as_nobody "$work/open/suid"; then
		skip 'set-user-ID means nothing here'
	else
		refused 126 'is set-user-ID' -- as_nobody "$T" open/suid
		# Without the ids that it would give, it is a program as others.
		honours open/suid || fail 'root gains something'
		runs "$T" open/suid
		is "$(cat "$out")" with
		refused 126 'is set-group-ID' -- "$T" open/sgid
		! honours open/sgid || fail 'root keeps its group'
		runs as_nobody "$T" open/sgid
		is "$(cat "$out")" with
		chmod g-x open/sgid # which means something else
		runs "$T" open/sgid
		chown 65534:0 open/suid && chmod 4755 open/suid
		refused 126 'is set-user-ID' -- "$T" open/suid
		# Who can gain nothing any more runs it without.
		runs setpriv --no-new-privs "$T" open/suid
		is "$(cat "$out")" with
		# The launcher's own filter is no reason: it would run without.
		refused 126 'is set-user-ID' -- \
			"$T" --tls-listen 1=1 open/suid
		cp "$T" "$work/tree/tools/suid-run" &&
			chmod 4755 "$work/tree/tools/suid-run"
		refused 126 'not the real ones' -- \
			as_nobody "$work/tree/tools/suid-run" ./said
		rm "$work/tree/tools/suid-run"
		ok
	fi
else
	skip 'only root can make such programs'
fi

begin a_program_with_file_capabilities_is_refused_P24
cp said "$work/open/caps"
if [ "$(id -u)" = 0 ] && as_nobody "$T" --version >/dev/null 2>&1 &&
	setcap cap_net_raw+ep open/caps 2>/dev/null &&
	! honours as_nobody "$work/open/caps"; then
	refused 126 'has file capabilities' -- as_nobody "$T" open/caps
	refused 126 'has file capabilities' -- \
		as_nobody setpriv --no-new-privs "$T" open/caps
	! honours as_nobody setpriv --no-new-privs open/caps ||
		fail 'that is no reason to refuse it'
	runs "$T" open/caps # as root, who has them anyway
	is "$(cat "$out")" with
	setcap cap_net_raw+p open/caps
	refused 126 'has file capabilities' -- as_nobody "$T" open/caps
	# What only lets pass what a process could pass on gives this one none.
	setcap cap_net_raw+i open/caps
	honours as_nobody --inh-caps=-all open/caps || fail 'it is dropped'
	runs as_nobody --inh-caps=-all "$T" open/caps
	is "$(cat "$out")" with
	if as_nobody --inh-caps=-all,+net_raw true 2>/dev/null &&
		! honours as_nobody --inh-caps=-all,+net_raw open/caps; then
		refused 126 'has file capabilities' -- \
			as_nobody --inh-caps=-all,+net_raw "$T" open/caps
	fi
	ok
else
	skip 'only root can make such programs, on a file system that has them'
fi

# ---- Scripts

begin the_interpreter_of_a_script_counts
script plain.sh '#!/bin/sh' ./said
runs "$R" ./plain.sh
is "$(cat "$out")" with
script no-line './said' 'echo $0'
runs "$R" ./no-line
is "$(xargs <"$out")" 'with ./no-line'
script empty.sh ''
: >empty.sh
runs "$R" ./empty.sh
script by-env '#!/usr/bin/env -S A=b sh -e' './said; echo $A'
runs "$R" ./by-env
is "$(xargs <"$out")" 'with b'
for first in '-i' '-S -i /bin/sh' '-S - /bin/sh' '-S -u LD_PRELOAD /bin/sh' \
	'-S LD_PRELOAD= /bin/sh'; do
	script bare "#!/usr/bin/env $first" 'touch ran'
	refused 126 './bare would run without the library' LD_PRELOAD -- \
		"$R" ./bare
done
script bad '#!/nowhere/sh'
refused 126 'its interpreter /nowhere/sh' -- "$R" ./bad
script bad '#!plain'
refused 126 'its interpreter plain' -- "$R" ./bad
script bad '#!'
refused 126 'names no interpreter' -- "$R" ./bad
script musl.sh "#!$work/musl"
refused 126 "$work/musl is a program for musl" -- "$R" ./musl.sh
script musl.env '#!/usr/bin/env musl'
refused 126 'is a program for musl' -- env PATH="$work:$PATH" "$R" ./musl.env
script lost.env '#!/usr/bin/env nowhere-to-be-found'
want 127 "$R" ./lost.env
has "$err" env
[ ! -x fixed ] || {
	script fixed.sh "#!$work/fixed"
	refused 126 "$work/fixed is static" -- "$R" ./fixed.sh
}
ok

begin scripts_of_scripts
script s1 '#!/bin/sh' ./said
for i in 2 3 4 5; do
	script s$i "#!$work/s$((i - 1))"
done
runs "$R" ./s4
is "$(cat "$out")" with
refused 126 'more than 4 deep' -- "$R" ./s5
script loop "#!$work/loop"
refused 126 'more than 4 deep' -- "$R" ./loop
script m2 "#!$work/musl.sh"
refused 126 "$work/musl is a program for musl" -- "$R" ./m2
ok
finish
