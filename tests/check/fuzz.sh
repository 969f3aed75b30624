#!/usr/bin/env bash
# fuzz.sh BUILD_DIR SECONDS: every target for that long, on a copy of its
# corpus; a finding is kept in the build folder and ends the run.
cd "$(dirname "$0")/../.." || exit 1
build=$1
for target in "$build"/tests/fuzz_*; do
	if [ ! -x "$target" ] || [ ! -f "$target" ]; then
		continue
	fi
	name=$(basename "$target")
	name=${name#fuzz_}
	mkdir -p "$build/corpus/$name"
	cp tests/fuzz/corpus/"$name"/* "$build/corpus/$name/"
	echo "== $name for $2 s"
	ZSOCK_LOG=off "$target" -max_total_time="$2" -max_len=8192 \
		-artifact_prefix="$build/finding-$name-" -print_final_stats=1 \
		"$build/corpus/$name" >"$build/$name.log" 2>&1 || {
		tail -n 40 "$build/$name.log"
		exit 1
	}
	grep 'number_of_executed_units' "$build/$name.log"
done
