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
step clang-tidy python3 tests/check/tidy.py "$1"
step "gcc's analyzer" python3 tests/check/analyze.py "$1"
exit $status
