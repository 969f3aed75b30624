# run_lib.sh: what the scripts about zsock-run have in common, over lib.sh.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034,SC2154
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"
R=$build/tools/zsock-run
shim=$(realpath "$build/shim/libzsock-preload.so") || exit 1
library=libzsock-preload.so
ran=$work/ran # what a program leaves that has run
unset LD_PRELOAD ASAN_OPTIONS SSLKEYLOGFILE ZSOCK_PROFILE ZSOCK_LIMITS \
	ZSOCK_HOSTS ZSOCK_LOG ZSOCK_LOG_FILE ZSOCK_TLS_CONNECT ZSOCK_TLS_LISTEN
export XDG_RUNTIME_DIR=$work/runtime
mkdir -m 700 "$XDG_RUNTIME_DIR" || exit 1
chmod 711 "$work" # for the cases in which another user runs something
cd "$work" || exit 1

# refused CODE TEXT... -- CMD...: one line with these texts, and it has not run.
refused() {
	local code=$1 texts=()
	shift
	while [ "$1" != -- ]; do
		texts+=("$1")
		shift
	done
	shift
	rm -f "$ran"
	want "$code" "$@"
	has "$err" 'zsock-run: ' "${texts[@]}"
	is "$(wc -l <"$err")" 1
	[ ! -e "$ran" ] || fail 'it has run'
}

# runs CMD...: it runs, and the library is in it.
runs() {
	want 0 "$@"
	is "$(cat "$err")" ''
}

cat >"$work/said.c" <<'C'
#include <stdio.h>
#include <string.h>

int
main(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[8192];
	int there = 0;

	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL)
		there |= strstr(line, "libzsock-preload.so") != NULL;
	puts(there ? "with" : "without");
	return 0;
}
C
# program NAME OPTION...: one that says whether the library is in it.
program() {
	local to=$1
	shift
	gcc "$work/said.c" -o "$to" "$@" 2>"$work/cc.log"
}
program said || exit 1

# script FILE LINE...: an executable one.
script() {
	local to=$1
	shift
	printf '%s\n' "$@" >"$to"
	chmod 755 "$to"
}

# sees TEXT...: each is in what env has printed.
sees() {
	has "$out" "$@"
}

# A launcher and a library that others may use.
mkdir -p "$work/tree/tools" "$work/tree/shim" "$work/open" &&
	cp "$R" "$work/tree/tools/" && cp "$shim" "$work/tree/shim/" || exit 1
find "$(dirname "$shim")" -name 'libzsock-core.so' \
	-exec cp {} "$work/tree/shim/" \;
T=$work/tree/tools/zsock-run
