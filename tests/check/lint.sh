#!/usr/bin/env bash
# lint.sh BUILD_DIR: what needs no run of the program.
cd "$(dirname "$0")/../.." || exit 1
status=0
step() {
	echo "== $1"
	shift
	"$@" || status=1
}
step format bash tests/check/format.sh
step layers python3 tests/check/layers.py
step shellcheck shellcheck -x dev .ci/run examples/*.sh tests/check/*.sh \
	tests/interop/*.sh
step 'shellcheck of the tool'"'"'s tests' shellcheck -x -P SCRIPTDIR -S warning \
	tests/cred/*.sh tests/programs/*.sh tests/shim/*.sh tests/tools/*.sh tools/completion/zsock-cred.bash
step clang-tidy clang-tidy-14 --quiet -p "$1" --warnings-as-errors='*' \
	--checks='-*,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-assignment-in-if-condition,-bugprone-reserved-identifier,-bugprone-narrowing-conversions,-bugprone-sizeof-expression,-bugprone-branch-clone,clang-analyzer-*,-clang-analyzer-valist.Uninitialized,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling' \
	lib/*/*.c shim/*.c shim/*/*.c tools/*/*.c
exit $status
