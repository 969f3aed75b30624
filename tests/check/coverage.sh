#!/usr/bin/env bash
# coverage.sh BUILD_DIR: the report of what its tests have run, as HTML there and
# as figures here; fails if a folder has less than its share.
cd "$(dirname "$0")/../.." || exit 1
build=$1
mkdir -p "$build/coverage"
if ! gcovr --root . --filter lib/ --filter tools/ --filter shim/ \
		-j "$(nproc)" --html-details "$build/coverage/index.html" \
		--json-summary "$build/coverage/summary.json" \
		"$build" >"$build/coverage/gcovr.log" 2>&1; then
	cat "$build/coverage/gcovr.log"
	exit 1
fi
echo "report: $build/coverage/index.html"
python3 tests/check/coverage.py "$build/coverage/summary.json" \
	lib=90 tools=90 shim=85
